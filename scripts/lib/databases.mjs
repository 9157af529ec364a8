// The database servers that tests may use. Which ones answer is found out by logging in, never assumed. An empty address
// means: not this one.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * @typedef {{ query(sql: string): Promise<Record<string, unknown>[]>, close(): Promise<void> }} Connection
 * @typedef {{ name: string, provider: 'postgresql' | 'mysql', env: string, url: string }} Server
 */

/** @type {Server[]} */
export const servers = [
  {
    name: 'PostgreSQL',
    provider: 'postgresql',
    env: 'EDDA_TEST_POSTGRES_URL',
    url: process.env.EDDA_TEST_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/test',
  },
  {
    name: 'MySQL',
    provider: 'mysql',
    env: 'EDDA_TEST_MYSQL_URL',
    url: process.env.EDDA_TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test',
  },
]

/** @param {string} url @returns {Promise<Connection>} */
export function connect(url) {
  return url.startsWith('mysql:') ? connectMysql(url) : connectPostgres(url)
}

/** @param {string} url @returns {Promise<Connection>} */
async function connectPostgres(url) {
  const { Client } = require('pg')
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 })
  await client.connect()
  return {
    query: async (sql) => {
      const result = await client.query(sql)
      return (Array.isArray(result) ? result.at(-1) : result).rows
    },
    close: () => client.end(),
  }
}

/** @param {string} url @returns {Promise<Connection>} */
async function connectMysql(url) {
  const mariadb = require('mariadb')
  const { hostname, port, username, password, pathname } = new URL(url)
  const connection = await mariadb.createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1) || undefined,
    multipleStatements: true,
    connectTimeout: 3000,
    allowPublicKeyRetrieval: true,
  })
  return { query: (sql) => connection.query(sql), close: () => connection.end() }
}

/**
 * @param {Server} server
 * @returns {Promise<{ version: string } | { missing: string }>}
 */
export async function probe(server) {
  if (server.url === '') return { missing: 'set to nothing' }
  try {
    const connection = await connect(server.url)
    const [row] = await connection.query('SELECT version() AS version')
    await connection.close()
    return { version: productAndVersion(String(row?.version)) }
  } catch (error) {
    return { missing: reason(error) }
  }
}

/** @param {string} text "PostgreSQL 15.20 (Debian …) on …", "10.11.19-MariaDB-…" or "8.4.2" */
function productAndVersion(text) {
  const version = /\d+(\.\d+)+/.exec(text)?.[0]
  return `${/PostgreSQL|MariaDB/.exec(text)?.[0] ?? 'MySQL'} ${version}`
}

function reason(error) {
  const causes = error instanceof AggregateError ? error.errors : [error]
  return causes.map((cause) => (cause.sqlMessage ?? cause.message).split('\n')[0]).join('; ')
}
