/**
 * What goes wrong between a process and its database, from a seed: answers that come late, questions that are refused before they take effect, answers
 * that are lost after they took effect, processes that die at either side of a question or stand still for a while, notices that never arrive.
 */
import type { Random } from '../processes/random'

export type Fault =
  | { readonly kind: 'none' | 'refuse' | 'lose-answer' | 'crash-before' | 'crash-after' }
  | { readonly kind: 'freeze'; readonly ms: number }

export interface Weather {
  /** Shares of 1 of all questions. */
  readonly refuse: number
  readonly loseAnswer: number
  readonly crash: number
  readonly freeze: number
  readonly loseNotice: number
  /** Longest delay on each way, in ms. */
  readonly delayMs: number
}

export const CALM: Weather = { refuse: 0, loseAnswer: 0, crash: 0, freeze: 0, loseNotice: 0, delayMs: 0 }

/** No two seeds have the same weather. */
export function randomWeather(random: Random): Weather {
  const share = (most: number): number => (random.chance(0.7) ? random.next() * most : 0)
  return {
    refuse: share(0.04),
    loseAnswer: share(0.04),
    crash: share(0.015),
    freeze: share(0.01),
    loseNotice: share(0.6),
    delayMs: random.chance(0.5) ? random.below(300) : 0,
  }
}

export function randomFault(random: Random, weather: Weather, leaseMs: number): Fault {
  const drawn = random.next()
  let limit = weather.refuse
  if (drawn < limit) return { kind: 'refuse' }
  limit += weather.loseAnswer
  if (drawn < limit) return { kind: 'lose-answer' }
  limit += weather.crash
  if (drawn < limit) return { kind: random.chance(0.5) ? 'crash-before' : 'crash-after' }
  limit += weather.freeze
  // shorter than the lease, or beyond it
  if (drawn < limit) return { kind: 'freeze', ms: leaseMs * random.pick([0.3, 0.9, 1.5, 3]) }
  return { kind: 'none' }
}

/** Design bugs that are put in on purpose, here and never in the product, to see that they are caught. */
export type Bug =
  /** A refused transition is written all the same. */
  | 'no-fence'
  /** A parked instance forgets when it must be looked at. */
  | 'lost-wake-up'
  /** Due times are kept with less than they need, as where a database rounds them. */
  | 'early-timer'
  /** A result is recorded a second time. */
  | 'double-record'
  /** A commit is acknowledged and never happens. */
  | 'lost-commit'
