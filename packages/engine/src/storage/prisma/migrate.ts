/**
 * The embedded migrations, applied at start into `_prisma_migrations` as Prisma's own tools record them.
 *
 * 1. Whoever migrates holds the database's lock to the end; others wait and then find nothing left to do. Each version is applied once.
 * 2. A migrator that was killed leaves no lock. Where DDL is transactional it leaves nothing else; on MySQL its successor goes on at the statement it died in.
 * 3. A schema that is newer than this code is refused, before anything is read from it.
 */
import { randomUUID } from 'node:crypto'
import { type EmbeddedMigration, migrations } from '../../generated/migrations'
import { MigrationError } from '../../model/errors'
import type { Row } from './database'
import type { MigrationMode, MigrationReport } from './migration-report'
import { num, text } from './values'

export type { EmbeddedMigration, MigrationMode, MigrationReport }

type Provider = keyof typeof migrations

export interface RecordedMigration {
  readonly id: string
  readonly name: string
  readonly checksum: string
  readonly isFinished: boolean
  /** Statements that are done; meaningful on MySQL while the migration is not finished. */
  readonly steps: number
}

/** What differs between databases. */
export interface Migrator {
  /** A message says where, when something is wrong; without password. */
  readonly where: string
  /** What has to be there before the first migration is recorded. */
  readonly table: string
  /** What stands around migrations that are applied by hand. */
  framed(script: string): string
  /** A migration as this server has to be told it. */
  sqlOf(migration: EmbeddedMigration): string
  /** Whether an unfinished migration can be gone on with (MySQL) or shows that somebody else's tool failed. */
  readonly resumes: boolean
  /** @returns null when the table is not there yet */
  recorded(): Promise<readonly RecordedMigration[] | null>
  /** Takes the lock, then hands out what must be done under it. Everything commits before the lock is given back. */
  locked(work: (session: MigrationSession) => Promise<void>): Promise<void>
}

interface MigrationSession {
  createTable(): Promise<void>
  recorded(): Promise<readonly RecordedMigration[]>
  /** Runs the migration and records it; `begun` is its own unfinished record. */
  apply(migration: EmbeddedMigration, begun: RecordedMigration | undefined): Promise<void>
}

export const RECORDED_SQL =
  'SELECT id, migration_name, checksum, finished_at, applied_steps_count FROM _prisma_migrations WHERE rolled_back_at IS NULL'

export function toRecorded(row: Row): RecordedMigration {
  return {
    id: text(row.id),
    name: text(row.migration_name),
    checksum: text(row.checksum),
    isFinished: row.finished_at !== null,
    steps: num(row.applied_steps_count),
  }
}

/** @throws MigrationError */
export async function migrate(
  provider: Provider,
  migrator: Migrator,
  mode: MigrationMode,
  known: readonly EmbeddedMigration[] = migrations[provider],
): Promise<MigrationReport> {
  const { where } = migrator
  const recorded = (await migrator.recorded()) ?? []
  const open = pending(known, recorded, migrator)
  if (open.length > 0 && mode === 'check') throw missing(open, migrator)
  if (open.length === 0 || mode === 'look')
    return { where, applied: [], pending: open.map(({ name }) => name), script: scriptOf(open, migrator) }
  const applied: string[] = []
  let under = 'The table of migrations'
  try {
    await migrator.locked(async (session) => {
      await session.createTable()
      const now = await session.recorded()
      for (const migration of pending(known, now, migrator)) {
        under = `Migration ${migration.name}`
        const begun = now.find((record) => record.name === migration.name)
        await session.apply(migration, begun)
        applied.push(migration.name)
      }
    })
  } catch (error) {
    if (error instanceof MigrationError) throw error
    const said = error instanceof Error ? error.message : String(error)
    throw new MigrationError(`${under} failed on ${where}: ${said}`, { cause: error })
  }
  return { where, applied, pending: [], script: '' }
}

function scriptOf(open: readonly EmbeddedMigration[], migrator: Migrator): string {
  if (open.length === 0) return ''
  const parts = open.flatMap((migration) => [
    `-- migration ${migration.name}`,
    migrator.sqlOf(migration).trimEnd(),
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
  VALUES ('${randomUUID()}', '${migration.checksum}', '${migration.name}', CURRENT_TIMESTAMP, 1);`,
  ])
  return `${migrator.framed([`${migrator.table};`, ...parts].join('\n\n'))}\n`
}

/** What has still to be applied, in order. */
function pending(
  known: readonly EmbeddedMigration[],
  recorded: readonly RecordedMigration[],
  migrator: Migrator,
): readonly EmbeddedMigration[] {
  const byName = new Map(known.map((migration) => [migration.name, migration]))
  const finished = new Set<string>()
  for (const record of recorded) {
    const migration = byName.get(record.name)
    if (!migration) throw newer(record.name, known, migrator)
    if (migration.checksum !== record.checksum) throw changed(record.name, migrator)
    if (record.isFinished) finished.add(record.name)
    else if (!migrator.resumes) throw failedBefore(record.name, migrator)
  }
  return known.filter((migration) => !finished.has(migration.name))
}

function newer(name: string, known: readonly EmbeddedMigration[], { where }: Migrator): MigrationError {
  return new MigrationError(
    `${where} has the migration ${name}, which this version of @edda/engine does not know (its last is ${known.at(-1)?.name ?? 'none'}). ` +
      'Nothing was changed. Either a newer version has upgraded this database: run that version; or another application keeps its Prisma migrations ' +
      'here: give the engine a database or, on PostgreSQL, a ?schema= of its own.',
  )
}

function changed(name: string, { where }: Migrator): MigrationError {
  return new MigrationError(
    `${where} was made by another text of migration ${name} than this version of @edda/engine has, probably by an unreleased version. ` +
      'Nothing was changed. Use a new database, or go back to the version that made this one.',
  )
}

function failedBefore(name: string, { where }: Migrator): MigrationError {
  return new MigrationError(
    `Migration ${name} was begun on ${where} by another tool and not finished. Look at the logs column of _prisma_migrations, ` +
      `repair the schema, then run: npx prisma migrate resolve --rolled-back ${name} (or --applied).`,
  )
}

function missing(open: readonly EmbeddedMigration[], { where }: Migrator): MigrationError {
  return new MigrationError(
    `${where} lacks the migrations ${open.map((migration) => migration.name).join(', ')} and autoMigrate is off. ` +
      'Run `npx edda migrate --db-url …` as a user that may change the schema (or start once with autoMigrate: true), then start again.',
  )
}
