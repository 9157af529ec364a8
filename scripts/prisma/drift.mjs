// `npm run db:drift`: the committed schemas are those composed from prisma/models.prisma, and the committed migrations
// lead to them. The latter is proved live: one database made by the migrations must equal one made in one go. SQLite is
// always at hand; PostgreSQL and MySQL are compared when they answer, else only by the snapshot beside the migrations.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { connect, probe, servers } from '../lib/databases.mjs'
import { authorSql, initSql } from './author.mjs'
import { describeMysql, describePostgres, describeSqlite } from './catalog.mjs'
import { compose } from './compose.mjs'
import {
  extraFile,
  modelsFile,
  PROVIDERS,
  readIfPresent,
  readMigrations,
  root,
  schemaFile,
  snapshotFile,
} from './providers.mjs'

const require = createRequire(import.meta.url)
const models = readFileSync(modelsFile, 'utf8')
let failed = false

for (const provider of PROVIDERS) {
  const problem = (await staticProblem(provider)) ?? (await liveProblem(provider).catch(refusedSql))
  if (problem) {
    failed = true
    console.error(`✗ ${provider}: ${problem}`)
  }
}
process.exitCode = failed ? 1 : 0

async function staticProblem(provider) {
  const schema = compose(models, provider)
  if (readIfPresent(schemaFile(provider)) !== schema) {
    return `${path.relative(root, schemaFile(provider))} is not what models.prisma says: run \`npm run generate\``
  }
  const pending = await authorSql(provider, readIfPresent(snapshotFile(provider)), schema)
  if (pending !== '') return `no migration yet for this change: run \`npm run db:migration -- <name>\`\n${pending}`
  return undefined
}

async function liveProblem(provider) {
  const fresh = await initSql(provider, compose(models, provider), readIfPresent(extraFile(provider)))
  const migrated = readMigrations(provider).map(({ sql }) => sql)
  if (provider === 'sqlite') return compare(provider, describeFile([fresh]), describeFile(migrated))

  const server = servers.find((candidate) => candidate.provider === provider)
  const state = await probe(server)
  if ('missing' in state) {
    console.log(`- ${provider}: by snapshot only (${server.env}: ${state.missing})`)
    return undefined
  }
  const describe = provider === 'mysql' ? inMysqlDatabase : inPostgresSchema
  return compare(provider, await describe(server, [fresh]), await describe(server, migrated))
}

function refusedSql(error) {
  return `the database refuses the SQL: ${error.message}`
}

function compare(provider, expected, actual) {
  const missing = expected.filter((line) => !actual.includes(line)).map((line) => `  missing    ${line}`)
  const surplus = actual.filter((line) => !expected.includes(line)).map((line) => `  unexpected ${line}`)
  if (missing.length + surplus.length > 0)
    return `the migrations lead elsewhere\n${[...missing, ...surplus].join('\n')}`
  console.log(`✓ ${provider}: migrations lead to the schema (${expected.length} columns, indexes and keys compared)`)
  return undefined
}

function describeFile(scripts) {
  const db = new (require('libsql'))(':memory:')
  try {
    for (const sql of scripts) db.exec(sql)
    return describeSqlite(db)
  } finally {
    db.close()
  }
}

function scratchName() {
  return `edda_drift_${process.pid}_${Math.trunc(performance.now())}`
}

async function inPostgresSchema(server, scripts) {
  const db = await connect(server.url)
  const name = scratchName()
  try {
    await db.query(`CREATE SCHEMA ${name}; SET search_path TO ${name}`)
    for (const sql of scripts) await db.query(sql)
    return await describePostgres(db, name)
  } finally {
    await db.query(`DROP SCHEMA ${name} CASCADE`)
    await db.close()
  }
}

async function inMysqlDatabase(server, scripts) {
  const db = await connect(server.url)
  const name = scratchName()
  try {
    await db.query(`CREATE DATABASE ${name}; USE ${name}`)
    for (const sql of scripts) await db.query(sql)
    return await describeMysql(db, name)
  } finally {
    await db.query(`DROP DATABASE ${name}`)
    await db.close()
  }
}
