/** Migrations on SQLite: all of them in one BEGIN IMMEDIATE transaction, which is the lock as well. */
import { randomUUID } from 'node:crypto'
import { type MigrationMode, type MigrationReport, type Migrator, migrate, RECORDED_SQL, toRecorded } from '../migrate'
import type { Connection } from './connection'
import type { SqliteFile } from './file'

const TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
)`

export function migrateSqlite(file: SqliteFile, mode: MigrationMode): Promise<MigrationReport> {
  return migrate('sqlite', sqliteMigrator(file), mode)
}

/** Of a file that is not there: opening it would make it. */
export function lookAtMissing(file: SqliteFile): Promise<MigrationReport> {
  return migrate('sqlite', { ...sqliteMigrator(file), recorded: async () => null }, 'look')
}

function sqliteMigrator(file: SqliteFile): Migrator {
  return {
    where: file.path,
    table: TABLE,
    framed: (script) => `BEGIN IMMEDIATE;\n\n${script}\n\nCOMMIT;`,
    sqlOf: ({ sql }) => sql,
    resumes: false,
    recorded: () => file.read((connection) => (hasTable(connection) ? recordedOn(connection) : null)),
    async locked(work) {
      const transaction = await file.begin()
      try {
        const { connection } = transaction
        await work({
          createTable: async () => connection.exec(TABLE),
          recorded: async () => recordedOn(connection),
          async apply(migration) {
            const startedAt = timestamp()
            transaction.connection.exec(migration.sql)
            transaction.connection.run(
              `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES (?, ?, ?, ?, ?, 1)`,
              [randomUUID(), migration.checksum, migration.name, startedAt, timestamp()],
            )
          },
        })
        transaction.commit()
      } catch (error) {
        transaction.rollback()
        throw error
      }
    },
  }
}

function hasTable(connection: Connection): boolean {
  return (
    connection.all(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_prisma_migrations'`, []).length > 0
  )
}

function recordedOn(connection: Connection) {
  return connection.all(RECORDED_SQL, []).map(toRecorded)
}

/** As Prisma writes dates on SQLite. */
function timestamp(): string {
  return new Date().toISOString().replace('Z', '+00:00')
}
