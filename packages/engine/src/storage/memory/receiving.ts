/** Answers to open waits: the first matching message after a wait's position, or the end of an awaited child, as the event that replay will read. */
import type { ChannelMessage } from '../../model/context'
import type { HistoryData } from '../../model/history'
import { isTerminal } from '../../model/instance'
import type { JsonValue } from '../../model/json'
import type { MessageRow, NewHistoryRow, Wait } from '../storage'
import { channelOf, closeWait, isFor } from './channels'
import type { Effects } from './effects'
import { chainHead, eventRow } from './instances'
import type { Database } from './tables'

/**
 * Looks for the wait's message. Found: its position advances, the wait is closed, a competing message is consumed (S7). Not found: the wait is known
 * to have seen everything there is.
 */
export function answerWait(
  db: Database,
  instanceId: string,
  wait: Wait,
  now: number,
  effects: Effects,
): NewHistoryRow | null {
  const { waits, subscriptions, messages } = db.tables
  const subscription = subscriptions.get(instanceId, wait.channel, wait.matchKey)
  const open = waits.get(instanceId, wait.activityId)
  if (!subscription || !open) return null
  const { nextSeq } = channelOf(db, wait.channel)
  for (let seq = subscription.cursor + 1; seq < nextSeq; seq++) {
    const message = messages.get(wait.channel, seq)
    if (!message || !isFor(message, open)) continue
    subscriptions.put({ ...subscription, cursor: seq })
    closeWait(db, open, effects)
    if (subscription.mode === 'competing') messages.delete(message)
    return wait.kind === 'event'
      ? eventReceived(wait.activityId, message, now)
      : messageReceived(wait.activityId, message, now)
  }
  waits.put({ ...open, cursor: nextSeq - 1, hitSeq: null })
  return null
}

/** The end of the newest instance of the child's chain, or null while it lives. */
export function answerChild(db: Database, activityId: string, childId: string, now: number): NewHistoryRow | null {
  const child = chainHead(db, childId)
  if (!child || !isTerminal(child.status)) return null
  const data: HistoryData['ChildCompleted'] = {
    childId,
    status: child.status,
    ...(child.output === null ? {} : { result: JSON.parse(child.output) as JsonValue }),
    ...(child.error === null ? {} : { error: JSON.parse(child.error) as HistoryData['WorkflowFailed']['error'] }),
    ...(child.status === 'cancelled' ? { cancel: { by: child.cancelRequestedBy, reason: child.cancelReason } } : {}),
  }
  return eventRow('ChildCompleted', activityId, data, now)
}

type Metadata = ChannelMessage['metadata']

function payload(message: MessageRow): { readonly data?: JsonValue } {
  return message.data === null ? {} : { data: JSON.parse(message.data) as JsonValue }
}

function messageReceived(activityId: string, message: MessageRow, now: number): NewHistoryRow {
  const { id, channel, publishedAt, binary } = message
  const metadata = JSON.parse(message.metadata) as Metadata
  const data = { id, channel, ...payload(message), metadata, publishedAt }
  return eventRow('ChannelMessageReceived', activityId, data, now, binary)
}

/** A CloudEvent keeps its attributes in its message's metadata; a plain message reads as an event of its channel's name. */
function eventReceived(activityId: string, message: MessageRow, now: number): NewHistoryRow {
  const metadata = JSON.parse(message.metadata) as Metadata
  const attributes = metadata.cloudEvent as Omit<HistoryData['EventReceived'], 'data'>
  const plain = {
    type: message.channel,
    source: typeof metadata.source === 'string' ? metadata.source : 'unknown',
    id: message.id,
    extensions: {},
  }
  return eventRow(
    'EventReceived',
    activityId,
    { ...(message.isEvent ? attributes : plain), ...payload(message) },
    now,
    message.binary,
  )
}
