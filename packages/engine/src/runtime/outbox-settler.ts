/**
 * Results of deliveries on their way into the database: those of a moment are written together, at once when somebody waits for them. While the database is
 * away they are kept and tried again; should another relay have taken a row meanwhile, the storage ignores what we say of it.
 */
import type { Log } from '../model/context'
import type { Settlement } from '../outbox/settlement'
import type { Storage, StoredOutboxRow } from '../storage/storage'
import type { Clock } from './clock'
import { Nap } from './nap'

export interface Settled {
  readonly row: StoredOutboxRow
  readonly settlement: Settlement
}

export interface OutboxSettlerDeps {
  readonly storage: Pick<Storage, 'settleOutbox'>
  readonly clock: Clock
  readonly log: Log
  readonly token: string
  /** Written, or given up: the row is no longer ours. */
  onSettled(results: readonly Settled[]): void
}

const LARGEST_WRITE = 500
const LONGEST_DELAY_MS = 2_000
const LINGER_MS = 50

export class OutboxSettler {
  readonly #deps: OutboxSettlerDeps
  readonly #nap: Nap
  #waiting: Settled[] = []
  #isBusy = false
  #isUrgent = false
  #cancelLinger: (() => void) | undefined
  #isGivingUp = false

  constructor(deps: OutboxSettlerDeps) {
    this.#deps = deps
    this.#nap = new Nap(deps.clock)
  }

  /** Results that are not on their way yet. */
  get size(): number {
    return this.#waiting.length
  }

  /** Written at the next {@link flush}, or after a moment in which others may join it: a disk's flush costs as much for one as for all. */
  add(result: Settled): void {
    this.#waiting.push(result)
    this.#linger()
  }

  flush(): void {
    if (this.#waiting.length === 0) return
    this.#isUrgent = true
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    if (this.#isBusy) return
    this.#isBusy = true
    // those that are answered already join it within this turn of the event loop
    setImmediate(() => void this.#write())
  }

  /** What cannot be written now is left to its lease: the row comes back and is delivered once more. */
  giveUp(): void {
    this.#isGivingUp = true
    this.#nap.wake()
    this.flush()
  }

  #linger(): void {
    if (this.#waiting.length > 0 && !this.#isBusy)
      this.#cancelLinger ??= this.#deps.clock.after(LINGER_MS, () => {
        this.#cancelLinger = undefined
        this.flush()
      })
  }

  async #write(): Promise<void> {
    let failures = 0
    while (this.#waiting.length > 0 && (this.#isUrgent || failures > 0)) {
      const batch = this.#waiting.splice(0, LARGEST_WRITE)
      this.#isUrgent = this.#waiting.length > 0
      try {
        await this.#deps.storage.settleOutbox(
          this.#deps.token,
          batch.map(({ row, settlement }) => ({ id: row.id, ...settlement })),
        )
        failures = 0
        this.#deps.onSettled(batch)
      } catch (error) {
        failures++
        this.#keep(batch, failures, error)
        if (this.#waiting.length > 0) await this.#nap.sleep(Math.min(50 * 2 ** failures, LONGEST_DELAY_MS))
      }
    }
    this.#isBusy = false
    this.#linger()
  }

  #keep(batch: readonly Settled[], failures: number, error: unknown): void {
    const { log, onSettled } = this.#deps
    if (failures === 1) log.error({ err: error, events: batch.length }, 'outbox results could not be stored')
    if (!this.#isGivingUp) {
      this.#waiting = [...batch, ...this.#waiting]
      return
    }
    log.warn({ events: batch.map(({ row }) => row.id) }, 'outbox results were given up; these events are sent again')
    onSettled(batch)
  }
}
