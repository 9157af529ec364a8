/**
 * The commit queue: whatever is ready while a flush is in flight forms the next flush; one flush is one transaction for all of them.
 *
 *  1. One lane: at most one flush is in flight, so the order of submission is the order of commit.
 *  2. A lone unit flushes at once (one turn of the event loop, in which its contemporaries join it): batching adds no waiting.
 *  3. What a flush wakes and this process can run is claimed with it, and handed over before anybody hears of the verdict.
 *  4. While the database is away, transitions are tried again until `patienceMs` is over (the runner's lease may still hold); starts and publishes are
 *     told at once, since somebody waits for the answer.
 */
import type { Log } from '../model/context'
import type { Storage } from '../storage/storage'
import type { ClaimedInstance, ClaimOnWake, Unit, Verdict } from '../storage/units'
import type { Clock } from './clock'

interface Entry {
  readonly unit: Unit
  readonly resolve: (verdict: Verdict) => void
  readonly reject: (error: unknown) => void
  readonly submittedAt: number
}

/** Who runs what the commits of this process wake. */
export interface Claimant {
  /** Undefined when nothing more can be run here now. */
  request(): ClaimOnWake | undefined
  adopt(claimed: readonly ClaimedInstance[]): void
}

const LARGEST_FLUSH = 1_000
const PATIENCE_MS = 60_000

export class CommitQueue {
  /** For metrics and benchmarks. */
  readonly metrics = { flushes: 0, transitions: 0 }
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #log: Log
  #claimant: Claimant | undefined
  #waiting: Entry[] = []
  #isBusy = false
  #failures = 0
  #idle: (() => void)[] = []

  constructor(deps: { readonly storage: Storage; readonly clock: Clock; readonly log: Log }) {
    this.#storage = deps.storage
    this.#clock = deps.clock
    this.#log = deps.log
  }

  /** From now on flushes claim for it what they wake. */
  claimFor(claimant: Claimant): void {
    this.#claimant = claimant
  }

  submit(unit: Unit): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ unit, resolve, reject, submittedAt: this.#clock.now() })
      if (!this.#isBusy) this.#schedule()
    })
  }

  /** Resolves when nothing waits and nothing is in flight. */
  drained(): Promise<void> {
    if (!this.#isBusy && this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #schedule(): void {
    this.#isBusy = true
    setImmediate(() => void this.#flush())
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting.length > LARGEST_FLUSH ? this.#waiting.splice(0, LARGEST_FLUSH) : this.#waiting
    if (batch === this.#waiting) this.#waiting = []
    this.metrics.flushes++
    this.metrics.transitions += batch.length
    try {
      const claim = this.#claimant?.request()
      const units = batch.map((entry) => entry.unit)
      const verdicts = await this.#storage.commit(units, claim ? { claim } : {})
      this.#failures = 0
      const claimed = verdicts.flatMap((verdict) => ('wakes' in verdict ? (verdict.wakes.claimed ?? []) : []))
      if (claimed.length > 0) this.#claimant?.adopt(claimed)
      for (let i = 0; i < batch.length; i++) batch[i]?.resolve(verdicts[i] as Verdict)
    } catch (error) {
      this.#afterFailure(batch, error)
    }
    if (this.#waiting.length === 0) this.#rest()
    else if (this.#failures === 0) setImmediate(() => void this.#flush())
    else this.#clock.after(Math.min(50 * 2 ** this.#failures, 2_000), () => void this.#flush())
  }

  #rest(): void {
    this.#isBusy = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #afterFailure(batch: readonly Entry[], error: unknown): void {
    this.#failures++
    const now = this.#clock.now()
    const kept = batch.filter((entry) => {
      const isPatient = entry.unit.kind === 'transition' && now - entry.submittedAt < PATIENCE_MS
      if (!isPatient) entry.reject(error)
      return isPatient
    })
    if (this.#failures === 1)
      this.#log.error({ err: error, units: batch.length, kept: kept.length }, 'a flush failed; trying again')
    this.#waiting = [...kept, ...this.#waiting]
  }
}
