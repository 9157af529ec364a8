/** The one door to time: what the runtime knows of it, it knows from here. Tests put a virtual clock in its place. */

export interface Clock {
  /** Epoch milliseconds, of the database's clock where there is one. */
  now(): number
  /** What that clock shows at most; default {@link now}. What must not come early is counted from here. */
  latest?(): number
  /** Calls `fn` once, no earlier than `ms` from now. @returns a function that cancels it */
  after(ms: number, fn: () => void): () => void
  /** The database has told its time, asked at `sentAt` (`performance.now()`). */
  synchronize?(databaseNow: number, sentAt: number): void
}

/** The latest that the database's clock may show. */
export function latestOf(clock: Clock): number {
  return clock.latest?.() ?? clock.now()
}

/** Node's longest timer; a longer one would fire at once (reliability: F19). */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The database's time, kept by the machine's monotonic clock: somebody who sets the machine's clock, or a machine that is an hour off, moves nothing.
 *
 *  1. An answer was made after it was asked for and before it arrived: nothing else is certain. So two times are kept, between which the database's is:
 *     `now` is never ahead of it, `latest` never behind. The quickest answer tells most.
 *  2. What is due is due when `now` says so, and when that is was counted from `latest`: nothing is early, whichever process set it and whichever fires it.
 *  3. A database whose clock was set is followed at once: its answer is outside of what is possible.
 *  4. Timers look again when they fire, since `setTimeout` may come a millisecond early.
 */
export class SystemClock implements Clock {
  /** Epoch milliseconds at `performance.now() = 0`: at least, and at most. */
  #earliest = Date.now() - performance.now()
  #latest = this.#earliest
  #isSynchronized = false

  now(): number {
    return Math.floor(this.#earliest + performance.now())
  }

  latest(): number {
    return Math.ceil(this.#latest + performance.now())
  }

  synchronize(databaseNow: number, sentAt: number): void {
    const earliest = databaseNow - performance.now()
    // it tells whole milliseconds
    const latest = databaseNow + 1 - sentAt
    const isPossible = this.#isSynchronized && earliest <= this.#latest && latest >= this.#earliest
    this.#earliest = isPossible ? Math.max(this.#earliest, earliest) : earliest
    this.#latest = isPossible ? Math.min(this.#latest, latest) : latest
    this.#isSynchronized = true
  }

  after(ms: number, fn: () => void): () => void {
    const due = performance.now() + Math.max(0, ms)
    let handle: ReturnType<typeof setTimeout>
    const arm = (): void => {
      const left = due - performance.now()
      if (left <= 0) fn()
      else handle = setTimeout(arm, Math.min(Math.ceil(left), LONGEST_TIMER_MS))
    }
    handle = setTimeout(arm, Math.min(Math.max(Math.ceil(ms), 0), LONGEST_TIMER_MS))
    return () => clearTimeout(handle)
  }
}
