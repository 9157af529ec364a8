/**
 * What the hot lane inserts and changes, as columns and rows: one place for the SQL that all databases share. Rows travel as one JSON parameter
 * ({@link Dialect.rows}); absent members are NULL, so what is null is left out.
 */
import { isTerminal } from '../../model/instance'
import type { NewHistoryRow, NewInstance, OutboxRow } from '../rows'
import type { TransitionBody, TransitionUnit } from '../units'
import { type ColumnType, type Dialect, hex, type Sql } from './database'

export const ENDED = "('completed','failed','cancelled','recurred')"
/** Neither ended nor parked by an operator: may be claimed and woken. */
export const NOT_RUNNABLE = "('completed','failed','cancelled','recurred','suspended')"

/** An instance to insert. With `body` it is born leased (epoch 1) after that first transition, else `pending`. */
export interface Birth {
  readonly instance: NewInstance
  readonly body: (TransitionBody & { readonly leaseOwner: string }) | null
  readonly events: readonly NewHistoryRow[]
}

/** Events of one instance, numbered from `seq`. */
export interface Recorded {
  readonly instanceId: string
  readonly epoch: number
  readonly seq: number
  readonly events: readonly NewHistoryRow[]
}

type Columns = Readonly<Record<string, ColumnType>>

export const INSTANCE: Columns = {
  id: 'text',
  workflow_name: 'text',
  source_hash: 'text',
  owner_service: 'text',
  version: 'int',
  status: 'text',
  input: 'text',
  output: 'text',
  error: 'text',
  epoch: 'int',
  next_seq: 'int',
  lease_owner: 'text',
  lease_until: 'bigint',
  lease_ms: 'int',
  wake_at: 'bigint',
  pending: 'text',
  chain_id: 'text',
  continued_from: 'text',
  parent_id: 'text',
  parent_close_policy: 'text',
  forked_from: 'text',
  origin_id: 'text',
  origin_started_at: 'bigint',
  cancel_seen: 'bool',
  compensation_state: 'text',
  suspend_reason: 'text',
  tags: 'text',
  state: 'text',
  takeovers: 'int',
  deadline_at: 'bigint',
  retention_ms: 'bigint',
  started_at: 'bigint',
  updated_at: 'bigint',
  completed_at: 'bigint',
}

export type InstanceValues = Record<keyof typeof INSTANCE & string, string | number | boolean | null>

export function birthValues({ instance, body, events }: Birth): InstanceValues {
  const ends = body !== null && isTerminal(body.status)
  const leaseUntil = body !== null && !ends && body.lease === 'keep' ? body.now + instance.leaseMs : null
  return {
    id: instance.id,
    workflow_name: instance.workflowName,
    source_hash: instance.sourceHash,
    owner_service: instance.ownerService,
    version: instance.version,
    status: body?.status ?? 'pending',
    input: instance.input,
    output: body?.output ?? null,
    error: body?.error ?? null,
    epoch: body ? 1 : 0,
    next_seq: 1 + events.length,
    lease_owner: leaseUntil === null ? null : (body?.leaseOwner ?? null),
    lease_until: leaseUntil,
    lease_ms: instance.leaseMs,
    wake_at:
      body === null ? instance.wakeAt : ends || body.status === 'suspended' ? leaseUntil : (leaseUntil ?? body.wakeAt),
    pending: body?.pending ?? null,
    chain_id: instance.chainId,
    continued_from: instance.continuedFrom,
    parent_id: instance.parentId,
    parent_close_policy: instance.parentClosePolicy,
    forked_from: instance.forkedFrom,
    origin_id: instance.originId,
    origin_started_at: instance.originStartedAt,
    cancel_seen: false,
    compensation_state: body?.compensationState ?? 'none',
    suspend_reason: body?.suspendReason ?? null,
    tags: body?.tags ?? instance.tags,
    state: body?.state ?? null,
    takeovers: 0,
    deadline_at: instance.deadlineAt,
    retention_ms: instance.retentionMs,
    started_at: instance.startedAt,
    updated_at: body?.now ?? instance.startedAt,
    completed_at: ends ? (body?.now ?? null) : null,
  }
}

