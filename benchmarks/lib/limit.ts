/**
 * The limit: the least that any engine must write for this work, group-committed by hand over the same driver: a row per workflow that recovery can
 * find when it is due, a row per step that says which, a status and an output at the end. No replay, no fence, no retry, no decoding. One flush at a
 * time; whatever is ready forms the next one.
 */
import Database from 'libsql'
import pg from 'pg'
import type { Contender } from './work'

interface Write {
  readonly start?: { readonly id: string; readonly input: string }
  readonly step?: { readonly id: string; readonly seq: number; readonly data: string }
  readonly end?: { readonly id: string; readonly output: string }
}

/** Writes a batch in one durable transaction. */
type Flush = (batch: readonly Write[]) => Promise<void>

function groupCommit(flush: Flush): (write: Write) => Promise<void> {
  let waiting: { write: Write; resolve: () => void; reject: (error: unknown) => void }[] = []
  let isBusy = false
  const next = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    try {
      await flush(batch.map((entry) => entry.write))
      for (const entry of batch) entry.resolve()
    } catch (error) {
      for (const entry of batch) entry.reject(error)
    }
    if (waiting.length > 0) setImmediate(() => void next())
    else isBusy = false
  }
  return (write) =>
    new Promise((resolve, reject) => {
      waiting.push({ write, resolve, reject })
      if (isBusy) return
      isBusy = true
      setImmediate(() => void next())
    })
}

let counter = 0

function byHand(name: string, flush: Flush, close: () => Promise<void>): Contender {
  const commit = groupCommit(flush)
  return {
    name,
    close,
    async run(steps) {
      // in order of time, as ours are
      const id = `steps-${Date.now()}-${String(counter++).padStart(8, '0')}`
      await commit({ start: { id, input: '{}' } })
      for (let seq = 1; seq <= steps; seq++) {
        const data = JSON.stringify({ activityName: 'step', input: { k: seq }, result: { k: seq } })
        await commit({ step: { id, seq, data }, ...(seq === steps ? { end: { id, output: '{}' } } : {}) })
      }
    },
  }
}

export function sqliteLimit(file: string): Contender {
  const db = new Database(file)
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) db.exec(`PRAGMA ${pragma}`)
  db.exec(`CREATE TABLE lim_inst(id TEXT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, epoch INTEGER NOT NULL, input TEXT, output TEXT, wake_at INTEGER, updated_at INTEGER);
    CREATE INDEX lim_wake ON lim_inst(wake_at) WHERE wake_at IS NOT NULL;
    CREATE TABLE lim_hist(instance_id TEXT NOT NULL, seq INTEGER NOT NULL, activity_id TEXT NOT NULL, kind TEXT NOT NULL, data TEXT, epoch INTEGER, at INTEGER, PRIMARY KEY(instance_id, seq))`)
  const start = db.prepare(
    "INSERT INTO lim_inst(id, name, status, epoch, input, wake_at, updated_at) VALUES (?, 'steps', 'running', 1, ?, ?, ?)",
  )
  const step = db.prepare(
    "INSERT INTO lim_hist(instance_id, seq, activity_id, kind, data, epoch, at) VALUES (?, ?, ?, 'ActivityCompleted', ?, 1, ?)",
  )
  const end = db.prepare(
    "UPDATE lim_inst SET status = 'completed', output = ?, wake_at = NULL, updated_at = ? WHERE id = ?",
  )
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const flush: Flush = async (batch) => {
    const now = Date.now()
    begin.run()
    for (const write of batch) {
      if (write.start) start.run(write.start.id, write.start.input, now + 30_000, now)
      if (write.step) step.run(write.step.id, write.step.seq, `step:${write.step.seq}`, write.step.data, now)
      if (write.end) end.run(write.end.output, now, write.end.id)
    }
    commit.run()
  }
  return byHand('limit (libsql)', flush, async () => {
    db.close()
  })
}

export async function postgresLimit(url: string): Promise<Contender> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`DROP TABLE IF EXISTS lim_hist, lim_inst;
    CREATE TABLE lim_inst(id text PRIMARY KEY, name text NOT NULL, status text NOT NULL, epoch int NOT NULL, input text, output text, wake_at bigint, updated_at bigint);
    CREATE INDEX lim_wake ON lim_inst(wake_at) WHERE wake_at IS NOT NULL;
    CREATE TABLE lim_hist(instance_id text NOT NULL, seq int NOT NULL, activity_id text NOT NULL, kind text NOT NULL, data text, epoch int, at bigint, PRIMARY KEY(instance_id, seq))`)
  const text = `WITH i AS (INSERT INTO lim_inst(id, name, status, epoch, input, wake_at, updated_at) SELECT id, 'steps', 'running', 1, '{}', $1::bigint + 30000, $1::bigint FROM unnest($2::text[]) id),
    h AS (INSERT INTO lim_hist(instance_id, seq, activity_id, kind, data, epoch, at) SELECT a, b, 'step:' || b::text, 'ActivityCompleted', c, 1, $1::bigint FROM unnest($3::text[], $4::int[], $5::text[]) x(a, b, c))
    UPDATE lim_inst SET status = 'completed', output = '{}', wake_at = NULL, updated_at = $1::bigint WHERE id = ANY($6::text[])`
  const flush: Flush = async (batch) => {
    const starts: string[] = []
    const ids: string[] = []
    const seqs: number[] = []
    const datas: string[] = []
    const ends: string[] = []
    for (const { start, step, end } of batch) {
      if (start) starts.push(start.id)
      if (step) {
        ids.push(step.id)
        seqs.push(step.seq)
        datas.push(step.data)
      }
      if (end) ends.push(end.id)
    }
    await client.query({ name: 'limit', text, values: [Date.now(), starts, ids, seqs, datas, ends] })
  }
  return byHand('limit (pg)', flush, async () => {
    await client.query('DROP TABLE IF EXISTS lim_hist, lim_inst')
    await client.end()
  })
}
