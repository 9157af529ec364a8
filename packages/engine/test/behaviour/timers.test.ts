import { expect, test } from 'vitest'
import { activity, type Duration, workflow } from '../../src/index'
import { describeEverywhere, historyOf, rejection } from './fixture'

describeEverywhere('timers', (makeTest) => {
  test('C27 sleep parks the instance waiting_for_timer until its due time, and replay does not wait again', async () => {
    const wf = workflow('sleeping', async (ctx, _input: null) => {
      await ctx.sleep('1h')
      await ctx.sleep(60, { timerId: 'nap' })
      return 'awake'
    })
    const kit = await makeTest({ workflows: [wf] })
    const startedAt = kit.clock.now()
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await kit.storage.instance(run.instanceId)).toMatchObject({
      status: 'waiting_for_timer',
      leaseOwner: null,
      wakeAt: startedAt + 3_600_000,
    })
    await kit.advance('1h')
    kit.crash()
    await kit.advance('60s')
    expect(await run.result()).toBe('awake')
    expect(await run.history()).toEqual([
      {
        seq: 1,
        activityId: 'sleep:1',
        type: 'TimerExpired',
        data: { timerId: 'sleep:1', dueAt: startedAt + 3_600_000 },
        createdAt: startedAt + 3_600_000,
      },
      {
        seq: 2,
        activityId: 'nap',
        type: 'TimerExpired',
        data: { timerId: 'nap', dueAt: startedAt + 3_660_000 },
        createdAt: startedAt + 3_660_000,
      },
    ])
  })

  test('a due time is fixed at the call and survives a crash', async () => {
    const wf = workflow('fixed', async (ctx, _input: null) => ctx.sleep('10m'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('9m')
    kit.crash()
    await kit.advance('59s')
    expect(await run.status()).toBe('waiting_for_timer')
    await kit.advance('1s')
    expect(await run.status()).toBe('completed')
  })

  test('sleepUntil waits for a date, returns at once for a past one, and refuses an invalid one', async () => {
    const wf = workflow('until', async (ctx, at: number) => {
      await ctx.sleepUntil(new Date(0))
      await ctx.sleepUntil(new Date(at), { timerId: 'then' })
      const woke = ctx.now().getTime()
      await ctx.sleepUntil(new Date(Number.NaN))
      return woke
    })
    const kit = await makeTest({ workflows: [wf] })
    const at = kit.clock.now() + 90_000
    const run = await kit.start(wf, at)
    await kit.advance('90s')
    expect((await rejection(run.result())).cause).toBeInstanceOf(RangeError)
    expect(await historyOf(kit, run.instanceId)).toEqual(['TimerExpired then', 'WorkflowFailed workflow_failed'])
  })

  test.each([['-1s'], [-1], [Number.NaN], ['soon'], ['101000d']])('a bad duration is refused: %s', async (bad) => {
    const wf = workflow('bad', async (ctx, duration: unknown) => ctx.sleep(duration as Duration))
    const kit = await makeTest({ workflows: [wf] })
    const error = (await rejection((await kit.start(wf, bad)).result())).cause as Error
    // NaN has no JSON form: it arrives as null
    expect(['RangeError', 'TypeError']).toContain(error.name)
  })

  test('sleep 0 goes on at once', async () => {
    const wf = workflow('zero', async (ctx, _input: null) => {
      await ctx.sleep(0)
      return 'ok'
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toBe('ok')
  })

  test('short timers are waited for in memory, under the lease', async () => {
    const wf = workflow('short', async (ctx, _input: null) => ctx.sleep('500ms'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect((await kit.storage.instance(run.instanceId))?.leaseOwner).not.toBeNull()
    await kit.advance('500ms')
    expect(await run.status()).toBe('completed')
  })

  test('timers fire in the order of their due times', async () => {
    const wf = workflow('several', async (ctx, _input: null) => {
      const order: number[] = []
      await Promise.all([30, 10, 20].map((seconds) => ctx.sleep(seconds).then(() => order.push(seconds))))
      return order
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect(await run.result()).toEqual([10, 20, 30])
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'TimerExpired sleep:2',
      'TimerExpired sleep:3',
      'TimerExpired sleep:1',
    ])
  })

  test('timers that fell due while nobody ran fire in the order of their due times', async () => {
    const wf = workflow('overdue', async (ctx, _input: null) => {
      const order: number[] = []
      await Promise.all([300, 100, 200].map((seconds) => ctx.sleep(seconds).then(() => order.push(seconds))))
      return order
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.redeploy({ worker: false, workflows: [] })
    await kit.advance('1h')
    await kit.redeploy({ worker: true, workflows: [wf] })
    expect(await run.result()).toEqual([100, 200, 300])
  })

  test('now is the time of the last event, the same on replay', async () => {
    const act = activity('act', async () => null)
    const wf = workflow('telling', async (ctx, _input: null) => {
      const times = [ctx.now().getTime()]
      await ctx.sleep('1m')
      times.push(ctx.now().getTime())
      await act(ctx, null)
      times.push(ctx.now().getTime())
      await ctx.sleep('1m')
      return times
    })
    const kit = await makeTest({ workflows: [wf] })
    const startedAt = kit.clock.now()
    const run = await kit.start(wf, null)
    await kit.advance('61s')
    kit.crash()
    await kit.advance('10m')
    expect(await run.result()).toEqual([startedAt, startedAt + 60_000, startedAt + 60_000])
  })

  test('N1 a crash right after a timer has fired, before the next checkpoint, is recovered', async () => {
    const act = activity('act', async () => 'acted')
    const wf = workflow('n1', async (ctx, _input: null) => {
      await ctx.sleep('1h')
      return act(ctx, null)
    })
    for (const side of ['before', 'after'] as const) {
      const kit = await makeTest({ workflows: [wf] })
      const run = await kit.start(wf, null)
      let isArmed = true
      const crashOnce = (units: readonly { kind: string; events?: readonly { type: string }[] }[]) => {
        if (!isArmed || !units.some((unit) => unit.events?.some((event) => event.type === 'TimerExpired'))) return
        isArmed = false
        kit.crash()
      }
      kit.onCommit({ [side]: crashOnce })
      await kit.advance('1h')
      expect(await run.result()).toBe('acted')
      expect(kit.crashes).toBe(1)
    }
  })

  test('N2 a crash between the firing of several timers loses none and fires none twice', async () => {
    const wf = workflow('n2', async (ctx, _input: null) => {
      await Promise.all([ctx.sleep('1h'), ctx.sleep('1h'), ctx.sleep('2h')])
      return 'all'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    kit.crashAfter('sleep:1')
    await kit.advance('90m')
    kit.crashAfter('sleep:3')
    await kit.advance('90m')
    expect(await run.result()).toBe('all')
    expect(kit.crashes).toBe(2)
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'TimerExpired sleep:1',
      'TimerExpired sleep:2',
      'TimerExpired sleep:3',
    ])
  })

  test('N8 a catch around sleep does not swallow the suspension', async () => {
    const wf = workflow('n8', async (ctx, _input: null) => {
      try {
        await ctx.sleep('1h')
        return 'slept'
      } catch {
        return 'swallowed'
      } finally {
        ctx.setState('finally')
      }
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe('waiting_for_timer')
    expect(await run.state()).toBeNull()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe('slept')
    expect(await run.state()).toBe('finally')
  })

  test('a deadline fails the workflow with TimeoutError, also while it is parked', async () => {
    const wf = workflow('dated', { deadline: '10m' }, async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('9m')
    expect(await run.status()).toBe('waiting_for_timer')
    await kit.advance('1m')
    expect((await rejection(run.result())).cause).toMatchObject({ code: 'TIMEOUT' })
  })

  test('a deadline counts from the start, not from the request of a delayed one', async () => {
    const wf = workflow('dated', { deadline: '10m' }, async (ctx, _input: null) => ctx.sleep('9m'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { delay: '1h' })
    await kit.advance('69m')
    expect(await run.status()).toBe('completed')
  })

  test('a deadline aborts what runs and compensates what was done', async () => {
    let aborted = false
    const act = activity('long', { retry: { maxAttempts: 1 } }, async (ctx) => {
      await new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => {
          aborted = true
          reject(new Error('stopped'))
        }),
      )
    })
    const wf = workflow('dated', { deadline: '10m' }, async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('10m')
    expect((await rejection(run.result())).cause).toMatchObject({ code: 'TIMEOUT' })
    expect(aborted).toBe(true)
  })
})
