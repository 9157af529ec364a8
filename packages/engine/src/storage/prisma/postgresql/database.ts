/**
 * {@link Database} over PostgreSQL: one pool, shared by the flush lane and by Prisma. Statements are pipelined: a transaction costs a round trip for
 * each answer that its work waits for, and one for COMMIT.
 */
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { DatabaseError } from '../../../model/errors'
import { collectAlong } from '../along'
import { backoff } from '../backoff'
import { connectPatiently } from '../connecting'
import type { Along, Database, PrismaClient, Row, Sql, SqlValue } from '../database'
import { postgresqlDialect } from '../dialects/postgresql'
import { openInteractive } from '../interactive'
import { joinedSql } from '../joined'
import { clockOf, type PrismaStorageOptions, poolOptions } from '../options'
import { retryRead } from '../retry-read'
import { withRights } from '../rights'
import { parseServerUrl, type ServerUrl } from '../server-url'
import { Slots } from '../slots'
import { num, text } from '../values'
import { clientConfig } from './config'
import { classify, isDown, isRetryable } from './errors'
import { migratePostgresql } from './migrate'
import { createNotifications, type Notifications } from './notify'
import { checkRights, grantTo } from './rights'
import { candidatesOf } from './search'
import { Statements } from './statement'
import { checkVersion } from './version'

const MAX_ATTEMPTS = 10
/**
 * A process that froze inside a transaction, or whose network is gone, holds its rows for as long as the server believes in it. Longer than any session
 * may last; what the role, the database or the URL say instead is left alone.
 */
const FREE_THE_ROWS = `SELECT set_config('idle_in_transaction_session_timeout', '60s', false) WHERE current_setting('idle_in_transaction_session_timeout') = '0'`

const NO_ID_INDEX =
  'has no index workflow_search_id (it needs the extension pg_trgm): searching instances by a part of their id looks at every one. See docs/databases.md.'

export interface PostgresqlDatabase extends Database {
  readonly single: Sql
  readonly notifications: Notifications
}

export async function createPostgresqlDatabase(options: PrismaStorageOptions): Promise<PostgresqlDatabase> {
  const url = parseServerUrl(options.dbUrl, 'PostgreSQL', 5432)
  const config = clientConfig(options.dbUrl, url)
  const { max, size, timeoutMs, recycleSeconds, prePing } = poolOptions(options)
  const pool = new pg.Pool({
    ...config,
    max,
    min: Math.min(size, max),
    connectionTimeoutMillis: timeoutMs,
    maxLifetimeSeconds: recycleSeconds,
    allowExitOnIdle: true,
    pipeline: true,
  })
  // a connection that dies is replaced when next needed, and whoever uses it hears of it; without listeners it would end the process
  pool.on('error', () => undefined)
  const isPooled = url.params.get('pgbouncer') === 'true'
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
    // a connection that cannot be set up fails its first user, who is told
    if (!isPooled) client.query(FREE_THE_ROWS).catch(() => undefined)
  })
  const { PrismaClient: Client } = await import('../../../generated/postgresql/client')
  const schema = url.params.get('schema')
  const prisma = new Client({
    adapter: new PrismaPg(pool, schema ? { schema } : {}),
  }) as unknown as PrismaClient
  const metrics = { transactions: 0, statements: 0 }
  const clock = clockOf(options)
  const slots = new Slots(max - 1)
  const statements = new Statements(!isPooled)
  const joined = (tx: unknown) => joinedSql(tx, metrics, (sql) => statements.get(sql).text)
  const plain = sqlOver(pool, statements, metrics)
  const read = prePing ? retrying(plain) : plain
  const single = singleOver(pool, statements, metrics)
  const warn = (message: string) => (options.log ? options.log.warn(message) : process.emitWarning(message))
  let hasIdIndex = false
  const notifications = createNotifications({
    config,
    sql: read,
    schema,
    warn,
  })

  const prepare: Database['prepare'] = (mode) =>
    connected(url, { config, timeoutMs }, async (client) => {
      const rights = { url, classify, grant: grantTo(url.user, schema) }
      const report = await withRights(rights, async () => {
        const migrated = await migratePostgresql(client, { where: url.where, schema }, mode)
        if (mode !== 'look') await checkRights(client, rights)
        return migrated
      })
      if (mode === 'look') return report
      const found = await client.query<Row>(`SELECT to_regclass('workflow_search_id') IS NOT NULL AS found`)
      hasIdIndex = found.rows[0]?.found === true
      if (!hasIdIndex) warn(`${url.where} ${NO_ID_INDEX}`)
      return report
    })

  return {
    dialect: postgresqlDialect,
    prisma,
    metrics,
    read,
    single,
    joined,
    notifications,
    candidates: (query) => candidatesOf(query, { hasIdIndex }),
    async transaction(work, { byKey = false } = {}) {
      metrics.transactions++
      for (let attempt = 1; ; attempt++) {
        try {
          return await transactOnce(pool, statements, metrics, work, byKey ? BEGIN_BY_KEY : BEGIN)
        } catch (error) {
          const stale = error instanceof StaleConnection
          if (attempt === MAX_ATTEMPTS || !(stale ? prePing : isRetryable(error))) throw stale ? error.cause : error
          if (!stale) await backoff(attempt)
        }
      }
    },
    interactive({ timeoutMs: lifetimeMs }) {
      metrics.transactions++
      return openInteractive(
        prisma,
        { timeoutMs: lifetimeMs, maxWaitMs: timeoutMs, isolationLevel: 'ReadCommitted', slots },
        joined,
      )
    },
    async now() {
      if (clock) return clock()
      const [row] = await read.all('SELECT FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS now')
      return num(row?.now)
    },
    prepare,
    open: async ({ autoMigrate }) => void (await prepare(autoMigrate ? 'apply' : 'check')),
    async close() {
      await notifications.close()
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** One connection of its own, outside the pool. */
async function connected<Result>(
  url: ServerUrl,
  { config, timeoutMs }: { readonly config: pg.ClientConfig; readonly timeoutMs: number },
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectPatiently(url, () => connectOnce(config, timeoutMs), classify, {
    patienceMs: Math.min(timeoutMs, 10_000),
    createCommand: `createdb -h ${url.host} -p ${url.port} -U ${url.user || 'postgres'} ${url.database}`,
  })
  try {
    const { rows } = await client.query<Row>('SHOW server_version_num')
    checkVersion(text(rows[0]?.server_version_num), url.where)
    return await work(client)
  } finally {
    await client.end()
  }
}

async function connectOnce(config: pg.ClientConfig, timeoutMs: number): Promise<pg.Client> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: Math.min(timeoutMs, 10_000) })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** The pooled connection was dead already: nothing has happened, and another one may be tried. */
class StaleConnection extends Error {}

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'
/**
 * A plan is kept for as long as the statistics stand. One made while a table was small scans it whole, and goes on doing so while the table grows by
 * the hundred thousand: where rows are found by their keys, the planner has nothing else to choose.
 */
