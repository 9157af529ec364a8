import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  activity,
  compensation,
  InvalidStateError,
  TerminalError,
  type WorkflowContext,
  workflow,
} from '../../src/index'
import { breakable, describeEverywhere, historyOf, rejection } from './fixture'

const ONCE = { maxAttempts: 1 }

describeEverywhere('retry in place', (makeTest) => {
  test('a failed instance goes on from its failed activity, once what was broken is mended', async () => {
    const { calls, state, wf } = breakable()
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    await rejection(run.result())
    state.isBroken = false
    const again = await kit.app.retry(run.instanceId, { by: 'ann', reason: 'mended' })
    expect(again.instanceId).toBe(run.instanceId)
    expect(await run.result()).toBe('mended')
    expect(calls).toEqual({ first: 1, second: 2 })
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'completed',
      error: null,
      output: 'mended',
    })
    expect((await historyOf(kit, run.instanceId)).map((line) => line.split(' ')[0])).toEqual([
      'ActivityCompleted',
      'TimerExpired',
      'StateSet',
      'ActivityFailed',
      'WorkflowFailed',
      'WorkflowRetried',
      'ActivityCompleted',
    ])
    expect((await run.history())[5]).toMatchObject({ data: { supersedes: [4, 5], by: 'ann', reason: 'mended' } })
  })

  test('it may fail and be retried again and again, over crashes', async () => {
    const { calls, state, wf } = breakable()
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    for (let n = 0; n < 3; n++) {
      await rejection(run.result())
      await kit.app.retry(run.instanceId)
      await kit.settle()
      kit.crash()
      await kit.settle()
    }
    await rejection(run.result())
    state.isBroken = false
    await kit.app.retry(run.instanceId)
    expect(await run.result()).toBe('mended')
    expect(calls).toEqual({ first: 1, second: 5 })
  })

  test('a workflow that failed by itself goes on from its last event', async () => {
    let isBroken = true
    const wf = workflow('thrower', async (ctx, _input: null) => {
      await ctx.sleep('1m')
      if (isBroken) throw new Error('by itself')
      return 'fine'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    await rejection(run.result())
    isBroken = false
    await kit.app.retry(run.instanceId)
    expect(await run.result()).toBe('fine')
  })

  test('refused: unless it failed, once it was compensated, and when the code does not fit', async () => {
    const undo = compensation('undo', async () => {})
    const done = activity('done', { onFailure: undo }, async () => 1)
    const compensated = workflow('compensated', async (ctx, _input: null) => {
      await done(ctx, null)
      throw new Error('late')
    })
    const sleeping = workflow('sleeping', async (ctx, _input: null) => ctx.sleep('1h'))
    const { wf } = breakable()
    const kit = await makeTest({ workflows: [compensated, sleeping, wf] })
    const runs = [
      await kit.start(compensated, null),
      await kit.start(sleeping, null),
      await kit.start(wf, null),
    ] as const
    await kit.advance('1m')
    expect((await rejection(kit.app.retry(runs[0].instanceId))).message).toContain('was compensated')
    expect((await rejection(kit.app.retry(runs[1].instanceId))).message).toContain('Only a failed instance')
    const other = workflow('breakable', async (ctx, _input: null) => ctx.sleep('1h'))
    await kit.redeploy({ workflows: [other, compensated, sleeping] })
    const before = await kit.app.getInstance(runs[2].instanceId)
    const error = await rejection(kit.app.retry(runs[2].instanceId))
    expect(error).toBeInstanceOf(InvalidStateError)
    expect(error.message).toContain("cannot be retried with today's code")
    expect(await kit.app.getInstance(runs[2].instanceId)).toEqual(before)
  })

  test('of parallel branches the failed one runs again, the completed one does not', async () => {
    const { calls, state, first } = breakable()
    const bad = activity('bad', { retry: ONCE }, async () => {
      if (state.isBroken) throw new Error('broken')
      return 'mended'
    })
    const wf = workflow('parallel', async (ctx, _input: null) => Promise.all([first(ctx, null), bad(ctx, null)]))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await rejection(run.result())
    state.isBroken = false
    await kit.app.retry(run.instanceId)
    expect(await run.result()).toEqual([calls.first, 'mended'])
    expect((await historyOf(kit, run.instanceId)).filter((line) => line === 'ActivityCompleted bad:1')).toHaveLength(1)
  })

  test('of two failures the one that the workflow failed with runs again, the one it had caught does not', async () => {
    const calls = { optional: 0, needed: 0 }
    let isBroken = true
    const optional = activity('optional', { retry: ONCE }, async () => {
      calls.optional++
      throw new Error('no luck')
    })
    const needed = activity('needed', { retry: ONCE }, async () => {
      calls.needed++
      if (isBroken) throw new Error('broken')
      return 'mended'
    })
    const caughtLast = workflow('caughtLast', async (ctx, _input: null) => {
      const open = needed(ctx, null)
      await ctx.sleep('1m')
      await optional(ctx, null).catch(() => ctx.setState('without it'))
      try {
        return await open
      } catch (error) {
        await ctx.publish('alarms', 'failed')
        throw new Error('it did not work', { cause: error })
      }
    })
    const kit = await makeTest({ workflows: [caughtLast] })
    const run = await kit.start(caughtLast, null)
    await kit.advance('1m')
    await rejection(run.result())
    isBroken = false
    await kit.app.retry(run.instanceId)
    expect(await run.result()).toBe('mended')
    expect(calls).toEqual({ optional: 1, needed: 2 })
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityFailed needed:1',
      'TimerExpired sleep:1',
      'ActivityFailed optional:1',
      'StateSet state:1',
      'MessagePublished publish_alarms:1',
      'WorkflowFailed workflow_failed',
      expect.stringMatching(/^WorkflowRetried/),
      'ActivityCompleted needed:1',
    ])
    expect((await run.history())[6]?.data).toMatchObject({ supersedes: [1, 5, 6] })
  })

  test('all failures that one error gathers run again', async () => {
    let isBroken = true
    const any = activity('any', { retry: ONCE }, async (_ctx, n: number) => {
      if (isBroken) throw new Error(`broken ${n}`)
      return n
    })
    const wf = workflow('gathering', async (ctx, _input: null) => Promise.any([any(ctx, 1), any(ctx, 2)]))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    expect((await rejection(run.result())).cause).toBeInstanceOf(AggregateError)
    isBroken = false
    await kit.app.retry(run.instanceId)
    expect(await run.result()).toBe(1)
  })

  test('a failure that was caught in order to throw another error is tried again, where nothing followed from it', async () => {
    let isBroken = true
    const calls: string[] = []
    const step = activity('step', { retry: ONCE }, async (_ctx, name: string) => {
      calls.push(name)
      if (name !== 'fine' && isBroken) throw new Error(`no ${name}`)
      return name
    })
    const rethrown = workflow('rethrown', async (ctx, _input: null) => {
      try {
        return await step(ctx, 'a')
      } catch {
        throw new TerminalError('sold out')
      }
    })
    const settled = workflow('settled', async (ctx, _input: null) => {
      const early = await Promise.allSettled([step(ctx, 'early')])
      await step(ctx, 'fine')
      const all = await Promise.allSettled([step(ctx, 'a'), step(ctx, 'fine'), step(ctx, 'b')])
      if (all.some(({ status }) => status === 'rejected')) throw new Error('some failed')
      return [early[0]?.status, ...all.map(({ status }) => status)]
    })
    const kit = await makeTest({ workflows: [rethrown, settled] })
    const runs = [await kit.start(rethrown, null), await kit.start(settled, null)] as const
    for (const run of runs) await rejection(run.result())
    isBroken = false
    calls.length = 0
    for (const run of runs) await kit.app.retry(run.instanceId)
    expect(await runs[0].result()).toBe('a')
    expect(await runs[1].result()).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
    // what came after the early failure depends on it, so that one stands
    expect(calls.toSorted()).toEqual(['a', 'a', 'b'])
  })

  test('refused with the reason: where it would only fail again, and where it had gone on after the failure', async () => {
    const bad = activity('bad', { retry: ONCE }, async () => Promise.reject(new Error('broken')))
    const clean = activity('clean', async () => 'cleaned')
    const own = workflow('own', async (ctx, n: number) => {
      await bad(ctx, null).catch(() => clean(ctx, null))
      if (n === 1) ctx.setState({ n: 1n })
      if (n === 2) return 'no number' as unknown as number
      throw new Error('too late')
    })
    const checked = workflow('checked', { output: z.number() }, async (ctx, n: number) => own(ctx, n))
    const undone = workflow('undone', async (ctx, _n: number) => {
      try {
        return await bad(ctx, null)
      } catch (error) {
        await clean(ctx, null)
        throw error
      }
    })
    const kit = await makeTest({ workflows: [own, checked, undone] })
    const why = async (wf: typeof own, n: number) => {
      const run = await kit.start(wf, n)
      await rejection(run.result())
      const before = await run.history()
      const error = await rejection(kit.app.retry(run.instanceId))
      expect(error).toBeInstanceOf(InvalidStateError)
      expect([await run.status(), await run.history()]).toEqual(['failed', before])
      return error.message
    }
    expect(await why(own, 0)).toContain('would change nothing, it would fail again with: too late')
    expect(await why(own, 1)).toContain('would change nothing, it would fail again with: Cannot store state')
    expect(await why(checked, 2)).toContain('would change nothing, it would fail again with: Invalid output')
    expect(await why(undone, 0)).toContain("after ActivityFailed 'bad:1' it went on")
    expect(await why(undone, 0)).toContain('Fork it from event 1')
  })

  test('refused after its deadline', async () => {
    const wf = workflow('hurried', { deadline: '1m' }, async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('2m')
    await rejection(run.result())
    expect((await rejection(kit.app.retry(run.instanceId))).message).toContain('deadline')
  })

  test('a wait that timed out begins again, with its whole time', async () => {
    const wf = workflow('waiting', async (ctx, _input: null) => {
      await ctx.subscribe('mine', { mode: 'direct' })
      const [event] = await Promise.all([
        ctx.waitEvent('paid', { timeout: '1m' }),
        ctx.receive('mine', { timeout: '2m' }).then(({ data }) => ctx.setState(data)),
      ])
      return event.data
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    await rejection(run.result())
    await kit.app.retry(run.instanceId)
    await kit.advance('59s')
    await kit.app.publish('paid', 'late')
    await kit.advance('2m')
    expect((await rejection(run.result())).cause).toMatchObject({ code: 'RECEIVE_TIMEOUT' })
    await kit.app.retry(run.instanceId)
    await kit.app.sendTo(run.instanceId, 'at last', { channel: 'mine' })
    expect(await run.result()).toBe('late')
    expect(await run.state()).toBe('at last')
  })

  test('a failed child is retried first, then its parent goes on with the child’s result', async () => {
    const { state, wf: child } = breakable()
    const parent = workflow('parent', async (ctx, _input: null) => ctx.call(child, null))
    const kit = await makeTest({ workflows: [parent, child] })
    const run = await kit.start(parent, null)
    await kit.advance('1m')
    const failure = (await rejection(run.result())).cause as { instanceId: string }
    expect((await rejection(kit.app.retry(run.instanceId))).message).toContain('retry the child first')
    state.isBroken = false
    await kit.app.retry(failure.instanceId)
    await kit.settle()
    await kit.app.retry(run.instanceId)
    expect(await run.result()).toBe('mended')
  })
})

describeEverywhere('results that came in while a workflow was ending', (makeTest) => {
  /** Three branches: `bad` fails at once, the others finish when they are told to stop, and make calls then. */
  function branching() {
    const state = { isBroken: true }
    const bad = activity('bad', { retry: ONCE }, async () => {
      if (state.isBroken) throw new Error('broken')
      return 'mended'
    })
    const stubborn = activity('stubborn', async (ctx, name: string) => {
      if (state.isBroken)
        await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }))
      return name
    })
    const note = async (ctx: WorkflowContext, name: string) => {
      const done = await stubborn(ctx, name)
      ctx.setState(done)
      await ctx.publish('notes', done)
      return done
    }
    const wf = workflow('branching', async (ctx, fails: boolean) => {
      const branches = [note(ctx, 'a'), note(ctx, 'b'), note(ctx, 'c')]
      if (fails) branches.push(bad(ctx, null))
      return Promise.all(branches)
    })
    return { state, wf }
  }

  test('are heard by a retry one by one, as often as it is replayed', async () => {
    const { state, wf } = branching()
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, true)
    await rejection(run.result())
    const late = await historyOf(kit, run.instanceId)
    expect(late.toSorted()).toEqual([
      'ActivityCompleted stubborn:1',
      'ActivityCompleted stubborn:2',
      'ActivityCompleted stubborn:3',
      'ActivityFailed bad:1',
      'WorkflowFailed workflow_failed',
    ])
    expect(await kit.app.dryReplay(run.instanceId)).toEqual({ ok: true, events: 5 })
    await kit.app.retry(run.instanceId)
    await rejection(run.result())
    expect(await kit.app.dryReplay(run.instanceId)).toMatchObject({ ok: true })
    state.isBroken = false
    await kit.app.retry(run.instanceId)
    expect(await run.result()).toEqual(['a', 'b', 'c', 'mended'])
    expect(await kit.app.dryReplay(run.instanceId)).toMatchObject({ ok: true })
    expect((await kit.storage.messages('notes', { after: 0, limit: 10 })).map(({ data }) => data).toSorted()).toEqual([
      '"a"',
      '"b"',
      '"c"',
    ])
  })

  test('of a cancelled one are no divergence', async () => {
    const { wf } = branching()
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, false)
    await kit.settle()
    await run.cancel()
    await rejection(run.result())
    expect(await kit.app.dryReplay(run.instanceId)).toEqual({ ok: true, events: 4 })
  })
})
