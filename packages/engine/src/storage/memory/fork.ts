/**
 * A new instance with the beginning of another's history, and with the subscriptions that this history speaks of. Positions are the source's as they
 * stand; where the source has none any more (it ended), they follow from its history: the cut, and the messages recorded as received.
 */
import { InstanceNotFoundError } from '../../model/errors'
import type { HistoryData } from '../../model/history'
import type { ForkRequest } from '../storage'
import { addSubscription, channelOf } from './channels'
import { renamed } from './ending'
import { historyOf, insertInstance } from './instances'
import { writeAudit } from './registry'
import type { Database, SubscriptionRecord } from './tables'

export function fork(db: Database, request: ForkRequest): boolean {
  const { sourceId, instance, fromSeq, audit } = request
  const source = db.tables.instances.get(sourceId)
  if (!source) throw new InstanceNotFoundError(sourceId)
  if (db.tables.instances.get(instance.id)) return false
  const copied = historyOf(db, sourceId, 0, Math.max(0, fromSeq - 1))
  for (const event of copied) db.tables.history.put({ ...event, instanceId: instance.id, epoch: 0 })
  insertInstance(db, instance, { nextSeq: copied.length + 1 })
  rejoinChannels(db, instance.id, sourceId, copied.length + 1)
  if (audit)
    writeAudit(db, { ...audit, after: audit.after ?? JSON.stringify({ status: 'pending', compensationState: 'none' }) })
  return true
}

/** Subscribes `instanceId` to what the source's events before `endSeq` had it subscribed to. A channel that has another mode by now is left out. */
export function rejoinChannels(db: Database, instanceId: string, sourceId: string, endSeq: number): void {
  for (const remembered of subscriptionsIn(db, sourceId, endSeq)) {
    const suffix = `:${sourceId}`
    const isDirect = remembered.mode === 'direct' && remembered.channel.endsWith(suffix) && instanceId !== sourceId
    const standing = db.tables.subscriptions
      .by('instance', sourceId)
      .filter((row) => row.channel === remembered.channel)
    for (const row of standing.length > 0 ? standing : [remembered]) {
      const channel = isDirect ? `${row.channel.slice(0, -suffix.length)}:${instanceId}` : row.channel
      const { mode } = channelOf(db, channel)
      if (mode === null || mode === row.mode)
        addSubscription(db, { ...row, instanceId, channel, cursor: isDirect ? 0 : row.cursor })
    }
  }
}

function subscriptionsIn(db: Database, sourceId: string, endSeq: number): SubscriptionRecord[] {
  // direct channels bear the name of the instance in which the history began; what is remembered bears the source's
  const originId = db.tables.instances.get(sourceId)?.originId ?? sourceId
  const found = new Map<string, SubscriptionRecord>()
  for (const event of historyOf(db, sourceId, 0, endSeq - 1)) {
    if (event.type === 'Subscribed') {
      const { channel: name, mode, cursor, error } = JSON.parse(event.data) as HistoryData['Subscribed']
      const channel = renamed(name, originId, sourceId)
      if (!error) found.set(channel, { instanceId: sourceId, channel, matchKey: '', mode, cursor })
    } else if (event.type === 'Unsubscribed') {
      found.delete(renamed((JSON.parse(event.data) as HistoryData['Unsubscribed']).channel, originId, sourceId))
    } else if (event.type === 'ChannelMessageReceived' || event.type === 'EventReceived') {
      const data = JSON.parse(event.data) as HistoryData['ChannelMessageReceived' | 'EventReceived']
      const channel = renamed('channel' in data ? data.channel : data.type, originId, sourceId)
      const message = db.tables.messages.by('channel', channel).find((row) => row.id === data.id)
      const known = found.get(channel) ?? { instanceId: sourceId, channel, matchKey: '', mode: 'broadcast', cursor: 0 }
      found.set(channel, { ...known, cursor: Math.max(known.cursor, message?.seq ?? 0) })
    }
  }
  return [...found.values()]
}