const BEGIN_BY_KEY = `${BEGIN}; ${['seqscan', 'hashjoin', 'mergejoin', 'material'].map((way) => `SET LOCAL enable_${way} = off`).join('; ')}`

/** The first statement does not wait for BEGIN's answer. */
async function transactOnce<Result>(
  pool: pg.Pool,
  statements: Statements,
  metrics: { statements: number },
  work: (sql: Sql, along: Along) => Promise<Result>,
  begin: string,
): Promise<Result> {
  const client = await pool.connect()
  let hasBegun = false
  const begun = client.query(begin).then(() => {
    hasBegun = true
  })
  // whoever awaits it below hears of it; until then it is not unhandled
  begun.catch(() => undefined)
  let broken: Error | undefined
  try {
    const { along, sent, settled } = collectAlong()
    const result = await work(sqlOver(client, statements, metrics), along)
    await begun
    await sent()
    const ended = client.query('COMMIT')
    ended.catch(() => undefined)
    await settled()
    const { command } = await ended
    // a transaction in which a statement has failed answers COMMIT with ROLLBACK, and no error: so COMMIT need not wait for those before it
    if (command !== 'COMMIT')
      throw new DatabaseError('The transaction was rolled back: one of its statements had failed')
    return result
  } catch (error) {
    broken = await rollback(client, error)
    throw !hasBegun && isDown(error) ? new StaleConnection('stale', { cause: error }) : error
  } finally {
    client.release(broken)
  }
}

/** @returns the reason to throw the connection away, if there is one */
async function rollback(client: pg.PoolClient, error: unknown): Promise<Error | undefined> {
  if (isDown(error)) return error instanceof Error ? error : new Error(String(error))
  try {
    await client.query('ROLLBACK')
    return undefined
  } catch (failure) {
    return failure instanceof Error ? failure : new Error(String(failure))
  }
}

function sqlOver(target: pg.Pool | pg.PoolClient, statements: Statements, metrics: { statements: number }): Sql {
  // on one connection a name may be prepared once only: a second use that overtakes the first goes without it
  const isShared = target instanceof pg.Pool
  const inFlight = new Set<string>()
  const query = async (sql: string, params: readonly SqlValue[]) => {
    metrics.statements++
    const { text: translated, name } = statements.get(sql)
    const isNamed = name !== undefined && (isShared || !inFlight.has(name))
    if (isNamed) inFlight.add(name)
    try {
      return await target.query<Row>({
        text: translated,
        values: params as unknown[],
        types: TYPES,
        ...(isNamed ? { name } : {}),
      })
    } finally {
      if (isNamed) inFlight.delete(name)
    }
  }
  return {
    all: async (sql, params = []) => (await query(sql, params)).rows,
    run: async (sql, params = []) => (await query(sql, params)).rowCount ?? 0,
  }
}

/** One statement, by key; BEGIN and COMMIT travel with it. */
function singleOver(pool: pg.Pool, statements: Statements, metrics: { transactions: number; statements: number }): Sql {
  const query = async (sql: string, params: readonly SqlValue[]) => {
    metrics.transactions++
    metrics.statements++
    const client = await pool.connect()
    const { text: translated, name } = statements.get(sql)
    const statement = { text: translated, values: params as unknown[], types: TYPES, ...(name ? { name } : {}) }
    const sent = [client.query(BEGIN_BY_KEY), client.query<Row>(statement), client.query('COMMIT')] as const
    const [begun, result, ended] = await Promise.allSettled(sent)
    const failure = [result, begun, ended].find((answer) => answer.status === 'rejected')?.reason
    client.release(isDown(failure) ? failure : undefined)
    if (failure !== undefined) throw failure
    return (result as PromiseFulfilledResult<pg.QueryResult<Row>>).value
  }
  return {
    all: async (sql, params = []) => (await query(sql, params)).rows,
    run: async (sql, params = []) => (await query(sql, params)).rowCount ?? 0,
  }
}

/** Reads only: what writes must not run twice. */
function retrying(sql: Sql): Sql {
  return { all: (text, params) => retryRead(() => sql.all(text, params), isDown), run: sql.run }
}

const INT8 = 20
/** Our 8-byte integers are times and numbers far below 2^53. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
}
