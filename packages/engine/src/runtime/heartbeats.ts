/** When heartbeat details are written: at once, then at most every two seconds; the last ones always. */
import type { Clock } from './clock'

const EVERY_MS = 2_000

export class Heartbeats {
  readonly #clock: Clock
  readonly #write: () => void
  #writtenAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(clock: Clock, write: () => void) {
    this.#clock = clock
    this.#write = write
  }

  /** There are details that are not written yet. */
  note(): void {
    if (this.#cancel) return
    const left = this.#writtenAt + EVERY_MS - this.#clock.now()
    if (left <= 0) this.#now()
    else this.#cancel = this.#clock.after(left, () => this.#now())
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #now(): void {
    this.#cancel = undefined
    this.#writtenAt = this.#clock.now()
    this.#write()
  }
}
