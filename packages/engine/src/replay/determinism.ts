/**
 * What makes a run repeatable: quiet, chance and ids. The only file of the core that may touch the event loop, and it only waits on it.
 */
import { hash } from '../model/match'

let turn: Promise<void> | undefined

/**
 * Lets workflow code run until it is quiet: one turn of the event loop, in which every promise job that is ready runs.
 * R1 needs it between any two events. Drains that begin in one turn end in the same one, so those of a thousand instances cost hardly more than one.
 */
export function drain(): Promise<void> {
  turn ??= new Promise((resolve) =>
    setImmediate(() => {
      turn = undefined
      resolve()
    }),
  )
  return turn
}

/** A random source that is the same for the same instance (sfc32, public domain, by Chris Doty-Humphrey). */
export class SeededRandom {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: string) {
    this.#a = seedPart(seed, 1)
    this.#b = seedPart(seed, 2)
    this.#c = seedPart(seed, 3)
    for (let i = 0; i < 12; i++) this.next()
  }

  /** @returns 0 ≤ x < 1 */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return (t >>> 0) / 4294967296
  }

  /** An id of UUID version 4 form (RFC 9562 §5.4) from this source. */
  uuid(): string {
    let digits = ''
    while (digits.length < 32)
      digits += Math.floor(this.next() * 65536)
        .toString(16)
        .padStart(4, '0')
    const variant = ((Number.parseInt(digits.charAt(16), 16) & 0x3) | 0x8).toString(16)
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`
  }
}

/** An id that the same call of the same instance always gets: message ids and child ids survive a crash unchanged. */
export function deterministicId(instanceId: string, activityId: string): string {
  return hash(`${instanceId}\u0000${activityId}`)
}

function seedPart(seed: string, part: number): number {
  return Number.parseInt(hash(`${part}:${seed}`).slice(0, 11), 36) | 0
}
