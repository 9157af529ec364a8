import { expect, test } from 'vitest'
import { z } from 'zod'
import { activity, WorkflowCancelledError, WorkflowFailedError, workflow } from '../../src/index'
import { crashEverywhere } from '../../src/testing/index'
import { describeEverywhere, historyOf } from './fixture'

const double = activity('double', async (_ctx, n: number) => n * 2)
const child = workflow('child', async (ctx, n: number) => double(ctx, n))
const sleeper = workflow('sleeper', async (ctx, hours: number) => {
  await ctx.sleep(hours * 3_600)
  return `slept ${hours}`
})
const broken = workflow('broken', async (_ctx, _input: null) => {
  throw new RangeError('no good')
})

describeEverywhere('children', (makeTest) => {
  test('call starts a child with the parent’s id and gives its result', async () => {
    const parent = workflow('parent', async (ctx, _input: null) => ctx.call(child, 21))
    const kit = await makeTest({ workflows: [parent, child] })
    const run = await kit.start(parent, null)
    expect(await run.result()).toBe(42)
    const [kid] = (await kit.app.findInstances({ workflowName: 'child' })).instances
    expect(kid).toMatchObject({ parentId: run.instanceId, status: 'completed', input: 21 })
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ChildStarted child_child:1',
      'ChildCompleted child_child:1:result',
    ])
  })

  test('startChild gives a handle at once; result waits as waiting_for_child, over a crash', async () => {
    const parent = workflow('parent', async (ctx, _input: null) => {
      const kid = await ctx.startChild(sleeper, 2, { instanceId: 'kid-1' })
      ctx.setState(kid.instanceId)
      return [await kid.result(), await kid.result()]
    })
    const kit = await makeTest({ workflows: [parent, sleeper] })
    const run = await kit.start(parent, null)
    await kit.settle()
    expect(await run.status()).toBe('waiting_for_child')
    expect(await run.state()).toBe('kid-1')
    kit.crash()
    await kit.advance('2h')
    expect(await run.result()).toEqual(['slept 2', 'slept 2'])
  })

  test('children run beside each other', async () => {
    const parent = workflow('parent', async (ctx, _input: null) =>
      Promise.all([1, 2, 3].map((n) => ctx.call(sleeper, n))),
    )
    const kit = await makeTest({ workflows: [parent, sleeper] })
    const run = await kit.start(parent, null)
    await kit.advance('3h')
    expect(await run.result()).toEqual(['slept 1', 'slept 2', 'slept 3'])
  })

  test('a child that fails rejects with WorkflowFailedError and its error as cause, catchable, the same on replay', async () => {
    const seen: unknown[] = []
    const parent = workflow('parent', async (ctx, _input: null) => {
      seen.push(await ctx.call(broken, null).catch((error: unknown) => error))
      await ctx.sleep('1h')
      return 'went on'
    })
    const kit = await makeTest({ workflows: [parent, broken] })
    const run = await kit.start(parent, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe('went on')
    expect(seen.length).toBeGreaterThan(1)
    for (const error of seen as Error[]) {
      expect(error).toBeInstanceOf(WorkflowFailedError)
      expect(error.cause).toBeInstanceOf(RangeError)
      expect((error.cause as Error).message).toBe('no good')
    }
  })

  test('a child that is cancelled rejects with WorkflowCancelledError, by and reason included', async () => {
    const parent = workflow('parent', async (ctx, _input: null) => {
      const kid = await ctx.startChild(sleeper, 1, { instanceId: 'kid' })
      return kid.result().catch((error: unknown) => [error instanceof WorkflowCancelledError, { ...(error as object) }])
    })
    const kit = await makeTest({ workflows: [parent, sleeper] })
    const run = await kit.start(parent, null)
    await kit.settle()
    await kit.app.cancel('kid', { by: 'ann', reason: 'not needed' })
    await kit.settle()
    expect(await run.result()).toEqual([
      true,
      expect.objectContaining({ instanceId: 'kid', by: 'ann', reason: 'not needed' }),
    ])
  })

  test('a child whose id is taken rejects with InstanceExistsError, and the parent may go on', async () => {
    const parent = workflow('parent', async (ctx, _input: null) => {
      const error = await ctx.startChild(child, 1, { instanceId: 'taken' }).catch((caught: unknown) => caught as Error)
      return [(error as Error).name, await ctx.call(child, 2)]
    })
    const kit = await makeTest({ workflows: [parent, child] })
    await kit.start(child, 5, { instanceId: 'taken' })
    const run = await kit.start(parent, null)
    expect(await run.result()).toEqual(['InstanceExistsError', 4])
  })

  test('by default a child is cancelled when its parent ends, however it ends', async () => {
    const failing = workflow('failing', async (ctx, _input: null) => {
      await ctx.startChild(sleeper, 5, { instanceId: 'of-failing' })
      throw new Error('no')
    })
    const leaving = workflow('leaving', async (ctx, _input: null) => {
      await ctx.startChild(sleeper, 5, { instanceId: 'of-leaving' })
      return 'left'
    })
    const kit = await makeTest({ workflows: [failing, leaving, sleeper] })
    const runs = [await kit.start(failing, null), await kit.start(leaving, null)]
    await kit.settle()
    expect([await runs[0]?.status(), await runs[1]?.status()]).toEqual(['failed', 'completed'])
    for (const id of ['of-failing', 'of-leaving'])
      expect(await kit.app.getInstance(id)).toMatchObject({
        status: 'cancelled',
        cancel: { reason: expect.any(String) },
      })
  })

  test('an abandoned child lives on', async () => {
    const leaving = workflow('leaving', async (ctx, _input: null) => {
      await ctx.startChild(sleeper, 1, { instanceId: 'orphan', parentClosePolicy: 'abandon' })
      return 'left'
    })
    const kit = await makeTest({ workflows: [leaving, sleeper] })
    await kit.start(leaving, null)
    await kit.advance('1h')
    expect(await kit.app.getInstance('orphan')).toMatchObject({ status: 'completed', output: 'slept 1' })
  })

  test('cancelling a parent cancels its children and theirs', async () => {
    const middle = workflow('middle', async (ctx, _input: null) => ctx.call(sleeper, 5, { instanceId: 'grandchild' }))
    const parent = workflow('parent', async (ctx, _input: null) => ctx.call(middle, null, { instanceId: 'middle' }))
    const kit = await makeTest({ workflows: [parent, middle, sleeper] })
    const run = await kit.start(parent, null)
    await kit.settle()
    await run.cancel({ by: 'ann' })
    await kit.settle()
    expect(await run.status()).toBe('cancelled')
    for (const id of ['middle', 'grandchild']) expect((await kit.app.getInstance(id))?.status).toBe('cancelled')
  })

  test('a child that recurs gives the result of the last of its chain', async () => {
    const recurring = workflow('recurring', async (ctx, n: number) => (n < 3 ? ctx.recur(n + 1) : `end ${n}`))
    const parent = workflow('parent', async (ctx, _input: null) => ctx.call(recurring, 0))
    const kit = await makeTest({ workflows: [parent, recurring] })
    expect(await (await kit.start(parent, null)).result()).toBe('end 3')
  })

  test('a parent that recurs keeps its children: they are closed with the last of its chain', async () => {
    const parent = workflow('parent', async (ctx, generation: number) => {
      if (generation === 0) {
        await ctx.startChild(sleeper, 5, { instanceId: 'kept' })
        return ctx.recur(1)
      }
      await ctx.sleep('2h')
      return 'end'
    })
    const kit = await makeTest({ workflows: [parent, sleeper] })
    const run = await kit.start(parent, 0)
    await kit.advance('1h')
    expect((await kit.app.getInstance('kept'))?.status).toBe('waiting_for_timer')
    await kit.advance('1h')
    expect(await run.result()).toBe('end')
    expect((await kit.app.getInstance('kept'))?.status).toBe('cancelled')
  })

  test('a child whose input its schema refuses fails with ValidationError', async () => {
    const strict = workflow('strict', { input: z.object({ n: z.number() }) }, async (_ctx, { n }) => n)
    const parent = workflow('parent', async (ctx, _input: null) =>
      ctx.call(strict, { n: 'x' } as never).catch((error: Error) => (error.cause as Error).name),
    )
    const kit = await makeTest({ workflows: [parent, strict] })
    expect(await (await kit.start(parent, null)).result()).toBe('ValidationError')
  })

  test('a race against a child withdraws the wait; the child lives on until the parent ends', async () => {
    const parent = workflow('parent', async (ctx, _input: null) => {
      const kid = await ctx.startChild(sleeper, 5, { instanceId: 'kid' })
      const win = await ctx.race({ kid: kid.result(), late: ctx.sleep('1h') })
      await ctx.sleep('1h')
      return win.key
    })
    const kit = await makeTest({ workflows: [parent, sleeper] })
    const run = await kit.start(parent, null)
    await kit.advance('90m')
    expect((await kit.app.getInstance('kid'))?.status).toBe('waiting_for_timer')
    await kit.advance('1h')
    expect(await run.result()).toBe('late')
    expect((await kit.app.getInstance('kid'))?.status).toBe('cancelled')
  })

  test('parent and child end alike wherever the process crashes, and the child is started once', async () => {
    const parent = workflow('parent', async (ctx, _input: null) => [await ctx.call(child, 1), await ctx.call(child, 2)])
    const report = await crashEverywhere(parent, null, { workflows: [parent, child], drive: (kit) => kit.settle() })
    expect(report.outcome).toBe('completed [2,4]')
    await makeTest()
  })
})
