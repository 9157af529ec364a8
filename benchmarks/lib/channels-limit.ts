/**
 * The limit for messages: the least that anybody must write for the same guarantee, over the same driver. Publishing numbers the messages from their
 * channel's row, locked until commit; receiving records the message with its receiver, under a guard on the receiver's row, and consumes it (competing) or
 * moves the receiver's position (broadcast) in the same transaction. Group-committed: whatever is ready forms the next transaction. No replay, no
 * subscriptions, no conditions, nobody to wake elsewhere.
 */
import Libsql from 'libsql'
import mariadb from 'mariadb'
import pg from 'pg'
import type { DatabaseKind } from './databases'

export type Mode = 'competing' | 'broadcast'
export interface Receiver {
  readonly id: string
  nextSeq: number
  cursor: number
}
export interface Received {
  readonly id: string
  readonly seq: number
  readonly data: string
}

/** One transaction: publishes, then gives each of these receivers at most one message. */
type Flush = (published: readonly string[], receivers: readonly Receiver[]) => Promise<readonly Received[]>

interface Driver {
  readonly flush: Flush
  register(ids: readonly string[]): Promise<void>
  close(): Promise<void>
}

interface Waiting {
  readonly receiver: Receiver
  readonly resolve: (received: Received) => void
}

/** A channel by hand. */
export class LimitChannel {
  readonly #driver: Driver
  #published: { readonly data: string; readonly resolve: () => void }[] = []
  #waiting: Waiting[] = []
  #isBusy = false
  /** Receivers have met an empty channel, and nothing was published since. */
  #isDrained = false

  constructor(driver: Driver) {
    this.#driver = driver
  }

  async join(ids: readonly string[]): Promise<readonly Receiver[]> {
    await this.#driver.register(ids)
    return ids.map((id) => ({ id, nextSeq: 1, cursor: 0 }))
  }

  publish(data: string): Promise<void> {
    return new Promise((resolve) => {
      this.#published.push({ data, resolve })
      this.#isDrained = false
      this.#schedule()
    })
  }

  receive(receiver: Receiver): Promise<Received> {
    return new Promise((resolve) => {
      this.#waiting.push({ receiver, resolve })
      this.#schedule()
    })
  }

  close(): Promise<void> {
    return this.#driver.close()
  }

  #schedule(): void {
    if (this.#isBusy || (this.#published.length === 0 && (this.#isDrained || this.#waiting.length === 0))) return
    this.#isBusy = true
    setImmediate(() => void this.#flush())
  }

  async #flush(): Promise<void> {
    const [published, waiting] = [this.#published, this.#waiting]
    this.#published = []
    this.#waiting = []
    const received = await this.#driver.flush(
      published.map(({ data }) => data),
      waiting.map(({ receiver }) => receiver),
    )
    for (const { resolve } of published) resolve()
    const byId = new Map(received.map((one) => [one.id, one]))
    for (const { receiver, resolve } of waiting) {
      const one = byId.get(receiver.id)
      if (!one) {
        this.#waiting.push({ receiver, resolve })
        continue
      }
      receiver.nextSeq++
      receiver.cursor = one.seq
      resolve(one)
    }
    if (received.length < waiting.length && this.#published.length === 0) this.#isDrained = true
    this.#isBusy = false
    this.#schedule()
  }
}

export async function limitChannel(kind: DatabaseKind, url: string, mode: Mode): Promise<LimitChannel> {
  switch (kind) {
    case 'sqlite':
      return new LimitChannel(sqlite(url.slice('file:'.length), mode))
    case 'postgresql':
      return new LimitChannel(await postgresql(url, mode))
    case 'mysql':
      return new LimitChannel(await mysql(url, mode))
  }
}

const TABLES = (text: string, key: string) => [
  `CREATE TABLE lim_channel(name ${key} PRIMARY KEY, next_seq bigint NOT NULL)`,
  `CREATE TABLE lim_message(channel ${key} NOT NULL, seq bigint NOT NULL, data ${text} NOT NULL, PRIMARY KEY(channel, seq))`,
  `CREATE TABLE lim_receiver(id ${key} PRIMARY KEY, epoch int NOT NULL, next_seq int NOT NULL, cursor_seq bigint NOT NULL)`,
  `CREATE TABLE lim_received(id ${key} NOT NULL, seq int NOT NULL, data ${text} NOT NULL, PRIMARY KEY(id, seq))`,
  "INSERT INTO lim_channel(name, next_seq) VALUES ('c', 1)",
]

function sqlite(file: string, mode: Mode): Driver {
  const db = new Libsql(`${file}.${mode}.limit`)
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) db.exec(`PRAGMA ${pragma}`)
  for (const table of TABLES('text', 'text')) db.exec(table)
  const number = db.prepare("UPDATE lim_channel SET next_seq = next_seq + ? WHERE name = 'c' RETURNING next_seq")
  const insert = db.prepare("INSERT INTO lim_message(channel, seq, data) VALUES ('c', ?, ?)")
  const pending = db.prepare("SELECT seq, data FROM lim_message WHERE channel = 'c' ORDER BY seq LIMIT ?")
  const next = db.prepare("SELECT seq, data FROM lim_message WHERE channel = 'c' AND seq > ? ORDER BY seq LIMIT 1")
  const consume = db.prepare("DELETE FROM lim_message WHERE channel = 'c' AND seq = ?")
  const guard = db.prepare(
    'UPDATE lim_receiver SET next_seq = next_seq + 1, cursor_seq = ? WHERE id = ? AND epoch = 1 AND next_seq = ?',
  )
  const record = db.prepare('INSERT INTO lim_received(id, seq, data) VALUES (?, ?, ?)')
  const register = db.prepare('INSERT INTO lim_receiver(id, epoch, next_seq, cursor_seq) VALUES (?, 1, 1, 0)')
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')]
  const recorded = ({ id, nextSeq }: Receiver, { seq, data }: { seq: number; data: string }): Received[] => {
    if (guard.run(seq, id, nextSeq).changes === 0) return []
    record.run(id, nextSeq, data)
    return [{ id, seq, data }]
  }
  return {
    async flush(published, receivers) {
      begin.run()
      if (published.length > 0) {
        const { next_seq: end } = number.get(published.length) as { next_seq: number }
        published.forEach((data, i) => void insert.run(end - published.length + i, data))
      }
      let received: Received[]
      if (mode === 'competing') {
        const rows = pending.all(receivers.length) as { seq: number; data: string }[]
        received = rows.flatMap((row, i) => {
          consume.run(row.seq)
          return recorded(receivers[i] as Receiver, row)
        })
      } else
        received = receivers.flatMap((receiver) => {
          const row = next.get(receiver.cursor) as { seq: number; data: string } | undefined
          return row ? recorded(receiver, row) : []
        })
      commit.run()
      return received
    },
    async register(ids) {
      begin.run()
      for (const id of ids) register.run(id)
      commit.run()
    },
    close: async () => void db.close(),
  }
}

