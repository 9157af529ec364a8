/** One timer for the earliest due time of an instance: while the lease is held, short delays are waited for in memory. */
import type { Clock } from './clock'

export class DueTimer {
  readonly #clock: Clock
  readonly #onDue: () => void
  #at: number | null = null
  #cancel: (() => void) | undefined

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** @param due epoch ms, or null for nothing to wait for */
  arm(due: number | null): void {
    if (due === this.#at && this.#cancel) return
    this.cancel()
    if (due === null) return
    this.#at = due
    this.#cancel = this.#clock.after(Math.max(0, due - this.#clock.now()), () => {
      this.#cancel = undefined
      this.#onDue()
    })
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
