/**
 * How many transactions may be held open at once. Held by activities, they would otherwise take every connection of the pool, and what they wait for
 * themselves (a flush, the renewal of a lease) would wait for them.
 */

export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(limit: number) {
    this.#free = limit
  }

  /** In order of asking. @returns what gives it back; undefined when none became free in time */
  take(timeoutMs: number): Promise<(() => void) | undefined> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve(this.#releaseOnce())
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(granted)
        resolve(undefined)
      }, timeoutMs)
      const granted = (): void => {
        clearTimeout(timer)
        resolve(this.#releaseOnce())
      }
      this.#waiting.add(granted)
    })
  }

  #releaseOnce(): () => void {
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      const [next] = this.#waiting
      if (!next) {
        this.#free++
        return
      }
      this.#waiting.delete(next)
      next()
    }
  }
}
