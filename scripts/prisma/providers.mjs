// Where everything about the database schema lives. `prisma/models.prisma` and `prisma/extra/*.sql` are written by hand,
// all else below `prisma/` is written by the scripts beside this file and committed; the clients are not committed.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const PROVIDERS = /** @type {const} */ (['sqlite', 'postgresql', 'mysql'])

/** @typedef {typeof PROVIDERS[number]} Provider */

export const root = path.resolve(import.meta.dirname, '../..')
const prisma = path.join(root, 'prisma')

export const modelsFile = path.join(prisma, 'models.prisma')
export const generatedDir = path.join(root, 'packages/engine/src/generated')

/** @param {Provider} provider */
export const schemaFile = (provider) => path.join(prisma, provider, 'schema.prisma')

/** Statements that Prisma's language has no words for (partial indexes …). @param {Provider} provider */
export const extraFile = (provider) => path.join(prisma, 'extra', `${provider}.sql`)

/** @param {Provider} provider */
export const migrationsDir = (provider) => path.join(prisma, provider, 'migrations')

/** The schema the committed migrations lead to; a new migration starts from it. @param {Provider} provider */
export const snapshotFile = (provider) => path.join(migrationsDir(provider), 'schema.prisma')

/** @param {string} file */
export const readIfPresent = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/**
 * The committed migrations of one provider, oldest first.
 * @param {Provider} provider
 * @returns {{ name: string, sql: string }[]}
 */
export function readMigrations(provider) {
  const dir = migrationsDir(provider)
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter((name) => existsSync(path.join(dir, name, 'migration.sql')))
    .sort()
    .map((name) => ({ name, sql: readFileSync(path.join(dir, name, 'migration.sql'), 'utf8') }))
}
