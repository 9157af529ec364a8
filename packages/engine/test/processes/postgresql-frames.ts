/** The messages of a PostgreSQL server in a stream of bytes: a letter, a length that counts itself, a body. */

const HEAD = 5
const NOTIFICATION = 'A'.charCodeAt(0)

export class Frames {
  #rest: Buffer = Buffer.alloc(0)

  /** What is complete, without notifications; the rest comes with the next bytes. */
  withoutNotifications(bytes: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const passing: Buffer[] = []
    while (this.#rest.length >= HEAD) {
      const length = 1 + this.#rest.readInt32BE(1)
      if (this.#rest.length < length) break
      if (this.#rest[0] !== NOTIFICATION) passing.push(this.#rest.subarray(0, length))
      this.#rest = this.#rest.subarray(length)
    }
    return Buffer.concat(passing)
  }
}
