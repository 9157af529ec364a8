/** A loop's sleep that others may cut short. A wake that comes while nobody sleeps is kept: the next sleep ends at once, so none is lost. */
import type { Clock } from './clock'

export class Nap {
  readonly #clock: Pick<Clock, 'after'>
  #rouse: (() => void) | undefined
  #isKicked = false

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  wake(): void {
    this.#isKicked = true
    this.#rouse?.()
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#isKicked && ms > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(ms, resolve)
        this.#rouse = () => {
          cancel()
          resolve()
        }
      })
      this.#rouse = undefined
    }
    this.#isKicked = false
  }
}
