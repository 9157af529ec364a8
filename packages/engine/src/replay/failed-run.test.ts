/** Which answers are behind a workflow's failure, as its history tells. */
import { describe, expect, test } from 'vitest'
import {
  ChannelModeConflictError,
  EventTimeoutError,
  InstanceExistsError,
  ReceiveTimeoutError,
  WorkflowCancelledError,
  WorkflowFailedError,
} from '../model/errors'
import { fromFailure, toFailure } from '../model/failure'
import type { Failure } from '../model/instance'
import { completed, expired, failed, type GivenEvent, history, stateSet } from '../testing/builders'
import { failedRun, withInline } from './failed-run'

const with_ = (error: Failure, unheard = 0): GivenEvent => ['workflow_failed', 'WorkflowFailed', { error, unheard }]
const refused = (activityId: string, error: Failure): GivenEvent => [
  activityId,
  'ActivityFailed',
  { activityName: 'act', input: null, error },
]
/** As workflow code sees it and the ending stores it. */
const thrown = (failure: Failure): Failure => toFailure(fromFailure(failure))
const run = (...given: GivenEvent[]) => {
  const found = failedRun(history(...given))
  const seqs = (events: readonly { readonly seq: number }[] = []) => events.map(({ seq }) => seq)
  return [found?.ended.seq, seqs(found?.behind), seqs(found?.others), seqs(found?.unheard)]
}
const A: Failure = { name: 'Error', message: 'a', stack: 'Error: a\n    at a' }
const B: Failure = { name: 'Error', message: 'b' }

describe('behind a failure is', () => {
  test('nothing where there is no failure, or a retry has superseded it', () => {
    expect(failedRun(history(failed('a:1')))).toBeUndefined()
    const retried: GivenEvent = ['retry', 'WorkflowRetried', { supersedes: [1, 2], by: null, reason: null }]
    expect(failedRun(history(refused('a:1', A), with_(thrown(A)), retried))).toBeUndefined()
  })

  test('the activity whose error the workflow failed with, not the one that came last', () => {
    expect(run(refused('a:1', A), refused('b:1', B), with_(thrown(A)))).toEqual([3, [1], [2], []])
    expect(run(refused('a:1', A), refused('b:1', B), with_(thrown(B)))).toEqual([3, [2], [1], []])
  })

  test.each<[string, Failure]>([
    ['stack', { ...A, stack: 'elsewhere' }],
    ['class', { ...A, name: 'TypeError' }],
    ['message', { ...A, message: 'other' }],
    ['code', { ...A, code: 'E_A' }],
  ])('no activity whose error has another %s', (_, error) => {
    expect(run(refused('a:1', A), with_(error))).toEqual([2, [], [1], []])
  })

  test('the latest of several equal ones: the others were caught', () => {
    expect(run(refused('a:1', A), refused('a:2', A), with_(thrown(A)))).toEqual([3, [2], [1], []])
  })

  test('what the workflow’s error was caused by or gathers, to any depth', () => {
    const wrapped: Failure = { ...B, message: 'outer', cause: { ...B, message: 'inner', cause: thrown(A) } }
    expect(run(refused('a:1', A), completed('c:1'), with_(wrapped))).toEqual([3, [1], [], []])
    const gathered: Failure = { name: 'AggregateError', message: 'all', errors: [thrown(A), thrown(B), thrown(A)] }
    expect(run(refused('a:1', A), refused('b:1', B), refused('a:2', A), with_(gathered))).toEqual([
      4,
      [3, 2, 1],
      [],
      [],
    ])
  })

  test('a refused subscription, a child that could not start', () => {
    const conflict = toFailure(
      new ChannelModeConflictError({ channel: 'c', existingMode: 'direct', requestedMode: 'broadcast' }),
    )
    const taken = toFailure(new InstanceExistsError('child-1'))
    const events: GivenEvent[] = [
      ['subscribe_c:1', 'Subscribed', { channel: 'c', mode: 'broadcast', cursor: 0, error: conflict }],
      ['subscribe_d:1', 'Subscribed', { channel: 'd', mode: 'broadcast', cursor: 0 }],
      ['child_w:1', 'ChildStarted', { childId: 'child-1', workflowName: 'w', error: taken }],
      ['child_w:2', 'ChildStarted', { childId: 'child-2', workflowName: 'w' }],
    ]
    expect(run(...events, with_(thrown(conflict)))).toEqual([5, [1], [3], []])
    expect(run(...events, with_(thrown(taken)))).toEqual([5, [3], [1], []])
  })

  test('a child that failed or was cancelled', () => {
    const events: GivenEvent[] = [
      ['one:result', 'ChildCompleted', { childId: 'one', status: 'failed', error: A }],
      ['two:result', 'ChildCompleted', { childId: 'two', status: 'cancelled' }],
      ['three:result', 'ChildCompleted', { childId: 'three', status: 'completed', result: 1 }],
    ]
    const first = new WorkflowFailedError({ instanceId: 'one', cause: new Error('a') })
    const second = new WorkflowCancelledError({ instanceId: 'two', by: null, reason: null })
    expect(run(...events, with_(toFailure(first)))).toEqual([4, [1], [2], []])
    expect(run(...events, with_(toFailure(second)))).toEqual([4, [2], [1], []])
    expect(run(...events, with_(B))).toEqual([4, [], [2, 1], []])
  })

  test('a wait that timed out', () => {
    const timeoutAt = 0
    const events: GivenEvent[] = [
      ['e:1', 'MessageTimeout', { channel: 'paid', eventType: 'paid', timeoutAt, timeoutSeconds: 5 }],
      ['m:1', 'MessageTimeout', { channel: 'jobs', timeoutAt, timeoutSeconds: 5 }],
      ['m:2', 'MessageTimeout', { channel: 'mine:order-1', timeoutAt, timeoutSeconds: 7 }],
    ]
    const late = (error: Error) => run(...events, with_(toFailure(error)))
    expect(late(new EventTimeoutError({ eventType: 'paid', timeoutSeconds: 5 }))).toEqual([4, [1], [3, 2], []])
    expect(late(new EventTimeoutError({ eventType: 'paid', timeoutSeconds: 6 }))).toEqual([4, [], [3, 2, 1], []])
    expect(late(new ReceiveTimeoutError({ channel: 'jobs', timeoutSeconds: 5 }))).toEqual([4, [2], [3, 1], []])
    expect(late(new ReceiveTimeoutError({ channel: 'mine', timeoutSeconds: 7 }))).toEqual([4, [3], [2, 1], []])
    expect(run(...events, with_({ name: 'ReceiveTimeoutError', message: 'bare' }))).toEqual([4, [], [3, 2, 1], []])
  })

  test('none of those that nobody heard of', () => {
    expect(run(refused('a:1', A), refused('b:1', A), completed('c:1'), with_(thrown(A), 2))).toEqual([4, [1], [], [2]])
  })
})

test('with an answer go the calls that stand right behind it', () => {
  const events = history(failed('a:1'), stateSet(1, 1), stateSet(2, 2), expired('sleep:1'), stateSet(3, 3))
  expect([...withInline(events, events.slice(0, 1))]).toEqual([1, 2, 3])
  expect([...withInline(events, events.slice(3, 4))]).toEqual([4, 5])
})
