/**
 * Whose turn it is in one instance: its own, or that of an activity with an open transaction. Where the database has one writer, an open session holds it:
 * a transition that the instance submitted meanwhile would wait for the session, and the session's commit for the turn. So a session begins between two
 * turns, and no turn begins before it has ended.
 */
export class TurnSlot {
  #holder: string | undefined
  #waiting: readonly { readonly id: string; grant(): void; refuse(reason: unknown): void }[] = []

  get isTaken(): boolean {
    return this.#holder !== undefined
  }

  /** @param isFree no turn is under way and none is due @returns when the attempt may open its session; rejects when it was released meanwhile */
  take(id: string, isFree: boolean): Promise<void> {
    if (isFree && !this.isTaken && this.#waiting.length === 0) {
      this.#holder = id
      return Promise.resolve()
    }
    return new Promise((grant, refuse) => {
      this.#waiting = [...this.#waiting, { id, grant, refuse }]
    })
  }

  /** Between two turns: whoever waits longest is next. */
  offer(): void {
    const [next, ...others] = this.#waiting
    if (!next || this.isTaken) return
    this.#holder = next.id
    this.#waiting = others
    next.grant()
  }

  /** Turns are over, so nobody has to wait for one. */
  open(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one.grant()
  }

  /** The attempt has ended, or nobody wants it any more. */
  release(id: string, reason: unknown): void {
    if (this.#holder === id) this.#holder = undefined
    for (const one of this.#waiting) if (one.id === id) one.refuse(reason)
    this.#waiting = this.#waiting.filter((one) => one.id !== id)
  }
}
