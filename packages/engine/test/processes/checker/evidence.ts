/**
 * Everything that the checker judges, in one value: rows of the database, the effect log, the client log. Rows come through the storage interface;
 * what that does not show (the epoch of an event, migrations, open transactions) through SQL, and stays undefined where there is none.
 */
import type { Dialect, Row, Sql } from '../../../src/storage/prisma/database'
import type {
  AuditEntry,
  ChannelStat,
  CompensationRow,
  HistoryRow,
  InboxRow,
  InstanceRow,
  MessageRow,
  Storage,
  StoredOutboxRow,
} from '../../../src/storage/storage'
import type { Call, Effect } from '../logs'

export interface RecordedEvent extends Omit<HistoryRow, 'data'> {
  readonly data: Readonly<Record<string, unknown>>
  /** Epoch that wrote it. */
  readonly epoch: number | undefined
}

export interface StoredWait {
  readonly instanceId: string
  readonly activityId: string
  readonly channel: string
  readonly where: unknown
  readonly cursor: number
}

/** What the workload promises about its own activities, so that its log can be judged. */
export interface Expectations {
  /** Retry policy by activity name: attempts in all, and seconds before attempt n + 1. */
  readonly policies: Readonly<
    Record<string, { readonly maxAttempts: number; readonly delayMs: (attempt: number) => number }>
  >
  /** By workflow: between the end of one activity and the begin of another there are at least so many ms. */
  readonly gaps: Readonly<Record<string, { readonly after: string; readonly before: string; readonly ms: number }>>
  /** Activities that write one ledger row in their own transaction. */
  readonly ledgerActivities: ReadonlySet<string>
}

export interface Delivery {
  readonly t: number
  readonly id: string
  readonly partitionKey: string | null
  readonly hash: string
}

export interface LeaderEffect {
  readonly t: number
  readonly term: number
  readonly worker: string
}

/** sha of each recorded event, by `instance#seq`. */
export type Snapshot = ReadonlyMap<string, string>

export interface Evidence {
  /** Faults are off, workers are up, and the bound of time has passed: what is not lawfully waiting has ended. */
  readonly isQuiet: boolean
  /** The database's time. */
  readonly now: number
  /** How long after its time something may lie about: 2 leases + 2 polls. */
  readonly slackMs: number
  readonly instances: readonly InstanceRow[]
  /** Ids as the pages of the listing gave them. */
  readonly listing: readonly string[]
  readonly history: ReadonlyMap<string, readonly RecordedEvent[]>
  readonly compensations: ReadonlyMap<string, readonly CompensationRow[]>
  readonly waits: readonly StoredWait[]
  readonly channels: readonly ChannelStat[]
  readonly messages: readonly MessageRow[]
  readonly outbox: readonly StoredOutboxRow[]
  readonly inbox: readonly InboxRow[]
  readonly audits: readonly AuditEntry[]
  readonly effects: readonly Effect[]
  readonly calls: readonly Call[]
  readonly expectations: Expectations
  readonly previous?: Snapshot | undefined
  /** Idempotency keys of the ledger's rows. */
  readonly ledger?: readonly string[] | undefined
  readonly deliveries?: readonly Delivery[] | undefined
  readonly leaders?: { readonly effects: readonly LeaderEffect[]; readonly longestGapMs: number } | undefined
  readonly migrations?: readonly { readonly name: string; readonly isFinished: boolean }[] | undefined
  /** What is open in the database after the end: transactions, advisory locks. */
  readonly leftovers?: readonly string[] | undefined
  /** Replays against today's code. */
  readonly replays?: readonly { readonly instanceId: string; readonly divergence: string | null }[] | undefined
}

export interface Sources {
  readonly storage: Storage
  readonly sql?: { readonly dialect: Dialect; readonly read: Sql } | undefined
  readonly effects: readonly Effect[]
  readonly calls: readonly Call[]
  readonly expectations: Expectations
  /** Epochs of events where SQL cannot tell, by `instance#seq`. */
  readonly epochs?: ReadonlyMap<string, number>
}

