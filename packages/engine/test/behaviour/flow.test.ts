import { expect, test } from 'vitest'
import { activity, workflow } from '../../src/index'
import { describeEverywhere, historyOf, recordingLog, rejection } from './fixture'

const echo = activity('echo', async (_ctx, value: string) => value)

describeEverywhere('flow', (makeTest) => {
  test('log is silent while replaying: each line once, over crashes', async () => {
    const logger = recordingLog()
    const wf = workflow('chatty', async (ctx, _input: null) => {
      ctx.log.info('begins')
      await echo(ctx, 'a')
      ctx.log.warn({ step: 2 }, 'after a')
      await ctx.sleep('1h')
      ctx.log.info('after the timer')
      await echo(ctx, 'b')
      ctx.log.error('ends')
    })
    const kit = await makeTest({ workflows: [wf], logger })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    await run.result()
    const said = logger.lines.filter((line) => /begins|after|ends/.test(line))
    expect(said).toEqual(['info begins', 'warn after a', 'info after the timer', 'error ends'])
  })

  test('isReplaying is true while recorded events are delivered and false on new ground', async () => {
    const seen: string[] = []
    const wf = workflow('aware', async (ctx, _input: null) => {
      seen.push(`start ${ctx.isReplaying}`)
      await ctx.sleep('1h')
      seen.push(`woke ${ctx.isReplaying}`)
    })
    const kit = await makeTest({ workflows: [wf] })
    await kit.start(wf, null)
    await kit.settle()
    expect(seen).toEqual(['start false'])
    seen.length = 0
    kit.crash()
    await kit.advance('1h')
    expect(seen.slice(-2)).toEqual(['start true', 'woke false'])
  })

  test('random and uuid are the same on replay and differ between instances', async () => {
    const wf = workflow('chance', async (ctx, _input: null) => {
      const first = [ctx.random(), ctx.uuid()]
      await ctx.sleep('1h')
      return [...first, ctx.random(), ctx.uuid()]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = async (instanceId: string, crashes: boolean) => {
      const handle = await kit.start(wf, null, { instanceId })
      await kit.settle()
      if (crashes) kit.crash()
      await kit.advance('1h')
      return handle.result()
    }
    const one = (await run('one', true)) as unknown[]
    const two = (await run('two', false)) as unknown[]
    expect(one[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set([...one, ...two]).size).toBe(8)
    const fresh = await makeTest({ workflows: [wf] })
    const again = await fresh.start(wf, null, { instanceId: 'one' })
    await fresh.advance('1h')
    expect(await again.result()).toEqual(one)
  })

  test('patched: old instances go the old way, new ones the new, and both survive a crash', async () => {
    const before = workflow('patching', async (ctx, _input: null) => {
      await echo(ctx, 'old')
      await ctx.sleep('1h')
      return echo(ctx, 'end')
    })
    const after = workflow('patching', async (ctx, _input: null) => {
      if (ctx.patched('greeting')) await echo(ctx, 'new')
      else await echo(ctx, 'old')
      await ctx.sleep('1h')
      return ctx.patched('ending') ? echo(ctx, 'new end') : echo(ctx, 'end')
    })
    const kit = await makeTest({ workflows: [before] })
    const old = await kit.start(before, null)
    await kit.settle()
    await kit.redeploy({ workflows: [after] })
    const fresh = await kit.start(after, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await old.result()).toBe('new end')
    expect(await fresh.result()).toBe('new end')
    const inputs = async (id: string) =>
      ((await kit.app.getHistory(id)) ?? []).flatMap((event) =>
        event.type === 'ActivityCompleted'
          ? [event.data.input]
          : event.type === 'PatchMarked'
            ? [`patch ${event.data.id}`]
            : [],
      )
    expect(await inputs(old.instanceId)).toEqual(['old', 'patch ending', 'new end'])
    expect(await inputs(fresh.instanceId)).toEqual(['patch greeting', 'new', 'patch ending', 'new end'])
  })

  test('a patch asked twice answers alike', async () => {
    const wf = workflow('twice', async (ctx, _input: null) => {
      const first = ctx.patched('p')
      await ctx.sleep('1h')
      return [first, ctx.patched('p')]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual([true, true])
  })

  test('each question about a patch is answered for its own place: false where old code ran, true on new ground', async () => {
    const before = workflow('inBetween', async (ctx, _input: null) => {
      await echo(ctx, 'a')
      await ctx.sleep('1h')
      return 'old'
    })
    const after = workflow('inBetween', async (ctx, _input: null) => {
      const first = ctx.patched('p')
      await echo(ctx, 'a')
      await ctx.sleep('1h')
      return [first, ctx.patched('p')]
    })
    const kit = await makeTest({ workflows: [before] })
    const run = await kit.start(before, null)
    await kit.settle()
    await kit.redeploy({ workflows: [after] })
    await kit.advance('1h')
    expect(await run.result()).toEqual([false, true])
  })

  test('setTags merges into the tags of the instance and can be searched for', async () => {
    const wf = workflow('tagging', { tags: () => ({ a: '1' }) }, async (ctx, _input: null) => {
      ctx.setTags({ b: '2' })
      await echo(ctx, 'x')
      ctx.setTags({ a: 'changed' })
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect((await kit.app.getInstance(run.instanceId))?.tags).toEqual({ a: 'changed', b: '2' })
    const found = await kit.app.findInstances({ tags: { b: '2' } })
    expect(found.instances.map((one) => one.instanceId)).toEqual([run.instanceId])
    kit.crash()
    await kit.advance('1h')
    await run.result()
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'TagsSet tags:1',
      'ActivityCompleted echo:1',
      'TagsSet tags:2',
      'TimerExpired sleep:1',
    ])
  })

  test('setTags refuses what is no string', async () => {
    const wf = workflow('badTags', async (ctx, _input: null) => ctx.setTags({ n: 1 as never }))
    const kit = await makeTest({ workflows: [wf] })
    expect((await rejection((await kit.start(wf, null)).result())).cause).toBeInstanceOf(TypeError)
  })

  test('setState is shown, the last one wins, and it is recorded', async () => {
    const wf = workflow('stating', async (ctx, _input: null) => {
      ctx.setState({ n: 1 })
      ctx.setState({ n: 2 })
      await ctx.sleep('1h')
      ctx.setState(null)
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.state()).toEqual({ n: 2 })
    expect((await kit.app.getInstance(run.instanceId))?.state).toEqual({ n: 2 })
    await kit.advance('1h')
    expect(await run.state()).toBeNull()
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'StateSet state:1',
      'StateSet state:2',
      'TimerExpired sleep:1',
      'StateSet state:3',
    ])
  })

  test('the state is that of the call: changing the object afterwards changes nothing', async () => {
    const wf = workflow('aliased', async (ctx, _input: null) => {
      const state = { n: 1 }
      ctx.setState(state)
      state.n = 2
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.state()).toEqual({ n: 1 })
  })

  test('a workflow knows where it is', async () => {
    const wf = workflow('knowing', async (ctx, _input: null) => [
      ctx.instanceId,
      ctx.workflowName,
      ctx.workerId.length > 0,
    ])
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null, { instanceId: 'k1' })).result()).toEqual(['k1', 'knowing', true])
  })

  test('the input of the workflow is its own copy on every replay', async () => {
    const wf = workflow('mutating', async (ctx, input: { n: number }) => {
      input.n++
      await ctx.sleep('1h')
      return input.n
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, { n: 1 })
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe(2)
    expect((await kit.app.getInstance(run.instanceId))?.input).toEqual({ n: 1 })
  })
})