const NUMBERED = `WITH c AS (UPDATE lim_channel SET next_seq = next_seq + cardinality($1::text[]) WHERE name = 'c' RETURNING next_seq - cardinality($1::text[]) AS base)
  INSERT INTO lim_message(channel, seq, data) SELECT 'c', c.base + x.n - 1, x.d FROM c, unnest($1::text[]) WITH ORDINALITY x(d, n)`
const TAKERS = 'unnest($1::text[], $2::int[], $3::bigint[]) WITH ORDINALITY w(id, next_seq, cursor_seq, n)'
const FOUND = {
  competing: `taken AS (DELETE FROM lim_message WHERE channel = 'c' AND seq IN (SELECT seq FROM lim_message WHERE channel = 'c' ORDER BY seq LIMIT cardinality($1::text[]) FOR UPDATE SKIP LOCKED) RETURNING seq, data),
  numbered AS (SELECT seq, data, row_number() OVER (ORDER BY seq) AS n FROM taken),
  found AS (SELECT w.id, w.next_seq, m.seq, m.data FROM ${TAKERS} JOIN numbered m ON m.n = w.n)`,
  broadcast: `found AS (SELECT w.id, w.next_seq, m.seq, m.data FROM ${TAKERS} CROSS JOIN LATERAL (SELECT seq, data FROM lim_message WHERE channel = 'c' AND seq > w.cursor_seq ORDER BY seq LIMIT 1) m)`,
}
const RECORDED = `guarded AS (UPDATE lim_receiver r SET next_seq = r.next_seq + 1, cursor_seq = found.seq FROM found WHERE r.id = found.id AND r.epoch = 1 AND r.next_seq = found.next_seq RETURNING r.id),
  recorded AS (INSERT INTO lim_received(id, seq, data) SELECT id, next_seq, data FROM found WHERE id IN (SELECT id FROM guarded))
  SELECT id, seq::int, data FROM found WHERE id IN (SELECT id FROM guarded)`

