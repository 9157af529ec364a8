import { expect, test } from 'vitest'
import {
  activity,
  clearCompensations,
  compensation,
  publish,
  receive,
  recur,
  registerCompensation,
  sendTo,
  sleep,
  sleepUntil,
  subscribe,
  unsubscribe,
  waitEvent,
  workflow,
} from '../../src/index'
import { crashEverywhere, replayHistory } from '../../src/testing/index'
import { describeEverywhere, gate, historyOf, rejection } from './fixture'

const ONCE = { maxAttempts: 1 }
const LONGEST = 'n'.repeat(150)

describeEverywhere('edges', (makeTest) => {
  test('a name of the greatest length starts, is called as a child, and recurs', async () => {
    const child = workflow(LONGEST, async (ctx, n: number) => (n > 0 ? ctx.recur(n - 1) : 'end'))
    const parent = workflow('parent', async (ctx, _input: null) => ctx.call(child, 1))
    const kit = await makeTest({ workflows: [child, parent] })
    const [alone, asChild] = [await kit.start(child, 1), await kit.start(parent, null)]
    expect([await alone.result(), await asChild.result()]).toEqual(['end', 'end'])
  })

  test('a receiver that no instance can be is refused, wherever one publishes from', async () => {
    const nobody = { targetInstanceId: 'x'.repeat(151) }
    const act = activity('act', { retry: ONCE }, async (ctx) => ctx.publish('c', 1, nobody))
    const wf = workflow('addressing', async (ctx, fromActivity: boolean) =>
      fromActivity ? act(ctx, null) : ctx.publish('c', 1, nobody),
    )
    const kit = await makeTest({ workflows: [wf] })
    const reasons = [
      await rejection(kit.app.publish('c', 1, nobody)),
      ((await rejection((await kit.start(wf, true)).result())).cause as Error).cause,
      (await rejection((await kit.start(wf, false)).result())).cause,
    ]
    for (const reason of reasons) expect(reason).toBeInstanceOf(TypeError)
    expect(await kit.app.channelStats()).toEqual([])
  })

  test('what is thrown in an activity need not be an Error', async () => {
    const odd = activity('odd', { retry: ONCE }, async () => {
      throw 'just text'
    })
    const wf = workflow('oddly', async (ctx, _input: null) => odd(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const error = (await rejection((await kit.start(wf, null)).result())).cause as Error
    expect((error.cause as Error).message).toBe('just text')
  })

  test('a branch that nobody awaits may fail without harm', async () => {
    const bad = activity('bad', { retry: ONCE }, async () => {
      throw new Error('unheard')
    })
    const wf = workflow('careless', async (ctx, _input: null) => {
      void bad(ctx, null)
      await ctx.sleep('1m')
      return 'fine'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect(await run.result()).toBe('fine')
  })

  test('a workflow that registers and throws in its first drain is undone', async () => {
    const undone: number[] = []
    const undo = compensation('undo', async (_ctx, n: number) => {
      undone.push(n)
    })
    const wf = workflow('atOnce', async (ctx, _input: null) => {
      await ctx.registerCompensation(undo, 1)
      await ctx.registerCompensation(undo, 2)
      throw new Error('at once')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await rejection(run.result())
    expect(undone).toEqual([2, 1])
    expect((await kit.app.getInstance(run.instanceId))?.compensationState).toBe('completed')
  })

  test('a cancel that was recorded before the last result wins over completion; one after it is false', async () => {
    const undone: string[] = []
    const undo = compensation('undo', async (_ctx, { input }: { input: string }) => {
      undone.push(input)
    })
    const act = activity('act', { onFailure: undo }, async (_ctx, name: string) => name)
    const wf = workflow('racing', async (ctx, _input: null) => act(ctx, 'last'))
    const kit = await makeTest({ workflows: [wf] })
    let answer: Promise<boolean> | undefined
    const door = gate()
    const slow = workflow('slow', async (ctx, _input: null) => {
      await ctx.run('wait', () => door.opened)
      return act(ctx, 'last')
    })
    await kit.redeploy({ workflows: [wf, slow] })
    const first = await kit.start(slow, null)
    await kit.settle()
    const verb = { type: 'cancel', by: 'ann', reason: null } as const
    kit.onCommit({
      before: (units) => {
        const completes = units.some((unit) => unit.kind === 'transition' && unit.status === 'completed')
        if (completes && !answer)
          answer = kit.storage
            .operate(first.instanceId, verb, { now: kit.clock.now(), audit: null })
            .then((one) => one.kind === 'done')
      },
    })
    door.open()
    await kit.settle()
    const won = await answer
    expect(await first.status()).toBe(won ? 'cancelled' : 'completed')
    expect(undone).toEqual(won ? ['last'] : [])
    const second = await kit.start(wf, null)
    await second.result()
    expect(await second.cancel()).toBe(false)
  })

  test('a cancel while a failed workflow waits for its branches ends it cancelled, and undoes once', async () => {
    const undone: string[] = []
    const door = gate<string>()
    const undo = compensation('undo', async (_ctx, { input }: { input: string }) => {
      undone.push(input)
    })
    const good = activity('good', { onFailure: undo }, async (_ctx, name: string) => name)
    const slow = activity('slow', () => door.opened)
    const wf = workflow('failing', async (ctx, _input: null) => {
      void slow(ctx, null)
      await good(ctx, 'a')
      throw new Error('failed')
    })
    const kit = await makeTest({ workflows: [wf], settings: { graceMs: 10_000 } })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe('running')
    expect(await run.cancel({ by: 'ann' })).toBe(true)
    await kit.advance('10s')
    expect(await run.status()).toBe('cancelled')
    expect(undone).toEqual(['a'])
  })

  test('competing: messages published before anybody ever subscribed are received too', async () => {
    const wf = workflow('late', async (ctx, _input: null) => {
      await ctx.subscribe('backlog', { mode: 'competing' })
      return [(await ctx.receive('backlog')).data, (await ctx.receive('backlog')).data]
    })
    const kit = await makeTest({ workflows: [wf] })
    await kit.app.publish('backlog', 1)
    await kit.app.publish('backlog', 2)
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.result()).toEqual([1, 2])
  })

  test('the free functions of the reference do what the methods do', async () => {
    const note = compensation('note', async () => {})
    const wf = workflow('free', async (ctx, generation: number) => {
      if (generation > 0) return 'end'
      await sleep(ctx, 1)
      await sleepUntil(ctx, new Date(0))
      await subscribe(ctx, 'c')
      await publish(ctx, 'c', 'self')
      const message = await receive(ctx, 'c')
      await unsubscribe(ctx, 'c')
      const sent = await sendTo(ctx, 'nobody', 1)
      await registerCompensation(ctx, note, 1)
      await clearCompensations(ctx)
      const received = await waitEvent(ctx, 'e')
      ctx.setState([message.data, sent, received.data])
      return recur(ctx, 1)
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 0)
    await kit.advance('1s')
    await kit.app.publish('e', 'event')
    expect(await run.result()).toBe('end')
    expect((await kit.app.getInstance(run.instanceId))?.state).toEqual(['self', false, 'event'])
  })

  test('a recorded history replays in a test, and says where it stops fitting', async () => {
    const act = activity('act', async () => 1)
    const wf = workflow('recorded', async (ctx, _input: null) => {
      await act(ctx, null)
      await ctx.sleep('1h')
      return 'done'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { instanceId: 'r' })
    await kit.advance('1h')
    const recorded = { instanceId: 'r', input: null, startedAt: 0, events: await run.history() }
    expect(await replayHistory(recorded, wf)).toBe('completed')
    const other = workflow('recorded', async (ctx, _input: null) => ctx.sleep('1h'))
    expect((await rejection(replayHistory(recorded, other))).message).toContain(
      "history holds ActivityCompleted 'act:1'",
    )
  })

  test('an instance of many events replays', async () => {
    const act = activity('act', async (_ctx, n: number) => n)
    const wf = workflow('long', async (ctx, count: number) => {
      let sum = 0
      for (let n = 0; n < count; n++) sum += await act(ctx, n)
      await ctx.sleep('1h')
      return sum
    })
    const kit = await makeTest({ workflows: [wf], forceReplay: false })
    const run = await kit.start(wf, 300)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe(44_850)
  })

  test('a wait of no time ends at once; an event that is there already wins over it', async () => {
    const wf = workflow('impatient', async (ctx, _input: null) => {
      await ctx.subscribe('c')
      const none = await ctx.receive('c', { timeout: 0 }).catch((error: Error) => error.name)
      await ctx.publish('c', 'there')
      const there = await ctx.receive('c', { timeout: 0 })
      return [none, there.data]
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toEqual(['ReceiveTimeoutError', 'there'])
  })

  test('many instances at once', async () => {
    const act = activity('act', async (_ctx, n: number) => n)
    const wf = workflow('many', async (ctx, n: number) => {
      const first = await act(ctx, n)
      await ctx.sleep('1m')
      return first + (await act(ctx, n))
    })
    const kit = await makeTest({ workflows: [wf] })
    const runs = await Promise.all(Array.from({ length: 60 }, (_, n) => kit.start(wf, n)))
    await kit.advance('1m')
    for (const [n, run] of runs.entries()) expect(await run.result()).toBe(2 * n)
  })

  test('everything that talks ends alike wherever the process crashes', async () => {
    const worker = workflow('worker', async (ctx, boss: string) => {
      await ctx.subscribe('work', { mode: 'competing' })
      const first = await ctx.receive('work')
      ctx.setState('working')
      await ctx.sendTo(boss, { done: first.data }, { channel: 'reports' })
      return first.data
    })
    const boss = workflow('boss', async (ctx, _input: null) => {
      await ctx.subscribe('reports', { mode: 'direct' })
      const kids = [await ctx.startChild(worker, ctx.instanceId), await ctx.startChild(worker, ctx.instanceId)]
      await ctx.publish('work', 1)
      await ctx.publish('work', 2)
      const reports = [await ctx.receive('reports'), await ctx.receive('reports', { timeout: '1h' })]
      const results = await Promise.all(kids.map((kid) => kid.result()))
      const done = reports.map((one) => (one.data as { done: number }).done)
      return [done.sort(), (results as number[]).sort()]
    })
    const report = await crashEverywhere(boss, null, {
      workflows: [boss, worker],
      drive: (kit) => kit.advance('2h'),
    })
    expect(report.outcome).toBe('completed [[1,2],[1,2]]')
    await makeTest()
  })

  test('a workflow of every inline call ends alike wherever the process crashes', async () => {
    const undo = compensation('undo', async () => {})
    const act = activity('act', { onFailure: undo }, async (ctx) => {
      ctx.publish('from-activity', ctx.attempt)
      ctx.heartbeat({ at: 1 })
    })
    const wf = workflow('inline', async (ctx, generation: number) => {
      ctx.setTags({ generation: String(generation) })
      ctx.setState({ generation })
      if (ctx.patched('p')) await ctx.registerCompensation(undo, generation)
      await act(ctx, null)
      await ctx.publish('out', ctx.uuid())
      await ctx.sleep('1m')
      await ctx.clearCompensations()
      if (generation === 0) return ctx.recur(1)
      return ctx.random() >= 0
    })
    const report = await crashEverywhere(wf, 0, { drive: (kit) => kit.advance('5m') })
    expect(report.outcome).toBe('completed true')
    expect(report.points).toBeGreaterThan(8)
    await makeTest()
  })

  test('history never holds two answers to one call', async () => {
    const act = activity('act', { retry: { maxAttempts: 3, initialInterval: 1 } }, async (ctx) => {
      if (ctx.attempt < 3) throw new Error('flaky')
      return 1
    })
    const wf = workflow('once', async (ctx, _input: null) => {
      await Promise.all([act(ctx, null), act(ctx, null), ctx.sleep('2s')])
      await ctx.sleep('1m')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    for (const id of ['act:1', 'act:2', 'sleep:1']) {
      kit.crashAfter(id)
      await kit.advance('1m')
    }
    await kit.advance('5m')
    await run.result()
    const lines = await historyOf(kit, run.instanceId)
    expect(new Set(lines).size).toBe(lines.length)
    expect((await run.history()).map((event) => event.seq)).toEqual(lines.map((_, n) => n + 1))
  })
})
