/**
 * A table in memory: immutable rows under a key, equality indexes, and a journal that takes back what a unit did (S2). Nothing here knows what a row means.
 *
 * 1. A row is never mutated, only replaced, so that an undone write restores exactly what was there.
 * 2. Index look-ups promise no order; whoever needs one sorts.
 */

/** Collects the inverse of every write since {@link Journal.begin}. */
export class Journal {
  #undo: (() => void)[] = []

  begin(): void {
    this.#undo = []
  }

  record(inverse: () => void): void {
    this.#undo.push(inverse)
  }

  rollback(): void {
    for (const inverse of this.#undo.reverse()) inverse()
    this.#undo = []
  }
}

/** Key of a row whose identity has several parts. */
export function keyOfParts(...parts: readonly (string | number)[]): string {
  return parts.join('\u0000')
}

export type IndexedBy<Row> = Readonly<Record<string, (row: Row) => string | null>>

export class Table<Row, Indexes extends IndexedBy<Row> = Record<never, never>> {
  readonly #rows = new Map<string, Row>()
  readonly #lookups = new Map<string, Map<string, Map<string, Row>>>()
  readonly #journal: Journal
  readonly #keyOf: (row: Row) => string
  readonly #indexes: Indexes

  constructor(journal: Journal, keyOf: (row: Row) => string, indexes: Indexes) {
    this.#journal = journal
    this.#keyOf = keyOf
    this.#indexes = indexes
    for (const name of Object.keys(indexes)) this.#lookups.set(name, new Map())
  }

  get(...key: readonly (string | number)[]): Row | undefined {
    return this.#rows.get(keyOfParts(...key))
  }

  all(): Row[] {
    return [...this.#rows.values()]
  }

  /** Rows whose index value is this one; rows whose value is null are in no index. */
  by(index: keyof Indexes & string, value: string): Row[] {
    return [...(this.#lookups.get(index)?.get(value)?.values() ?? [])]
  }

  /** Inserts or replaces. */
  put(row: Row): void {
    const key = this.#keyOf(row)
    const before = this.#rows.get(key)
    this.#journal.record(before === undefined ? () => this.#remove(key) : () => this.#store(key, before))
    this.#store(key, row)
  }

  delete(row: Row): void {
    const key = this.#keyOf(row)
    const before = this.#rows.get(key)
    if (before === undefined) return
    this.#journal.record(() => this.#store(key, before))
    this.#remove(key)
  }

  #store(key: string, row: Row): void {
    const before = this.#rows.get(key)
    for (const [name, read] of Object.entries(this.#indexes)) {
      const values = this.#lookups.get(name)
      if (!values) continue
      const was = before === undefined ? null : read(before)
      const is = read(row)
      if (was !== null && was !== is) drop(values, was, key)
      if (is === null) continue
      const rows = values.get(is)
      if (rows) rows.set(key, row)
      else values.set(is, new Map([[key, row]]))
    }
    this.#rows.set(key, row)
  }

  #remove(key: string): void {
    const row = this.#rows.get(key)
    if (row === undefined) return
    for (const [name, read] of Object.entries(this.#indexes)) {
      const value = read(row)
      const values = this.#lookups.get(name)
      if (value !== null && values) drop(values, value, key)
    }
    this.#rows.delete(key)
  }
}

function drop<Row>(values: Map<string, Map<string, Row>>, value: string, key: string): void {
  const rows = values.get(value)
  rows?.delete(key)
  if (rows?.size === 0) values.delete(value)
}
