/** `ctx.patched`: new code for new ground, old code where it ran before. */
import { describe, expect, test } from 'vitest'
import type { WorkflowContext } from '../model/context'
import { activity } from '../model/definition'
import { NonDeterminismError } from '../model/errors'
import type { HistoryEvent } from '../model/history'
import { completed, execution, history, outcome, workflowWith } from '../testing/builders'

const first = activity('before', async () => null)
const old = activity('old', async () => null)
const fresh = activity('fresh', async () => null)
const mark = ['patch:p', 'PatchMarked', { id: 'p' }] as const

const patchedAfter = async (ctx: WorkflowContext) => {
  await first(ctx, null)
  return ctx.patched('p') ? fresh(ctx, null) : old(ctx, null)
}
const asked = async (fn: (ctx: WorkflowContext) => Promise<unknown>, events: readonly HistoryEvent[]) => {
  const run = execution(workflowWith(fn))
  await run.replay(events, [])
  return [...run.calls.commands()].map((command) => command.activityId)
}

describe('patched says', () => {
  test('yes to a new instance, and marks it', async () => {
    const run = execution(workflowWith(async (ctx) => (ctx.patched('p') ? fresh(ctx, null) : old(ctx, null))))
    await run.start()
    expect(run.takeCommands().map(({ type, activityId }) => [type, activityId])).toEqual([
      ['MarkPatch', 'patch:p'],
      ['RunActivity', 'fresh:1'],
    ])
  })

  test('yes to an instance that comes here live, after old ground', async () => {
    const run = execution(workflowWith(patchedAfter))
    await run.replay([], [{ kind: 'activity', id: 'before:1', name: 'before', attempt: 1, firstAttemptAt: 0 }])
    await run.deliver({ ...history(completed('before:1'))[0], seq: 1 } as never)
    expect([...run.calls.commands()].map((command) => command.activityId)).toEqual(['fresh:1'])
  })

  test.each<[string, readonly HistoryEvent[], string[]]>([
    ['yes where history holds the mark', history(completed('before:1'), mark), ['fresh:1']],
    [
      'no to an instance in mid-flight: its old step was released with the last event',
      history(completed('before:1')),
      ['old:1'],
    ],
  ])('%s', async (_, events, expected) => {
    expect(await asked(patchedAfter, events)).toEqual(expected)
  })

  test('no to an old instance, whose history goes on as it did', async () => {
    expect(await outcome(patchedAfter, history(completed('before:1'), completed('old:1', 'was')))).toEqual({
      kind: 'completed',
      value: 'was',
    })
  })

  test('the same to every replay of a new instance', async () => {
    expect(await outcome(patchedAfter, history(completed('before:1'), mark, completed('fresh:1', 'is')))).toEqual({
      kind: 'completed',
      value: 'is',
    })
  })

  test('each turn of a loop what it said then: old turns stay old, new ones are new', async () => {
    const loop = async (ctx: WorkflowContext) => {
      const said: boolean[] = []
      for (let turn = 0; turn < 4; turn++) {
        await first(ctx, null)
        said.push(ctx.patched('p'))
      }
      return said
    }
    const events = history(
      completed('before:1'),
      completed('before:2'),
      completed('before:3'),
      mark,
      completed('before:4'),
      mark,
    )
    expect(await outcome(loop, events)).toEqual({ kind: 'completed', value: [false, false, true, true] })
  })

  test('of several patches each its own', async () => {
    const two = async (ctx: WorkflowContext) => {
      await first(ctx, null)
      return [ctx.patched('q'), ctx.patched('p'), await first(ctx, null)]
    }
    const events = history(completed('before:1'), mark, completed('before:2'))
    expect(await outcome(two, events)).toEqual({ kind: 'completed', value: [false, true, null] })
  })

  test('yes and marks nothing once the outcome is decided', async () => {
    const run = execution(
      workflowWith(async (ctx) => {
        const late = async () => {
          for (let tick = 0; tick < 10; tick++) await null
          ctx.setState(ctx.patched('p'))
        }
        void late()
        return 'done'
      }),
    )
    await run.start()
    expect([run.outcome, run.takeCommands()]).toEqual([{ kind: 'completed', value: 'done' }, []])
  })

  test('a mark that the code no longer asks about is a divergence', async () => {
    const run = execution(workflowWith(async (ctx) => [await first(ctx, null), await fresh(ctx, null)]))
    const replay = run.replay(history(completed('before:1'), mark, completed('fresh:1')), [])
    await expect(replay).rejects.toThrow(NonDeterminismError)
    await expect(replay).rejects.toMatchObject({ expected: { kind: 'PatchMarked', activityId: 'patch:p' } })
  })
})
