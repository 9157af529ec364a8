import { describe, expect, it } from 'vitest'
import type { HistoryRecord, PendingRecord } from '@/lib/api-types'
import { buildOperations, supersededSeqs } from './operations'

let seq = 0
function event(
  type: HistoryRecord['type'],
  activityId: string,
  at: number,
  data: HistoryRecord['data'] = {},
  extra: Partial<HistoryRecord> = {},
): HistoryRecord {
  seq += 1
  return {
    seq,
    activityId,
    type,
    name: activityId.split(':')[0] ?? null,
    data,
    cut: false,
    bytes: 2,
    binary: null,
    failed: false,
    attempts: null,
    createdAt: new Date(at),
    ...extra,
  }
}
function open(partial: Partial<PendingRecord> & Pick<PendingRecord, 'id' | 'kind'>): PendingRecord {
  return {
    name: partial.id,
    attempt: null,
    firstAttemptAt: null,
    dueAt: null,
    where: null,
    errors: [],
    heartbeat: null,
    summary: null,
    ...partial,
  }
}
const brief = (operations: ReturnType<typeof buildOperations>) =>
  operations.map(({ id, kind, state, startAt, endAt }) => ({ id, kind, state, startAt, endAt }))

describe('operations', () => {
  it('begin where the event before them ended', () => {
    const events = [event('ActivityCompleted', 'a:1', 100), event('TimerExpired', 'sleep:1', 500)]
    expect(brief(buildOperations({ events, startedAt: 0 }))).toEqual([
      { id: 'a:1', kind: 'activity', state: 'done', startAt: 0, endAt: 100 },
      { id: 'sleep:1', kind: 'timer', state: 'done', startAt: 100, endAt: 500 },
    ])
  })

  it('of one name began in call order, in whatever order they ended', () => {
    const events = [
      event('ActivityCompleted', 'setup:1', 10),
      event('ActivityCompleted', 'x:2', 50),
      event('ActivityCompleted', 'x:1', 90),
    ]
    const starts = Object.fromEntries(buildOperations({ events, startedAt: 0 }).map(({ id, startAt }) => [id, startAt]))
    expect(starts).toEqual({ 'setup:1': 0, 'x:2': 10, 'x:1': 10 })
  })

  it('know their start exactly when they were retried', () => {
    const retryMetadata = {
      totalAttempts: 2,
      totalDurationMs: 30,
      exhausted: false,
      errors: [{ attempt: 1, errorType: 'E', message: 'no', timestampMs: 80 }],
      lastError: { errorType: 'E', message: 'no' },
    }
    const [operation] = buildOperations({
      events: [event('ActivityCompleted', 'a:1', 100, { retryMetadata } as never, { attempts: 2 })],
      startedAt: 0,
    })
    expect(operation).toMatchObject({ startAt: 70, startIsExact: true, attempts: 2, ticks: [80] })
  })

  it('stay open while they are pending, and say whether they run, retry or wait', () => {
    const events = [event('ActivityCompleted', 'a:1', 100)]
    const pending = [
      open({ id: 'b:1', kind: 'activity', firstAttemptAt: new Date(120) }),
      open({
        id: 'c:1',
        kind: 'activity',
        firstAttemptAt: new Date(120),
        dueAt: new Date(400),
        errors: [{ attempt: 1, errorType: 'E', message: 'no', at: new Date(200) }],
      }),
      open({ id: 'receive_x:1', kind: 'event' }),
    ]
    expect(brief(buildOperations({ events, pending, startedAt: 0 })).slice(1)).toEqual([
      { id: 'b:1', kind: 'activity', state: 'running', startAt: 120, endAt: null },
      { id: 'c:1', kind: 'activity', state: 'retrying', startAt: 120, endAt: null },
      { id: 'receive_x:1', kind: 'event', state: 'waiting', startAt: 100, endAt: null },
    ])
  })

  it('join the start and the result of a child', () => {
    const events = [event('ChildStarted', 'child_w:1', 10), event('ChildCompleted', 'child_w:1:result', 60)]
    const [child] = buildOperations({ events, startedAt: 0 })
    expect(child).toMatchObject({
      id: 'child_w:1',
      kind: 'child',
      state: 'done',
      endAt: 60,
      seqs: [events[0]?.seq, events[1]?.seq],
    })
  })

  it('end as their last event says, after a retry of the workflow', () => {
    const failed = event('ActivityFailed', 'a:1', 100, {}, { failed: true })
    const retried = event('WorkflowRetried', 'workflow_retried', 200, { supersedes: [failed.seq] } as never)
    const events = [failed, retried, event('ActivityCompleted', 'a:1', 300)]
    expect(buildOperations({ events, startedAt: 0 })[0]).toMatchObject({ id: 'a:1', state: 'done', endAt: 300 })
    expect(supersededSeqs(events)).toEqual(new Set([failed.seq]))
  })
})
