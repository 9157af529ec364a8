/** Births, chains and history of instances: what every verb that touches an instance row shares. */
import type { HistoryData, HistoryEventType } from '../../model/history'
import type { HistoryRow, NewHistoryRow, NewInstance } from '../storage'
import type { Database, InstanceRecord } from './tables'

/** Inserts a new instance, `pending` and unleased; what is not said takes its first value. */
export function insertInstance(db: Database, instance: NewInstance, values: Partial<InstanceRecord> = {}): void {
  db.tables.instances.put({
    ...instance,
    status: 'pending',
    output: null,
    error: null,
    epoch: 0,
    nextSeq: 1,
    leaseOwner: null,
    leaseUntil: null,
    pending: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    cancelReason: null,
    cancelSeen: false,
    compensationState: 'none',
    suspendReason: null,
    state: null,
    takeovers: 0,
    updatedAt: instance.startedAt,
    completedAt: null,
    ...values,
  })
}

/** The row of an instance that the caller knows to exist, as it is now. */
export function currentRow(db: Database, id: string): InstanceRecord {
  const row = db.tables.instances.get(id)
  if (!row) throw new Error(`Instance ${id} vanished within its own transaction`)
  return row
}

/** The newest instance of a chain. The id of its first member finds it even after retention has removed that member. */
export function chainHead(db: Database, id: string): InstanceRecord | undefined {
  const row = db.tables.instances.get(id)
  if (row && row.status !== 'recurred') return row
  const members = db.tables.instances.by('chain', row?.chainId ?? id)
  return members.find((member) => member.status !== 'recurred') ?? row
}

/** Numbers and stores one event (S3). */
export function appendEvent(db: Database, instanceId: string, event: NewHistoryRow): HistoryRow {
  const row = currentRow(db, instanceId)
  const stored: HistoryRow = { ...event, seq: row.nextSeq }
  db.tables.history.put({ ...stored, instanceId, epoch: row.epoch })
  db.tables.instances.put({ ...row, nextSeq: row.nextSeq + 1 })
  return stored
}

export function eventRow<Type extends HistoryEventType>(
  type: Type,
  activityId: string,
  data: HistoryData[Type],
  createdAt: number,
  binary: Uint8Array | null = null,
): NewHistoryRow {
  return { activityId, type, data: JSON.stringify(data), binary, createdAt }
}

/** Rows with seq in (after, after + limit], in order; there are no gaps (S3). */
export function historyOf(db: Database, instanceId: string, after: number, limit: number): HistoryRow[] {
  const rows: HistoryRow[] = []
  for (let seq = after + 1; rows.length < limit; seq++) {
    const row = db.tables.history.get(instanceId, seq)
    if (!row) break
    const { instanceId: _, epoch: __, ...event } = row
    rows.push(event)
  }
  return rows
}
