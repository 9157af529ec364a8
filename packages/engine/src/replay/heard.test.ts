/** What of a recorded history workflow code hears, and when: endings, and retries that supersede them. */
import { describe, expect, test } from 'vitest'
import type { WorkflowContext } from '../model/context'
import { activity } from '../model/definition'
import { NonDeterminismError } from '../model/errors'
import type { HistoryEvent } from '../model/history'
import { completed, failed, type GivenEvent, history, outcome, replayed, started, stateSet } from '../testing/builders'
import { heard } from './heard'

const step = activity('step', async () => null)
const bad = activity('bad', async () => null)
const workflowFailed = (unheard: number): GivenEvent => [
  'workflow_failed',
  'WorkflowFailed',
  { error: { name: 'Error', message: 'refused' }, unheard },
]
const cancelled = (unheard: number): GivenEvent => ['cancel', 'CancelRequested', { by: null, reason: null, unheard }]
const retried = (...supersedes: number[]): GivenEvent => [
  'retry',
  'WorkflowRetried',
  { supersedes, by: null, reason: null },
]
const sent: GivenEvent = ['send:1', 'MessagePublished', { channel: 'c', messageId: 'm' }]
const seqs = (...given: GivenEvent[]) => {
  const { events, unheard, late } = heard(history(...given))
  const seqsOf = (list: readonly HistoryEvent[]) => list.map(({ seq }) => seq)
  return [seqsOf(events), [...unheard], [...late].map(([at, list]) => [at, ...seqsOf(list)])]
}

describe('a history', () => {
  test('without an ending or a retry is heard as it is', () => {
    const events = history(completed('step:1'), stateSet(1, 1))
    expect(heard(events).events).toBe(events)
    expect(heard(events).unheard.size).toBe(0)
  })

  test('that ended has results that nobody heard of: those right before its end, and answers behind a failure', () => {
    expect(seqs(failed('bad:1'), completed('step:1'), completed('step:2'), workflowFailed(2), sent)).toEqual([
      [1, 2, 3, 4, 5],
      [2, 3, 5],
      [],
    ])
    expect(seqs(completed('step:1'), completed('step:2'), cancelled(1))).toEqual([[1, 2, 3], [2], []])
    const plain: GivenEvent = ['w', 'WorkflowFailed', { error: { name: 'E', message: 'm' } }]
    expect(seqs(failed('bad:1'), plain)).toEqual([[1, 2], [], []])
  })

  test('that was retried hears them where the retry stands, without what it supersedes', () => {
    const first = [failed('bad:1'), completed('step:1'), workflowFailed(1), sent, retried(1, 3)] as const
    expect(seqs(...first)).toEqual([[5], [], [[5, 2, 4]]])
    const second = [...first, failed('bad:1'), completed('step:2'), workflowFailed(1)] as const
    expect(seqs(...second)).toEqual([[5, 6, 7, 8], [7], [[5, 2, 4]]])
    expect(seqs(...second, retried(6, 8))).toEqual([
      [5, 9],
      [],
      [
        [5, 2, 4],
        [9, 7],
      ],
    ])
    expect(seqs(failed('bad:1'), workflowFailed(0), retried(1, 2))).toEqual([[3], [], []])
  })
})

describe('results that came in while an instance was ending', () => {
  const noted = async (ctx: WorkflowContext, n: number) => {
    await step(ctx, n)
    ctx.setState(n)
  }
  const branches = async (ctx: WorkflowContext) => {
    await Promise.all([bad(ctx, null), noted(ctx, 1), noted(ctx, 2)])
    return 'done'
  }

  test('of a cancelled one reach no code, which is no divergence', async () => {
    const run = await replayed(branches, history(completed('step:1'), completed('step:2'), cancelled(2)))
    expect([run.outcome, run.takeCommands().filter(({ type }) => type === 'SetState')]).toEqual([undefined, []])
  })

  test('must be asked for all the same', async () => {
    const events = history(completed('step:1'), completed('gone:1'), cancelled(1))
    await expect(replayed(branches, events)).rejects.toThrow(NonDeterminismError)
  })

  test('of a failed one that is retried are heard one by one, and what follows is recorded behind the retry', async () => {
    const before = [
      failed('bad:1'),
      completed('step:1'),
      completed('step:2'),
      workflowFailed(2),
      retried(1, 4),
    ] as const
    const run = await replayed(branches, history(...before))
    expect(run.takeCommands().flatMap((command) => (command.type === 'SetState' ? [command.state] : []))).toEqual([
      1, 2,
    ])
    const after = history(...before, stateSet(1, 1), stateSet(2, 2), completed('bad:1'))
    expect(await outcome(branches, after)).toEqual({ kind: 'completed', value: 'done' })
  })

  test('are nothing that a call made before them may slip past', async () => {
    const given = [failed('bad:1'), completed('step:1'), completed('step:2'), workflowFailed(2), retried(1, 4)] as const
    const noisy = async (ctx: WorkflowContext) => {
      ctx.setState('inserted')
      return branches(ctx)
    }
    await expect(replayed(noisy, history(...given))).rejects.toThrow("where history holds WorkflowRetried 'retry'")
  })

  test('go on in the order of their recording, as they would have live', async () => {
    const given = [failed('bad:1'), completed('step:2'), completed('step:1'), workflowFailed(2), retried(1, 4)] as const
    const live = await started(branches)
    for (const event of history(completed('step:2'), completed('step:1'))) await live.deliver(event)
    const states = (run: typeof live) =>
      run.takeCommands().flatMap((command) => (command.type === 'SetState' ? [command.state] : []))
    expect(states(await replayed(branches, history(...given)))).toEqual(states(live))
  })
})