async function postgresql(connectionString: string, mode: Mode): Promise<Driver> {
  const client = new pg.Client({ connectionString, pipeline: true } as pg.ClientConfig)
  await client.connect()
  const names = ['lim_channel', 'lim_message', 'lim_receiver', 'lim_received'].join(', ')
  await client.query(`DROP TABLE IF EXISTS ${names}`)
  for (const table of TABLES('text', 'text')) await client.query(table)
  const text = `WITH ${FOUND[mode]}, ${RECORDED}`
  const columns = <Key extends keyof Receiver>(receivers: readonly Receiver[], key: Key) =>
    receivers.map((receiver) => receiver[key])
  return {
    async flush(published, receivers) {
      const sent: Promise<unknown>[] = [client.query('BEGIN')]
      if (published.length > 0) sent.push(client.query({ name: 'publish', text: NUMBERED, values: [published] }))
      const values = [columns(receivers, 'id'), columns(receivers, 'nextSeq'), columns(receivers, 'cursor')]
      const received = receivers.length > 0 ? client.query<Received>({ name: 'receive', text, values }) : undefined
      sent.push(client.query('COMMIT'))
      await Promise.all(sent)
      return (await received)?.rows ?? []
    },
    async register(ids) {
      await client.query(
        'INSERT INTO lim_receiver(id, epoch, next_seq, cursor_seq) SELECT x, 1, 1, 0 FROM unnest($1::text[]) x',
        [ids],
      )
    },
    async close() {
      await client.query(`DROP TABLE ${names}`)
      await client.end()
    },
  }
}

async function mysql(url: string, mode: Mode): Promise<Driver> {
  const { hostname: host, port, username: user, password, pathname } = new URL(url)
  const db = await mariadb.createConnection({
    host,
    port: Number(port || 3306),
    user,
    password,
    database: pathname.slice(1),
    bigIntAsNumber: true,
    insertIdAsNumber: true,
  })
  await db.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  const names = ['lim_channel', 'lim_message', 'lim_receiver', 'lim_received'].join(', ')
  await db.query(`DROP TABLE IF EXISTS ${names}`)
  for (const table of TABLES('longtext', 'varchar(191)')) await db.query(table)
  const marks = (count: number, row = '?') => Array.from({ length: count }, () => row).join(', ')
  const found = async (receivers: readonly Receiver[]): Promise<Received[]> => {
    type Row = { seq: number; data: string }
    if (mode === 'competing') {
      const rows = await db.query<Row[]>(
        `SELECT seq, data FROM lim_message WHERE channel = 'c' ORDER BY seq LIMIT ${receivers.length} FOR UPDATE SKIP LOCKED`,
      )
      return rows.map((row, i) => ({ ...row, id: receivers[i]?.id ?? '' }))
    }
    const least = Math.min(...receivers.map(({ cursor }) => cursor))
    const rows = await db.query<Row[]>("SELECT seq, data FROM lim_message WHERE channel = 'c' AND seq > ? LIMIT 500", [
      least,
    ])
    return receivers.flatMap(({ id, cursor }) => {
      const row = rows.find(({ seq }) => seq > cursor)
      return row ? [{ ...row, id }] : []
    })
  }
  return {
    async flush(published, receivers) {
      void db.query('BEGIN')
      if (published.length > 0) {
        void db.query("UPDATE lim_channel SET next_seq = next_seq + ? WHERE name = 'c'", [published.length])
        const [row] = await db.query<{ end: number }[]>("SELECT next_seq AS end FROM lim_channel WHERE name = 'c'")
        const values = published.flatMap((data, i) => [(row?.end ?? 0) - published.length + i, data])
        void db.query(
          `INSERT INTO lim_message(channel, seq, data) VALUES ${marks(published.length, "('c', ?, ?)")}`,
          values,
        )
      }
      const received = receivers.length > 0 ? await found(receivers) : []
      if (received.length > 0) {
        const nextOf = new Map(receivers.map(({ id, nextSeq }) => [id, nextSeq]))
        if (mode === 'competing')
          void db.query(
            `DELETE FROM lim_message WHERE channel = 'c' AND seq IN (${marks(received.length)})`,
            received.map(({ seq }) => seq),
          )
        const guards = received.flatMap(({ id, seq }) => [id, nextOf.get(id), seq])
        const rows = `SELECT ? AS id, ? AS next_seq, ? AS seq${' UNION ALL SELECT ?, ?, ?'.repeat(received.length - 1)}`
        const guarded = db.query<mariadb.UpsertResult>(
          `UPDATE lim_receiver r JOIN (${rows}) f ON r.id = f.id AND r.next_seq = f.next_seq AND r.epoch = 1 SET r.next_seq = r.next_seq + 1, r.cursor_seq = f.seq`,
          guards,
        )
        void db.query(
          `INSERT INTO lim_received(id, seq, data) VALUES ${marks(received.length, '(?, ?, ?)')}`,
          received.flatMap(({ id, data }) => [id, nextOf.get(id), data]),
        )
        if ((await guarded).affectedRows !== received.length) throw new Error('a receiver was overtaken')
      }
      await db.query('COMMIT')
      return received
    },
    async register(ids) {
      await db.query(
        `INSERT INTO lim_receiver(id, epoch, next_seq, cursor_seq) VALUES ${marks(ids.length, '(?, 1, 1, 0)')}`,
        [...ids],
      )
    },
    async close() {
      await db.query(`DROP TABLE ${names}`)
      await db.end()
    },
  }
}
