import { fork } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { mysqlServer, postgresqlServer, type TestDatabase } from '../../../test/databases'
import { temporaryFolder } from '../../../test/temporary'
import { migrations } from '../../generated/migrations'
import { MigrationError } from '../../model/errors'
import { createDatabase } from './client'
import type { Database } from './database'
import { statementsOf } from './mysql/migrate'
import { SqliteFile } from './sqlite/file'

const servers = [await postgresqlServer(), await mysqlServer()]

interface Place {
  readonly url: string
  query(sql: string): Promise<unknown>
}

function contract(provider: keyof typeof migrations, makePlace: () => Promise<Place>): void {
  const open = async (url: string, autoMigrate = true): Promise<Database> => {
    const database = await createDatabase({ dbUrl: url, poolSize: 1, maxOverflow: 1 })
    onTestFinished(() => database.close())
    await database.open({ autoMigrate })
    return database
  }
  const recorded = async (database: Database) =>
    (await database.read.all('SELECT migration_name, checksum, applied_steps_count FROM _prisma_migrations')).map(
      (row) => ({ ...row }),
    )
  const once = migrations[provider].map(({ name, checksum }) => ({
    migration_name: name,
    checksum,
    applied_steps_count: 1,
  }))

  test('24 first starts at once apply each migration once', async () => {
    const { url } = await makePlace()
    const databases = await Promise.all(Array.from({ length: 24 }, () => open(url)))
    expect(await recorded(databases[0] as Database)).toEqual(once)
    for (const database of databases)
      expect(await database.read.all('SELECT COUNT(*) AS many FROM workflow_instances')).toMatchObject([{ many: 0 }])
  })

  test('processes that start together apply each migration once', async () => {
    const { url } = await makePlace()
    await Promise.all(Array.from({ length: 4 }, () => startProcess(url)))
    expect(await recorded(await open(url, false))).toEqual(once)
  })

  test('a schema that is there already is left alone', async () => {
    const { url } = await makePlace()
    await (await open(url)).transaction((sql) =>
      sql.run(`INSERT INTO system_locks (name, holder, term, lease_until) VALUES ('kept', 'x', 1, 1)`),
    )
    const again = await open(url)
    expect(await again.read.all('SELECT name FROM system_locks')).toEqual([{ name: 'kept' }])
    expect(await recorded(again)).toEqual(once)
  })

  test('with autoMigrate off a missing migration is named and nothing is made', async () => {
    const { url } = await makePlace()
    await expect(open(url, false)).rejects.toThrow(MigrationError)
    await expect(open(url, false)).rejects.toThrow('lacks the migrations 0_init and autoMigrate is off')
    await open(url)
    await open(url, false)
  })

  test('a newer schema is refused', async () => {
    const { url, query } = await makePlace()
    await open(url)
    await query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '20990101000000_future')`,
    )
    await expect(open(url)).rejects.toThrow(MigrationError)
    await expect(open(url)).rejects.toThrow(
      'has the migration 20990101000000_future, which this version of @edda/engine does not know',
    )
  })

  test('a migration that was changed after it was applied is refused', async () => {
    const { url, query } = await makePlace()
    await open(url)
    await query(`UPDATE _prisma_migrations SET checksum = 'other'`)
    await expect(open(url)).rejects.toThrow('made by another text of migration 0_init')
  })
}

describe('SQLite', () => {
  contract('sqlite', async () => {
    const url = `file:${path.join(temporaryFolder(), 'edda.db')}`
    return {
      url,
      async query(sql) {
        const file = new SqliteFile(url.slice('file:'.length), { synchronous: 'NORMAL', lockTimeoutMs: 1000 })
        await file.open()
        await file.write((connection) => connection.exec(sql))
        await file.close()
      },
    }
  })
})

for (const server of servers)
  describe.skipIf(server.missing)(server.name, () => {
    const made: TestDatabase[] = []
    afterEach(async () => {
      for (const database of made.splice(0)) await database.drop()
    })
    const place = async () => {
      const database = await server.create()
      made.push(database)
      return database
    }
    contract(server.name === 'MySQL' ? 'mysql' : 'postgresql', place)

    if (server.name === 'MySQL')
      test('a migrator that died between two statements is taken over, wherever it died', async () => {
        const [migration] = migrations.mysql
        if (!migration) throw new Error('no migration')
        const statements = statementsOf(migration.sql)
        for (const [died, wasRecorded] of [
          [0, false],
          [3, true],
          [3, false],
          [statements.length - 1, true],
        ] as const) {
          const { url, query } = await place()
          // the table of migrations as a successor finds it
          await query(
            `CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at DATETIME(3), migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at DATETIME(3), started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0)`,
          )
          for (const statement of statements.slice(0, died + 1)) await query(statement)
          await query(
            `INSERT INTO _prisma_migrations (id, checksum, migration_name, applied_steps_count) VALUES ('dead', '${migration.checksum}', '${migration.name}', ${wasRecorded ? died + 1 : died})`,
          )
          const database = await createDatabase({ dbUrl: url, poolSize: 1 })
          await database.open({ autoMigrate: true })
          expect(await database.read.all('SELECT COUNT(*) AS many FROM api_tokens')).toEqual([{ many: 0 }])
          await database.open({ autoMigrate: false })
          await database.close()
        }
      })

    if (server.name === 'PostgreSQL')
      test('a migrator whose connection dies leaves nothing, and the one that waited goes on', async () => {
        const { url, query } = await place()
        const dying = new pg.Client({ connectionString: url })
        dying.on('error', () => undefined)
        await dying.connect()
        await dying.query('BEGIN')
        await dying.query('SELECT pg_advisory_xact_lock(72707369)')
        await dying.query('CREATE TABLE workflow_instances (half_made int)')
        const database = await createDatabase({ dbUrl: url, poolSize: 1 })
        onTestFinished(() => database.close())
        const opening = database.open({ autoMigrate: true })
        const [{ pid } = {}] = (await dying.query('SELECT pg_backend_pid() AS pid')).rows as { pid?: number }[]
        await query(`SELECT pg_terminate_backend(${pid})`)
        await opening
        expect(await database.read.all('SELECT COUNT(*) AS many FROM workflow_instances')).toEqual([{ many: 0 }])
      })
  })

function startProcess(url: string): Promise<void> {
  const script = fileURLToPath(new URL('../../../test/open-database.ts', import.meta.url))
  const child = fork(script, [url], {
    execArgv: ['--conditions=source', '--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(errors))))
  })
}
