/** Rows to records: JSON text to values, epoch milliseconds to `Date`, and what a viewer may not see to `null`. */
import type { Failure, WorkflowInstance } from '../model/instance'
import type { JsonValue } from '../model/json'
import { decodePending, earliestDue, type PendingOperation } from '../model/pending'
import { currentOperation, stepOf } from '../model/verdict-words'
import type { CompensationRow, InstanceRow, StoredOutboxRow } from '../storage/storage'
import type { CompensationRecord, InstanceSummary, OutboxRecord, PendingRecord, RelatedInstance } from './records'

type Redact = boolean | undefined

export function date(ms: number): Date
export function date(ms: number | null | undefined): Date | null
export function date(ms: number | null | undefined): Date | null {
  return ms === null || ms === undefined ? null : new Date(ms)
}

/** A payload; null when there is none or when it is hidden. */
export function payload(text: string | null, redact: Redact): JsonValue {
  return text === null || redact ? null : (JSON.parse(text) as JsonValue)
}

export function json<Value>(text: string | null, otherwise: Value): Value {
  return text === null ? otherwise : (JSON.parse(text) as Value)
}

export function base64(bytes: Uint8Array | null, redact: Redact): string | null {
  return bytes === null || redact ? null : Buffer.from(bytes).toString('base64')
}

/** Class and message stay visible; stack, fields and causes may hold what a viewer must not see. */
export function failure(text: string | null, redact: Redact): Failure | null {
  const stored = json<Failure | null>(text, null)
  if (!stored || !redact) return stored
  return { name: stored.name, message: stored.message, ...(stored.code === undefined ? {} : { code: stored.code }) }
}

export function toInstance(row: InstanceRow, redact: Redact): WorkflowInstance {
  return {
    instanceId: row.id,
    workflowName: row.workflowName,
    status: row.status,
    input: payload(row.input, redact),
    output: payload(row.output, redact),
    error: failure(row.error, redact),
    startedAt: date(row.startedAt),
    updatedAt: date(row.updatedAt),
    completedAt: date(row.completedAt),
    continuedFrom: row.continuedFrom,
    parentId: row.parentId,
    forkedFrom: row.forkedFrom,
    tags: json<Record<string, string>>(row.tags, {}),
    state: payload(row.state, redact),
    compensationState: row.compensationState,
    cancel:
      row.cancelRequestedAt === null
        ? null
        : { by: row.cancelRequestedBy, reason: row.cancelReason, at: date(row.cancelRequestedAt) },
    suspendReason: row.suspendReason,
    ownerService: row.ownerService,
    version: row.version,
  }
}

export function toSummary(row: InstanceRow): InstanceSummary {
  const pending = decodePending(row.pending)
  const operation = row.completedAt === null ? currentOperation(row.status, pending) : null
  const error = failure(row.error, true)
  return {
    instanceId: row.id,
    workflowName: row.workflowName,
    status: row.status,
    startedAt: date(row.startedAt),
    updatedAt: date(row.updatedAt),
    completedAt: date(row.completedAt),
    tags: json<Record<string, string>>(row.tags, {}),
    compensationState: row.compensationState,
    currentStep: operation ? stepOf(operation) : null,
    retryAt: operation?.kind === 'activity' ? date(operation.nextAttemptAt) : null,
    nextAt: row.completedAt === null ? date(earliestDue(pending)) : null,
    error: error && { name: error.name, message: error.message },
    suspendReason: row.suspendReason,
    cancelRequested: row.cancelRequestedAt !== null,
    parentId: row.parentId,
    continuedFrom: row.continuedFrom,
    forkedFrom: row.forkedFrom,
    ownerService: row.ownerService,
    version: row.version,
    events: row.nextSeq - 1,
  }
}

export function toRelated(row: InstanceRow): RelatedInstance {
  return { instanceId: row.id, workflowName: row.workflowName, status: row.status, startedAt: date(row.startedAt) }
}

export function toPending(operation: PendingOperation, redact: Redact): PendingRecord {
  const common = { id: operation.id, kind: operation.kind, attempt: null, firstAttemptAt: null, where: null }
  const empty = { ...common, dueAt: null, errors: [], heartbeat: null, summary: null }
  switch (operation.kind) {
    case 'activity':
      return {
        ...empty,
        name: operation.name,
        attempt: operation.attempt,
        firstAttemptAt: date(operation.firstAttemptAt),
        dueAt: date(operation.nextAttemptAt),
        errors: (operation.errors ?? []).map(({ timestampMs, ...error }) => ({ ...error, at: date(timestampMs) })),
        heartbeat: redact ? null : (operation.heartbeat ?? null),
        summary: operation.summary ?? null,
      }
    case 'timer':
      return { ...empty, name: operation.id, dueAt: date(operation.dueAt) }
    case 'message':
      return { ...empty, name: operation.channel, dueAt: date(operation.timeoutAt) }
    case 'event':
      return { ...empty, name: operation.eventType, dueAt: date(operation.timeoutAt), where: operation.where ?? null }
    case 'child':
      return { ...empty, name: operation.childId }
  }
}

export function toCompensation(row: CompensationRow, redact: Redact): CompensationRecord {
  return {
    seq: row.seq,
    name: row.name,
    args: payload(row.args, redact),
    activityId: row.activityId,
    state: row.state,
    attempts: row.attempts,
    lastError: failure(row.lastError, redact),
    nextAttemptAt: date(row.nextAttemptAt),
    executedAt: date(row.executedAt),
  }
}

export function toOutbox(row: StoredOutboxRow, redact: Redact): OutboxRecord {
  return {
    seq: row.seq,
    id: row.id,
    type: row.type,
    source: row.source,
    subject: row.subject,
    contentType: row.contentType,
    data: payload(row.data, redact),
    binary: base64(row.binary, redact),
    extensions: json<Record<string, JsonValue>>(row.extensions, {}),
    partitionKey: row.partitionKey,
    instanceId: row.instanceId,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: date(row.nextAttemptAt),
    lastError: row.lastError,
    createdAt: date(row.createdAt),
    publishedAt: date(row.publishedAt),
  }
}
