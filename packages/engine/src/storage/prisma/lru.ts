/** A bounded map that forgets what was used longest ago; for prepared statements and translated texts. */
export class Lru<Value> {
  readonly #limit: number
  readonly #entries = new Map<string, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string, make: (key: string) => Value): Value {
    const found = this.#entries.get(key)
    if (found !== undefined) {
      // most lookups hit the newest entries: moving is needed only once the map is full
      if (this.#entries.size === this.#limit) {
        this.#entries.delete(key)
        this.#entries.set(key, found)
      }
      return found
    }
    const made = make(key)
    if (this.#entries.size >= this.#limit) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(key, made)
    return made
  }
}
