/**
 * Prisma's driver adapter over {@link SqliteFile}. The published adapters either run a statement that was issued beside an open transaction *inside* that
 * transaction (and lose it when the transaction rolls back) or prepare every statement anew.
 *
 * 1. A transaction starts with BEGIN IMMEDIATE behind the file's gate, so that it never fails half way for want of the write lock.
 * 2. Statements outside of it that write wait at the gate; those that only read go to the reader connection.
 * 3. The file belongs to the storage: disposing of the adapter closes nothing.
 */
import {
  DriverAdapterError,
  type IsolationLevel,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
  type Transaction,
} from '@prisma/driver-adapter-utils'
import type { Connection } from './connection'
import { rethrow, toDriver, toResultSet } from './conversion'
import type { SqliteFile, WriteTransaction } from './file'

const PROVIDER = 'sqlite'
const NAME = 'edda-sqlite'
/** Certainly only reads; what is not sure to (`WITH … INSERT`, a leading comment) is treated as a write, which is correct and only slower. */
const READS = /^\s*(SELECT|VALUES|EXPLAIN|WITH(?![\s\S]*\b(INSERT|UPDATE|DELETE|REPLACE)\b))\b/i

export class SqliteAdapterFactory implements SqlDriverAdapterFactory {
  readonly provider = PROVIDER
  readonly adapterName = NAME
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  connect(): Promise<SqlDriverAdapter> {
    return Promise.resolve(new SqliteAdapter(this.#file))
  }
}

class SqliteAdapter implements SqlDriverAdapter {
  readonly provider = PROVIDER
  readonly adapterName = NAME
  readonly #file: SqliteFile

  constructor(file: SqliteFile) {
    this.#file = file
  }

  queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    const work = (connection: Connection) => queryOn(connection, query)
    return (READS.test(query.sql) ? this.#file.read(work) : this.#file.write(work)).catch(rethrow)
  }

  executeRaw(query: SqlQuery): Promise<number> {
    return this.#file.write((connection) => executeOn(connection, query)).catch(rethrow)
  }

  executeScript(script: string): Promise<void> {
    return this.#file.write((connection) => connection.exec(script)).catch(rethrow)
  }

  async startTransaction(isolationLevel?: IsolationLevel): Promise<Transaction> {
    if (isolationLevel && isolationLevel !== 'SERIALIZABLE')
      throw new DriverAdapterError({ kind: 'InvalidIsolationLevel', level: isolationLevel })
    const transaction = await this.#file.begin().catch(rethrow)
    return new SqliteTransaction(transaction)
  }

  getConnectionInfo() {
    return { maxBindValues: 32_766, supportsRelationJoins: false }
  }

  async dispose(): Promise<void> {}
}

class SqliteTransaction implements Transaction {
  readonly provider = PROVIDER
  readonly adapterName = NAME
  /** Prisma calls `commit` and `rollback` below instead of sending the words as statements. */
  readonly options = { usePhantomQuery: true }
  readonly #transaction: WriteTransaction

  constructor(transaction: WriteTransaction) {
    this.#transaction = transaction
  }

  queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    return settle(() => queryOn(this.#transaction.connection, query))
  }

  executeRaw(query: SqlQuery): Promise<number> {
    return settle(() => executeOn(this.#transaction.connection, query))
  }

  commit(): Promise<void> {
    return settle(() => this.#transaction.commit())
  }

  rollback(): Promise<void> {
    return settle(() => this.#transaction.rollback())
  }

  createSavepoint(name: string): Promise<void> {
    return settle(() => this.#transaction.connection.exec(`SAVEPOINT ${name}`))
  }

  rollbackToSavepoint(name: string): Promise<void> {
    return settle(() => this.#transaction.connection.exec(`ROLLBACK TO ${name}`))
  }

  releaseSavepoint(name: string): Promise<void> {
    return settle(() => this.#transaction.connection.exec(`RELEASE SAVEPOINT ${name}`))
  }
}

function queryOn(connection: Connection, query: SqlQuery): SqlResultSet {
  return toResultSet(connection.allExact(query.sql, argsOf(query)))
}

function executeOn(connection: Connection, query: SqlQuery): number {
  return connection.run(query.sql, argsOf(query))
}

function argsOf(query: SqlQuery): unknown[] {
  return query.args.map((value, index) => toDriver(value, query.argTypes[index]))
}

async function settle<Result>(work: () => Result): Promise<Result> {
  try {
    return work()
  } catch (error) {
    return rethrow(error)
  }
}
