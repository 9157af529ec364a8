/**
 * Those who await how an instance ends. Ends in this process are told at once; others are looked up in one query for all, soon after a notice and at a
 * gentle rate otherwise.
 */
import { ResultTimeoutError } from '../model/errors'
import type { Storage } from '../storage/storage'
import type { Clock } from './clock'
import type { EndSummary } from './ending'

interface Waiter {
  resolve(summary: EndSummary): void
  reject(error: unknown): void
}

const FIRST_LOOK_MS = 25
const SLOWEST_LOOK_MS = 1_000

export class Results {
  readonly #storage: Pick<Storage, 'ended'>
  readonly #clock: Clock
  readonly #waiters = new Map<string, Set<Waiter>>()
  #cancelLook: (() => void) | undefined
  #delayMs = FIRST_LOOK_MS
  #isLooking = false

  constructor(storage: Pick<Storage, 'ended'>, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  /** @param isLocal the instance runs in this process, so its end will be told here */
  wait(id: string, isLocal: boolean, timeoutMs: number | undefined): Promise<EndSummary> {
    return new Promise((resolve, reject) => {
      let cancelTimeout: (() => void) | undefined
      const waiter: Waiter = {
        resolve: (summary) => {
          cancelTimeout?.()
          resolve(summary)
        },
        reject: (error) => {
          cancelTimeout?.()
          reject(error)
        },
      }
      const waiters = this.#waiters.get(id) ?? new Set()
      waiters.add(waiter)
      this.#waiters.set(id, waiters)
      if (timeoutMs !== undefined) {
        cancelTimeout = this.#clock.after(timeoutMs, () => {
          waiters.delete(waiter)
          if (waiters.size === 0) this.#waiters.delete(id)
          reject(new ResultTimeoutError(id, timeoutMs))
        })
      }
      if (!isLocal) {
        this.#delayMs = FIRST_LOOK_MS
        this.#cancelLook?.()
        this.#cancelLook = undefined
        void this.#look()
      } else this.#schedule()
    })
  }

  /** An instance of this process has ended. */
  ended(id: string, summary: EndSummary): void {
    const waiters = this.#waiters.get(id)
    if (!waiters) return
    this.#waiters.delete(id)
    if (summary.status !== 'recurred' || summary.successorId === null) {
      for (const waiter of waiters) waiter.resolve(summary)
      return
    }
    // The chain goes on, and so do those who wait for its end.
    const following = this.#waiters.get(summary.successorId) ?? new Set()
    for (const waiter of waiters) following.add(waiter)
    this.#waiters.set(summary.successorId, following)
    this.#schedule()
  }

  /** Something ended elsewhere. */
  hint(ids: readonly string[]): void {
    if (ids.some((id) => this.#waiters.has(id))) this.lookSoon()
  }

  lookSoon(): void {
    if (this.#waiters.size === 0) return
    this.#delayMs = FIRST_LOOK_MS
    this.#cancelLook?.()
    this.#cancelLook = undefined
    void this.#look()
  }

  close(error: Error): void {
    this.#cancelLook?.()
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.reject(error)
    this.#waiters.clear()
  }

  #schedule(): void {
    if (this.#cancelLook || this.#isLooking || this.#waiters.size === 0) return
    this.#cancelLook = this.#clock.after(this.#delayMs, () => {
      this.#cancelLook = undefined
      void this.#look()
    })
    this.#delayMs = Math.min(this.#delayMs * 2, SLOWEST_LOOK_MS)
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      for (const { id, row } of await this.#storage.ended([...this.#waiters.keys()])) {
        if (row.status !== 'completed' && row.status !== 'failed' && row.status !== 'cancelled') continue
        const { status, output, error } = row
        this.ended(id, {
          status,
          output,
          error,
          by: row.cancelRequestedBy,
          reason: row.cancelReason,
          successorId: null,
        })
      }
    } catch {
      // The database is away; the next look finds it back. Whoever set a timeout is told by that.
    } finally {
      this.#isLooking = false
    }
    this.#schedule()
  }
}
