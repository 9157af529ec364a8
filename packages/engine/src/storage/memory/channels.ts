/**
 * Channels: numbers, modes, subscriptions, and who is told of a message. Reading a message is receiving.ts.
 *
 * 1. A message's number comes from its channel's row (S4).
 * 2. A channel has the mode of its subscriptions; without any it has none.
 * 3. Broadcast and direct: every open matching wait is told (`hitSeq`). Competing: one waiter a message, the oldest without a hit; whoever closes a wait
 *    whose hit was not consumed passes it on ({@link settleCompeting}), so that no pending message waits beside an idle receiver.
 */
import { ChannelModeConflictError } from '../../model/errors'
import type { ChannelMode } from '../../model/history'
import { matches } from '../../model/match'
import type { AuditEntry, MessageRow, OutgoingMessage, Wait } from '../storage'
import type { Effects } from './effects'
import { chainHead } from './instances'
import { writeAudit } from './registry'
import { type ChannelRecord, type Database, isRunnable, type SubscriptionRecord, type WaitRecord } from './tables'

export function channelOf(db: Database, name: string): ChannelRecord {
  return db.tables.channels.get(name) ?? { name, mode: null, nextSeq: 1, shapes: [] }
}

/**
 * Stores a message and tells those who wait for it. A message to one instance follows that instance's chain.
 *
 * @returns ids of the instances that were waiting for it
 */
export function sendMessage(db: Database, outgoing: OutgoingMessage, effects: Effects): readonly string[] {
  const message = addressed(db, outgoing)
  const channel = channelOf(db, message.channel)
  const stored: MessageRow = { ...message, seq: channel.nextSeq }
  db.tables.channels.put({ ...channel, nextSeq: channel.nextSeq + 1 })
  db.tables.messages.put(stored)
  if (channel.mode === 'competing') return settleCompeting(db, channel.name, effects)
  const waiting = waitsOn(db, channel.name).filter((wait) => concerns(db, stored, wait))
  for (const wait of waiting) {
    if (wait.hitSeq === null) db.tables.waits.put({ ...wait, hitSeq: stored.seq })
    effects.wake(wait.instanceId)
  }
  return [...new Set(waiting.map((wait) => wait.instanceId))]
}

function addressed(db: Database, message: OutgoingMessage): OutgoingMessage {
  const target = message.targetInstanceId
  const head = target === null ? undefined : chainHead(db, target)
  if (!head || head.id === target) return message
  const suffix = `:${target}`
  const channel = message.channel.endsWith(suffix)
    ? `${message.channel.slice(0, -suffix.length)}:${head.id}`
    : message.channel
  return { ...message, channel, targetInstanceId: head.id }
}

/** Whether this wait may take this message. */
export function isFor(message: MessageRow, wait: Pick<WaitRecord, 'instanceId' | 'where'>): boolean {
  if (message.targetInstanceId !== null && message.targetInstanceId !== wait.instanceId) return false
  if (wait.where === null) return true
  return matches(wait.where, message.data === null ? undefined : JSON.parse(message.data))
}

function concerns(db: Database, message: MessageRow, wait: WaitRecord): boolean {
  const row = db.tables.instances.get(wait.instanceId)
  return row !== undefined && isRunnable(row) && isFor(message, wait)
}

function waitsOn(db: Database, channel: string): WaitRecord[] {
  return db.tables.waits.by('channel', channel).sort((a, b) => a.order - b.order)
}

/**
 * Gives every pending message of a competing channel that no waiter was told of to the oldest waiter without a hit.
 *
 * @returns ids of the instances that were told now
 */
export function settleCompeting(db: Database, name: string, effects: Effects): readonly string[] {
  if (db.tables.channels.get(name)?.mode !== 'competing') return []
  const waits = waitsOn(db, name)
  const idle = new Set(waits.filter((wait) => wait.hitSeq === null))
  const told = new Set(waits.map((wait) => wait.hitSeq))
  const receivers = new Set<string>()
  if (idle.size === 0) return []
  for (const message of db.tables.messages.by('channel', name).sort((a, b) => a.seq - b.seq)) {
    if (told.has(message.seq)) continue
    const wait = [...idle].find((candidate) => concerns(db, message, candidate))
    if (!wait) continue
    idle.delete(wait)
    db.tables.waits.put({ ...wait, hitSeq: message.seq })
    effects.wake(wait.instanceId)
    receivers.add(wait.instanceId)
  }
  return [...receivers]
}

