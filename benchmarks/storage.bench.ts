/**
 * The flush alone: transitions of one event through `storage.commit`, beside the least that a hand could write for them over the same driver (a row of
 * history; no guard, no status, no verdict). Ratios count, not figures: both sides are measured in turn in one process.
 *
 * `npm run bench -- storage [-- sqlite postgresql mysql]`, default sqlite; databases of their own are made and dropped.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Libsql from 'libsql'
import mariadb from 'mariadb'
import pg from 'pg'
import { createPrismaStorage } from '../packages/engine/src/storage/prisma/prisma-storage'
import type { NewInstance, TransitionBody, TransitionUnit } from '../packages/engine/src/storage/storage'
import { type DatabaseKind, temporaryDatabase } from './lib/databases'

interface Step {
  readonly id: string
  readonly seq: number
  readonly data: string
}
interface Limit {
  write(steps: readonly Step[]): Promise<void>
  close(): Promise<void>
}

const ROUNDS = 7
const SIZES = [1, 10, 100, 1_000]
const TRANSITIONS = 10_000
const DATA = JSON.stringify({ activityName: 'charge', input: { orderId: '12345', amount: 100 }, result: { ok: true } })
const PENDING = JSON.stringify([{ kind: 'activity', id: 'charge:2', name: 'charge', attempt: 1, firstAttemptAt: 1 }])

const folder = mkdtempSync(path.join(tmpdir(), 'edda-bench-'))
const kinds = process.argv.slice(2) as DatabaseKind[]
for (const kind of kinds.length > 0 ? kinds : (['sqlite'] as const)) {
  const database = await temporaryDatabase(kind)
  await compare(database.url)
  await database.drop()
}
rmSync(folder, { recursive: true })

async function compare(url: string): Promise<void> {
  const storage = await createPrismaStorage({ dbUrl: url })
  await storage.open({ autoMigrate: true })
  const limit = await limitOf(url)
  const now = await storage.now()
  process.stdout.write(
    `\n${storage.dialect}\n${'batch'.padStart(6)}${'ours µs'.padStart(10)}${'limit µs'.padStart(10)}${'ours/s'.padStart(10)}${'share of limit'.padStart(16)}\n`,
  )
  for (const size of SIZES) {
    const flushes = Math.max(1, Math.min(200, Math.round(TRANSITIONS / size)))
    const run = `bench-${process.pid}-${size}-${Math.round(performance.now())}`
    const ids = Array.from({ length: size }, (_, index) => `${run}-${index}`)
    const first = { ...body(now), events: [], leaseOwner: run }
    await storage.commit(ids.map((id) => ({ kind: 'start', instance: instance(id, now), first })))
    let seq = 1
    const times: { ours: number[]; limit: number[] } = { ours: [], limit: [] }
    for (let round = 0; round <= ROUNDS; round++) {
      const started = performance.now()
      for (let flush = 0; flush < flushes; flush++, seq++) {
        const units = ids.map(
          (id): TransitionUnit => ({ ...body(now), kind: 'transition', instanceId: id, epoch: 1, nextSeq: seq }),
        )
        const verdicts = await storage.commit(units)
        if (verdicts.some(({ kind }) => kind !== 'accepted')) throw new Error(`refused: ${JSON.stringify(verdicts[0])}`)
      }
      const between = performance.now()
      for (let flush = 0; flush < flushes; flush++)
        await limit.write(ids.map((id) => ({ id, seq: round * flushes + flush, data: DATA })))
      const ended = performance.now()
      if (round === 0) continue
      times.ours.push(((between - started) * 1_000) / (size * flushes))
      times.limit.push(((ended - between) * 1_000) / (size * flushes))
    }
    const [ours, least] = [median(times.ours), median(times.limit)]
    process.stdout.write(
      `${String(size).padStart(6)}${ours.toFixed(1).padStart(10)}${least.toFixed(1).padStart(10)}${Math.round(
        1e6 / ours,
      )
        .toString()
        .padStart(10)}${(least / ours).toFixed(2).padStart(16)}\n`,
    )
  }
  await limit.close()
  await storage.close()
}

function instance(id: string, now: number): NewInstance {
  return {
    id,
    workflowName: 'bench',
    sourceHash: '0',
    ownerService: 'bench',
    version: null,
    input: '{}',
    leaseMs: 300_000,
    chainId: id,
    continuedFrom: null,
    parentId: null,
    parentClosePolicy: null,
    forkedFrom: null,
    originId: null,
    originStartedAt: null,
    tags: null,
    deadlineAt: null,
    retentionMs: null,
    startedAt: now,
    wakeAt: now,
  }
}

function event(activityId: string, now: number) {
  return { activityId, type: 'ActivityCompleted', data: DATA, binary: null, createdAt: now } as const
}

function body(now: number): TransitionBody {
  return {
    now,
    events: [event('charge:1', now)],
    asks: [],
    status: 'running',
    pending: PENDING,
    wakeAt: null,
    lease: 'keep',
    output: null,
    error: null,
    waits: [],
    closedWaits: [],
    children: [],
    poll: false,
    messages: [],
    unsubscribe: [],
    outbox: [],
    compensations: { push: [], fill: [], clear: false, update: [] },
    acknowledgesCancel: false,
    recur: null,
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

async function limitOf(url: string): Promise<Limit> {
  if (url.startsWith('postgres')) return await postgresqlLimit(url)
  if (url.startsWith('mysql')) return await mysqlLimit(url)
  return sqliteLimit(path.join(folder, 'limit.db'))
}

function sqliteLimit(file: string): Limit {
  const db = new Libsql(file)
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) db.exec(`PRAGMA ${pragma}`)
  db.exec('CREATE TABLE lim (id TEXT NOT NULL, seq INTEGER NOT NULL, data TEXT, at INTEGER, PRIMARY KEY (id, seq))')
  const insert = db.prepare('INSERT INTO lim VALUES (?, ?, ?, ?)')
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')]
  return {
    async write(steps) {
      begin.run()
      for (const { id, seq, data } of steps) insert.run(id, seq, data, 1)
      commit.run()
    },
    async close() {
      db.close()
    },
  }
}

async function postgresqlLimit(url: string): Promise<Limit> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    'DROP TABLE IF EXISTS lim; CREATE TABLE lim (id text NOT NULL, seq int NOT NULL, data text, at bigint, PRIMARY KEY (id, seq))',
  )
  const text = 'INSERT INTO lim SELECT a, b, c, $4 FROM unnest($1::text[], $2::int[], $3::text[]) x(a, b, c)'
  return {
    async write(steps) {
      const values = [steps.map(({ id }) => id), steps.map(({ seq }) => seq), steps.map(({ data }) => data), 1]
      await client.query({ name: 'limit', text, values })
    },
    async close() {
      await client.query('DROP TABLE lim')
      await client.end()
    },
  }
}

async function mysqlLimit(url: string): Promise<Limit> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const connection = await mariadb.createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: username,
    password,
    database: pathname.slice(1),
  })
  await connection.query('DROP TABLE IF EXISTS lim')
  await connection.query(
    'CREATE TABLE lim (id VARCHAR(191) NOT NULL, seq INT NOT NULL, data LONGTEXT, at BIGINT, PRIMARY KEY (id, seq))',
  )
  return {
    async write(steps) {
      const marks = steps.map(() => '(?, ?, ?, 1)').join(', ')
      await connection.query(
        `INSERT INTO lim VALUES ${marks}`,
        steps.flatMap(({ id, seq, data }) => [id, seq, data]),
      )
    },
    async close() {
      await connection.query('DROP TABLE lim')
      await connection.end()
    },
  }
}
