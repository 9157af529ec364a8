/**
 * The end of an instance: what it held is set free, whom it concerns is told. A recur is an end with a successor: subscriptions, positions, pending
 * messages addressed to it, parent and children pass to the successor in the same unit.
 */
import { InstanceExistsError } from '../../model/errors'
import type { ChannelMode } from '../../model/history'
import { isTerminal } from '../../model/instance'
import type { MessageRow, NewInstance } from '../storage'
import { addSubscription, closeWait, removeSubscription, sendMessage } from './channels'
import type { Effects } from './effects'
import { appendEvent, currentRow, eventRow, insertInstance } from './instances'
import { type Database, type InstanceRecord, released, type SubscriptionRecord } from './tables'

export function endInstance(db: Database, id: string, successor: NewInstance | null, now: number, effects: Effects) {
  const row = currentRow(db, id)
  for (const wait of db.tables.waits.by('instance', id)) closeWait(db, wait, effects)
  if (successor) return passOn(db, row, successor, now, effects)
  for (const subscription of db.tables.subscriptions.by('instance', id)) removeSubscription(db, subscription)
  for (const child of db.tables.instances.by('parent', id)) cancelWithParent(db, child, row.id, now, effects)
  if (row.parentId !== null) effects.wake(row.parentId)
}

function cancelWithParent(db: Database, child: InstanceRecord, parentId: string, now: number, effects: Effects): void {
  const isOver = isTerminal(child.status) || child.status === 'compensating'
  if (child.parentClosePolicy !== 'cancel' || isOver || child.cancelRequestedAt !== null) return
  db.tables.instances.put({
    ...released(child),
    cancelRequestedAt: now,
    cancelRequestedBy: 'parent',
    cancelReason: `parent ${parentId} ended`,
    updatedAt: now,
  })
  effects.wake(child.id)
}

function passOn(db: Database, old: InstanceRecord, instance: NewInstance, now: number, effects: Effects): void {
  if (db.tables.instances.get(instance.id)) throw new InstanceExistsError(instance.id)
  insertInstance(db, instance, {
    chainId: old.chainId,
    continuedFrom: old.id,
    parentId: instance.parentId ?? old.parentId,
    parentClosePolicy: instance.parentClosePolicy ?? old.parentClosePolicy,
    tags: instance.tags ?? old.tags,
    wakeAt: db.now(),
  })
  effects.born(instance.id, instance.workflowName, db.now())
  for (const child of db.tables.instances.by('parent', old.id))
    db.tables.instances.put({ ...child, parentId: instance.id })

  const subscriptions = db.tables.subscriptions
    .by('instance', old.id)
    .sort((a, b) => (a.channel < b.channel ? -1 : a.channel > b.channel ? 1 : 0))
  const pending = pendingMessages(db, old.id, subscriptions)
  for (const subscription of subscriptions) inherit(db, subscription, old.id, instance.id, now)
  for (const message of pending) readdress(db, message, old.id, instance.id, effects)
}

function inherit(db: Database, subscription: SubscriptionRecord, oldId: string, newId: string, now: number): void {
  const { mode } = subscription
  const isDirect = mode === 'direct'
  const channel = isDirect ? renamed(subscription.channel, oldId, newId) : subscription.channel
  const cursor = isDirect ? 0 : subscription.cursor
  addSubscription(db, { ...subscription, instanceId: newId, channel, cursor })
  removeSubscription(db, subscription)
  if (subscription.matchKey !== '') return
  const inherited = eventRow(
    'Subscribed',
    inheritedId(channel, mode, newId),
    { channel, mode, cursor, inherited: true },
    now,
  )
  appendEvent(db, newId, inherited)
}

/** What was sent to the old instance alone and not read by it: on its direct channels, or targeted on a shared one. */
function pendingMessages(db: Database, id: string, subscriptions: readonly SubscriptionRecord[]): MessageRow[] {
  const cursors = new Map(subscriptions.filter((row) => row.matchKey === '').map((row) => [row.channel, row]))
  const direct = subscriptions.filter((row) => row.mode === 'direct' && row.matchKey === '')
  const candidates = new Set([
    ...direct.flatMap((row) => db.tables.messages.by('channel', row.channel)),
    ...db.tables.messages.by('target', id),
  ])
  return [...candidates]
    .filter((message) => message.seq > (cursors.get(message.channel)?.cursor ?? 0))
    .sort((a, b) => (a.channel === b.channel ? a.seq - b.seq : a.channel < b.channel ? -1 : 1))
}

function readdress(db: Database, message: MessageRow, oldId: string, newId: string, effects: Effects): void {
  const target = message.targetInstanceId === null ? null : newId
  const channel = renamed(message.channel, oldId, newId)
  if (channel === message.channel) {
    // A shared channel keeps the message in its place: its number orders it among the others.
    db.tables.messages.put({ ...message, targetInstanceId: target })
    return
  }
  const { seq: _, ...outgoing } = message
  db.tables.messages.delete(message)
  sendMessage(db, { ...outgoing, channel, targetInstanceId: target }, effects)
}

/** Plain, so that it fits beside an id of full length. */
function inheritedId(channel: string, mode: ChannelMode, newId: string): string {
  return `inherited_${mode === 'direct' ? channel.slice(0, -newId.length - 1) : channel}`
}

export function renamed(channel: string, oldId: string, newId: string): string {
  const suffix = `:${oldId}`
  return channel.endsWith(suffix) ? `${channel.slice(0, -suffix.length)}:${newId}` : channel
}
