/**
 * Who is claimed when more is due than may be claimed: each workflow gets its share, so that a flood of one does not keep the others waiting. What nobody
 * else needs goes to whoever has been due for longest.
 */

export interface Turn {
  /** Workflows that have a share in this claim; the others are next. */
  readonly names: readonly string[]
  /** Instances of each. */
  readonly share: number
}

/** More workflows in one claim would each cost a look. */
const MOST_NAMES = 20

/** Takes turns when there are more workflows than places. */
export class Turns {
  #next = 0

  /** @param names workflows that have something due */
  take(names: readonly string[], limit: number): Turn {
    const sorted = [...names].sort()
    const first = sorted.length === 0 ? 0 : this.#next % sorted.length
    const taken = [...sorted.slice(first), ...sorted.slice(0, first)].slice(0, Math.min(limit, MOST_NAMES))
    this.#next = first + taken.length
    return { names: taken, share: Math.max(1, Math.floor(limit / Math.max(1, sorted.length))) }
  }
}

/**
 * @param rows what is due, the longest first
 * @returns at most `limit` of them, in the same order
 */
export function fairly<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  { names, share }: Turn,
  limit: number,
): readonly Row[] {
  const left = new Map(names.map((name) => [name, share]))
  const chosen = new Set<Row>()
  for (const row of rows) {
    const places = left.get(nameOf(row)) ?? 0
    if (places === 0) continue
    left.set(nameOf(row), places - 1)
    chosen.add(row)
  }
  for (const row of rows) {
    if (chosen.size >= limit) break
    chosen.add(row)
  }
  return rows.filter((row) => chosen.has(row))
}
