/**
 * One SQLite file as the engine uses it: a writer and a reader connection, and one gate in front of the writer for everybody in this process, the
 * commit queue and Prisma's transactions alike.
 *
 * 1. Reads go to their own connection: they never wait for an open transaction and never see what it has not committed. `:memory:` (and a file system
 *    without WAL) has one connection only, there they wait at the gate.
 * 2. The gate opens only after COMMIT or ROLLBACK: a failed COMMIT is rolled back first.
 * 3. Nobody waits synchronously for another process longer than a connection's busy timeout: the rest of the waiting is asynchronous.
 * 4. A statement of a transaction that SQLite itself has rolled back (disk full, I/O error) is refused rather than committed on its own.
 */
import { backoff } from '../backoff'
import { Connection } from './connection'
import { isBusy, lockedTooLong, openError } from './errors'
import { Gate } from './gate'

export interface FileOptions {
  readonly synchronous: 'FULL' | 'NORMAL'
  /** How long to wait for another process's lock before giving up, in ms. */
  readonly lockTimeoutMs: number
}

/** A transaction that holds the gate until it ends. */
export interface WriteTransaction {
  /** @throws when SQLite has rolled the transaction back by itself */
  readonly connection: Connection
  commit(): void
  rollback(): void
}

export class SqliteFile {
  readonly path: string
  readonly #options: FileOptions
  readonly #gate = new Gate()
  #writer: Connection | undefined
  #reader: Connection | undefined

  constructor(path: string, options: FileOptions) {
    this.path = path
    this.#options = options
  }

  async open(): Promise<void> {
    if (this.#writer) return
    const { synchronous } = this.#options
    try {
      const writer = await this.#patiently(() => new Connection(this.path, { synchronous, readOnly: false }))
      try {
        this.#reader =
          writer.journalMode === 'wal'
            ? await this.#patiently(() => new Connection(this.path, { synchronous, readOnly: true }))
            : undefined
      } catch (error) {
        writer.close()
        throw error
      }
      this.#writer = writer
    } catch (error) {
      throw openError(this.path, error)
    }
  }

  async close(): Promise<void> {
    const release = await this.#gate.acquire()
    try {
      this.#reader?.close()
      this.#writer?.close()
    } finally {
      this.#reader = undefined
      this.#writer = undefined
      release()
    }
  }

  async read<Result>(query: (connection: Connection) => Result): Promise<Result> {
    const reader = this.#reader
    return reader ? await this.#patiently(() => query(reader)) : await this.write(query)
  }

  /** One statement on its own, behind the gate. */
  async write<Result>(statement: (connection: Connection) => Result): Promise<Result> {
    const release = await this.#gate.acquire()
    try {
      return await this.#patiently(() => statement(this.#open))
    } finally {
      release()
    }
  }

  async begin(): Promise<WriteTransaction> {
    const release = await this.#gate.acquire()
    try {
      const connection = this.#open
      await this.#patiently(() => connection.exec('BEGIN IMMEDIATE'))
      return new OpenTransaction(connection, release)
    } catch (error) {
      release()
      throw error
    }
  }

  get #open(): Connection {
    if (!this.#writer) throw new Error(`The database ${this.path} is not open`)
    return this.#writer
  }

  async #patiently<Result>(attempt: () => Result): Promise<Result> {
    const deadline = performance.now() + this.#options.lockTimeoutMs
    for (let tries = 1; ; tries++) {
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error)) throw error
        if (performance.now() > deadline) throw lockedTooLong(this.path, this.#options.lockTimeoutMs, error)
        await backoff(tries)
      }
    }
  }
}

class OpenTransaction implements WriteTransaction {
  readonly #connection: Connection
  readonly #release: () => void
  #ended = false

  constructor(connection: Connection, release: () => void) {
    this.#connection = connection
    this.#release = release
  }

  get connection(): Connection {
    if (this.#ended) throw new Error('The transaction has ended already')
    if (!this.#connection.inTransaction) throw new Error('SQLite has rolled the transaction back')
    return this.#connection
  }

  commit(): void {
    try {
      this.connection.exec('COMMIT')
    } catch (error) {
      this.#rollbackIfOpen()
      throw error
    } finally {
      this.#end()
    }
  }

  rollback(): void {
    if (this.#ended) return
    try {
      this.#rollbackIfOpen()
    } finally {
      this.#end()
    }
  }

  #rollbackIfOpen(): void {
    if (!this.#ended && this.#connection.inTransaction) this.#connection.exec('ROLLBACK')
  }

  #end(): void {
    this.#ended = true
    this.#release()
  }
}
