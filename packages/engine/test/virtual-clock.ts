/** A clock that stands still until it is told to go on. */
import { START } from '../src/storage/contract/builders'

export function virtualClock(): { now(): number; advance(ms: number): void } {
  let now = START
  return {
    now: () => now,
    advance(ms) {
      now += ms
    },
  }
}
