/**
 * The instance as it stood after event `at`: which operations had ended, and which were open though not yet answered. Pure. An operation was open
 * when it began before that moment and ended after it.
 */
import type { CompensationRecord, HistoryRecord } from '@/lib/api-types'
import type { Operation } from './operations'

export interface ReplayState {
  readonly operations: readonly Operation[]
  readonly compensations: readonly CompensationRecord[]
  readonly event: HistoryRecord | null
  readonly time: number
  readonly hasEnded: boolean
}

export function replayStateAt(
  at: number,
  events: readonly HistoryRecord[],
  all: readonly Operation[],
  compensations: readonly CompensationRecord[],
  startedAt: number,
): ReplayState {
  const event = events[at - 1] ?? null
  const time = event?.createdAt.getTime() ?? startedAt
  const operations: Operation[] = []
  for (const operation of all) {
    const seqs = operation.seqs.filter((seq) => seq <= at)
    const isWhole = seqs.length === operation.seqs.length && operation.seqs.length > 0 && operation.pending === null
    if (isWhole) operations.push(operation)
    else if (seqs.length > 0)
      operations.push({ ...operation, seqs, state: operation.kind === 'child' ? 'waiting' : 'failed' })
    else if (operation.startAt <= time && operation.kind !== 'marker' && operation.kind !== 'compensation' && at > 0)
      operations.push(openThen(operation, time))
  }
  const executed = new Map<number, 'executed' | 'failed'>()
  let registered = 0
  for (const past of events.slice(0, at)) {
    const link = (past.data as { compensationSeq?: unknown } | null)?.compensationSeq
    if (past.type === 'CompensationExecuted') executed.set(Number(link), 'executed')
    if (past.type === 'CompensationFailed') executed.set(Number(link), 'failed')
    if (past.type === 'CompensationRegistered') registered += 1
  }
  const done = new Set(
    operations.filter((operation) => operation.endAt !== null && operation.seqs.length > 0).map(({ id }) => id),
  )
  const stack = compensations
    .filter((one) => (one.activityId === null ? one.seq <= registered : done.has(one.activityId)))
    .map(
      (one): CompensationRecord => ({
        ...one,
        state: executed.get(one.seq) ?? 'registered',
        lastError: executed.get(one.seq) === 'failed' ? one.lastError : null,
      }),
    )
  return { operations, compensations: stack, event, time, hasEnded: at >= events.length && events.length > 0 }
}

function openThen(operation: Operation, time: number): Operation {
  const ticks = operation.ticks.filter((tick) => tick <= time)
  const state = operation.kind === 'activity' ? (ticks.length > 0 ? 'retrying' : 'running') : 'waiting'
  return { ...operation, seqs: [], endAt: null, ticks, state, attempts: ticks.length + 1 }
}
