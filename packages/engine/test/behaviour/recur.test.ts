import { expect, test } from 'vitest'
import { z } from 'zod'
import { activity, compensation, workflow } from '../../src/index'
import { crashEverywhere } from '../../src/testing/index'
import { describeEverywhere, historyOf, rejection } from './fixture'

const step = activity('step', async (_ctx, n: number) => n)
const counter = workflow('counter', async (ctx, n: number) => {
  await step(ctx, n)
  if (n >= 3) return `counted to ${n}`
  return ctx.recur(n + 1)
})

describeEverywhere('recur', (makeTest) => {
  test('C29 a chain of three: two recurred and one completed, each with its own history, linked by continuedFrom', async () => {
    const kit = await makeTest({ workflows: [counter] })
    const run = await kit.start(counter, 1)
    expect(await run.result()).toBe('counted to 3')
    const { instances } = await kit.app.findInstances({ workflowName: 'counter' })
    const byInput = [...instances].sort((a, b) => Number(a.input) - Number(b.input))
    expect(byInput.map((one) => one.status)).toEqual(['recurred', 'recurred', 'completed'])
    expect(byInput.map((one) => one.continuedFrom)).toEqual([null, byInput[0]?.instanceId, byInput[1]?.instanceId])
    expect(byInput.map((one) => one.output)).toEqual([{ recurInput: 2 }, { recurInput: 3 }, 'counted to 3'])
    for (const one of byInput) expect(await historyOf(kit, one.instanceId)).toEqual(['ActivityCompleted step:1'])
  })

  test('the handle of the first follows the chain: result, status, state and cancel', async () => {
    const wf = workflow('long', async (ctx, n: number) => {
      ctx.setState({ n })
      if (n < 2) return ctx.recur(n + 1)
      await ctx.sleep('1m')
      return 'end'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 0)
    await kit.settle()
    const handle = kit.app.handle(run.instanceId)
    expect(await handle.status()).toBe('waiting_for_timer')
    expect(await handle.state()).toEqual({ n: 2 })
    const awaited = handle.result()
    await kit.advance('1m')
    expect(await awaited).toBe('end')
    const second = await kit.start(wf, 0)
    await kit.settle()
    expect(await second.cancel({ by: 'me' })).toBe(true)
    await kit.settle()
    expect(await rejection(second.result())).toMatchObject({ code: 'WORKFLOW_CANCELLED', by: 'me' })
  })

  test('code after recur does not run', async () => {
    const seen: string[] = []
    const wf = workflow('stopping', async (ctx, again: boolean) => {
      if (!again) return 'end'
      try {
        await ctx.recur(false)
      } finally {
        seen.push('ran on')
      }
      return 'wrong'
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, true)).result()).toBe('end')
    expect(seen).toEqual([])
  })

  test('C30 compensations of the old run are dropped: a later failure does not undo it', async () => {
    const undone: number[] = []
    const undo = compensation('undoStep', async (_ctx, { input }: { input: number }) => {
      undone.push(input)
    })
    const act = activity('act', { onFailure: undo }, async (_ctx, n: number) => n)
    const wf = workflow('saga', async (ctx, n: number) => {
      await act(ctx, n)
      if (n < 2) return ctx.recur(n + 1)
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 1)
    await rejection(run.result())
    expect(undone).toEqual([2])
    expect((await kit.app.getInstance(run.instanceId))?.compensationState).toBe('none')
  })

  test('C30 timers of the old run are gone', async () => {
    const wf = workflow('timed', async (ctx, n: number) => {
      if (n === 0) {
        void ctx.sleep('1h')
        await step(ctx, 1)
        return ctx.recur(1)
      }
      await ctx.sleep('2h')
      return 'end'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 0)
    await kit.advance('2h')
    expect(await run.result()).toBe('end')
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityCompleted step:1'])
  })

  test('tags and the lease move on; the start time is the successor’s own', async () => {
    const wf = workflow('tagged', async (ctx, n: number) => {
      if (n === 0) {
        ctx.setTags({ customer: 'c1' })
        await ctx.sleep('1h')
        return ctx.recur(1)
      }
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf] })
    const startedAt = kit.clock.now()
    await kit.start(wf, 0, { lockTimeoutSeconds: 7 })
    await kit.advance('1h')
    const [head] = (await kit.app.findInstances({ status: 'waiting_for_timer' })).instances
    expect(head).toMatchObject({ tags: { customer: 'c1' }, startedAt: new Date(startedAt + 3_600_000) })
    expect((await kit.storage.instance(head?.instanceId ?? ''))?.leaseMs).toBe(7_000)
  })

  test('N10 a broadcast consumer that recurs loses no message and gets none twice', async () => {
    const wf = workflow('consumer', async (ctx, got: readonly unknown[]) => {
      await ctx.subscribe('news')
      const { data } = await ctx.receive('news')
      const all = [...got, data]
      return all.length < 5 ? ctx.recur(all) : all
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, [])
    await kit.settle()
    for (const n of [1, 2, 3]) await kit.app.publish('news', n)
    await kit.settle()
    kit.crash()
    await kit.settle()
    for (const n of [4, 5, 6]) await kit.app.publish('news', n)
    await kit.settle()
    expect(await run.result()).toEqual([1, 2, 3, 4, 5])
  })

  test('C30 subscriptions move: the successor receives without subscribing again, also what waited unread', async () => {
    const wf = workflow('mover', async (ctx, generation: number) => {
      if (generation === 0) {
        await ctx.subscribe('news')
        await ctx.subscribe('mail', { mode: 'direct' })
        await ctx.sleep('1h')
        return ctx.recur(1)
      }
      return [(await ctx.receive('news')).data, (await ctx.receive('mail')).data]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 0)
    await kit.settle()
    await kit.app.publish('news', 'before')
    await kit.app.sendTo(run.instanceId, 'letter', { channel: 'mail' })
    await kit.advance('1h')
    expect(await run.result()).toEqual(['before', 'letter'])
  })

  test('sendTo the first of a chain reaches the one that lives', async () => {
    const wf = workflow('chained', async (ctx, n: number) => {
      if (n === 0) return ctx.recur(1)
      await ctx.subscribe('__direct__', { mode: 'direct' })
      return (await ctx.receive('__direct__')).data
    })
    const sender = workflow('sender', async (ctx, to: string) => ctx.sendTo(to, 'from a workflow'))
    const kit = await makeTest({ workflows: [wf, sender] })
    const [one, two] = [await kit.start(wf, 0), await kit.start(wf, 0)]
    await kit.settle()
    expect(await kit.app.sendTo(one.instanceId, 'from outside')).toBe(true)
    const sending = await kit.start(sender, two.instanceId)
    expect(await sending.result()).toBe(true)
    expect(await one.result()).toBe('from outside')
    expect(await two.result()).toBe('from a workflow')
  })

  test('an input that the schema refuses fails the workflow instead of recurring', async () => {
    const wf = workflow('strict', { input: z.object({ n: z.number() }) }, async (ctx, { n }) =>
      n === 0 ? ctx.recur({ n: 'one' }) : n,
    )
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, { n: 0 })
    expect((await rejection(run.result())).cause).toMatchObject({ code: 'VALIDATION', issues: [{ path: 'n' }] })
    expect((await kit.app.findInstances()).instances).toHaveLength(1)
  })

  test('the input is that of the call: changing it afterwards changes nothing', async () => {
    const wf = workflow('aliased', async (ctx, input: { n: number }) => {
      if (input.n > 0) return input.n
      const next = { n: 1 }
      const never = ctx.recur(next)
      next.n = 2
      return never
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, { n: 0 })).result()).toBe(1)
  })

  test('recur while branches run aborts them', async () => {
    let aborted = 0
    const act = activity('slow', async (ctx) => {
      await new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => {
          aborted++
          reject(new Error('aborted'))
        }),
      )
    })
    const wf = workflow('branching', async (ctx, n: number) => {
      if (n === 1) return 'end'
      void act(ctx, null)
      await ctx.sleep('1m')
      return ctx.recur(1)
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 0)
    await kit.advance('1m')
    expect(await run.result()).toBe('end')
    expect(aborted).toBe(1)
  })

  test('one unbroken chain wherever it crashes', async () => {
    const report = await crashEverywhere(counter, 1, { drive: (kit) => kit.settle() })
    expect(report.outcome).toBe('completed "counted to 3"')
    await makeTest()
  })
})
