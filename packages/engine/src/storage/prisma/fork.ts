/**
 * A new instance with the beginning of another's history, and with the subscriptions that this history speaks of. Positions are the source's as they
 * stand; where the source has none any more (it ended), they follow from its history: the cut, and the messages recorded as received.
 */
import { InstanceNotFoundError } from '../../model/errors'
import type { HistoryData } from '../../model/history'
import type { Storage } from '../storage'
import { insertAudit } from './audit'
import { channelsOf, loadChannels } from './channels-load'
import type { SubscriptionState } from './channels-state'
import { storeChannels } from './channels-store'
import { renamed } from './commit-actor'
import { laneOf } from './commit-lane-of'
import { lockInstances } from './commit-locks'
import type { Database, Dialect, Sql } from './database'
import { numOrNull, text, textOrNull } from './values'

export function createFork(database: Database): Pick<Storage, 'fork'> {
  const { dialect } = database
  const lane = laneOf(dialect)
  return {
    fork: ({ sourceId, instance, fromSeq, audit }) =>
      database.transaction(
        async (sql) => {
          if (!(await lockInstances(sql, dialect, [sourceId])).has(sourceId)) throw new InstanceNotFoundError(sourceId)
          const born = await lane.bear(sql, [{ instance, body: null, events: [] }])
          if (born.size === 0) return false
          const copied = await sql.run(
            `INSERT INTO workflow_history (instance_id, seq, activity_id, type, data, data_binary, epoch, created_at)
           SELECT ?, seq, activity_id, type, data, data_binary, 0, created_at FROM workflow_history WHERE instance_id = ? AND seq < ?`,
            [instance.id, sourceId, fromSeq],
          )
          await sql.run('UPDATE workflow_instances SET next_seq = ? WHERE id = ?', [copied + 1, instance.id])
          await rejoinChannels(sql, dialect, { instanceId: instance.id, sourceId, endSeq: copied + 1 })
          if (audit) {
            const after = audit.after ?? JSON.stringify({ status: 'pending', compensationState: 'none' })
            await insertAudit(sql, { ...audit, after }, instance.startedAt)
          }
          return true
        },
        { byKey: true },
      ),
  }
}

interface Rejoining {
  readonly instanceId: string
  readonly sourceId: string
  /** Events before this number count. */
  readonly endSeq: number
}

/** Subscribes `instanceId` to what the source's events had it subscribed to. A channel that has another mode by now is left out. */
export async function rejoinChannels(sql: Sql, dialect: Dialect, rejoining: Rejoining): Promise<void> {
  const { instanceId, sourceId } = rejoining
  const [source] = await sql.all('SELECT origin_id FROM workflow_instances WHERE id = ?', [sourceId])
  const remembered = await subscriptionsIn(sql, rejoining, textOrNull(source?.origin_id ?? null) ?? sourceId)
  if (remembered.length === 0) return
  const names = new Set(await channelsOf(sql, dialect, new Set([sourceId])))
  for (const { channel } of remembered) names.add(channel)
  for (const name of [...names]) names.add(renamed(name, sourceId, instanceId))
  const instances = new Set([sourceId, instanceId])
  const channels = await loadChannels(sql, dialect, { names, instances, messages: [], leaving: new Set() })
  for (const row of remembered) {
    const standing = channels.subscriptionsOf(sourceId).filter(({ channel }) => channel === row.channel)
    const isMoved = row.mode === 'direct' && instanceId !== sourceId
    for (const position of standing.length > 0 ? standing : [row]) {
      const channel = isMoved ? renamed(position.channel, sourceId, instanceId) : position.channel
      const { mode } = channels.channel(channel)
      if (mode === null || mode === position.mode)
        channels.addSubscription({ ...position, instanceId, channel, cursor: isMoved ? 0 : position.cursor })
    }
  }
  await storeChannels(sql, dialect, channels.changes())
}

/** @param originId direct channels bear the name of the instance in which the history began; what is remembered bears the source's */
async function subscriptionsIn(
  sql: Sql,
  { sourceId, endSeq }: Rejoining,
  originId: string,
): Promise<SubscriptionState[]> {
  const events = await sql.all(
    `SELECT type, data FROM workflow_history WHERE instance_id = ? AND seq < ?
        AND type IN ('Subscribed', 'Unsubscribed', 'ChannelMessageReceived', 'EventReceived') ORDER BY seq`,
    [sourceId, endSeq],
  )
  const found = new Map<string, SubscriptionState>()
  for (const event of events) {
    const data: unknown = JSON.parse(text(event.data))
    if (event.type === 'Subscribed') {
      const { channel: name, mode, cursor, error } = data as HistoryData['Subscribed']
      const channel = renamed(name, originId, sourceId)
      if (!error) found.set(channel, { instanceId: sourceId, channel, matchKey: '', mode, cursor })
    } else if (event.type === 'Unsubscribed') {
      found.delete(renamed((data as HistoryData['Unsubscribed']).channel, originId, sourceId))
    } else {
      const received = data as HistoryData['ChannelMessageReceived' | 'EventReceived']
      const channel = renamed('channel' in received ? received.channel : received.type, originId, sourceId)
      const seq = await seqOf(sql, channel, received.id)
      const known = found.get(channel) ?? { instanceId: sourceId, channel, matchKey: '', mode: 'broadcast', cursor: 0 }
      found.set(channel, { ...known, cursor: Math.max(known.cursor, seq) })
    }
  }
  return [...found.values()]
}

async function seqOf(sql: Sql, channel: string, id: string): Promise<number> {
  const [row] = await sql.all('SELECT MAX(seq) AS seq FROM channel_messages WHERE channel = ? AND id = ?', [
    channel,
    id,
  ])
  return numOrNull(row?.seq ?? null) ?? 0
}
