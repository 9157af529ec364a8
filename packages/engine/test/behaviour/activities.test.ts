import { expect, test } from 'vitest'
import { activity, RetryExhaustedError, TerminalError, workflow } from '../../src/index'
import { describeEverywhere, historyOf, rejection } from './fixture'

const ONCE = { maxAttempts: 1 }

describeEverywhere('activities', (makeTest) => {
  test('C06 ids are name:n, counted per function, also for calls that fail', async () => {
    const good = activity('good', async () => 1)
    const bad = activity('bad', { retry: ONCE }, async () => {
      throw new Error('no')
    })
    const wf = workflow('ids', async (ctx, _input: null) => {
      await good(ctx, null)
      await bad(ctx, null).catch(() => {})
      await good(ctx, null)
      await bad(ctx, null).catch(() => {})
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await run.result()
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityCompleted good:1',
      'ActivityFailed bad:1',
      'ActivityCompleted good:2',
      'ActivityFailed bad:2',
    ])
  })

  test('C07 ActivityCompleted holds name, input and result; an explicit id is used as it is and advances no counter', async () => {
    const act = activity('act', async (_ctx, input: { n: number }) => ({ twice: input.n * 2 }))
    const wf = workflow('explicit', async (ctx, _input: null) => {
      await act(ctx, { n: 1 }, { activityId: 'mine' })
      await act(ctx, { n: 2 })
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.history()).toEqual([
      {
        seq: 1,
        activityId: 'mine',
        type: 'ActivityCompleted',
        data: { activityName: 'act', input: { n: 1 }, result: { twice: 2 } },
        createdAt: kit.clock.now(),
      },
      {
        seq: 2,
        activityId: 'act:1',
        type: 'ActivityCompleted',
        data: { activityName: 'act', input: { n: 2 }, result: { twice: 4 } },
        createdAt: kit.clock.now(),
      },
    ])
  })

  test('C08 ActivityFailed holds error type, message and stack; a replay throws it again and does not call the body', async () => {
    let calls = 0
    const bad = activity('bad', { retry: ONCE }, async () => {
      calls++
      throw new TypeError('no good')
    })
    const seen: unknown[] = []
    const wf = workflow('replaysFailure', async (ctx, _input: null) => {
      const error = await bad(ctx, null).catch((caught: unknown) => caught)
      seen.push(error)
      await ctx.sleep('1h')
      return 'went on'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe('went on')
    expect(calls).toBe(1)
    expect(seen.length).toBeGreaterThanOrEqual(2)
    for (const error of seen as Error[]) {
      expect(error).toBeInstanceOf(RetryExhaustedError)
      expect(error.message).toBe('Activity bad failed after 1 attempt: Max attempts (1) reached')
      expect(error.cause).toBeInstanceOf(TypeError)
      expect((error.cause as Error).message).toBe('no good')
      expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED' })
    }
    const [event] = await run.history()
    expect(event).toMatchObject({
      type: 'ActivityFailed',
      data: {
        activityName: 'bad',
        error: { name: 'RetryExhaustedError', cause: { name: 'TypeError', message: 'no good' } },
      },
    })
    expect(JSON.stringify(event)).toContain('activities.test.ts')
  })

  test('an activity need not be async', async () => {
    const plain = activity('plain', (_ctx, n: number) => n + 1)
    const broken = activity('broken', { retry: ONCE }, (_ctx, _n: number): number => {
      throw new TerminalError('sync')
    })
    const wf = workflow('plainly', async (ctx, n: number) => {
      const error = await broken(ctx, 1).catch((caught: unknown) => caught as Error)
      return [await plain(ctx, n), (error as Error).message]
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, 1)).result()).toEqual([2, 'sync'])
  })

  test('what the workflow gets is the decoded stored form, live as on replay', async () => {
    const dated = activity('dated', async () => ({ at: new Date(0), gone: undefined, nothing: null }))
    const empty = activity('empty', async () => undefined)
    const wf = workflow('stored', async (ctx, _input: null) => [
      await dated(ctx, null),
      (await empty(ctx, null)) === null,
    ])
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toEqual([
      { at: '1970-01-01T00:00:00.000Z', nothing: null },
      true,
    ])
  })

  test('the input is that of the call: changing the object afterwards changes nothing', async () => {
    const act = activity('act', async (_ctx, input: { n: number }) => input.n)
    const wf = workflow('mutating', async (ctx, _input: null) => {
      const input = { n: 1 }
      const first = act(ctx, input)
      input.n = 2
      return [await first, await act(ctx, input)]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    expect(await run.result()).toEqual([1, 2])
    expect((await run.history()).map((event) => (event.data as { input: unknown }).input)).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('unicode, U+0000 and deep objects come back as they went', async () => {
    const echo = activity('echo', async (_ctx, value: unknown) => value)
    const wf = workflow('echoing', async (ctx, value: unknown) => echo(ctx, value))
    const kit = await makeTest({ workflows: [wf] })
    const value = {
      z: 1,
      a: 'naïve 😀 \u0000 \u2028',
      nested: [[[{ deep: [null, true, 0.1, -0, 1e300] }]]],
      '': 'empty key',
    }
    const text = JSON.stringify(value)
    expect(JSON.stringify(await (await kit.start(wf, value)).result())).toBe(text)
  })

  test('one activityId used twice in a workflow is refused by the second call', async () => {
    const act = activity('act', async () => 1)
    const wf = workflow('twice', async (ctx, _input: null) => {
      await act(ctx, null, { activityId: 'same' })
      await act(ctx, null, { activityId: 'same' })
    })
    const kit = await makeTest({ workflows: [wf] })
    const error = await rejection((await kit.start(wf, null)).result())
    expect((error.cause as Error).message).toContain("'same' is used twice")
  })

  test('an explicit id that looks like an automatic one never collides with it', async () => {
    const act = activity('act', async (_ctx, n: number) => n)
    const wf = workflow('lookalike', async (ctx, _input: null) => [
      await act(ctx, 1, { activityId: 'act:1' }),
      await act(ctx, 2),
      await act(ctx, 3),
    ])
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    expect(await run.result()).toEqual([1, 2, 3])
    expect((await run.history()).map((event) => event.activityId)).toEqual(['act:1', 'act:2', 'act:3'])
  })

  test('the options of a call win over those of the activity: retry and timeout', async () => {
    let calls = 0
    const act = activity('act', { retry: { maxAttempts: 9 } }, async () => {
      calls++
      throw new Error('no')
    })
    const wf = workflow('overriding', async (ctx, _input: null) => act(ctx, null, { retry: { maxAttempts: 2 } }))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect((await rejection(run.result())).cause).toBeInstanceOf(RetryExhaustedError)
    expect(calls).toBe(2)
  })

  test('an activity called outside a workflow says so', async () => {
    const act = activity('act', async () => 1)
    expect(() => act({} as never, null)).toThrow(/outside a workflow/)
    await makeTest()
  })

  test('an activity knows where it is', async () => {
    const act = activity('act', async (ctx) => ({
      instanceId: ctx.instanceId,
      workflowName: ctx.workflowName,
      activityId: ctx.activityId,
      attempt: ctx.attempt,
      aborted: ctx.signal.aborted,
      fenced: ctx.fencingToken > 0,
      key: ctx.idempotencyKey,
    }))
    const wf = workflow('where', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { instanceId: 'w1' })
    expect(await run.result()).toEqual({
      instanceId: 'w1',
      workflowName: 'where',
      activityId: 'act:1',
      attempt: 1,
      aborted: false,
      fenced: true,
      key: 'w1/act:1',
    })
  })

  test('at most maxConcurrentActivities run at once, the rest wait in order', async () => {
    let running = 0
    let most = 0
    const order: number[] = []
    const act = activity('act', async (_ctx, n: number) => {
      most = Math.max(most, ++running)
      order.push(n)
      await new Promise<void>((resolve) => setImmediate(resolve))
      running--
      return n
    })
    const wf = workflow('fanning', async (ctx, _input: null) =>
      Promise.all([1, 2, 3, 4, 5, 6, 7].map((n) => act(ctx, n))),
    )
    const kit = await makeTest({ workflows: [wf], maxConcurrentActivities: 2 })
    expect(await (await kit.start(wf, null)).result()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(most).toBe(2)
    expect(order).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('ctx.run is an inline activity with options of its own', async () => {
    let calls = 0
    const wf = workflow('inlining', async (ctx, _input: null) => {
      const first = await ctx.run('fetch', () => ++calls)
      const second = await ctx.run('fetch', { retry: { maxAttempts: 3, initialInterval: 0 } }, async (step) => {
        if (step.attempt < 3) throw new Error('again')
        return step.activityId
      })
      const third = await ctx.run('fetch', { activityId: 'named' }, () => null)
      return [first, second, third]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    expect(await run.result()).toEqual([1, 'fetch:2', null])
    expect(calls).toBe(1)
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityCompleted fetch:1',
      'ActivityCompleted fetch:2',
      'ActivityCompleted named',
    ])
  })

  test('a workflow called inside a workflow runs inline, as a function', async () => {
    const act = activity('act', async (_ctx, n: number) => n + 1)
    const inner = workflow('inner', async (ctx, n: number) => act(ctx, n))
    const outer = workflow('outer', async (ctx, n: number) => [await inner(ctx, n), await inner(ctx, n + 10)])
    const kit = await makeTest({ workflows: [outer] })
    const run = await kit.start(outer, 1)
    expect(await run.result()).toEqual([2, 12])
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityCompleted act:1', 'ActivityCompleted act:2'])
  })
})
