/** Database rows to the rows of the storage interface: one mapping for the hot lane and for reading. */

import type { HistoryEventType } from '../../model/history'
import type { CompensationState, InstanceStatus, ParentClosePolicy } from '../../model/instance'
import type { CompensationRow, HistoryRow, InstanceRow, MessageRow, OutboxStatus, StoredOutboxRow } from '../rows'
import type { Row } from './database'
import { bool, bytesOrNull, num, numOrNull, text, textOrNull } from './values'

const INSTANCE_COLUMNS = [
  'id',
  'workflow_name',
  'source_hash',
  'owner_service',
  'version',
  'status',
  'input',
  'output',
  'error',
  'epoch',
  'next_seq',
  'lease_owner',
  'lease_until',
  'lease_ms',
  'wake_at',
  'pending',
  'chain_id',
  'continued_from',
  'parent_id',
  'parent_close_policy',
  'forked_from',
  'origin_id',
  'origin_started_at',
  'cancel_requested_at',
  'cancel_requested_by',
  'cancel_reason',
  'compensation_state',
  'suspend_reason',
  'tags',
  'state',
  'takeovers',
  'deadline_at',
  'retention_ms',
  'started_at',
  'updated_at',
  'completed_at',
] as const

/** `alias.id, alias.workflow_name, …` */
export function instanceColumns(alias?: string): string {
  return alias ? INSTANCE_COLUMNS.map((column) => `${alias}.${column}`).join(', ') : INSTANCE_COLUMNS.join(', ')
}

export function toInstanceRow(row: Row): InstanceRow {
  return {
    id: text(row.id),
    workflowName: text(row.workflow_name),
    sourceHash: text(row.source_hash),
    ownerService: text(row.owner_service),
    version: numOrNull(row.version),
    status: text(row.status) as InstanceStatus,
    input: text(row.input),
    output: textOrNull(row.output),
    error: textOrNull(row.error),
    epoch: num(row.epoch),
    nextSeq: num(row.next_seq),
    leaseOwner: textOrNull(row.lease_owner),
    leaseUntil: numOrNull(row.lease_until),
    leaseMs: num(row.lease_ms),
    wakeAt: numOrNull(row.wake_at),
    pending: textOrNull(row.pending),
    chainId: text(row.chain_id),
    continuedFrom: textOrNull(row.continued_from),
    parentId: textOrNull(row.parent_id),
    parentClosePolicy: textOrNull(row.parent_close_policy) as ParentClosePolicy | null,
    forkedFrom: textOrNull(row.forked_from),
    originId: textOrNull(row.origin_id),
    originStartedAt: numOrNull(row.origin_started_at),
    cancelRequestedAt: numOrNull(row.cancel_requested_at),
    cancelRequestedBy: textOrNull(row.cancel_requested_by),
    cancelReason: textOrNull(row.cancel_reason),
    compensationState: text(row.compensation_state) as CompensationState,
    suspendReason: textOrNull(row.suspend_reason),
    tags: textOrNull(row.tags),
    state: textOrNull(row.state),
    takeovers: num(row.takeovers),
    deadlineAt: numOrNull(row.deadline_at),
    retentionMs: numOrNull(row.retention_ms),
    startedAt: num(row.started_at),
    updatedAt: num(row.updated_at),
    completedAt: numOrNull(row.completed_at),
  }
}

export const HISTORY_COLUMNS = 'seq, activity_id, type, data, data_binary, created_at'

export function toHistoryRow(row: Row): HistoryRow {
  return {
    seq: num(row.seq),
    activityId: text(row.activity_id),
    type: text(row.type) as HistoryEventType,
    data: text(row.data),
    binary: bytesOrNull(row.data_binary),
    createdAt: num(row.created_at),
  }
}

export const COMPENSATION_COLUMNS =
  'seq, name, args, activity_id, state, attempts, last_error, next_attempt_at, executed_at'

export function toCompensationRow(row: Row): CompensationRow {
  return {
    seq: num(row.seq),
    name: text(row.name),
    args: text(row.args),
    activityId: textOrNull(row.activity_id),
    state: text(row.state) as CompensationRow['state'],
    attempts: num(row.attempts),
    lastError: textOrNull(row.last_error),
    nextAttemptAt: numOrNull(row.next_attempt_at),
    executedAt: numOrNull(row.executed_at),
  }
}

export const MESSAGE_COLUMNS =
  'channel, seq, id, data, data_binary, metadata, target_instance_id, is_event, published_at'

export function toMessageRow(row: Row): MessageRow {
  return {
    id: text(row.id),
    channel: text(row.channel),
    data: textOrNull(row.data),
    binary: bytesOrNull(row.data_binary),
    metadata: text(row.metadata),
    targetInstanceId: textOrNull(row.target_instance_id),
    ...(bool(row.is_event) ? { isEvent: true } : {}),
    publishedAt: num(row.published_at),
    seq: num(row.seq),
  }
}

export const OUTBOX_COLUMNS =
  'seq, id, type, source, data, data_binary, content_type, subject, extensions, partition_key, instance_id, ' +
  'status, attempts, next_attempt_at, lease_token, last_error, created_at, published_at'

export function toOutboxRow(row: Row): StoredOutboxRow {
  return {
    id: text(row.id),
    type: text(row.type),
    source: text(row.source),
    data: textOrNull(row.data),
    binary: bytesOrNull(row.data_binary),
    contentType: text(row.content_type),
    subject: textOrNull(row.subject),
    extensions: textOrNull(row.extensions),
    partitionKey: textOrNull(row.partition_key),
    instanceId: textOrNull(row.instance_id),
    createdAt: num(row.created_at),
    seq: num(row.seq),
    status: text(row.status) as OutboxStatus,
    attempts: num(row.attempts),
    nextAttemptAt: numOrNull(row.next_attempt_at),
    leaseToken: textOrNull(row.lease_token),
    lastError: textOrNull(row.last_error),
    publishedAt: numOrNull(row.published_at),
  }
}
