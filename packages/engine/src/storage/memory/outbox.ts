/** Outgoing events: leased to a relay, settled by it, re-driven or discarded by an operator. Order is kept per partition key, by seq. */
import { DatabaseError } from '../../model/errors'
import type { AuditEntry, OutboxRow, Storage, StoredOutboxRow } from '../storage'
import type { Effects } from './effects'
import { writeAudit } from './registry'
import type { Database } from './tables'

export function addOutboxRow(db: Database, row: OutboxRow, effects: Effects): void {
  if (db.tables.outbox.get(row.id)) throw new DatabaseError(`Outbox event '${row.id}' exists already`)
  db.tables.outbox.put({
    ...row,
    seq: db.nextNumber('outbox'),
    status: 'pending',
    attempts: 0,
    nextAttemptAt: db.now(),
    leaseToken: null,
    lastError: null,
    publishedAt: null,
  })
  effects.outbox = true
}

export function leaseOutbox(
  db: Database,
  { token, limit, leaseMs }: Parameters<Storage['leaseOutbox']>[0],
): Awaited<ReturnType<Storage['leaseOutbox']>> {
  const now = db.now()
  const pending = db.tables.outbox.by('pending', 'pending').sort((a, b) => a.seq - b.seq)
  const firstOfKey = new Map<string, StoredOutboxRow>()
  for (const row of pending)
    if (row.partitionKey !== null && !firstOfKey.has(row.partitionKey)) firstOfKey.set(row.partitionKey, row)
  const rows = pending
    .filter((row) => (row.nextAttemptAt ?? 0) <= now)
    .filter((row) => row.partitionKey === null || firstOfKey.get(row.partitionKey) === row)
    .sort((a, b) => (a.nextAttemptAt ?? 0) - (b.nextAttemptAt ?? 0) || a.seq - b.seq)
    .slice(0, limit)
    .map((row) => ({ ...row, leaseToken: token, nextAttemptAt: now + leaseMs }))
  for (const row of rows) db.tables.outbox.put(row)
  const later = db.tables.outbox.by('pending', 'pending').flatMap((row) => row.nextAttemptAt ?? [])
  const nextDueAt = later.filter((dueAt) => dueAt > now).sort((a, b) => a - b)[0] ?? null
  return { rows, nextDueAt }
}

export function settleOutbox(db: Database, token: string, results: Parameters<Storage['settleOutbox']>[1]): void {
  for (const { id, status, nextAttemptAt, lastError, countAttempt } of results) {
    const row = db.tables.outbox.get(id)
    if (row?.leaseToken !== token) continue
    db.tables.outbox.put({
      ...row,
      status,
      nextAttemptAt,
      lastError,
      attempts: row.attempts + (countAttempt ? 1 : 0),
      leaseToken: null,
      publishedAt: status === 'published' ? db.now() : null,
    })
  }
}

export function outboxRows(db: Database, query: Parameters<Storage['outbox']>[0]): readonly StoredOutboxRow[] {
  const { status, id, instanceId, before, limit } = query
  return db.tables.outbox
    .all()
    .filter((row) => !status || status.includes(row.status))
    .filter((row) => id === undefined || row.id === id)
    .filter((row) => instanceId === undefined || row.instanceId === instanceId)
    .filter((row) => before === undefined || row.seq < before)
    .sort((a, b) => b.seq - a.seq)
    .slice(0, limit)
}

export function operateOutbox(
  db: Database,
  action: 'redrive' | 'discard',
  ids: readonly string[],
  audit: AuditEntry | null,
): number {
  let count = 0
  for (const id of new Set(ids)) {
    const row = db.tables.outbox.get(id)
    if (!row || row.status === 'published' || (action === 'redrive' && row.status === 'pending')) continue
    if (action === 'discard') db.tables.outbox.delete(row)
    else db.tables.outbox.put({ ...row, status: 'pending', attempts: 0, nextAttemptAt: db.now(), leaseToken: null })
    count++
  }
  if (audit) writeAudit(db, audit)
  return count
}
