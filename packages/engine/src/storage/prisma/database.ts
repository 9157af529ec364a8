/**
 * The port between SQL and the three databases. Statements are written once, with `?` placeholders and unquoted snake_case names; what differs stands
 * in {@link Dialect}. Statements of the hot lane go straight to the adapter's own driver, no query engine in between.
 *
 * 1. `transaction` may run its work again (deadlock, serialization failure, busy file): the work keeps no effects outside the transaction.
 * 2. Whatever `transaction` or `commit` acknowledged is seen by every later `read`.
 * 3. A failed COMMIT leaves nothing open: it is rolled back before anybody else writes.
 * 4. Statements reach the database in the order of the calls, whether or not the answer to one is awaited before the next.
 */
import type { Prisma, PrismaClient } from '../../generated/sqlite/client'
import type { InstanceQuery } from '../storage'
import type { MigrationMode, MigrationReport } from './migration-report'

export type { PrismaClient }
export type PrismaTransactionClient = Prisma.TransactionClient

export type SqlValue = string | number | bigint | boolean | null | Uint8Array
/** Integers of 8 bytes may come as number, bigint or string, booleans as 0 and 1: read them with the functions of `values.ts`. */
export type Row = Readonly<Record<string, unknown>>

export interface Sql {
  all(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>
  /** @returns rows that the statement matched */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>
}

/**
 * Takes statements that are sent already and whose answers COMMIT need not wait for: the transaction succeeds only when all of them have, and fails as
 * the first that did not.
 */
export type Along = (statement: Promise<unknown>) => void

export interface InteractiveTransaction {
  /** What user code gets as `ctx.session`. */
  readonly client: PrismaTransactionClient
  readonly sql: Sql
  commit(): Promise<void>
  rollback(): Promise<void>
}

export interface Database {
  readonly dialect: Dialect
  /** Plain reads. On a SQLite file they never wait for an open write transaction (`:memory:` has one connection: they do). */
  readonly read: Sql
  /**
   * READ COMMITTED on servers, BEGIN IMMEDIATE on SQLite.
   * @param options `byKey`: every statement finds its rows by key, whatever the statistics say of the size of its tables
   */
  transaction<Result>(
    work: (sql: Sql, along: Along) => Promise<Result>,
    options?: { readonly byKey?: boolean },
  ): Promise<Result>
  /** One statement, by key, that is a transaction of its own, run once; present where that saves round trips. Losing the connection leaves its outcome unknown. */
  readonly single?: Sql
  /**
   * `SELECT id, started_at` of a superset of what a query finds, newest first, from indexes made for parts of ids and values of inputs; null where they
   * have nothing to tell of this query. Absent where the database keeps no such index.
   */
  candidates?(query: InstanceQuery): Condition | null
  interactive(options: { readonly timeoutMs: number }): Promise<InteractiveTransaction>
  /** The same {@link Sql} over a transaction that the caller has opened with Prisma. */
  joined(tx: unknown): Sql
  /** Epoch ms: the injected clock if there is one, else the database's own (SQLite: this process's). */
  now(): Promise<number>
  readonly prisma: PrismaClient
  readonly metrics: { transactions: number; statements: number }
  /** {@link open}, which applies or checks, and what was found. With `look` nothing is changed, and nothing else may be asked afterwards. */
  prepare(mode: MigrationMode): Promise<MigrationReport>
  /** @throws DatabaseError, MigrationError */
  open(options: { readonly autoMigrate: boolean }): Promise<void>
  close(): Promise<void>
}

export type ColumnType = 'text' | 'int' | 'bigint' | 'bool' | 'bytes'

export interface Dialect {
  readonly name: 'sqlite' | 'postgresql' | 'mysql'
  /**
   * A FROM source that turns one JSON text parameter, an array of objects, into rows; absent members are NULL. `bytes` travel as hex ({@link hex}).
   * Payloads are JSON text inside JSON: the escapes that a database's JSON refuses (U+0000, lone surrogates) arrive doubly escaped and unharmed.
   *
   * @example `INSERT INTO t (id, seq) SELECT x.id, x.seq FROM ${dialect.rows('?', { id: 'text', seq: 'int' }, 'x')}`
   */
  rows(param: string, columns: Readonly<Record<string, ColumnType>>, alias: string): string
  /** UPDATE and DELETE … RETURNING. */
  readonly returning: boolean
  /** `' FOR UPDATE'`, or `''` where a transaction holds the whole file. */
  readonly forUpdate: string
  readonly skipLocked: string
  /**
   * INSERT that leaves existing rows alone and swallows no other error. The count is not to be trusted on MySQL (existing rows count as matched).
   * @param columnsAndSource `(id, seq) SELECT …` or `(id, seq) VALUES (?, ?)`
   */
  insertIgnore(table: string, columnsAndSource: string): string
  /** Ends an INSERT: rows whose key exists get these columns from the new row. */
  onConflictUpdate(keys: readonly string[], columns: readonly string[]): string
  /**
   * UPDATE joined with a source. `set` maps a column to an expression without parameters (their order differs); in expressions and in `on`, name the
   * table's columns as `table.column`.
   */
  updateFrom(table: string, set: Readonly<Record<string, string>>, source: string, on: string): string
  /** Case-insensitive substring; the parameter is a LIKE pattern made by {@link containing} of `part`. Beyond ASCII, SQLite compares exactly. */
  contains(column: string, part?: string): string
  /** Whether a path of a JSON text column holds exactly this value; null also matches a missing member. `path` must have passed `isPath`. */
  jsonEquals(column: string, path: string, value: string | number | boolean | null): Condition
  /** Whether a JSON text column, a flat object of strings, has this member. */
  jsonHas(column: string, key: string, value: string): Condition
  greatest(a: string, b: string): string
  least(a: string, b: string): string
  isRetryable(error: unknown): boolean
  isUnique(error: unknown): boolean
  isDown(error: unknown): boolean
}

export interface Condition {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/** The parameter of {@link Dialect.contains}. */
export function containing(part: string): string {
  return `%${escaped(part.toLowerCase())}%`
}

/** Plain characters inside a LIKE pattern with ESCAPE '!'. */
export function escaped(text: string): string {
  return text.replaceAll(/[!%_]/g, '!$&')
}

/**
 * JSON text in which the escapes that servers refuse, of U+0000 and of half a character, are plain text, and a backslash is written as they would have
 * it: `\\u005c`. Other values keep their meaning.
 * @param backslash as the database's string literals write one
 */
export function readableJson(column: string, backslash: '\\' | '\\\\'): string {
  const b = backslash
  const plain = [
    [`${b}${b}`, `${b}u005c`],
    [`${b}ud`, `${b}u005cud`],
    [`${b}u0000`, `${b}u005cu0000`],
  ].reduce((sql, [from, to]) => `REPLACE(${sql}, '${from}', '${to}')`, column)
  return `CASE WHEN ${column} LIKE '%${b}${b}u0000%' OR ${column} LIKE '%${b}${b}ud%' THEN ${plain} ELSE ${column} END`
}

/** `?, ?, ?` */
export function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ')
}

/** Bytes as {@link Dialect.rows} takes them. */
export function hex(bytes: Uint8Array): string
export function hex(bytes: Uint8Array | null): string | null
export function hex(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
