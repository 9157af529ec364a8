// The SQL a migration consists of, for one provider.
import { diffMysql } from './mysql-ddl.mjs'
import { diffSchemas } from './schema-engine.mjs'

/**
 * @param {import('./providers.mjs').Provider} provider
 * @param {string} from the schema the committed migrations lead to; empty when there are none
 * @param {string} to
 */
export async function authorSql(provider, from, to) {
  if (provider === 'mysql') return diffMysql(from, to)
  const sql = await diffSchemas(provider, from, to)
  // even with IF NOT EXISTS this asks for a right on the whole database, and `public` need not be where we live
  return sql.replace(/^-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "public";\n\n/, '')
}

/** A fresh database in one go: what the schema says, then what only SQL can say. */
export async function initSql(provider, schema, extra) {
  const sql = await authorSql(provider, '', schema)
  return extra.trim() === '' ? sql : `${sql.trimEnd()}\n\n-- from prisma/extra/${provider}.sql\n${extra.trim()}\n`
}
