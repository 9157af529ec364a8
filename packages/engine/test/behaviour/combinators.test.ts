import { expect, test } from 'vitest'
import { activity, workflow } from '../../src/index'
import { crashEverywhere } from '../../src/testing/index'
import { describeEverywhere, gate, historyOf, rejection } from './fixture'

const echo = activity('echo', async (_ctx, value: string) => value)
const bad = activity('bad', { retry: { maxAttempts: 1 } }, async (_ctx, value: string) => {
  throw new Error(value)
})

describeEverywhere('combinators', (makeTest) => {
  test('Promise.all needs no ids and keeps its order whatever completes first', async () => {
    const doors = [gate<string>(), gate<string>(), gate<string>()] as const
    const act = activity('act', (_ctx, n: number) => doors[n]?.opened)
    const wf = workflow('all', async (ctx, _input: null) => {
      const values = await Promise.all([0, 1, 2].map((n) => act(ctx, n)))
      await ctx.sleep('1h')
      return values
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    for (const n of [2, 0, 1] as const) {
      doors[n].open(`value ${n}`)
      await kit.settle()
    }
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityCompleted act:3',
      'ActivityCompleted act:1',
      'ActivityCompleted act:2',
    ])
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual(['value 0', 'value 1', 'value 2'])
  })

  test('a Promise.all of which one fails rejects; what the others did is recorded', async () => {
    const wf = workflow('oneFails', async (ctx, _input: null) =>
      Promise.all([echo(ctx, 'a'), bad(ctx, 'b'), echo(ctx, 'c')]),
    )
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    const error = (await rejection(run.result())).cause as Error
    expect((error.cause as Error).message).toBe('b')
  })

  test('Promise.allSettled tells both', async () => {
    const wf = workflow('settled', async (ctx, _input: null) => {
      const [one, two] = await Promise.allSettled([echo(ctx, 'a'), bad(ctx, 'b')])
      return [one.status, two.status]
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toEqual(['fulfilled', 'rejected'])
  })

  test('Promise.any gives the first that succeeds', async () => {
    const wf = workflow('any', async (ctx, _input: null) => Promise.any([bad(ctx, 'b'), echo(ctx, 'a')]))
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toBe('a')
  })

  test('native Promise.race decides alike on replay', async () => {
    const doors = [gate<string>(), gate<string>()] as const
    const act = activity('act', (_ctx, n: number) => doors[n]?.opened)
    const wf = workflow('racing', async (ctx, _input: null) => {
      const both = [act(ctx, 0), act(ctx, 1)]
      const first = await Promise.race(both)
      await ctx.sleep('1h')
      return [first, await Promise.all(both)]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    doors[1].open('one')
    await kit.settle()
    doors[0].open('zero')
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual(['one', ['zero', 'one']])
  })

  test('ctx.race names the winner and withdraws the losers: the signal of an activity aborts, a wait is gone', async () => {
    let aborted = false
    const act = activity('slow', async (ctx) => {
      await new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => {
          aborted = true
          reject(new Error('aborted'))
        }),
      )
    })
    const wf = workflow('raced', async (ctx, _input: null) => {
      const win = await ctx.race({ slow: act(ctx, null), late: ctx.sleep('1m'), event: ctx.waitEvent('never') })
      await ctx.sleep('1h')
      return win
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect(aborted).toBe(true)
    expect(await kit.storage.waits({ instanceId: run.instanceId, limit: 10 })).toEqual([])
    expect(await kit.storage.instance(run.instanceId)).toMatchObject({ status: 'waiting_for_timer' })
    await kit.app.publish('never', 'too late')
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual({ key: 'late' })
    expect(await historyOf(kit, run.instanceId)).toEqual(['TimerExpired sleep:1', 'TimerExpired sleep:2'])
  })

  test('an activity that wins a race withdraws the timer', async () => {
    const door = gate<string>()
    const act = activity('quick', () => door.opened)
    const wf = workflow('quickWins', async (ctx, _input: null) =>
      ctx.race({ act: act(ctx, null), late: ctx.sleep('1h') }),
    )
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    door.open('won')
    expect(await run.result()).toEqual({ key: 'act', value: 'won' })
    await kit.advance('2h')
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityCompleted quick:1'])
  })

  test('a rejection that comes first rejects the race', async () => {
    const wf = workflow('rejecting', async (ctx, _input: null) =>
      ctx.race({ bad: bad(ctx, 'first'), late: ctx.sleep('1h') }),
    )
    const kit = await makeTest({ workflows: [wf] })
    const error = (await rejection((await kit.start(wf, null)).result())).cause as Error
    expect((error.cause as Error).message).toBe('first')
  })

  test('an activity that lost a race and finished anyway is not recorded', async () => {
    const door = gate<string>()
    const act = activity('deaf', () => door.opened)
    const wf = workflow('deafLoser', async (ctx, _input: null) => {
      await ctx.race({ act: act(ctx, null), late: ctx.sleep('1m') })
      await ctx.sleep('1m')
      return 'ok'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    door.open('late')
    await kit.advance('1m')
    expect(await run.result()).toBe('ok')
    expect(await historyOf(kit, run.instanceId)).toEqual(['TimerExpired sleep:1', 'TimerExpired sleep:2'])
  })

  test('races nest: the losers of the inner one are withdrawn with the outer', async () => {
    const wf = workflow('nested', async (ctx, _input: null) => {
      const inner = ctx.race({ event: ctx.waitEvent('inner'), later: ctx.sleep('2h') })
      const win = await ctx.race({ inner, soon: ctx.sleep('1m') })
      await ctx.sleep('5h')
      return win.key
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect(await kit.storage.waits({ instanceId: run.instanceId, limit: 10 })).toEqual([])
    kit.crash()
    await kit.advance('5h')
    expect(await run.result()).toBe('soon')
    expect(await historyOf(kit, run.instanceId)).toEqual(['TimerExpired sleep:2', 'TimerExpired sleep:3'])
  })

  test('a race over branches of several steps goes on with the winner only', async () => {
    const wf = workflow('branches', async (ctx, _input: null) => {
      const branch = async (name: string, wait: number) => {
        await ctx.sleep(wait)
        return echo(ctx, name)
      }
      return ctx.race({ a: branch('a', 20), b: branch('b', 10) })
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect(await run.result()).toEqual({ key: 'b', value: 'b' })
  })

  test('an empty race is refused', async () => {
    const wf = workflow('empty', async (ctx, _input: null) => ctx.race({}))
    const kit = await makeTest({ workflows: [wf] })
    expect((await rejection((await kit.start(wf, null)).result())).cause).toBeInstanceOf(TypeError)
  })

  test('a workflow that succeeds while branches run aborts them and ends at once', async () => {
    let aborted = false
    const act = activity('background', async (ctx) => {
      await new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => {
          aborted = true
          reject(new Error('aborted'))
        }),
      )
    })
    const wf = workflow('leaving', async (ctx, _input: null) => {
      void act(ctx, null)
      await ctx.sleep('1m')
      return 'left'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect(await run.result()).toBe('left')
    expect(aborted).toBe(true)
    expect(await historyOf(kit, run.instanceId)).toEqual(['TimerExpired sleep:1'])
  })

  test('a fan-out with races ends alike wherever it crashes', async () => {
    const wf = workflow('mixture', async (ctx, _input: null) => {
      const first = await Promise.all([echo(ctx, 'a'), echo(ctx, 'b'), ctx.sleep('1m')])
      const win = await ctx.race({ timer: ctx.sleep('1h'), act: ctx.run('inline', () => 'fast') })
      const settled = await Promise.allSettled([bad(ctx, 'x'), echo(ctx, 'c')])
      return [first[0], win.key, settled.map((one) => one.status)]
    })
    const report = await crashEverywhere(wf, null)
    expect(report.points).toBeGreaterThan(6)
    expect(report.outcome).toBe('completed ["a","act",["rejected","fulfilled"]]')
    await makeTest()
  })

  test('async work that the context did not make suspends with an explanation, it never hangs silently', async () => {
    const wf = workflow('foreign', async (_ctx, _input: null) => {
      await new Promise<never>(() => {})
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    const instance = await kit.app.getInstance(run.instanceId)
    expect(instance?.status).toBe('suspended')
    expect(instance?.suspendReason).toContain('await only what ctx and activities return')
  })
})
