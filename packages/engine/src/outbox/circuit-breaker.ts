/**
 * Leaves an endpoint alone that is down, so that an outage costs a few attempts and not one of every event.
 *
 * 1. Closed: everything passes. It opens after `threshold` failures in a row, or when the endpoint asks for a pause.
 * 2. Open: nothing passes until the time is over; then one probe at a time. A probe's success closes it, its failure opens it for twice as
 *    long, up to a limit.
 * 3. Only failures *without an answer* count. An endpoint that answers is alive: a poison event that is always answered with 500 must not
 *    hold up its neighbours.
 * 4. A clock that steps back ends an opening instead of prolonging it.
 */

const FIRST_OPEN_MS = 1_000
const LONGEST_OPEN_MS = 30_000

/** `alive`: the endpoint answered. `dead`: it did not. `unknown`: our side broke off. */
export type Outcome = 'alive' | 'dead' | 'unknown'

export type Admission =
  | { readonly admitted: true; readonly done: (outcome: Outcome) => void }
  | { readonly admitted: false; readonly retryAfterMs: number }

export class CircuitBreaker {
  readonly #threshold: number
  readonly #now: () => number
  #failures = 0
  #opening: { readonly since: number; readonly until: number; readonly asked: boolean } | null = null
  #nextOpenMs = FIRST_OPEN_MS
  #probing = false

  /** @param now epoch milliseconds */
  constructor(threshold: number, now: () => number) {
    this.#threshold = threshold
    this.#now = now
  }

  /** Asks to pass; whoever was admitted says once how it went. */
  enter(): Admission {
    if (this.#opening === null) return { admitted: true, done: (outcome) => this.#settle(outcome, false) }
    const { since, until } = this.#opening
    const now = this.#now()
    if (now >= since && now < until) return { admitted: false, retryAfterMs: until - now }
    if (this.#probing) return { admitted: false, retryAfterMs: FIRST_OPEN_MS }
    this.#probing = true
    return { admitted: true, done: (outcome) => this.#settle(outcome, true) }
  }

  /** Opens for at least this long, because the endpoint said so. */
  pause(ms: number): void {
    const now = this.#now()
    this.#opening = { since: now, until: Math.max(now + ms, this.#opening?.until ?? 0), asked: true }
  }

  #settle(outcome: Outcome, probe: boolean): void {
    if (probe) this.#probing = false
    if (outcome === 'unknown') return
    if (outcome === 'alive') {
      this.#failures = 0
      this.#nextOpenMs = FIRST_OPEN_MS
      // a pause that was asked for stands, although a request sent before it succeeds
      if (probe || this.#opening?.asked === false) this.#opening = null
      return
    }
    this.#failures++
    // those under way when it opened fail together: one opening, not one each
    if (!probe && (this.#opening !== null || this.#failures < this.#threshold)) return
    const now = this.#now()
    this.#opening = { since: now, until: now + this.#nextOpenMs, asked: false }
    this.#nextOpenMs = Math.min(this.#nextOpenMs * 2, LONGEST_OPEN_MS)
  }
}
