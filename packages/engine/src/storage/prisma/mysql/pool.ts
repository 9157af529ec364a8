/**
 * Connections that are set up before anybody has them. The driver has a way of its own (`initSql`), but a connection that breaks during it rejects a
 * promise that nobody holds, and Node ends the process for that. So they are set up here, by whoever gets a new one first.
 */
import mariadb from 'mariadb'
import { SET_UP } from './config'
import { isDown } from './errors'

/** What the flush lane and Prisma use of the driver's pool. */
export type Pool = Pick<mariadb.Pool, 'getConnection' | 'query' | 'execute' | 'end'>

/** A pool hands out connections that broke on their way; nothing has happened on them yet. */
const ATTEMPTS = 10

/** One connection, beside any pool. */
export async function connect(config: mariadb.ConnectionConfig): Promise<mariadb.Connection> {
  const connection = await mariadb.createConnection(config)
  try {
    await setUp(connection)
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}

export function createPool(config: mariadb.PoolConfig): Pool {
  const pool = mariadb.createPool(config)
  // told before whoever has asked for the connection goes on
  const fresh = new Set<number | null>()
  pool.on('connection', ({ threadId }) => fresh.add(threadId))

  const getConnection = async (): Promise<mariadb.PoolConnection> => {
    for (let attempt = 1; ; attempt++) {
      const connection = await pool.getConnection()
      try {
        if (fresh.delete(connection.threadId)) await setUp(connection)
        return connection
      } catch (error) {
        connection.destroy()
        if (attempt === ATTEMPTS || !isDown(error)) throw error
      }
    }
  }
  const lent = async <Result>(use: (connection: mariadb.PoolConnection) => Promise<Result>): Promise<Result> => {
    const connection = await getConnection()
    try {
      return await use(connection)
    } finally {
      await connection.release()
    }
  }
  return {
    getConnection,
    query: (sql: string | mariadb.QueryOptions, values?: unknown) => lent((one) => one.query(sql, values)),
    execute: (sql: string | mariadb.QueryOptions, values?: unknown) => lent((one) => one.execute(sql, values)),
    end: () => pool.end(),
  }
}

/** All in one go: the driver does not wait for the answers in between. */
async function setUp(connection: mariadb.Connection): Promise<void> {
  const answers = await Promise.allSettled(SET_UP.map((statement) => connection.query(statement)))
  const failed = answers.find((answer) => answer.status === 'rejected')
  if (failed) throw failed.reason
}
