// `npm run db:migration -- <name>` writes the next migration of each provider: the difference between the schema its
// migrations lead to and the one composed from prisma/models.prisma. Read it before committing: data moves, renames and
// changes of prisma/extra/*.sql are written into it by hand.
// `npm run db:migration -- --squash` rewrites the single first migration instead; only until the first release.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { generate, writeSchemas } from '../generate.mjs'
import { authorSql, initSql } from './author.mjs'
import {
  extraFile,
  migrationsDir,
  PROVIDERS,
  readIfPresent,
  readMigrations,
  root,
  schemaFile,
  snapshotFile,
} from './providers.mjs'

const FIRST_MIGRATION = '0_init'

const { values, positionals } = parseArgs({ options: { squash: { type: 'boolean' } }, allowPositionals: true })
const name = positionals[0]?.replaceAll(/\W+/g, '_')

if (!values.squash && !name) {
  console.error('usage: npm run db:migration -- <name> | --squash')
  process.exit(2)
}
if (values.squash && isReleased()) {
  console.error('Released migrations are never rewritten: give the new one a name.')
  process.exit(2)
}

writeSchemas()
const timestamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
for (const provider of PROVIDERS) {
  if (values.squash) rmSync(migrationsDir(provider), { recursive: true, force: true })
  await authorMigration(provider)
}
await generate()

async function authorMigration(provider) {
  const schema = readFileSync(schemaFile(provider), 'utf8')
  const isFirst = readMigrations(provider).length === 0
  const sql = isFirst
    ? await initSql(provider, schema, readIfPresent(extraFile(provider)))
    : await authorSql(provider, readFileSync(snapshotFile(provider), 'utf8'), schema)

  const folder = isFirst ? FIRST_MIGRATION : `${timestamp}_${name}`
  const file = path.join(migrationsDir(provider), folder, 'migration.sql')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, sql === '' ? '-- nothing changes for this provider\n' : sql)
  writeFileSync(snapshotFile(provider), schema)
  writeLock(provider)
  console.log(path.relative(root, file))
}

/** Prisma's own tools look for this file beside the migrations. */
function writeLock(provider) {
  const file = path.join(migrationsDir(provider), 'migration_lock.toml')
  if (!existsSync(file)) writeFileSync(file, `provider = "${provider}"\n`)
}

function isReleased() {
  const { version } = JSON.parse(readFileSync(path.join(root, 'packages/engine/package.json'), 'utf8'))
  return version !== '0.0.0'
}
