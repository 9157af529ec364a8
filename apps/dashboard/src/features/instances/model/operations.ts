/**
 * History and open operations as one list of *operations*: everything that shares an activity id is one operation, one bar, one node. Pure.
 *
 * 1. An event records an end. The start is exact for retried and for open activities; otherwise it is the latest moment at which the call can have
 *    been made: the event before it, and no later than that of a later call of the same name (ids are given in call order).
 * 2. Events that a `WorkflowRetried` superseded stay part of their operation and are marked; the outcome is that of the last event.
 */
import type { CompensationRecord, HistoryRecord, PendingRecord } from '@/lib/api-types'

export type OperationKind = 'activity' | 'timer' | 'event' | 'message' | 'child' | 'compensation' | 'marker'
export type OperationState = 'done' | 'failed' | 'timeout' | 'running' | 'retrying' | 'waiting'

export interface Operation {
  readonly id: string
  readonly kind: OperationKind
  readonly name: string
  readonly state: OperationState
  readonly startAt: number
  readonly startIsExact: boolean
  /** null while open. */
  readonly endAt: number | null
  readonly attempts: number
  /** When attempts failed. */
  readonly ticks: readonly number[]
  readonly seqs: readonly number[]
  readonly pending: PendingRecord | null
  /** Channel, event type … of a marker: what was done. */
  readonly type: HistoryRecord['type'] | null
}

const KINDS: Readonly<Record<HistoryRecord['type'], OperationKind>> = {
  ActivityCompleted: 'activity',
  ActivityFailed: 'activity',
  TimerExpired: 'timer',
  EventReceived: 'event',
  ChannelMessageReceived: 'message',
  MessageTimeout: 'message',
  ChildStarted: 'child',
  ChildCompleted: 'child',
  CompensationExecuted: 'compensation',
  CompensationFailed: 'compensation',
  CompensationRegistered: 'marker',
  CompensationsCleared: 'marker',
  Subscribed: 'marker',
  Unsubscribed: 'marker',
  MessagePublished: 'marker',
  PatchMarked: 'marker',
  TagsSet: 'marker',
  StateSet: 'marker',
  CancelRequested: 'marker',
  WorkflowRetried: 'marker',
  WorkflowFailed: 'marker',
}

export interface OperationSources {
  readonly events: readonly HistoryRecord[]
  readonly pending?: readonly PendingRecord[]
  readonly compensations?: readonly CompensationRecord[]
  readonly startedAt: number
}

export function operationIdOf(activityId: string): string {
  return activityId.endsWith(':result') ? activityId.slice(0, -':result'.length) : activityId
}

export function buildOperations({ events, pending = [], startedAt }: OperationSources): readonly Operation[] {
  const byId = new Map<string, MutableOperation>()
  let previousAt = startedAt
  for (const event of events) {
    const id = operationIdOf(event.activityId)
    const at = event.createdAt.getTime()
    const known = byId.get(id)
    if (known) extend(known, event, at)
    else byId.set(id, fromEvent(id, event, at, previousAt))
    previousAt = at
  }
  for (const operation of pending) {
    const id = operationIdOf(operation.id)
    const known = byId.get(id)
    if (known) reopen(known, operation)
    else byId.set(id, fromPending(id, operation, previousAt))
  }
  const operations = [...byId.values()]
  settleStarts(operations)
  return operations
}

type MutableOperation = { -readonly [Key in keyof Operation]: Operation[Key] } & { seqs: number[]; ticks: number[] }

function fromEvent(id: string, event: HistoryRecord, at: number, previousAt: number): MutableOperation {
  const kind = kindOf(event)
  const retry = retryOf(event)
  const startAt = kind === 'marker' ? at : retry ? at - retry.totalDurationMs : previousAt
  return {
    id,
    kind,
    name: event.name ?? (id.replace(/:\d+$/, '') || id),
    state: stateOf(event),
    startAt: Math.min(startAt, at),
    startIsExact: kind === 'marker' || retry !== null,
    endAt: event.type === 'ChildStarted' ? null : at,
    attempts: event.attempts ?? 1,
    ticks: retry?.errors.map((error) => error.timestampMs) ?? [],
    seqs: [event.seq],
    pending: null,
    type: event.type,
  }
}

