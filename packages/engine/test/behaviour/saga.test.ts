import { expect, test } from 'vitest'
import { activity, compensation, TerminalError, workflow } from '../../src/index'
import { crashEverywhere } from '../../src/testing/index'
import { describeEverywhere, gate, historyOf, rejection } from './fixture'

const NEVER_AGAIN = { maxAttempts: 1 }
type Args = { input: string; output: string | null }

/** `do` and `undo` of named things, and a diary of both. */
function things() {
  const diary: string[] = []
  const undo = compensation('undo', async (_ctx, { input, output }: Args) => {
    diary.push(`undo ${input}${output === null ? '' : ` ${output}`}`)
  })
  const act = activity('act', { onFailure: undo, retry: NEVER_AGAIN }, async (_ctx, name: string) => {
    diary.push(`do ${name}`)
    if (name.startsWith('bad')) throw new Error(name)
    return name.toUpperCase()
  })
  return { diary, undo, act }
}

describeEverywhere('sagas', (makeTest) => {
  test('C31 a workflow that fails late undoes what it did, last first, each with input and output', async () => {
    const { diary, act } = things()
    const wf = workflow('saga', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await act(ctx, 'b')
      await ctx.sleep('1h')
      throw new TerminalError('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1h')
    expect((await rejection(run.result())).cause).toBeInstanceOf(TerminalError)
    expect(diary).toEqual(['do a', 'do b', 'undo b B', 'undo a A'])
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'failed',
      compensationState: 'completed',
    })
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityCompleted act:1',
      'ActivityCompleted act:2',
      'TimerExpired sleep:1',
      'WorkflowFailed workflow_failed',
      'CompensationExecuted compensation_2',
      'CompensationExecuted compensation_1',
    ])
  })

  test('the order is that of completion, not of the calls', async () => {
    const undone: string[] = []
    const doors = { a: gate<string>(), b: gate<string>() }
    const undo = compensation('undo', async (_ctx, { input }: { input: 'a' | 'b' }) => {
      undone.push(input)
    })
    const act = activity('act', { onFailure: undo }, (_ctx, name: 'a' | 'b') => doors[name].opened)
    const wf = workflow('parallel', async (ctx, _input: null) => {
      await Promise.all([act(ctx, 'a'), act(ctx, 'b')])
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    doors.b.open('B')
    await kit.settle()
    doors.a.open('A')
    await rejection(run.result())
    expect(undone).toEqual(['a', 'b'])
  })

  test('an error that the workflow catches triggers nothing; success runs no compensation', async () => {
    const { diary, act } = things()
    const wf = workflow('catching', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await act(ctx, 'bad').catch(() => {})
      return 'fine'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    expect(await run.result()).toBe('fine')
    expect(diary).toEqual(['do a', 'do bad'])
    expect((await kit.app.getInstance(run.instanceId))?.compensationState).toBe('none')
  })

  test('an activity that failed is not compensated; with compensateOn attempted it is, output null', async () => {
    const { diary, undo } = things()
    const attempted = activity(
      'attempted',
      { onFailure: undo, compensateOn: 'attempted', retry: NEVER_AGAIN },
      async (_ctx, name: string) => {
        if (name === 'bad') throw new Error('no')
        return name.toUpperCase()
      },
    )
    const plain = activity(
      'plain',
      { onFailure: undo, retry: NEVER_AGAIN },
      async (_ctx, _name: string): Promise<string> => {
        throw new Error('no')
      },
    )
    const wf = workflow('attempts', async (ctx, _input: null) => {
      await attempted(ctx, 'good')
      await plain(ctx, 'plain').catch(() => {})
      await attempted(ctx, 'bad')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await rejection(run.result())
    expect(diary).toEqual(['undo bad', 'undo good GOOD'])
  })

  test('attempted: also when the attempt was interrupted by a cancel and left behind', async () => {
    const { diary, undo } = things()
    const act = activity(
      'stuck',
      { onFailure: undo, compensateOn: 'attempted' },
      (_ctx, _name: string) => new Promise<string>(() => {}),
    )
    const wf = workflow('stuckSaga', async (ctx, _input: null) => act(ctx, 'x'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel()
    await kit.advance('10s')
    expect(diary).toEqual(['undo x'])
    expect(await run.status()).toBe('cancelled')
  })

  test('registerCompensation pushes by hand, with its own arguments, and survives a crash', async () => {
    const undone: unknown[] = []
    const manual = compensation('manual', async (_ctx, args: { path: string }) => {
      undone.push(args)
    })
    const { diary, act } = things()
    const wf = workflow('byHand', async (ctx, _input: null) => {
      await ctx.registerCompensation(manual, { path: '/tmp/1' })
      await act(ctx, 'a')
      await ctx.registerCompensation(manual, { path: '/tmp/2' }, { activityId: 'mine' })
      await ctx.sleep('1h')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    await rejection(run.result())
    expect(undone).toEqual([{ path: '/tmp/2' }, { path: '/tmp/1' }])
    expect(diary).toEqual(['do a', 'undo a A'])
    expect((await run.history()).filter((event) => event.type === 'CompensationRegistered')).toMatchObject([
      { activityId: 'compensation_manual:1', data: { name: 'manual', args: { path: '/tmp/1' } } },
      { activityId: 'mine', data: { name: 'manual', args: { path: '/tmp/2' } } },
    ])
  })

  test('C31 clearCompensations: what was done before stays done', async () => {
    const { diary, act } = things()
    const wf = workflow('clearing', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await ctx.clearCompensations()
      await act(ctx, 'b')
      await ctx.sleep('1h')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1h')
    await rejection(run.result())
    expect(diary).toEqual(['do a', 'do b', 'undo b B'])
  })

  test('after clearCompensations with nothing registered anew a failure ends with compensationState none', async () => {
    const { diary, act } = things()
    const wf = workflow('cleared', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await ctx.clearCompensations()
      await ctx.sleep('1h')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1h')
    await rejection(run.result())
    expect(diary).toEqual(['do a'])
    expect((await kit.app.getInstance(run.instanceId))?.compensationState).toBe('none')
  })

  test('a clear and a registration of one turn keep their order', async () => {
    const undone: string[] = []
    const note = compensation('note', async (_ctx, text: string) => {
      undone.push(text)
    })
    const wf = workflow('ordered', async (ctx, _input: null) => {
      await ctx.registerCompensation(note, 'dropped')
      await ctx.clearCompensations()
      await ctx.registerCompensation(note, 'kept')
      await ctx.sleep('1m')
      await ctx.registerCompensation(note, 'dropped too')
      await ctx.clearCompensations()
      await ctx.registerCompensation(note, 'kept too')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    await rejection(run.result())
    expect(undone).toEqual(['kept too'])
  })

  test('a compensation is tried again by its own policy, over a crash, and knows its attempt and key', async () => {
    const seen: unknown[] = []
    const stubborn = compensation(
      'stubborn',
      { retry: { maxAttempts: 4, initialInterval: 10, backoffCoefficient: 1, maxDuration: null } },
      async (ctx, { input }: Args) => {
        seen.push([input, ctx.attempt, ctx.idempotencyKey])
        if (ctx.attempt < 4) throw new Error('not yet')
      },
    )
    const act = activity('act', { onFailure: stubborn }, async (_ctx, name: string) => name)
    const wf = workflow('retrying', async (ctx, _input: null) => {
      await act(ctx, 'a')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { instanceId: 'r1' })
    await kit.advance('15s')
    expect(await run.status()).toBe('compensating')
    kit.crash()
    await kit.advance('15s')
    await rejection(run.result())
    expect(seen).toEqual([1, 2, 3, 4].map((attempt) => ['a', attempt, 'r1/compensation_1']))
    expect((await kit.app.getInstance('r1'))?.compensationState).toBe('completed')
  })

  test('a compensation out of retries stays visible as failed; the others still run; the error of the workflow stays', async () => {
    const diary: string[] = []
    const undo = compensation('undo', { retry: NEVER_AGAIN }, async (_ctx, { input }: Args) => {
      diary.push(`undo ${input}`)
      if (input === 'b') throw new RangeError('cannot undo b')
    })
    const act = activity('act', { onFailure: undo }, async (_ctx, name: string) => name)
    const wf = workflow('stuckUndo', async (ctx, _input: null) => {
      for (const name of ['a', 'b', 'c']) await act(ctx, name)
      throw new Error('the workflow’s own')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    expect(((await rejection(run.result())).cause as Error).message).toBe('the workflow’s own')
    expect(diary).toEqual(['undo c', 'undo b', 'undo a'])
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({ status: 'failed', compensationState: 'failed' })
    const rows = await kit.storage.compensations(run.instanceId)
    expect(rows.map(({ seq, state }) => [seq, state])).toEqual([
      [1, 'executed'],
      [2, 'failed'],
      [3, 'executed'],
    ])
    expect(rows[1]?.lastError).toContain('cannot undo b')
    expect((await run.history()).find((event) => event.type === 'CompensationFailed')).toMatchObject({
      activityId: 'compensation_2',
      data: { name: 'undo', compensationSeq: 2 },
    })
  })

  test('a compensation that the code no longer defines is failed and visible, never skipped', async () => {
    const { act } = things()
    const wf = workflow('undefinedUndo', async (ctx, _input: null) => {
      await ctx.registerCompensation(
        { kind: 'compensation', compensationName: 'goneForEver', options: {}, fn: () => {} },
        1,
      )
      await act(ctx, 'a')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await rejection(run.result())
    expect((await kit.app.getInstance(run.instanceId))?.compensationState).toBe('failed')
    const [gone] = await kit.storage.compensations(run.instanceId)
    expect(gone).toMatchObject({ name: 'goneForEver', state: 'failed' })
    expect(gone?.lastError).toContain('no longer defined')
  })

  test('an operator tries a failed compensation again, skips one, or marks it as done', async () => {
    let isBroken = true
    const undone: string[] = []
    const undo = compensation('undo', { retry: NEVER_AGAIN }, async (_ctx, { input }: Args) => {
      if (isBroken) throw new Error('broken')
      undone.push(input)
    })
    const act = activity('act', { onFailure: undo }, async (_ctx, name: string) => name)
    const wf = workflow('operated', async (ctx, _input: null) => {
      for (const name of ['a', 'b', 'c']) await act(ctx, name)
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await rejection(run.result())
    const operate = async (seq: number, action: 'retry' | 'skip' | 'done') => {
      const verb = { type: 'compensation', seq, action, by: 'op', reason: null } as const
      const outcome = await kit.storage.operate(run.instanceId, verb, { now: kit.clock.now(), audit: null })
      expect(outcome.kind).toBe('done')
    }
    await operate(1, 'skip')
    await operate(2, 'done')
    expect((await kit.app.getInstance(run.instanceId))?.compensationState).toBe('failed')
    isBroken = false
    await operate(3, 'retry')
    await kit.redeploy()
    expect(undone).toEqual(['c'])
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'failed',
      compensationState: 'completed',
      error: { message: 'late' },
    })
  })

  test('fail with branches running: they are aborted, what finishes within the grace is recorded and compensated', async () => {
    const diary: string[] = []
    const door = gate<string>()
    let aborted = false
    const undo = compensation('undo', async (_ctx, { input }: Args) => {
      diary.push(`undo ${input}`)
    })
    const slow = activity('slow', { onFailure: undo }, (ctx, _name: string) => {
      ctx.signal.addEventListener('abort', () => {
        aborted = true
      })
      return door.opened
    })
    const bad = activity('bad', { retry: NEVER_AGAIN }, async () => {
      throw new Error('bad')
    })
    const wf = workflow('branching', async (ctx, _input: null) => Promise.all([slow(ctx, 'slow one'), bad(ctx, null)]))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(aborted).toBe(true)
    expect(await run.status()).toBe('running')
    door.open('done')
    await kit.settle()
    await rejection(run.result())
    expect(diary).toEqual(['undo slow one'])
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityFailed bad:1',
      'ActivityCompleted slow:1',
      'WorkflowFailed workflow_failed',
      'CompensationExecuted compensation_1',
    ])
  })

  test('a compensation has a timeout like an activity', async () => {
    const hanging = compensation('hanging', { timeout: '10s', retry: NEVER_AGAIN }, () => new Promise<never>(() => {}))
    const act = activity('act', { onFailure: hanging }, async () => 1)
    const wf = workflow('hangingSaga', async (ctx, _input: null) => {
      await act(ctx, null)
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('10s')
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({ status: 'failed', compensationState: 'failed' })
  })

  test('a saga ends alike wherever it crashes: every compensation recorded once, in reverse', async () => {
    const { act } = things()
    const wf = workflow('everywhere', async (ctx, _input: null) => {
      await Promise.all([act(ctx, 'a'), act(ctx, 'b')])
      await ctx.sleep('1h')
      await act(ctx, 'c')
      await act(ctx, 'bad')
    })
    const report = await crashEverywhere(wf, null)
    expect(report.points).toBeGreaterThan(10)
    expect(report.outcome).toContain('Max attempts (1) reached')
    expect(report.history.slice(-3)).toEqual([
      'CompensationExecuted compensation_3',
      'CompensationExecuted compensation_2',
      'CompensationExecuted compensation_1',
    ])
    await makeTest()
  })
})
