/**
 * {@link Database} over MySQL or MariaDB: one pool, shared by the flush lane and by Prisma. BEGIN travels with the first statement (the driver pipelines);
 * statements are prepared once a connection.
 */
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import type mariadb from 'mariadb'
import { collectAlong, inTurn } from '../along'
import { backoff } from '../backoff'
import { connectPatiently } from '../connecting'
import type { Along, Database, PrismaClient, Row, Sql, SqlValue } from '../database'
import { mysqlDialect } from '../dialects/mysql'
import { openInteractive } from '../interactive'
import { joinedSql } from '../joined'
import { Lru } from '../lru'
import { clockOf, type PrismaStorageOptions, poolOptions } from '../options'
import { retryRead } from '../retry-read'
import { withRights } from '../rights'
import { parseServerUrl } from '../server-url'
import { Slots } from '../slots'
import { num, text } from '../values'
import { connectionConfig, PLAIN_COLLATION } from './config'
import { classify, isDown, isRetryable } from './errors'
import { migrateMysql } from './migrate'
import { connect, createPool, type Pool } from './pool'
import { grantTo, tryRights } from './rights'
import { collationOf } from './version'

const MAX_ATTEMPTS = 10
/** Prepared statements that a connection keeps. */
const PREPARED = 200

export async function createMysqlDatabase(options: PrismaStorageOptions): Promise<Database> {
  const url = parseServerUrl(options.dbUrl, 'MySQL', 3306)
  const config = connectionConfig(url)
  const { max, size, timeoutMs, recycleSeconds, prePing } = poolOptions(options)
  const pool = createPool({
    ...config,
    connectionLimit: max,
    minimumIdle: Math.min(size, max),
    acquireTimeout: timeoutMs,
    // the driver knows no age of a connection, only how long it may idle
    idleTimeout: recycleSeconds,
    // how long a connection may have idled before it is pinged when handed out, in ms
    minDelayValidation: prePing ? 500 : 2 ** 31 - 1,
    prepareCacheLength: PREPARED,
  })
  const { PrismaClient: Client } = await import('../../../generated/mysql/client')
  const prisma = new Client({
    adapter: new PrismaMariaDb(pool as mariadb.Pool, { database: url.database }),
  }) as unknown as PrismaClient
  const metrics = { transactions: 0, statements: 0 }
  const clock = clockOf(options)
  const slots = new Slots(max - 1)
  const collated = new Collated()
  const joined = (tx: unknown) => joinedSql(tx, metrics, (sql) => collated.text(sql))
  const plain = sqlOver(pool, collated, metrics)
  const read: Sql = prePing
    ? { all: (sql, params) => retryRead(() => plain.all(sql, params), isDown), run: plain.run }
    : plain

  const prepare: Database['prepare'] = async (mode) => {
    const once = () => connect({ ...config, connectTimeout: Math.min(timeoutMs, 10_000) })
    const connection = await connectPatiently(url, once, classify, {
      patienceMs: Math.min(timeoutMs, 10_000),
      createCommand: `CREATE DATABASE \`${url.database}\`;`,
    })
    try {
      const [row] = await connection.query<Row[]>('SELECT VERSION() AS version')
      const collation = collationOf(text(row?.version), url.where)
      const rights = { url, classify, grant: grantTo(url.user, url.database) }
      const report = await withRights(rights, async () => {
        const migrated = await migrateMysql(connection, { where: url.where, database: url.database, collation }, mode)
        if (mode !== 'look') await tryRights(connection)
        return migrated
      })
      if (mode !== 'look') collated.use(await tableCollation(connection))
      return report
    } finally {
      await connection.end()
    }
  }

  return {
    dialect: mysqlDialect,
    prisma,
    metrics,
    read,
    joined,
    async transaction(work) {
      metrics.transactions++
      for (let attempt = 1; ; attempt++) {
        try {
          return await transactOnce(pool, collated, metrics, work)
        } catch (error) {
          const stale = error instanceof StaleConnection
          if (attempt === MAX_ATTEMPTS || !(stale ? prePing : isRetryable(error))) throw stale ? error.cause : error
          await backoff(attempt)
        }
      }
    },
    interactive({ timeoutMs: lifetimeMs }) {
      metrics.transactions++
      return openInteractive(prisma, { timeoutMs: lifetimeMs, maxWaitMs: timeoutMs, slots }, joined)
    },
    async now() {
      if (clock) return clock()
      const [row] = await read.all('SELECT FLOOR(UNIX_TIMESTAMP(SYSDATE(3)) * 1000) AS now')
      return num(row?.now)
    },
    prepare,
    open: async ({ autoMigrate }) => void (await prepare(autoMigrate ? 'apply' : 'check')),
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

async function tableCollation(connection: mariadb.Connection): Promise<string> {
  const [row] = await connection.query<Row[]>(
    `SELECT table_collation AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'workflow_instances'`,
  )
  return text(row?.name)
}

/** Statements name a collation that every server has; here it becomes that of the tables, without which texts could not be compared. */
class Collated {
  #name = PLAIN_COLLATION
  #texts = new Lru<string>(1000)

  use(name: string): void {
    this.#name = name
    this.#texts = new Lru<string>(1000)
  }

  text(sql: string): string {
    return this.#texts.get(sql, (key) => key.replaceAll(PLAIN_COLLATION, this.#name))
  }
}

/** The pooled connection was dead already: nothing has happened, and another one may be tried. */
class StaleConnection extends Error {}

/** The first statement does not wait for BEGIN's answer. */
async function transactOnce<Result>(
  pool: Pool,
  collated: Collated,
  metrics: { statements: number },
  work: (sql: Sql, along: Along) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.getConnection()
  let hasBegun = false
  const begun = connection.query('BEGIN').then(() => {
    hasBegun = true
  })
  // whoever awaits it below hears of it; until then it is not unhandled
  begun.catch(() => undefined)
  const { sql, idle } = inTurn(sqlOver(connection, collated, metrics))
  try {
    const { along, settled } = collectAlong()
    const result = await work(sql, along)
    await begun
    // here a failed statement undoes itself only: COMMIT has to wait for them
    await settled()
    await connection.query('COMMIT')
    await connection.release()
    return result
  } catch (error) {
    // what was sent behind the one that failed must not outlive the transaction
    await idle()
    await discard(connection, error)
    throw !hasBegun && isDown(error) ? new StaleConnection('stale', { cause: error }) : error
  }
}

/** Gives the connection back rolled back, or destroys it. */
async function discard(connection: mariadb.PoolConnection, error: unknown): Promise<void> {
  if (isDown(error)) return connection.destroy()
  try {
    await connection.query('ROLLBACK')
    await connection.release()
  } catch {
    // whatever state it is in, the server rolls back when it closes
    connection.destroy()
  }
}

function sqlOver(target: Pool | mariadb.PoolConnection, collated: Collated, metrics: { statements: number }): Sql {
  return {
    async all(sql, params = []) {
      metrics.statements++
      return await target.execute<Row[]>({ sql: collated.text(sql), ...RESULTS }, params.map(bindable))
    },
    async run(sql, params = []) {
      metrics.statements++
      const { affectedRows } = await target.execute<mariadb.UpsertResult>(
        { sql: collated.text(sql), ...RESULTS },
        params.map(bindable),
      )
      return affectedRows
    },
  }
}

/** For our statements only: Prisma, on the same pool, asks for its own forms. Our 8-byte integers are far below 2^53. */
const RESULTS = { bigIntAsNumber: true, insertIdAsNumber: true, autoJsonMap: false } as const

/** The driver takes bytes as Buffer only and writes other views as JSON. */
function bindable(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value
}
