/** Real databases for tests: each run makes its own and drops it. A server that does not answer is said, and the tests that need it are left out. */
import { randomBytes } from 'node:crypto'
import mariadb from 'mariadb'
import pg from 'pg'

export interface TestDatabase {
  readonly url: string
  /** Runs statements beside the code under test; `?` placeholders are not translated. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  /** Empties every table of the engine. */
  empty(): Promise<void>
  drop(): Promise<void>
}
export interface TestServer {
  readonly name: 'PostgreSQL' | 'MySQL'
  readonly url: string
  /** Undefined: it answers. */
  readonly missing: string | undefined
  create(): Promise<TestDatabase>
}

/** To be awaited at the top of a test file: `describe.skipIf(server.missing)`. Prints why when the server is missing. */
export async function postgresqlServer(): Promise<TestServer> {
  const url = process.env.EDDA_TEST_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/test'
  return {
    name: 'PostgreSQL',
    url,
    missing: await probe('PostgreSQL', () => connectPostgresql(url)),
    create: () => createPostgresql(url),
  }
}

export async function mysqlServer(): Promise<TestServer> {
  const url = process.env.EDDA_TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test'
  return { name: 'MySQL', url, missing: await probe('MySQL', () => connectMysql(url)), create: () => createMysql(url) }
}

interface Connection {
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

async function probe(name: string, connect: () => Promise<Connection>): Promise<string | undefined> {
  try {
    await (await connect()).close()
    return undefined
  } catch (error) {
    const reasons = error instanceof AggregateError ? error.errors : [error]
    const reason = reasons.map((cause) => (cause instanceof Error ? cause.message : String(cause))).join('; ')
    process.stdout.write(`not tested: ${name} does not answer: ${reason}\n`)
    return reason
  }
}

async function createPostgresql(serverUrl: string): Promise<TestDatabase> {
  const name = temporaryName()
  const server = await connectPostgresql(serverUrl)
  await server.query(`CREATE DATABASE ${name}`)
  await server.close()
  const url = withDatabase(serverUrl, name)
  return await database(url, () => connectPostgresql(url), {
    tables: `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
    async drop() {
      const again = await connectPostgresql(serverUrl)
      await again.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await again.close()
    },
  })
}

async function createMysql(serverUrl: string): Promise<TestDatabase> {
  const name = temporaryName()
  const server = await connectMysql(serverUrl)
  await server.query(`CREATE DATABASE ${name}`)
  await server.close()
  const url = withDatabase(serverUrl, name)
  return await database(url, () => connectMysql(url), {
    tables: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${name}' AND table_name <> '_prisma_migrations'`,
    async drop() {
      const again = await connectMysql(serverUrl)
      await again.query(`DROP DATABASE IF EXISTS ${name}`)
      await again.close()
    },
  })
}

async function database(
  url: string,
  connect: () => Promise<Connection>,
  { tables, drop }: { readonly tables: string; drop(): Promise<void> },
): Promise<TestDatabase> {
  const connection = await connect()
  let names: readonly string[] = []
  return {
    url,
    query: connection.query,
    async empty() {
      if (names.length === 0) names = (await connection.query(tables)).map((row) => String(row.name))
      // one transaction: a commit for each table would cost more than the test
      await connection.query(['BEGIN', ...names.map((name) => `DELETE FROM ${name}`), 'COMMIT'].join('; '))
    },
    async drop() {
      await connection.close()
      await drop()
    },
  }
}

async function connectPostgresql(url: string): Promise<Connection> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 })
  client.on('error', () => undefined)
  await client.connect()
  return { query: async (sql) => (await client.query(sql)).rows, close: () => client.end() }
}

async function connectMysql(url: string): Promise<Connection> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const connection = await mariadb.createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    connectTimeout: 3000,
    multipleStatements: true,
    bigIntAsNumber: true,
    insertIdAsNumber: true,
    allowPublicKeyRetrieval: true,
  })
  return {
    query: async (sql) => (await connection.query(sql)) as Record<string, unknown>[],
    close: () => connection.end(),
  }
}

function temporaryName(): string {
  return `edda_${randomBytes(6).toString('hex')}`
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
