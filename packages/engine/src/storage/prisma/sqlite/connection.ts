/**
 * One libsql connection: synchronous, with prepared statements kept. The driver aborts the whole process on a parameter type that it does not know,
 * binds every JS number as a REAL and cuts text at U+0000, so every parameter passes {@link bindable} first.
 */
import Libsql from 'libsql'
import type { Row, SqlValue } from '../database'
import { Lru } from '../lru'

type Statement = Libsql.Statement
interface Prepared {
  readonly statement: Statement
  readonly returnsRows: boolean
}
/** Rows as arrays, integers as bigint: exact, as Prisma needs them. */
export interface ExactRows {
  readonly names: readonly string[]
  readonly declared: readonly (string | null)[]
  readonly rows: readonly (readonly unknown[])[]
}

export interface ConnectionOptions {
  readonly synchronous: 'FULL' | 'NORMAL'
  readonly readOnly: boolean
}

/** Longest synchronous wait for a lock, in ms; beyond it the caller waits asynchronously. */
const BUSY_MS = 10
const CACHED_STATEMENTS = 400

export class Connection {
  readonly #db: Libsql.Database
  readonly #plain = new Lru<Prepared>(CACHED_STATEMENTS)
  readonly #exact = new Lru<Prepared>(CACHED_STATEMENTS)
  readonly journalMode: string

  constructor(path: string, options: ConnectionOptions) {
    this.#db = new Libsql(path, { timeout: BUSY_MS })
    try {
      // before WAL is asked for: that may wait for another process that does the same
      this.#pragma(`busy_timeout = ${BUSY_MS}`)
      this.journalMode = String(this.#pragma('journal_mode = WAL')[0]?.journal_mode)
      this.#pragma(`synchronous = ${options.synchronous}`)
      this.#pragma('foreign_keys = ON')
      this.#pragma('cache_size = -64000')
      // 32 MB between checkpoints: a page that many flushes change is copied back once, and every commit is in the log durably either way
      this.#pragma('wal_autocheckpoint = 8000')
      // after a burst the log gives its space back
      this.#pragma('journal_size_limit = 67108864')
      if (options.readOnly) this.#pragma('query_only = ON')
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction
  }

  all(sql: string, params: readonly SqlValue[]): readonly Row[] {
    const { statement } = this.#plain.get(sql, (text) => this.#prepare(text, false))
    return statement.all(params.map(bindable)) as Row[]
  }

  /** @returns rows changed */
  run(sql: string, params: readonly unknown[]): number {
    const { statement, returnsRows } = this.#plain.get(sql, (text) => this.#prepare(text, false))
    const values = bindAll(params)
    return returnsRows ? statement.all(values).length : statement.run(values).changes
  }

  allExact(sql: string, params: readonly unknown[]): ExactRows {
    const { statement, returnsRows } = this.#exact.get(sql, (text) => this.#prepare(text, true))
    const values = params.map(bindable)
    if (!returnsRows) {
      statement.run(values)
      return { names: [], declared: [], rows: [] }
    }
    const rows = statement.all(values) as unknown[][]
    // asked for after the run: a statement that the driver recompiled because the schema changed has other columns
    const columns = statement.columns()
    return { names: columns.map((column) => column.name), declared: columns.map((column) => column.type), rows }
  }

  /** Several statements at once, no parameters. */
  exec(script: string): void {
    this.#db.exec(script)
  }

  close(): void {
    this.#db.close()
  }

  #pragma(text: string): readonly Row[] {
    return this.#db.prepare(`PRAGMA ${text}`).all([]) as Row[]
  }

  #prepare(sql: string, exact: boolean): Prepared {
    const statement = this.#db.prepare(sql)
    const returnsRows = statement.reader
    if (exact) statement.safeIntegers(true)
    return { statement: exact && returnsRows ? statement.raw(true) : statement, returnsRows }
  }
}

/** In place: a step's parameters are made for one statement, and binding them twice gives the same. */
function bindAll(params: readonly unknown[]): unknown[] {
  const values = params as unknown[]
  for (let i = 0; i < values.length; i++) values[i] = bindable(values[i])
  return values
}

function bindable(value: unknown): string | number | bigint | null | Uint8Array {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0')) throw new TypeError('SQLite cannot store text that holds U+0000')
      // the driver would put U+FFFD in its place; Node has the method, the library of this target not yet
      if (!(value as string & { isWellFormed(): boolean }).isWellFormed())
        throw new TypeError('SQLite cannot store text with a lone surrogate')
      return value
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value
    case 'bigint':
      return value
    case 'boolean':
      return value ? 1n : 0n
    case 'object':
      if (value === null || value instanceof Uint8Array) return value
  }
  throw new TypeError(`Cannot bind a parameter of type ${value === undefined ? 'undefined' : typeof value}`)
}