export const HISTORY: Columns = {
  instance_id: 'text',
  seq: 'int',
  activity_id: 'text',
  type: 'text',
  data: 'text',
  data_binary: 'bytes',
  epoch: 'int',
  created_at: 'bigint',
}

export function historyValues(recorded: readonly Recorded[]): object[] {
  const rows: object[] = []
  for (const { instanceId, epoch, seq, events } of recorded) {
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as NewHistoryRow
      rows.push({
        instance_id: instanceId,
        seq: seq + i,
        activity_id: event.activityId,
        type: event.type,
        data: event.data,
        ...(event.binary ? { data_binary: hex(event.binary) } : {}),
        epoch,
        created_at: event.createdAt,
      })
    }
  }
  return rows
}

/** A transition as the guard's UPDATE reads it. */
export const TRANSITION: Columns = {
  id: 'text',
  epoch: 'int',
  next_seq: 'int',
  to_seq: 'int',
  status: 'text',
  pending: 'text',
  keep: 'bool',
  ends: 'bool',
  wake_at: 'bigint',
  now: 'bigint',
  output: 'text',
  error: 'text',
  tags: 'text',
  state: 'text',
  compensation_state: 'text',
  suspend_reason: 'text',
  ack: 'bool',
}

export function transitionValues(unit: TransitionUnit): object {
  const ends = isTerminal(unit.status)
  return {
    id: unit.instanceId,
    epoch: unit.epoch,
    next_seq: unit.nextSeq,
    to_seq: unit.nextSeq + unit.events.length,
    status: unit.status,
    pending: ends ? null : unit.pending,
    keep: !ends && unit.lease === 'keep',
    ends,
    wake_at: ends || unit.status === 'suspended' ? null : unit.wakeAt,
    now: unit.now,
    output: unit.output,
    error: unit.error,
    tags: unit.tags,
    state: unit.state,
    compensation_state: unit.compensationState,
    suspend_reason: unit.suspendReason,
    ack: unit.acknowledgesCancel,
  }
}

/** Assignments of the guard; `t` is the transition. Output and error stay as they are unless given: a compensating instance keeps its error. */
export const GUARD_SET: Readonly<Record<string, string>> = {
  status: 't.status',
  pending: 't.pending',
  next_seq: 't.to_seq',
  lease_owner: 'CASE WHEN t.keep THEN workflow_instances.lease_owner END',
  lease_until: 'CASE WHEN t.keep THEN workflow_instances.lease_until END',
  wake_at: 'CASE WHEN t.keep THEN workflow_instances.wake_at ELSE t.wake_at END',
  output: 'COALESCE(t.output, workflow_instances.output)',
  error: 'COALESCE(t.error, workflow_instances.error)',
  tags: 'COALESCE(t.tags, workflow_instances.tags)',
  state: 'COALESCE(t.state, workflow_instances.state)',
  compensation_state: 'COALESCE(t.compensation_state, workflow_instances.compensation_state)',
  suspend_reason: 'COALESCE(t.suspend_reason, workflow_instances.suspend_reason)',
  cancel_seen: '(workflow_instances.cancel_seen OR (t.ack AND workflow_instances.cancel_requested_at IS NOT NULL))',
  updated_at: 't.now',
  takeovers: '0',
  completed_at: 'CASE WHEN t.ends THEN t.now END',
}

/** S1. */
export const GUARD_ON = `workflow_instances.id = t.id AND workflow_instances.epoch = t.epoch AND workflow_instances.next_seq = t.next_seq AND workflow_instances.status NOT IN ${ENDED}`