function extend(operation: MutableOperation, event: HistoryRecord, at: number): void {
  const retry = retryOf(event)
  operation.seqs.push(event.seq)
  operation.state = stateOf(event)
  operation.endAt = at
  operation.type = event.type
  operation.attempts = operation.kind === 'child' ? 1 : Math.max(operation.attempts, event.attempts ?? 1)
  if (retry) operation.ticks.push(...retry.errors.map((error) => error.timestampMs))
  if (event.failed) operation.ticks.push(at)
}

function fromPending(id: string, operation: PendingRecord, previousAt: number): MutableOperation {
  return {
    id,
    kind: operation.kind,
    name: operation.summary ?? operation.name,
    state: openState(operation),
    startAt: operation.firstAttemptAt?.getTime() ?? previousAt,
    startIsExact: operation.firstAttemptAt !== null,
    endAt: null,
    attempts: operation.attempt ?? 1,
    ticks: operation.errors.map((error) => error.at.getTime()),
    seqs: [],
    pending: operation,
    type: null,
  }
}

function reopen(known: MutableOperation, operation: PendingRecord): void {
  known.pending = operation
  known.endAt = null
  known.state = openState(operation)
  known.attempts = operation.attempt ?? known.attempts
}

/** Rule 1, second half: walk the calls of one name from the last to the first. */
function settleStarts(operations: readonly MutableOperation[]): void {
  const byName = new Map<string, MutableOperation[]>()
  for (const operation of operations) {
    const [, name, index] = /^(.*):(\d+)$/.exec(operation.id) ?? []
    if (operation.kind === 'marker' || name === undefined || index === undefined) continue
    const calls = byName.get(name) ?? []
    calls[Number(index)] = operation
    byName.set(name, calls)
  }
  for (const calls of byName.values()) {
    let latest = Number.POSITIVE_INFINITY
    for (let index = calls.length - 1; index >= 0; index--) {
      const call = calls[index]
      if (!call) continue
      if (!call.startIsExact && call.startAt > latest) call.startAt = latest
      latest = call.startAt
    }
  }
}

function kindOf(event: HistoryRecord): OperationKind {
  if (event.type === 'MessageTimeout' && hasEventType(event.data)) return 'event'
  return KINDS[event.type] ?? 'marker'
}

function hasEventType(data: HistoryRecord['data']): boolean {
  return typeof data === 'object' && data !== null && 'eventType' in data
}

function stateOf(event: HistoryRecord): OperationState {
  if (event.type === 'MessageTimeout') return 'timeout'
  if (event.failed) return 'failed'
  return event.type === 'ChildStarted' ? 'waiting' : 'done'
}

function openState(operation: PendingRecord): OperationState {
  if (operation.kind !== 'activity') return 'waiting'
  return operation.dueAt || operation.errors.length > 0 ? 'retrying' : 'running'
}

interface Retry {
  readonly totalDurationMs: number
  readonly errors: readonly {
    readonly timestampMs: number
    readonly message: string
    readonly errorType: string
    readonly attempt: number
  }[]
}

/** What an event tells about its attempts, when it tells. */
export function retryOf(event: HistoryRecord): Retry | null {
  const { data } = event
  if (typeof data !== 'object' || data === null || !('retryMetadata' in data)) return null
  const retry = data.retryMetadata as unknown as Partial<Retry> | undefined
  return typeof retry?.totalDurationMs === 'number' && Array.isArray(retry.errors) ? (retry as Retry) : null
}

/** Numbers of the events that a retry put aside. */
export function supersededSeqs(events: readonly HistoryRecord[]): ReadonlySet<number> {
  const seqs = new Set<number>()
  for (const event of events) {
    if (event.type !== 'WorkflowRetried' || typeof event.data !== 'object' || event.data === null) continue
    const supersedes = (event.data as { supersedes?: unknown }).supersedes
    if (Array.isArray(supersedes)) for (const seq of supersedes) seqs.add(Number(seq))
  }
  return seqs
}

/** Is time spent here, or does time pass? */
export function isWait(operation: Operation): boolean {
  return (
    operation.kind === 'timer' ||
    operation.kind === 'event' ||
    operation.kind === 'message' ||
    operation.kind === 'child'
  )
}
