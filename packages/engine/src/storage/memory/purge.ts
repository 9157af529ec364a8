/** Retention: what is older than its limit goes, a bounded number of rows at a time. What an instance owns goes with it. */
import { isTerminal } from '../../model/instance'
import type { Storage } from '../storage'
import { removeSubscription } from './channels'
import { historyOf } from './instances'
import type { Database, InstanceRecord } from './tables'

/** @returns whether there may be more */
export function purge(db: Database, options: Parameters<Storage['purge']>[0]): boolean {
  const { now, limit } = options
  const messages = db.tables.messages
    .all()
    .filter((row) => row.publishedAt < now - options.messageRetentionMs)
    .slice(0, limit)
  const ended = db.tables.instances
    .all()
    .filter((row) => isOver(row, now, options.historyRetentionMs))
    .slice(0, limit)
  const inbox = db.tables.inbox
    .all()
    .filter((row) => row.receivedAt < now - options.inboxRetentionMs)
    .slice(0, limit)
  const sent = db.tables.outbox
    .all()
    .filter((row) => row.publishedAt !== null && row.publishedAt < now - options.messageRetentionMs)
    .slice(0, limit)
  for (const message of messages) db.tables.messages.delete(message)
  for (const row of ended) removeInstance(db, row)
  for (const row of inbox) db.tables.inbox.delete(row)
  for (const row of sent) db.tables.outbox.delete(row)
  return [messages, ended, inbox, sent].some((rows) => rows.length === limit)
}

function isOver(row: InstanceRecord, now: number, historyRetentionMs: number | null): boolean {
  const retentionMs = row.retentionMs ?? historyRetentionMs
  if (retentionMs === null || row.completedAt === null || !isTerminal(row.status)) return false
  return row.completedAt < now - retentionMs
}

function removeInstance(db: Database, row: InstanceRecord): void {
  for (const event of historyOf(db, row.id, 0, row.nextSeq)) {
    const stored = db.tables.history.get(row.id, event.seq)
    if (stored) db.tables.history.delete(stored)
  }
  for (const wait of db.tables.waits.by('instance', row.id)) db.tables.waits.delete(wait)
  for (const compensation of db.tables.compensations.by('instance', row.id))
    db.tables.compensations.delete(compensation)
  for (const subscription of db.tables.subscriptions.by('instance', row.id)) removeSubscription(db, subscription)
  db.tables.instances.delete(row)
}
