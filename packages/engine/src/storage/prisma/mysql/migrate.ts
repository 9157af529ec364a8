/**
 * Migrations on MySQL, where every DDL statement commits by itself: progress is recorded statement by statement, so that the successor of a killed migrator
 * goes on where it died. The statement it died in may or may not have taken effect: there, and only there, "exists already" means done.
 */
import { createHash, randomUUID } from 'node:crypto'
import type mariadb from 'mariadb'
import { MigrationError } from '../../../model/errors'
import type { Row } from '../database'
import { driverCode } from '../driver-code'
import {
  type MigrationMode,
  type MigrationReport,
  type Migrator,
  migrate,
  RECORDED_SQL,
  type RecordedMigration,
  toRecorded,
} from '../migrate'
import { num } from '../values'
import { PLAIN_COLLATION } from './config'

const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             DATETIME(3),
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          DATETIME(3),
    started_at              DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    applied_steps_count     INTEGER UNSIGNED NOT NULL DEFAULT 0
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`

const LOCK_SECONDS = 600
/** Table, column or index exists already; or is gone already. */
const DONE_ALREADY = new Set(['1050', '1060', '1061', '1051', '1091'])

export interface MysqlTarget {
  readonly where: string
  readonly database: string
  /** For new tables. */
  readonly collation: string
}

export function migrateMysql(
  connection: mariadb.Connection,
  target: MysqlTarget,
  mode: MigrationMode,
): Promise<MigrationReport> {
  return migrate('mysql', mysqlMigrator(connection, target), mode)
}

function mysqlMigrator(connection: mariadb.Connection, { where, database, collation }: MysqlTarget): Migrator {
  const recorded = async () => (await connection.query<Row[]>(RECORDED_SQL)).map(toRecorded)
  return {
    where,
    table: TABLE,
    framed: (script) => script,
    sqlOf: ({ sql }) => sql.replaceAll(PLAIN_COLLATION, collation),
    resumes: true,
    async recorded() {
      const found = await connection.query<Row[]>(
        `SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '_prisma_migrations'`,
      )
      return found.length > 0 ? await recorded() : null
    },
    async locked(work) {
      const lock = lockName(database)
      const [row] = await connection.query<Row[]>('SELECT GET_LOCK(?, ?) AS got', [lock, LOCK_SECONDS])
      if (row?.got === null || num(row?.got) !== 1)
        throw new MigrationError(
          `Another process has been migrating ${where} for ${LOCK_SECONDS} s: see SHOW PROCESSLIST for who holds the lock ${lock}.`,
        )
      try {
        await work({
          createTable: async () => {
            await connection.query(TABLE)
          },
          recorded,
          apply: (migration, begun) => apply(connection, collation, migration, begun),
        })
      } finally {
        // a lost connection has given the lock back already
        await connection.query('SELECT RELEASE_LOCK(?)', [lock]).catch(() => undefined)
      }
    },
  }
}

async function apply(
  connection: mariadb.Connection,
  collation: string,
  migration: { readonly name: string; readonly checksum: string; readonly sql: string },
  begun: RecordedMigration | undefined,
): Promise<void> {
  const id = begun?.id ?? randomUUID()
  if (!begun)
    await connection.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (?, ?, ?)', [
      id,
      migration.checksum,
      migration.name,
    ])
  const statements = statementsOf(migration.sql)
  const first = begun?.steps ?? 0
  for (const [index, statement] of statements.entries()) {
    if (index < first) continue
    try {
      await connection.query(statement.replaceAll(PLAIN_COLLATION, collation))
    } catch (error) {
      const wasUnderWay = begun !== undefined && index === first
      if (!wasUnderWay || !DONE_ALREADY.has(driverCode(error) ?? '')) throw error
    }
    await connection.query('UPDATE _prisma_migrations SET applied_steps_count = ? WHERE id = ?', [index + 1, id])
  }
  await connection.query(
    'UPDATE _prisma_migrations SET finished_at = CURRENT_TIMESTAMP(3), applied_steps_count = 1 WHERE id = ?',
    [id],
  )
}

/** The script without comments, cut where a line ends with a semicolon. */
export function statementsOf(script: string): readonly string[] {
  return script
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

/** Names of locks belong to the whole server and have at most 64 characters. */
function lockName(database: string): string {
  return `edda.migrate.${createHash('sha256').update(database).digest('hex').slice(0, 32)}`
}
