/**
 * A clock that moves only when it is told to. `advance` fires what becomes due one by one, in order of time, and lets everything that follows from it
 * settle in between, so that a timer set by a fired timer fires in its turn.
 */
import type { Clock } from '../runtime/clock'

interface Timer {
  readonly at: number
  readonly order: number
  readonly fn: () => void
}

export class VirtualClock implements Clock {
  #now: number
  #order = 0
  readonly #timers = new Set<Timer>()

  /** @param start epoch ms; default 2026-01-01T00:00:00Z */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  after(ms: number, fn: () => void): () => void {
    // Whole milliseconds, as every clock tells them that rows are written with.
    const timer: Timer = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order++, fn }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that are set; 0 after a clean shutdown. */
  get pending(): number {
    return this.#timers.size
  }

  /** @param settle lets everything that is ready happen; called before the first and after each timer */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const next = this.#next(end)
      if (!next) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.fn()
      await settle()
    }
    this.#now = end
    await settle()
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at > end) continue
      if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer
    }
    return next
  }
}
