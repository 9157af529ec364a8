import { expect, test } from 'vitest'
import { z } from 'zod'
import { activity, type JsonValue, workflow } from '../../src/index'
import { breakable, describeEverywhere, historyOf } from './fixture'

describeEverywhere('fork and dry replay', (makeTest) => {
  test('fork from 0 is a restart: same input, tags and workflow, a history of its own, forkedFrom', async () => {
    const { calls, state, wf } = breakable()
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { tags: { k: 'v' } })
    await kit.advance('1m')
    state.isBroken = false
    const copy = await kit.app.fork(run.instanceId, { fromSeq: 0, instanceId: 'copy' })
    expect(copy.instanceId).toBe('copy')
    await kit.advance('1m')
    expect(await kit.handle('copy').result()).toBe('mended')
    expect(calls).toEqual({ first: 2, second: 2 })
    expect(await kit.app.getInstance('copy')).toMatchObject({ forkedFrom: run.instanceId, tags: { k: 'v' } })
    expect(await run.status()).toBe('failed')
  })

  test('fork from an event keeps what came before it and does the rest anew', async () => {
    const { calls, state, wf } = breakable()
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    state.isBroken = false
    const copy = await kit.app.fork(run.instanceId, { fromSeq: 3 })
    expect(await kit.handle(copy.instanceId).result()).toBe('mended')
    expect(calls).toEqual({ first: 1, second: 2 })
    expect((await historyOf(kit, copy.instanceId)).slice(0, 2)).toEqual(
      await historyOf(kit, run.instanceId).then((lines) => lines.slice(0, 2)),
    )
  })

  test('fork of a completed one from the middle; uuid and random go on as they did', async () => {
    const wf = workflow('chance', async (ctx, _input: null) => {
      const before = ctx.uuid()
      await ctx.sleep('1m')
      return [before, ctx.uuid()]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    const copy = await kit.app.fork(run.instanceId, { fromSeq: 2 })
    await kit.settle()
    expect(await kit.handle(copy.instanceId).result()).toEqual(await run.result())
  })

  test('a fork of a fork, from any event, sees again what chance, clock and history gave the first', async () => {
    const seen: unknown[][] = []
    const step = activity('step', async (_ctx, n: number) => n)
    const wf = workflow('chancy', async (ctx, _input: null) => {
      const own: unknown[] = [ctx.now().getTime(), ctx.uuid()]
      await ctx.subscribe('mine', { mode: 'direct' })
      for (let n = 1; n <= 3; n++) {
        own.push(await step(ctx, n), ctx.random(), await ctx.publish('news', n), ctx.now().getTime())
        await ctx.sleep('1m')
      }
      seen.push(own)
      return own as JsonValue
    })
    const kit = await makeTest({ workflows: [wf] })
    const root = await kit.start(wf, null)
    await kit.advance('5m')
    const all = (await root.result()) as JsonValue[]
    const events = (await historyOf(kit, root.instanceId)).length
    /** Values that the code had made when this many events were recorded. */
    const made = async (fromSeq: number) => {
      const types = (await root.history()).filter(({ seq }) => seq < fromSeq).map(({ type }) => type)
      const steps = types.filter((type) => type === 'ActivityCompleted').length
      const published = types.filter((type) => type === 'MessagePublished').length
      return 2 + steps * 2 + published + Math.min(steps, published)
    }
    for (const [first, second] of [
      [events + 1, events + 1],
      [4, 3],
      [6, 4],
      [events, 6],
      [2, 2],
    ] as const) {
      const child = await kit.app.fork(root.instanceId, { fromSeq: first })
      await kit.advance('5m')
      const grandchild = await kit.app.fork(child.instanceId, { fromSeq: second })
      await kit.advance('5m')
      for (const [fork, fromSeq] of [
        [child, first],
        [grandchild, Math.min(first, second)],
      ] as const) {
        const own = (await fork.result()) as JsonValue[]
        const kept = await made(fromSeq)
        expect(own.slice(0, kept)).toEqual(all.slice(0, kept))
        // chance goes on as it was; the clock and ids of what is new are its own
        expect([own[3], own[7], own[11]]).toEqual([all[3], all[7], all[11]])
        expect(await kit.app.dryReplay(fork.instanceId)).toMatchObject({ ok: true })
      }
    }
  })

  test('a restart has chance and clock of its own', async () => {
    const wf = workflow('fresh', async (ctx, _input: null) => [ctx.uuid(), ctx.now().getTime()])
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    const again = await kit.app.fork(run.instanceId)
    await kit.settle()
    const [before, after] = [(await run.result()) as JsonValue[], (await again.result()) as JsonValue[]]
    expect(after[0]).not.toBe(before[0])
    expect(after[1]).toBe((before[1] as number) + 60_000)
  })

  test('a restart may take another input, which the schema checks', async () => {
    const wf = workflow('typed', { input: z.object({ n: z.number() }) }, async (_ctx, { n }) => n)
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, { n: 1 })
    await kit.settle()
    const copy = await kit.app.fork(run.instanceId, { input: { n: 2 } })
    expect(await kit.handle(copy.instanceId).result()).toBe(2)
    await expect(kit.app.fork(run.instanceId, { input: { n: 'x' } })).rejects.toMatchObject({ code: 'VALIDATION' })
  })

  test('a fork from an event may take another input: what is kept stays, what follows sees the new one', async () => {
    const step = activity('step', async (_ctx, text: string) => text)
    const wf = workflow('edited', { input: z.object({ a: z.string(), b: z.string() }) }, async (ctx, { a, b }) => {
      const kept = await step(ctx, a)
      if (b === '') return kept
      return kept + (await step(ctx, b))
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, { a: 'old', b: 'old' })
    await kit.settle()
    const copy = await kit.app.fork(run.instanceId, { fromSeq: 2, input: { a: 'new', b: 'new' } })
    expect(await kit.handle(copy.instanceId).result()).toBe('oldnew')
    expect(await kit.app.getInstance(copy.instanceId)).toMatchObject({ input: { a: 'new', b: 'new' } })
    expect(await run.result()).toBe('oldold')
    // with this input the code would not have taken the second step that is kept
    await expect(kit.app.fork(run.instanceId, { fromSeq: 3, input: { a: 'x', b: '' } })).rejects.toThrow(/forked/)
    await expect(kit.app.fork(run.instanceId, { fromSeq: 2, input: { a: 1 } })).rejects.toMatchObject({
      code: 'VALIDATION',
    })
  })

  test('refused: an event that does not exist, a taken id', async () => {
    const { wf } = breakable()
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    for (const options of [{ fromSeq: 99 }, { fromSeq: 1.5 }, { fromSeq: -1 }, { instanceId: run.instanceId }])
      await expect(kit.app.fork(run.instanceId, options)).rejects.toThrow(/fromSeq|exists/)
    expect((await kit.app.findInstances()).instances).toHaveLength(1)
  })

  test('a fork of a waiting instance waits for itself', async () => {
    const wf = workflow('waiting', async (ctx, _input: null) => {
      await ctx.run('step', () => 1)
      return (await ctx.waitEvent('e')).data
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    const copy = await kit.app.fork(run.instanceId, { fromSeq: 2 })
    await kit.settle()
    expect(await copy.status()).toBe('waiting_for_event')
    await kit.app.publish('e', 'both')
    await kit.settle()
    expect(await kit.handle(copy.instanceId).result()).toBe('both')
    expect(await run.result()).toBe('both')
  })

  test('dryReplay says whether today’s code fits, with the difference, and changes nothing', async () => {
    let effects = 0
    const act = activity('act', async () => ++effects)
    const before = workflow('evolving', async (ctx, _input: null) => {
      await act(ctx, null)
      await ctx.publish('out', 1)
      await ctx.sleep('1h')
    })
    const after = workflow('evolving', async (ctx, _input: null) => {
      await ctx.run('inserted', () => ++effects)
      await act(ctx, null)
    })
    const kit = await makeTest({ workflows: [before] })
    const run = await kit.start(before, null)
    await kit.settle()
    expect(await kit.app.dryReplay(run.instanceId)).toEqual({ ok: true, events: 2 })
    await kit.redeploy({ workflows: [after], worker: false })
    const row = await kit.storage.instance(run.instanceId)
    expect(await kit.app.dryReplay(run.instanceId)).toEqual({
      ok: false,
      events: 2,
      divergence: {
        message: expect.stringContaining("history holds ActivityCompleted 'act:1'"),
        expected: { kind: 'ActivityCompleted', activityId: 'act:1', name: 'act' },
        actual: [{ kind: 'RunActivity', activityId: 'inserted:1', name: 'inserted' }],
      },
    })
    expect(await kit.storage.instance(run.instanceId)).toEqual(row)
    expect(effects).toBe(1)
  })
})
