/**
 * Retention, in small transactions: nothing else waits long for any of them. An instance goes with everything that belongs to it; its own `retention_ms`
 * counts before the general one. Messages go by age alone, read or not: the limit is what keeps an abandoned subscription from keeping them for ever.
 */
import type { Storage } from '../storage'
import { type Database, placeholders, type Sql, type SqlValue } from './database'
import { text } from './values'

const BELONGS_TO_INSTANCE = [
  'workflow_history',
  'workflow_waits',
  'workflow_compensations',
  'channel_subscriptions',
] as const

export function createPurge(database: Database): Pick<Storage, 'purge'> {
  return {
    async purge({ now, messageRetentionMs, historyRetentionMs, inboxRetentionMs, limit }) {
      const full: boolean[] = []
      const step = async (work: (sql: Sql) => Promise<number>) => {
        full.push((await database.transaction(work)) >= limit)
      }
      await step((sql) => purgeOwnRetention(sql, now, limit))
      if (historyRetentionMs !== null) await step((sql) => purgeInstances(sql, now - historyRetentionMs, limit))
      await step((sql) => purgeKeyed(sql, 'inbox_events', 'received_at < ?', now - inboxRetentionMs, limit))
      await step((sql) =>
        purgeKeyed(sql, 'outbox_events', `status = 'published' AND published_at < ?`, now - messageRetentionMs, limit),
      )
      await step((sql) => purgeMessages(sql, now - messageRetentionMs, limit))
      return full.includes(true)
    },
  }
}

async function purgeOwnRetention(sql: Sql, now: number, limit: number): Promise<number> {
  return await deleteInstances(
    sql,
    await sql.all(
      `SELECT id FROM workflow_instances WHERE completed_at IS NOT NULL AND retention_ms IS NOT NULL
          AND completed_at + retention_ms < ? LIMIT ?`,
      [now, limit],
    ),
  )
}

async function purgeInstances(sql: Sql, endedBefore: number, limit: number): Promise<number> {
  return await deleteInstances(
    sql,
    await sql.all(
      `SELECT id FROM workflow_instances WHERE completed_at < ? AND retention_ms IS NULL ORDER BY completed_at LIMIT ?`,
      [endedBefore, limit],
    ),
  )
}

async function deleteInstances(sql: Sql, rows: readonly { readonly id?: unknown }[]): Promise<number> {
  const ids: SqlValue[] = rows.map((row) => text(row.id))
  if (ids.length === 0) return 0
  const list = placeholders(ids.length)
  for (const table of BELONGS_TO_INSTANCE) await sql.run(`DELETE FROM ${table} WHERE instance_id IN (${list})`, ids)
  // a failed instance may have been retried since it was chosen
  return await sql.run(`DELETE FROM workflow_instances WHERE completed_at IS NOT NULL AND id IN (${list})`, ids)
}

async function purgeKeyed(
  sql: Sql,
  table: 'inbox_events' | 'outbox_events',
  condition: string,
  before: number,
  limit: number,
): Promise<number> {
  const rows = await sql.all(`SELECT seq FROM ${table} WHERE ${condition} ORDER BY seq LIMIT ?`, [before, limit])
  if (rows.length === 0) return 0
  const keys = rows.map((row) => row.seq as SqlValue)
  return await sql.run(`DELETE FROM ${table} WHERE seq IN (${placeholders(keys.length)})`, keys)
}

async function purgeMessages(sql: Sql, before: number, limit: number): Promise<number> {
  const rows = await sql.all(
    'SELECT channel, seq FROM channel_messages WHERE published_at < ? ORDER BY published_at LIMIT ?',
    [before, limit],
  )
  const byChannel = new Map<string, SqlValue[]>()
  for (const row of rows) {
    const channel = text(row.channel)
    const keys = byChannel.get(channel) ?? []
    keys.push(row.seq as SqlValue)
    byChannel.set(channel, keys)
  }
  for (const [channel, keys] of byChannel)
    await sql.run(`DELETE FROM channel_messages WHERE channel = ? AND seq IN (${placeholders(keys.length)})`, [
      channel,
      ...keys,
    ])
  return rows.length
}
