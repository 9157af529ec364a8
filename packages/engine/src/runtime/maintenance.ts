/**
 * The third loop: what one process does for all of them, under the leader lock with a term. It knows when, not what: each duty is given from outside.
 *
 *  1. At most one leader acts: the lock is a lease of the database; a leader trusts it only until it would have ended counted from before it was asked
 *     for, and a duty asks `isHeld()` before every step.
 *  2. The lease is renewed apart from the duties, so a long duty neither loses it nor outlives its loss.
 *  3. Stopping releases the lock; whoever follows looks every two seconds (a read), so there is a leader again at once.
 *  4. A duty that throws is reported and runs again at its next time; it stops neither the others nor the renewal.
 */
import type { Log } from '../model/context'
import type { Storage } from '../storage/storage'
import type { Clock } from './clock'
import { Nap } from './nap'

export interface Leadership {
  /** Rises with every change of leader. */
  readonly term: number
  /** Whether this process may still act. */
  isHeld(): boolean
  /** Waits, or returns early when the leadership ends. */
  pause(ms: number): Promise<void>
}

export interface Duty {
  readonly name: string
  /** Milliseconds from the end of one run to the next; the first is when the leadership begins. */
  readonly everyMs: number
  run(leadership: Leadership): Promise<void>
}

export interface MaintenanceDeps {
  readonly storage: Pick<Storage, 'acquireLock' | 'releaseLock' | 'lockHolder'>
  readonly clock: Clock
  readonly log: Log
  readonly workerId: string
  readonly duties: readonly Duty[]
  /** Milliseconds between renewals (leaderHeartbeatInterval). */
  readonly heartbeatMs: number
  /** Milliseconds; must exceed `heartbeatMs` (leaderLeaseDuration). */
  readonly leaseMs: number
}

export const LEADER_LOCK = 'edda_leader'
/** Followers look this often whether there is a leader. */
const FOLLOW_MS = 2_000

interface Term {
  readonly number: number
  trustedUntil: number
  readonly naps: Set<Nap>
  work: Promise<unknown>
}

export class Maintenance {
  readonly #deps: MaintenanceDeps
  readonly #nap: Nap
  #loop: Promise<void> | undefined
  #term: Term | undefined
  #isStopping = false
  #failures = 0

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps
    this.#nap = new Nap(deps.clock)
  }

  /** Of this process's leadership, or null while it follows. */
  get term(): number | null {
    return this.#term && this.#isHeld(this.#term) ? this.#term.number : null
  }

  /** Idempotent. Once stopped it stays so. */
  start(): void {
    if (!this.#isStopping) this.#loop ??= this.#run()
  }

  /** Ends what is under way at its next step, then releases the lock. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#nap.wake()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const sleepMs = await this.#look().catch((error: unknown) => this.#afterFailure(error))
      if (!this.#isStopping) await this.#nap.sleep(sleepMs)
    }
    const term = this.#term
    await this.#leave()
    if (!term) return
    try {
      await this.#deps.storage.releaseLock(LEADER_LOCK, this.#deps.workerId)
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the leader lock could not be released; it ends by itself')
    }
  }

  /** Takes, renews or watches the lock. @returns ms until the next look */
  async #look(): Promise<number> {
    const { storage, clock, workerId, heartbeatMs, leaseMs } = this.#deps
    if (this.#term && !this.#isHeld(this.#term)) await this.#leave()
    if (!this.#term && (await this.#hasOtherLeader())) return FOLLOW_MS
    const askedAt = clock.now()
    const number = await storage.acquireLock(LEADER_LOCK, workerId, leaseMs)
    this.#failures = 0
    if (number === null || number !== this.#term?.number) await this.#leave()
    if (number === null) return FOLLOW_MS
    if (this.#term) this.#term.trustedUntil = askedAt + leaseMs
    else this.#lead(number, askedAt + leaseMs)
    return heartbeatMs
  }

  /** A read: followers ask often, and only a vacant lock is worth a write. */
  async #hasOtherLeader(): Promise<boolean> {
    const lock = await this.#deps.storage.lockHolder(LEADER_LOCK)
    return lock !== null && lock.holder !== this.#deps.workerId
  }

  #afterFailure(error: unknown): number {
    const { log, heartbeatMs } = this.#deps
    if (this.#failures++ === 0) log.error({ err: error }, 'the leader lock could not be reached')
    return Math.min(FOLLOW_MS, heartbeatMs)
  }

  #isHeld(term: Term): boolean {
    return !this.#isStopping && this.#term === term && this.#deps.clock.now() < term.trustedUntil
  }

  #lead(number: number, trustedUntil: number): void {
    const term: Term = { number, trustedUntil, naps: new Set(), work: Promise.resolve() }
    this.#term = term
    this.#deps.log.info({ term: number }, 'this process is the leader')
    term.work = Promise.all(this.#deps.duties.map((duty) => this.#attend(term, duty)))
  }

  /** Waits for the duties' present steps: whoever comes next does not meet them. */
  async #leave(): Promise<void> {
    const term = this.#term
    if (!term) return
    this.#term = undefined
    for (const nap of term.naps) nap.wake()
    await term.work
    this.#deps.log.info({ term: term.number }, 'this process is the leader no more')
  }

  async #attend(term: Term, duty: Duty): Promise<void> {
    const nap = new Nap(this.#deps.clock)
    term.naps.add(nap)
    const leadership: Leadership = {
      term: term.number,
      isHeld: () => this.#isHeld(term),
      pause: (ms) => nap.sleep(ms),
    }
    while (leadership.isHeld()) {
      try {
        await duty.run(leadership)
      } catch (error) {
        this.#deps.log.error({ err: error, duty: duty.name }, 'a duty of the leader failed')
      }
      if (leadership.isHeld()) await nap.sleep(duty.everyMs)
    }
  }
}
