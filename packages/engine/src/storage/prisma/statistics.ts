/** Bounded reads for people (storage/statistics.ts): each from an index range and with a limit. */
import type { CompensationState, InstanceStatus } from '../../model/instance'
import type { OutboxStatus, Statistics } from '../storage'
import type { Database, SqlValue } from './database'
import { asked } from './instances'
import { num, numOrNull, text } from './values'

const OUTBOX_STATUSES = [
  'pending',
  'published',
  'failed',
  'invalid',
  'expired',
] as const satisfies readonly OutboxStatus[]
const MAX_MARKS = 2_000
const MAX_DUE = 1_000

export function createStatistics(database: Database): { readonly statistics: Statistics } {
  const { read } = database
  return {
    statistics: {
      ...instanceStatistics(database),

      async outbox(limit) {
        const counts = await Promise.all(
          OUTBOX_STATUSES.map(
            async (status) =>
              [status, await countUpTo(database, `outbox_events WHERE status = ?`, limit, [status])] as const,
          ),
        )
        const [oldest] = await read.all(
          `SELECT created_at FROM outbox_events WHERE status = 'pending' ORDER BY seq LIMIT 1`,
        )
        return {
          counts: Object.fromEntries(counts) as Record<OutboxStatus, number>,
          oldestPendingAt: numOrNull(oldest?.created_at),
        }
      },

      async attention(limit) {
        return {
          compensationFailed: await countUpTo(
            database,
            `workflow_instances WHERE compensation_state = 'failed'`,
            limit,
          ),
          retrying: await countUpTo(
            database,
            `workflow_instances WHERE wake_at IS NOT NULL AND pending LIKE '%"nextAttemptAt":%'`,
            limit,
          ),
        }
      },

      marks: (ids) => marks(database, ids),
    },
  }
}

function instanceStatistics({ read }: Database): Pick<Statistics, 'starts' | 'ends' | 'failures' | 'oldestReady'> {
  return {
    async starts({ since, limit }) {
      const rows = await read.all(
        'SELECT started_at FROM workflow_instances WHERE started_at >= ? ORDER BY started_at DESC, id DESC LIMIT ?',
        [since, limit],
      )
      return rows.map((row) => num(row.started_at))
    },

    async ends({ since, limit }) {
      const rows = await read.all(
        `SELECT workflow_name, status, started_at, completed_at FROM workflow_instances
          WHERE completed_at >= ? ORDER BY completed_at DESC LIMIT ?`,
        [since, limit],
      )
      return rows.map((row) => ({
        workflowName: text(row.workflow_name),
        status: text(row.status) as InstanceStatus,
        startedAt: num(row.started_at),
        completedAt: num(row.completed_at),
      }))
    },

    async failures({ limit, workflowName, since }) {
      const parts = [`status = 'failed'`, 'error IS NOT NULL']
      const params: SqlValue[] = []
      if (workflowName !== undefined) {
        parts.push('workflow_name = ?')
        params.push(workflowName)
      }
      if (since !== undefined) {
        parts.push('started_at >= ?')
        params.push(since)
      }
      const rows = await read.all(
        `SELECT id, workflow_name, status, compensation_state, error, started_at, updated_at
           FROM workflow_instances WHERE ${parts.join(' AND ')} ORDER BY started_at DESC, id DESC LIMIT ?`,
        [...params, limit],
      )
      return rows.map((row) => ({
        id: text(row.id),
        workflowName: text(row.workflow_name),
        status: text(row.status) as InstanceStatus,
        compensationState: text(row.compensation_state) as CompensationState,
        error: text(row.error),
        startedAt: num(row.started_at),
        updatedAt: num(row.updated_at),
      }))
    },

    async oldestReady(now) {
      const [row] = await read.all(
        `SELECT id, workflow_name, wake_at FROM workflow_instances
          WHERE wake_at <= ? AND lease_owner IS NULL ORDER BY wake_at, id LIMIT 1`,
        [now],
      )
      return row ? { id: text(row.id), workflowName: text(row.workflow_name), wakeAt: num(row.wake_at) } : null
    },
  }
}

async function marks(database: Database, ids: readonly string[]): ReturnType<Statistics['marks']> {
  const { read, dialect } = database
  const rows = await read.all(
    `SELECT i.id, i.status, i.epoch, i.next_seq, i.updated_at
       FROM ${dialect.rows('?', { id: 'text' }, 'asked')} JOIN workflow_instances i ON i.id = asked.id`,
    [asked(ids.slice(0, MAX_MARKS))],
  )
  const found = new Map(rows.map((row) => [text(row.id), row]))
  const newest = async (column: string, table: string) =>
    numOrNull((await read.all(`SELECT MAX(${column}) AS newest FROM ${table} WHERE ${column} IS NOT NULL`))[0]?.newest)
  const [start] = await read.all(
    'SELECT started_at, id FROM workflow_instances ORDER BY started_at DESC, id DESC LIMIT 1',
  )
  return {
    instances: ids.slice(0, MAX_MARKS).flatMap((id) => {
      const row = found.get(id)
      if (!row) return []
      return [
        {
          id,
          status: text(row.status) as InstanceStatus,
          epoch: num(row.epoch),
          nextSeq: num(row.next_seq),
          updatedAt: num(row.updated_at),
        },
      ]
    }),
    newestStart: start ? `${num(start.started_at)} ${text(start.id)}` : null,
    newestEnd: await newest('completed_at', 'workflow_instances'),
    newestMessage: await newest('published_at', 'channel_messages'),
    outboxSeq: (await newest('seq', 'outbox_events')) ?? 0,
    outboxDue: await countUpTo(database, `outbox_events WHERE status = 'pending'`, MAX_DUE),
    outboxPublished: await newest('published_at', 'outbox_events'),
    inboxSeq: (await newest('seq', 'inbox_events')) ?? 0,
    auditId: (await newest('id', 'audit_log')) ?? 0,
  }
}

async function countUpTo(
  { read }: Database,
  fromWhere: string,
  limit: number,
  params: readonly SqlValue[] = [],
): Promise<number> {
  const [row] = await read.all(`SELECT COUNT(*) AS many FROM (SELECT 1 AS one FROM ${fromWhere} LIMIT ?) some_rows`, [
    ...params,
    limit,
  ])
  return num(row?.many ?? 0)
}
