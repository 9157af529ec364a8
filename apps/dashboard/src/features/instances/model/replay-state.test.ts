import { describe, expect, it } from 'vitest'
import type { CompensationRecord, HistoryRecord } from '@/lib/api-types'
import { buildOperations } from './operations'
import { replayStateAt } from './replay-state'

const event = (
  seq: number,
  type: HistoryRecord['type'],
  activityId: string,
  at: number,
  data: HistoryRecord['data'] = {},
): HistoryRecord => ({
  seq,
  activityId,
  type,
  name: activityId,
  data,
  cut: false,
  bytes: 2,
  binary: null,
  failed: false,
  attempts: null,
  createdAt: new Date(at),
})
const events = [
  event(1, 'ActivityCompleted', 'a:1', 100),
  event(2, 'ActivityCompleted', 'b:1', 200),
  event(3, 'CompensationExecuted', 'compensation_1', 300, { name: 'undo', compensationSeq: 1 }),
]
const undo: CompensationRecord = {
  seq: 1,
  name: 'undo',
  args: null,
  activityId: 'a:1',
  state: 'executed',
  attempts: 1,
  lastError: null,
  nextAttemptAt: null,
  executedAt: new Date(300),
}
const operations = buildOperations({ events, startedAt: 0 })
const at = (n: number) => replayStateAt(n, events, operations, [undo], 0)

describe('replay', () => {
  it('shows nothing before the first event', () => {
    expect(at(0)).toMatchObject({ operations: [], compensations: [], event: null, hasEnded: false })
  })

  it('shows what was open in the middle', () => {
    expect(at(1).operations.map(({ id, state, endAt }) => [id, state, endAt])).toEqual([
      ['a:1', 'done', 100],
      ['b:1', 'running', null],
    ])
  })

  it('shows each link of the compensation chain as it stood', () => {
    expect([1, 2, 3].map((n) => at(n).compensations.map(({ state }) => state))).toEqual([
      ['registered'],
      ['registered'],
      ['executed'],
    ])
  })

  it('is the whole at the end', () => {
    expect(at(3).operations).toEqual(operations)
    expect(at(3).hasEnded).toBe(true)
  })
})
