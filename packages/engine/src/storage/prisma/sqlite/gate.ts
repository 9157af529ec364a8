/** First come, first served: who holds the gate is the only one of this process that may write the file. */
export class Gate {
  #tail: Promise<void> = Promise.resolve()
  #waiting = 0

  /** Whether somebody holds it or waits for it. */
  get isBusy(): boolean {
    return this.#waiting > 0
  }

  /** @returns the way to open it again; calling that twice is harmless */
  async acquire(): Promise<() => void> {
    const before = this.#tail
    let open: () => void = () => undefined
    this.#tail = new Promise((resolve) => {
      open = resolve
    })
    this.#waiting++
    await before
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#waiting--
      open()
    }
  }
}
