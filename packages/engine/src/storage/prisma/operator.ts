/**
 * Operator verbs: one transaction each, guarded by status, fenced by a new epoch, audited in it. A cancel alone leaves the epoch as it is: it is a
 * request that the owner answers (S8), and an owner fenced out could not record what it has done.
 */
import { isTerminal } from '../../model/instance'
import type { AuditEntry, InstanceRow, OperatorOutcome, OperatorVerb, Storage } from '../storage'
import { insertAudit } from './audit'
import { channelsOf, loadChannels } from './channels-load'
import { StoredMessages } from './channels-messages'
import { storeChannels } from './channels-store'
import { eventRow } from './commit-actor'
import { chainHeads } from './commit-locks'
import { Effects, wakeAll, wakesOf } from './commit-wakes'
import type { Database, Dialect, Sql, SqlValue } from './database'
import { rejoinChannels } from './fork'
import { instanceColumns, toInstanceRow } from './rows'
import { text } from './values'

type VerbOf<Type extends OperatorVerb['type']> = Extract<OperatorVerb, { type: Type }>
interface Operation {
  readonly sql: Sql
  readonly dialect: Dialect
  readonly row: InstanceRow
  /** Time given to what is recorded. */
  readonly now: number
  readonly effects: Effects
}
/** Why a verb refuses; undefined when it is done. */
type Refusal = string | undefined

export function createOperator(database: Database): Pick<Storage, 'operate'> {
  const { dialect } = database
  return {
    operate: (instanceId, verb, { now, audit }) =>
      database.transaction(
        async (sql): Promise<OperatorOutcome> => {
          const row = await held(sql, dialect, instanceId, verb.type === 'cancel')
          if (!row) return { kind: 'not-found' }
          const effects = new Effects()
          const why = await apply({ sql, dialect, row, now, effects }, verb)
          if (why !== undefined) return { kind: 'refused', row, why }
          const woken = await wakeAll(sql, dialect, effects.wake, now)
          const after = await read(sql, row.id)
          if (!after) throw new Error(`Instance ${row.id} vanished while it was held`)
          if (audit) await insertAudit(sql, audited(audit, row, after), now)
          return { kind: 'done', row: after, wakes: wakesOf(effects, woken) }
        },
        { byKey: true },
      ),
  }
}

function audited(entry: AuditEntry, before: InstanceRow, after: InstanceRow): AuditEntry {
  return { ...entry, before: entry.before ?? summary(before), after: entry.after ?? summary(after) }
}

/** What the audit log shows of an instance when the caller gave nothing. */
function summary({ status, compensationState }: InstanceRow): string {
  return JSON.stringify({ status, compensationState })
}

async function held(sql: Sql, dialect: Dialect, id: string, followsChain: boolean): Promise<InstanceRow | null> {
  for (;;) {
    const target = followsChain ? ((await chainHeads(sql, dialect, new Set([id]))).get(id) ?? id) : id
    const row = await read(sql, target, dialect.forUpdate)
    // it recurred between looking and locking: its successor is visible now
    if (!followsChain || row?.status !== 'recurred') return row
  }
}

async function read(sql: Sql, id: string, lock = ''): Promise<InstanceRow | null> {
  const [row] = await sql.all(`SELECT ${instanceColumns()} FROM workflow_instances WHERE id = ?${lock}`, [id])
  return row ? toInstanceRow(row) : null
}

function apply(operation: Operation, verb: OperatorVerb): Promise<Refusal> {
  switch (verb.type) {
    case 'cancel':
      return cancel(operation, verb)
    case 'suspend':
      return suspend(operation, verb)
    case 'resume':
      return resume(operation)
    case 'retry':
      return retry(operation, verb)
    case 'compensation':
      return operateCompensation(operation, verb)
  }
}

/** Every verb but cancel comes here with the row's next epoch. */
async function set({ sql, row, now }: Operation, values: Readonly<Record<string, SqlValue>>): Promise<void> {
  const all: Record<string, SqlValue> = { ...values, updated_at: now }
  const names = Object.keys(all)
  await sql.run(`UPDATE workflow_instances SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`, [
    ...names.map((name) => all[name] ?? null),
    row.id,
  ])
}

async function cancel(operation: Operation, { by, reason }: VerbOf<'cancel'>): Promise<Refusal> {
  const { row, now, effects } = operation
  if (isTerminal(row.status)) return `it is ${row.status}`
  if (row.status === 'compensating') return 'it is compensating already'
  if (row.cancelRequestedAt !== null) return 'a cancel was requested already'
  // the request frees it from a suspension: what remains to be done needs no code that fits
  const release = row.status === 'suspended' ? { status: 'running', suspend_reason: null, error: null } : {}
  await set(operation, { ...release, cancel_requested_at: now, cancel_requested_by: by, cancel_reason: reason })
  effects.wake.add(row.id)
  return undefined
}

