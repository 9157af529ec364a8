/** Rows in memory that remember what happened to them, so that a flush writes exactly the differences. */

interface Differences<Row> {
  /** Not there before. */
  readonly put: readonly Row[]
  /** There before, and touched. */
  readonly changed: readonly Row[]
  readonly removed: readonly Row[]
}

export class Tracked<Row extends object> {
  readonly #rows = new Map<string, Row>()
  readonly #stored = new Map<string, Row>()
  readonly #touched = new Set<Row>()
  readonly #keyOf: (row: Row) => string
  readonly #groups: readonly { readonly groupOf: (row: Row) => string; readonly members: Map<string, Set<Row>> }[]

  /** @param groupsOf look-ups by something else than the key, in order of insertion; addressed by their position */
  constructor(loaded: readonly Row[], keyOf: (row: Row) => string, groupsOf: readonly ((row: Row) => string)[] = []) {
    this.#keyOf = keyOf
    this.#groups = groupsOf.map((groupOf) => ({ groupOf, members: new Map<string, Set<Row>>() }))
    for (const row of loaded) this.load(row)
  }

  /** What was read; where something is known already, that is newer. */
  load(row: Row): void {
    const key = this.#keyOf(row)
    if (this.#stored.has(key) || this.#rows.has(key)) return
    this.put(row)
    this.#stored.set(key, row)
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  group(index: number, value: string): readonly Row[] {
    return [...(this.#groups[index]?.members.get(value) ?? [])]
  }

  put(row: Row): Row {
    const key = this.#keyOf(row)
    const before = this.#rows.get(key)
    if (before) this.#ungroup(before)
    this.#rows.set(key, row)
    for (const { groupOf, members } of this.#groups) {
      const rows = members.get(groupOf(row))
      if (rows) rows.add(row)
      else members.set(groupOf(row), new Set([row]))
    }
    return row
  }

  /** The row was changed in place. */
  touch(row: Row): void {
    this.#touched.add(row)
  }

  delete(row: Row): void {
    this.#rows.delete(this.#keyOf(row))
    this.#ungroup(row)
  }

  changes(): Differences<Row> {
    const put: Row[] = []
    const changed: Row[] = []
    for (const [key, row] of this.#rows) {
      const stored = this.#stored.get(key)
      if (!stored) put.push(row)
      // removed and put again under the same key: another row in the same place
      else if (stored !== row || this.#touched.has(row)) changed.push(row)
    }
    const removed = [...this.#stored].filter(([key]) => !this.#rows.has(key)).map(([, row]) => row)
    return { put, changed, removed }
  }

  #ungroup(row: Row): void {
    for (const { groupOf, members } of this.#groups) members.get(groupOf(row))?.delete(row)
  }
}
