/**
 * Operator verbs: guarded by status, fenced by a new epoch, audited in the same step. A cancel alone leaves the epoch as it is: it is a request that the
 * owner answers (S8), and an owner fenced out could not record what it has done.
 */
import { isTerminal } from '../../model/instance'
import type { AuditEntry, OperatorOutcome, OperatorVerb } from '../storage'
import { forgetHits, settleChannels } from './channels'
import { Effects } from './effects'
import { rejoinChannels } from './fork'
import { appendEvent, chainHead, currentRow, eventRow } from './instances'
import { writeAudit } from './registry'
import { type CompensationRecord, type Database, type InstanceRecord, released, toInstanceRow } from './tables'

type VerbOf<Type extends OperatorVerb['type']> = Extract<OperatorVerb, { type: Type }>

/** What every verb works with; a verb returns why it refuses, or undefined when it is done. */
interface Operation {
  readonly db: Database
  readonly row: InstanceRecord
  /** Time given to what is recorded. */
  readonly now: number
  readonly effects: Effects
}
type Refusal = string | undefined

export function operate(
  db: Database,
  instanceId: string,
  verb: OperatorVerb,
  options: { readonly now: number; readonly audit: AuditEntry | null },
): OperatorOutcome {
  const row = verb.type === 'cancel' ? chainHead(db, instanceId) : db.tables.instances.get(instanceId)
  if (!row) return { kind: 'not-found' }
  const effects = new Effects(db)
  const why = apply({ db, row, now: options.now, effects }, verb)
  if (why !== undefined) return { kind: 'refused', row: toInstanceRow(row), why }
  settleChannels(db, effects)
  const after = currentRow(db, row.id)
  if (options.audit)
    writeAudit(db, {
      ...options.audit,
      before: options.audit.before ?? summary(row),
      after: options.audit.after ?? summary(after),
    })
  return { kind: 'done', row: toInstanceRow(after), wakes: effects.wakes() }
}

function apply(operation: Operation, verb: OperatorVerb): Refusal {
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

/** What the audit log shows of an instance when the caller gave nothing. */
export function summary(row: InstanceRecord): string {
  return JSON.stringify({ status: row.status, compensationState: row.compensationState })
}

function cancel({ db, row, now, effects }: Operation, verb: VerbOf<'cancel'>): Refusal {
  if (isTerminal(row.status)) return `it is ${row.status}`
  if (row.status === 'compensating') return 'it is compensating already'
  if (row.cancelRequestedAt !== null) return 'a cancel was requested already'
  const { by: cancelRequestedBy, reason: cancelReason } = verb
  db.tables.instances.put({
    ...released(row),
    cancelRequestedAt: now,
    cancelRequestedBy,
    cancelReason,
    updatedAt: now,
  })
  effects.wake(row.id)
  return undefined
}

function suspend({ db, row, now, effects }: Operation, verb: VerbOf<'suspend'>): Refusal {
  if (isTerminal(row.status)) return `it is ${row.status}`
  if (row.status === 'suspended') return 'it is suspended already'
  db.tables.instances.put({
    ...row,
    status: 'suspended',
    suspendReason: verb.reason,
    epoch: row.epoch + 1,
    leaseOwner: null,
    leaseUntil: null,
    wakeAt: null,
    updatedAt: now,
  })
  forgetHits(db, row.id, effects)
  if (row.leaseOwner !== null) effects.tell(row.id, row.leaseOwner)
  return undefined
}

function resume({ db, row, now, effects }: Operation): Refusal {
  if (row.status !== 'suspended') return `it is ${row.status}, not suspended`
  db.tables.instances.put({
    ...row,
    // Its history tells whether it replays or goes on compensating.
    status: 'running',
    suspendReason: null,
    error: null,
    epoch: row.epoch + 1,
    takeovers: 0,
    wakeAt: db.now(),
    updatedAt: now,
  })
  effects.wake(row.id)
  return undefined
}

function retry({ db, row, now, effects }: Operation, verb: VerbOf<'retry'>): Refusal {
  if (row.status !== 'failed') return `it is ${row.status}, not failed`
  if (row.compensationState !== 'none') return 'its work has been compensated'
  const { supersedes, by, reason } = verb
  db.tables.instances.put({
    ...row,
    status: 'running',
    epoch: row.epoch + 1,
    output: null,
    error: null,
    completedAt: null,
    pending: null,
    takeovers: 0,
    wakeAt: db.now(),
    updatedAt: now,
  })
  appendEvent(db, row.id, eventRow('WorkflowRetried', `retry:${row.nextSeq}`, { supersedes, by, reason }, now))
  // Its end removed them.
  rejoinChannels(db, row.id, row.id, row.nextSeq)
  effects.wake(row.id)
  return undefined
}

function operateCompensation({ db, row, now, effects }: Operation, verb: VerbOf<'compensation'>): Refusal {
  const compensation = db.tables.compensations.get(row.id, verb.seq)
  if (!compensation) return `it has no compensation ${verb.seq}`
  if (compensation.state !== 'failed') return `compensation ${verb.seq} is ${compensation.state}, not failed`
  if (!isTerminal(row.status) || row.compensationState !== 'failed') return `it is ${row.status}`
  const fenced: InstanceRecord = { ...row, epoch: row.epoch + 1, updatedAt: now }
  if (verb.action === 'retry') {
    db.tables.compensations.put({ ...compensation, state: 'registered', attempts: 0, nextAttemptAt: null })
    db.tables.instances.put({
      ...fenced,
      status: 'compensating',
      compensationState: 'pending',
      completedAt: null,
      takeovers: 0,
      wakeAt: db.now(),
    })
    effects.wake(row.id)
    return undefined
  }
  const settled: CompensationRecord =
    verb.action === 'skip' ? { ...compensation, state: 'skipped' } : { ...compensation, state: 'done', executedAt: now }
  db.tables.compensations.put(settled)
  const isAnyFailed = db.tables.compensations.by('instance', row.id).some((other) => other.state === 'failed')
  db.tables.instances.put({ ...fenced, compensationState: isAnyFailed ? 'failed' : 'completed' })
  return undefined
}
