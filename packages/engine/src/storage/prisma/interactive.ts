/**
 * A Prisma interactive transaction held open from outside: Prisma offers a callback, an activity needs begin, commit and rollback at different times.
 * The timeout is Prisma's own: when it ends the transaction is rolled back, and committing says so.
 */
import { DatabaseError } from '../../model/errors'
import type { InteractiveTransaction, PrismaClient, PrismaTransactionClient, Sql } from './database'
import type { Slots } from './slots'

export interface InteractiveOptions {
  readonly timeoutMs: number
  /** Longest wait for a connection, or on SQLite for the writer. */
  readonly maxWaitMs: number
  readonly isolationLevel?: 'ReadCommitted'
  /** Leaves a connection to everything else. */
  readonly slots?: Slots
}

const ROLLBACK = Symbol('rollback')

export async function openInteractive(
  prisma: PrismaClient,
  options: InteractiveOptions,
  joined: (tx: unknown) => Sql,
): Promise<InteractiveTransaction> {
  const opened = deferred<PrismaTransactionClient>()
  const ending = deferred<void>()
  const { timeoutMs, maxWaitMs, isolationLevel, slots } = options
  const release = slots ? await slots.take(maxWaitMs) : nothing
  if (!release) throw noneFree(maxWaitMs)
  const settings = { timeout: timeoutMs, maxWait: maxWaitMs, ...(isolationLevel ? { isolationLevel } : {}) }
  const finished = prisma.$transaction(
    (tx) => {
      opened.resolve(tx)
      return ending.promise
    },
    // typed for SQLite, whose client knows one isolation level only
    settings as { timeout: number; maxWait: number },
  )
  // when no transaction can be had, opening fails; later failures reach whoever awaits commit or rollback
  finished.catch(opened.reject)
  finished.then(release, release)
  const client = await opened.promise.catch((error: unknown) => {
    if (codeOf(error) !== 'P2028') throw error
    throw noneFree(maxWaitMs, error)
  })

  return {
    client,
    sql: joined(client),
    async commit() {
      ending.resolve()
      await finished.catch((error: unknown) => {
        throw explain(error, timeoutMs)
      })
    },
    async rollback() {
      ending.reject(ROLLBACK)
      await finished.catch((error: unknown) => {
        // a transaction that has timed out is rolled back already
        if (error !== ROLLBACK && codeOf(error) !== 'P2028') throw error
      })
    },
  }
}

const nothing = (): void => undefined

function noneFree(maxWaitMs: number, cause?: unknown): DatabaseError {
  return new DatabaseError(
    `No connection for a transaction became free within ${maxWaitMs} ms: keep transactions short, or raise poolSize, maxOverflow or poolTimeout.`,
    cause === undefined ? undefined : { cause },
  )
}

function explain(error: unknown, timeoutMs: number): unknown {
  if (codeOf(error) !== 'P2028') return error
  return new DatabaseError(
    `The transaction was open for longer than ${timeoutMs} ms and was rolled back: do slow work before touching ctx.session, or raise the session timeout.`,
    { cause: error },
  )
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}

function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined
  let reject: (reason: unknown) => void = () => undefined
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