async function suspend(operation: Operation, verb: VerbOf<'suspend'>): Promise<Refusal> {
  const { row } = operation
  if (isTerminal(row.status)) return `it is ${row.status}`
  if (row.status === 'suspended') return 'it is suspended already'
  await set(operation, {
    status: 'suspended',
    suspend_reason: verb.reason,
    epoch: row.epoch + 1,
    lease_owner: null,
    lease_until: null,
    wake_at: null,
  })
  if (row.leaseOwner !== null) operation.effects.told.set(row.id, row.leaseOwner)
  await leaveHits(operation)
  return undefined
}

/** Who is suspended looks for no message: those it was told of are told to others. */
async function leaveHits({ sql, dialect, row, effects }: Operation): Promise<void> {
  const instances = new Set([row.id])
  const names = new Set(await channelsOf(sql, dialect, instances))
  if (names.size === 0) return
  const channels = await loadChannels(sql, dialect, { names, instances, messages: [], leaving: new Set() })
  channels.forgetHits(row.id)
  for (const told of await channels.settle(new StoredMessages(sql))) effects.wake.add(told)
  await storeChannels(sql, dialect, channels.changes())
}

async function resume(operation: Operation): Promise<Refusal> {
  const { row, now, effects } = operation
  if (row.status !== 'suspended') return `it is ${row.status}, not suspended`
  await set(operation, {
    // its history tells whether it replays or goes on compensating
    status: 'running',
    suspend_reason: null,
    error: null,
    epoch: row.epoch + 1,
    takeovers: 0,
    wake_at: now,
  })
  effects.wake.add(row.id)
  return undefined
}

async function retry(operation: Operation, verb: VerbOf<'retry'>): Promise<Refusal> {
  const { sql, dialect, row, now, effects } = operation
  if (row.status !== 'failed') return `it is ${row.status}, not failed`
  if (row.compensationState !== 'none') return 'its work has been compensated'
  const { supersedes, by, reason } = verb
  const event = eventRow('WorkflowRetried', `retry:${row.nextSeq}`, { supersedes, by, reason }, now)
  await set(operation, {
    status: 'running',
    epoch: row.epoch + 1,
    next_seq: row.nextSeq + 1,
    output: null,
    error: null,
    completed_at: null,
    pending: null,
    takeovers: 0,
    wake_at: now,
  })
  await sql.run(
    'INSERT INTO workflow_history (instance_id, seq, activity_id, type, data, epoch, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [row.id, row.nextSeq, event.activityId, event.type, event.data, row.epoch + 1, now],
  )
  // its end removed them
  await rejoinChannels(sql, dialect, { instanceId: row.id, sourceId: row.id, endSeq: row.nextSeq })
  effects.wake.add(row.id)
  return undefined
}

async function operateCompensation(operation: Operation, verb: VerbOf<'compensation'>): Promise<Refusal> {
  const { sql, row, now, effects } = operation
  const rows = await sql.all('SELECT state FROM workflow_compensations WHERE instance_id = ? AND seq = ?', [
    row.id,
    verb.seq,
  ])
  if (!rows[0]) return `it has no compensation ${verb.seq}`
  const state = text(rows[0].state)
  if (state !== 'failed') return `compensation ${verb.seq} is ${state}, not failed`
  if (!isTerminal(row.status) || row.compensationState !== 'failed') return `it is ${row.status}`
  const where = 'WHERE instance_id = ? AND seq = ?'
  if (verb.action === 'retry') {
    await sql.run(
      `UPDATE workflow_compensations SET state = 'registered', attempts = 0, next_attempt_at = NULL ${where}`,
      [row.id, verb.seq],
    )
    await set(operation, {
      epoch: row.epoch + 1,
      status: 'compensating',
      compensation_state: 'pending',
      completed_at: null,
      takeovers: 0,
      wake_at: now,
    })
    effects.wake.add(row.id)
    return undefined
  }
  if (verb.action === 'skip')
    await sql.run(`UPDATE workflow_compensations SET state = 'skipped' ${where}`, [row.id, verb.seq])
  else
    await sql.run(`UPDATE workflow_compensations SET state = 'done', executed_at = ? ${where}`, [now, row.id, verb.seq])
  const failed = await sql.all(
    `SELECT seq FROM workflow_compensations WHERE instance_id = ? AND state = 'failed' LIMIT 1`,
    [row.id],
  )
  await set(operation, { epoch: row.epoch + 1, compensation_state: failed.length > 0 ? 'failed' : 'completed' })
  return undefined
}
