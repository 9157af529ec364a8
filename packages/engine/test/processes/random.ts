/** Randomness from a seed (mulberry32), so that what was chosen can be chosen again. */

export interface Random {
  /** 0 ≤ x < 1 */
  next(): number
  /** 0 ≤ n < below */
  below(below: number): number
  pick<Item>(items: readonly Item[]): Item
  chance(share: number): boolean
}

export function random(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return {
    next,
    below,
    pick<Item>(items: readonly Item[]): Item {
      if (items.length === 0) throw new RangeError('nothing to pick from')
      return items[below(items.length)] as Item
    },
    chance: (share) => next() < share,
  }
}

/** SEED, or one of the day's; printed by whoever uses it when something fails. */
export function seedOf(variable = 'EDDA_SEED'): number {
  const given = Number(process.env[variable])
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Date.now() % 1_000_000_007)
}
