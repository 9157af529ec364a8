/** Migrations on PostgreSQL: one connection, one transaction, under Prisma's own advisory lock, which ends with the transaction or the connection. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Row } from '../database'
import { type MigrationMode, type MigrationReport, type Migrator, migrate, RECORDED_SQL, toRecorded } from '../migrate'

/** The key that Prisma's migrate uses: its tools and we exclude each other. */
const LOCK = 72_707_369

const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`

export interface PostgresqlTarget {
  readonly where: string
  readonly schema: string | null
}

export function migratePostgresql(
  client: pg.Client,
  target: PostgresqlTarget,
  mode: MigrationMode,
): Promise<MigrationReport> {
  return migrate('postgresql', postgresqlMigrator(client, target), mode)
}

function postgresqlMigrator(client: pg.Client, { where, schema }: PostgresqlTarget): Migrator {
  const recorded = async () => (await client.query<Row>(RECORDED_SQL)).rows.map(toRecorded)
  const createSchema = schema && `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`
  return {
    where,
    table: TABLE,
    framed: (script) =>
      [
        'BEGIN;',
        `SELECT pg_advisory_xact_lock(${LOCK});`,
        ...(schema ? [`${createSchema};`, `SET LOCAL search_path TO ${quoted(schema)};`] : []),
        script,
        'COMMIT;',
      ].join('\n\n'),
    sqlOf: ({ sql }) => sql,
    resumes: false,
    async recorded() {
      const { rows } = await client.query<Row>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`)
      return rows[0]?.found === true ? await recorded() : null
    },
    async locked(work) {
      await client.query('BEGIN')
      try {
        await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
        if (createSchema) await client.query(createSchema)
        await work({
          createTable: async () => {
            await client.query(TABLE)
          },
          recorded,
          async apply(migration) {
            await client.query(migration.sql)
            await client.query(
              `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
               VALUES ($1, $2, $3, clock_timestamp(), 1)`,
              [randomUUID(), migration.checksum, migration.name],
            )
          },
        })
        await client.query('COMMIT')
      } catch (error) {
        // the connection is closed next in any case
        await client.query('ROLLBACK').catch(() => undefined)
        throw error
      }
    },
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