const PAGE = 500

/** Reads it all. What is running meanwhile makes it inconsistent: ask when nothing runs. */
export async function gather(
  sources: Sources,
  about: Pick<Evidence, 'isQuiet' | 'slackMs'> & Partial<Evidence>,
): Promise<Evidence> {
  const { storage, sql } = sources
  const instances = await allInstances(storage)
  const ids = instances.map((row) => row.id)
  const channels = await storage.channelStats()
  const messages: MessageRow[] = []
  for (const { name } of channels) messages.push(...(await storage.messages(name, { after: 0, limit: 100_000 })))
  return {
    now: await storage.now(),
    instances: [...new Map(instances.map((row) => [row.id, row])).values()],
    listing: ids,
    history: await histories(sources, ids),
    compensations: await compensationsOf(storage, instances),
    waits: await storage.waits({ limit: 100_000 }),
    channels,
    messages,
    outbox: await storage.outbox({ limit: 100_000 }),
    inbox: await storage.inbox({ limit: 100_000 }),
    audits: await storage.audits({ limit: 100_000 }),
    effects: sources.effects,
    calls: sources.calls,
    expectations: sources.expectations,
    ...(sql ? { migrations: await migrationsIn(sql.read), leftovers: await leftoversIn(sql.dialect, sql.read) } : {}),
    ...about,
  }
}

async function allInstances(storage: Storage): Promise<InstanceRow[]> {
  const rows: InstanceRow[] = []
  for (;;) {
    const last = rows.at(-1)
    const page = await storage.instances({
      limit: PAGE,
      ...(last ? { after: { startedAt: last.startedAt, id: last.id } } : {}),
    })
    rows.push(...page)
    if (page.length < PAGE) return rows
  }
}

async function histories({ storage, sql, epochs }: Sources, ids: readonly string[]): Promise<Evidence['history']> {
  const known = new Map(epochs ?? [])
  if (sql)
    for (const row of await sql.read.all('SELECT instance_id, seq, epoch FROM workflow_history'))
      known.set(`${String(row.instance_id)}#${Number(row.seq)}`, Number(row.epoch))
  const found = new Map<string, RecordedEvent[]>()
  for (let at = 0; at < ids.length; at += PAGE)
    for (const [id, rows] of await storage.histories(ids.slice(at, at + PAGE)))
      found.set(
        id,
        rows.map((row) => ({ ...row, data: JSON.parse(row.data), epoch: known.get(`${id}#${row.seq}`) })),
      )
  return found
}

async function compensationsOf(
  storage: Storage,
  instances: readonly InstanceRow[],
): Promise<Evidence['compensations']> {
  const found = new Map<string, readonly CompensationRow[]>()
  for (const { id } of instances) {
    const rows = await storage.compensations(id)
    if (rows.length > 0) found.set(id, rows)
  }
  return found
}

async function migrationsIn(read: Sql): Promise<NonNullable<Evidence['migrations']>> {
  const rows = await read.all(
    'SELECT migration_name, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name',
  )
  return rows.map((row) => ({ name: String(row.migration_name), isFinished: row.finished_at !== null }))
}

async function leftoversIn(dialect: Dialect, read: Sql): Promise<readonly string[]> {
  switch (dialect.name) {
    case 'sqlite':
      return []
    case 'postgresql': {
      const sessions = await read.all(
        `SELECT pid, state, query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
      )
      const locks = await read.all(
        `SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
      return [...sessions.map(line('open transaction')), ...locks.map(line('advisory lock'))]
    }
    case 'mysql': {
      const open = await read.all(
        'SELECT t.trx_id, t.trx_query FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()',
      )
      return open.map(line('open transaction'))
    }
  }
}

const line =
  (what: string) =>
  (row: Row): string =>
    `${what}: ${JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))}`