/** A wait that was told of it finds nothing when it looks, and takes the next message as if it had been told of that one. */
export function deleteMessage(db: Database, channel: string, seq: number, audit: AuditEntry | null): boolean {
  const message = db.tables.messages.get(channel, seq)
  if (!message) return false
  db.tables.messages.delete(message)
  if (audit) writeAudit(db, audit)
  return true
}

// ---------------------------------------------------------------- subscriptions

/**
 * Subscribes an instance; idempotent. The cut: broadcast sees what comes from now on, competing and direct also what is there.
 *
 * @throws ChannelModeConflictError
 */
export function subscribe(db: Database, instanceId: string, name: string, mode: ChannelMode): SubscriptionRecord {
  const channel = channelOf(db, name)
  if (channel.mode !== null && channel.mode !== mode)
    throw new ChannelModeConflictError({ channel: name, existingMode: channel.mode, requestedMode: mode })
  const existing = db.tables.subscriptions.get(instanceId, name, '')
  if (existing) return existing
  const cursor = mode === 'broadcast' ? channel.nextSeq - 1 : 0
  const subscription: SubscriptionRecord = { instanceId, channel: name, matchKey: '', mode, cursor }
  addSubscription(db, subscription)
  return subscription
}

export function addSubscription(db: Database, subscription: SubscriptionRecord): void {
  db.tables.channels.put({ ...channelOf(db, subscription.channel), mode: subscription.mode })
  db.tables.subscriptions.put(subscription)
}

export function unsubscribe(db: Database, instanceId: string, channel: string): void {
  for (const subscription of db.tables.subscriptions.by('instance', instanceId))
    if (subscription.channel === channel) removeSubscription(db, subscription)
}

export function removeSubscription(db: Database, subscription: SubscriptionRecord): void {
  db.tables.subscriptions.delete(subscription)
  if (db.tables.subscriptions.by('channel', subscription.channel).length > 0) return
  db.tables.channels.put({ ...channelOf(db, subscription.channel), mode: null })
}

// ---------------------------------------------------------------- waits

/**
 * Inserts a wait. An event wait subscribes by itself; a wait with a condition reads at its own position, which begins where the instance stands.
 *
 * @throws ChannelModeConflictError
 */
export function openWait(db: Database, instanceId: string, wait: Wait): void {
  if (wait.kind === 'event') subscribe(db, instanceId, wait.channel, 'broadcast')
  const base = db.tables.subscriptions.get(instanceId, wait.channel, '')
  if (base && !db.tables.subscriptions.get(instanceId, wait.channel, wait.matchKey))
    db.tables.subscriptions.put({ ...base, matchKey: wait.matchKey })
  const channel = channelOf(db, wait.channel)
  if (wait.shape !== '' && !channel.shapes.includes(wait.shape))
    db.tables.channels.put({ ...channel, shapes: [...channel.shapes, wait.shape] })
  const { isNew: _, shape: __, ...described } = wait
  db.tables.waits.put({
    ...described,
    instanceId,
    cursor: base?.cursor ?? channel.nextSeq - 1,
    hitSeq: null,
    order: db.nextNumber('wait'),
  })
}

export function closeWait(db: Database, wait: WaitRecord, effects: Effects): void {
  db.tables.waits.delete(wait)
  if (wait.hitSeq !== null) effects.unsettledChannels.add(wait.channel)
}

/** An instance that stops looking (suspended, ended) leaves its hits to others. */
export function forgetHits(db: Database, instanceId: string, effects: Effects): void {
  for (const wait of db.tables.waits.by('instance', instanceId)) {
    if (wait.hitSeq === null) continue
    db.tables.waits.put({ ...wait, hitSeq: null })
    effects.unsettledChannels.add(wait.channel)
  }
}

/** Last step of every unit: hits that got free go to whoever waits. */
export function settleChannels(db: Database, effects: Effects): void {
  for (const name of [...effects.unsettledChannels].sort()) settleCompeting(db, name, effects)
}