/** S8 and the ends that others must be told of are left to the general way: what this leaves out is looked at there, row by row. */
export const NO_UNSEEN_CANCEL =
  '(workflow_instances.cancel_requested_at IS NULL OR workflow_instances.cancel_seen OR t.ack)'
export const ENDS_ALONE = endsAlone('workflow_instances')

/** @param hint after the table whose children are looked for */
export function endsAlone(table: string, hint = ''): string {
  return (
    `${table}.parent_id IS NULL` +
    ` AND NOT EXISTS (SELECT 1 FROM workflow_waits r WHERE r.instance_id = ${table}.id)` +
    ` AND NOT EXISTS (SELECT 1 FROM channel_subscriptions r WHERE r.instance_id = ${table}.id)` +
    ` AND NOT EXISTS (SELECT 1 FROM workflow_instances r${hint} WHERE r.parent_id = ${table}.id)`
  )
}

/** An odd number of backslashes before `u`: JSON.stringify escapes what it found raw; what was escaped before has two. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/

/** The parameter of {@link Dialect.rows}. @throws TypeError for text that no database keeps as it is */
export function rowsParam(rows: readonly object[]): string {
  const json = JSON.stringify(rows)
  if ((json.includes('\\u0000') || json.includes('\\ud')) && UNSTORABLE.test(json))
    throw new TypeError('Text that holds U+0000 or a lone surrogate cannot be stored')
  return json
}

/** `(a, b) SELECT x.a, x.b FROM rows(?) x` */
export function insertSource(dialect: Dialect, columns: Columns): string {
  const names = Object.keys(columns)
  return `(${names.join(', ')}) SELECT ${names.map((name) => `x.${name}`).join(', ')} FROM ${dialect.rows('?', columns, 'x')}`
}

export async function insertRows(
  sql: Sql,
  dialect: Dialect,
  table: string,
  columns: Columns,
  rows: readonly object[],
): Promise<number> {
  return await sql.run(`INSERT INTO ${table} ${insertSource(dialect, columns)}`, [rowsParam(rows)])
}

const OUTBOX: Columns = {
  id: 'text',
  type: 'text',
  source: 'text',
  data: 'text',
  data_binary: 'bytes',
  content_type: 'text',
  subject: 'text',
  extensions: 'text',
  partition_key: 'text',
  instance_id: 'text',
  status: 'text',
  attempts: 'int',
  next_attempt_at: 'bigint',
  created_at: 'bigint',
}

export async function insertOutbox(sql: Sql, dialect: Dialect, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return
  const values = rows.map((row) => ({
    id: row.id,
    type: row.type,
    source: row.source,
    data: row.data,
    data_binary: hex(row.binary),
    content_type: row.contentType,
    subject: row.subject,
    extensions: row.extensions,
    partition_key: row.partitionKey,
    instance_id: row.instanceId,
    status: 'pending',
    attempts: 0,
    next_attempt_at: row.createdAt,
    created_at: row.createdAt,
  }))
  await insertRows(sql, dialect, 'outbox_events', OUTBOX, values)
}

/** Deletes the rows that have one of these values in these columns. */
export async function deleteRows(
  sql: Sql,
  dialect: Dialect,
  table: string,
  columns: Columns,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return
  const on = Object.keys(columns)
    .map((column) => `x.${column} = ${table}.${column}`)
    .join(' AND ')
  const source = dialect.rows('?', columns, 'x')
  await sql.run(deleteFrom(dialect, table, source, on), [rowsParam(rows)])
}

function deleteFrom(dialect: Dialect, table: string, source: string, on: string): string {
  switch (dialect.name) {
    case 'postgresql':
      return `DELETE FROM ${table} USING ${source} WHERE ${on}`
    case 'mysql':
      return `DELETE ${table} FROM ${source} STRAIGHT_JOIN ${table} ON ${on}`
    case 'sqlite':
      return `DELETE FROM ${table} WHERE rowid IN (SELECT ${table}.rowid FROM ${source} JOIN ${table} ON ${on})`
  }
}
