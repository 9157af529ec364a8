/** What activities wait at while it is shut. */
export class Gate {
  /** Undefined: it stands open. */
  opened: Promise<void> | undefined
  #open = (): void => undefined

  shut(): void {
    this.opened ??= new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
    this.opened = undefined
  }
}
