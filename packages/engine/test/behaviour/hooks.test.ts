import { expect, test } from 'vitest'
import { activity, TerminalError, type WorkflowHooks, workflow } from '../../src/index'
import { describeEverywhere, recordingLog, rejection } from './fixture'

/** Hooks that write down what they were told, without ids. */
function recorder() {
  const told: unknown[][] = []
  const names = [
    'onWorkflowStart',
    'onWorkflowComplete',
    'onWorkflowFailed',
    'onWorkflowCancelled',
    'onActivityStart',
    'onActivityComplete',
    'onActivityFailed',
    'onActivityRetry',
    'onEventSent',
    'onEventReceived',
  ] as const
  const hooks = Object.fromEntries(
    names.map((name) => [
      name,
      (...args: unknown[]) => {
        told.push([name, ...args.map((arg) => (arg instanceof Error ? `${arg.name}: ${arg.message}` : arg))])
      },
    ]),
  ) as WorkflowHooks
  return {
    hooks,
    told,
    of: (name: (typeof names)[number]) => told.filter((one) => one[0] === name).map((one) => one.slice(1)),
  }
}

const echo = activity('echo', async (_ctx, value: string) => value)

describeEverywhere('hooks', (makeTest) => {
  test('a first run tells start, activities and completion, in order', async () => {
    const { hooks, told } = recorder()
    const wf = workflow('hooked', async (ctx, name: string) => echo(ctx, name))
    const kit = await makeTest({ workflows: [wf], hooks })
    await (await kit.start(wf, 'x', { instanceId: 'i' })).result()
    expect(told).toEqual([
      ['onWorkflowStart', 'i', 'hooked', 'x'],
      ['onActivityStart', 'i', 'echo:1', 'echo', false],
      ['onActivityComplete', 'i', 'echo:1', 'echo', 'x', false],
      ['onWorkflowComplete', 'i', 'hooked', 'x'],
    ])
  })

  test('a workflow that ends in its first drain tells start before its end', async () => {
    const { hooks, told } = recorder()
    const quick = workflow('quick', async () => 'done')
    const kit = await makeTest({ workflows: [quick], hooks })
    await (await kit.start(quick, null, { instanceId: 'q' })).result()
    expect(told.map((one) => one[0])).toEqual(['onWorkflowStart', 'onWorkflowComplete'])
  })

  test('retries, failures and the failed workflow are told', async () => {
    const { hooks, told } = recorder()
    const bad = activity('bad', { retry: { maxAttempts: 2, initialInterval: 7 } }, async () => {
      throw new RangeError('no')
    })
    const wf = workflow('failing', async (ctx, _input: null) => bad(ctx, null))
    const kit = await makeTest({ workflows: [wf], hooks })
    const run = await kit.start(wf, null, { instanceId: 'i' })
    await kit.advance('1m')
    await rejection(run.result())
    const exhausted = 'RetryExhaustedError: Activity bad failed after 2 attempts: Max attempts (2) reached'
    expect(told).toEqual([
      ['onWorkflowStart', 'i', 'failing', null],
      ['onActivityStart', 'i', 'bad:1', 'bad', false],
      ['onActivityRetry', 'i', 'bad:1', 'bad', 'RangeError: no', 1, 7],
      ['onActivityStart', 'i', 'bad:1', 'bad', false],
      ['onActivityFailed', 'i', 'bad:1', 'bad', exhausted],
      ['onWorkflowFailed', 'i', 'failing', exhausted],
    ])
  })

  test('a cancelled workflow is told once', async () => {
    const { hooks, of } = recorder()
    const wf = workflow('cancelled', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf], hooks })
    const run = await kit.start(wf, null, { instanceId: 'i' })
    await kit.settle()
    await run.cancel()
    await kit.settle()
    expect(of('onWorkflowCancelled')).toEqual([['i', 'cancelled']])
    expect(of('onWorkflowFailed')).toEqual([])
  })

  test('events sent from an activity are told after its commit, events received when they are delivered', async () => {
    const { hooks, of } = recorder()
    const send = activity('send', async (ctx) => {
      ctx.sendEventTransactional('order.placed', '/orders', { n: ctx.attempt })
      if (ctx.attempt === 1) throw new Error('rolled back')
    })
    const wf = workflow('eventful', async (ctx, _input: null) => {
      await send(ctx, null)
      await ctx.waitEvent('order.paid')
    })
    const kit = await makeTest({ workflows: [wf], hooks })
    const run = await kit.start(wf, null, { instanceId: 'i' })
    await kit.advance('1m')
    await kit.app.publish('order.paid', { cents: 5 })
    await run.result()
    expect(of('onEventSent')).toEqual([['order.placed', '/orders', { n: 2 }]])
    expect(of('onEventReceived')).toEqual([['i', 'order.paid', { cents: 5 }]])
  })

  test('after a crash the recorded activities are told as replayed, with cacheHit; start and completion stay single', async () => {
    const { hooks, of } = recorder()
    const wf = workflow('resumed', async (ctx, _input: null) => {
      await echo(ctx, 'a')
      await ctx.sleep('1h')
      return echo(ctx, 'b')
    })
    const kit = await makeTest({ workflows: [wf], hooks, forceReplay: false })
    const run = await kit.start(wf, null, { instanceId: 'i' })
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    await run.result()
    expect(of('onWorkflowStart')).toHaveLength(1)
    expect(of('onWorkflowComplete')).toEqual([['i', 'resumed', 'b']])
    expect(of('onActivityComplete')).toEqual([
      ['i', 'echo:1', 'echo', 'a', false],
      ['i', 'echo:1', 'echo', 'a', true],
      ['i', 'echo:2', 'echo', 'b', false],
    ])
    expect(of('onActivityStart')).toEqual([
      ['i', 'echo:1', 'echo', false],
      ['i', 'echo:1', 'echo', true],
      ['i', 'echo:2', 'echo', false],
    ])
  })

  test('a start that a crash interrupted is told when it really begins; recovery tells the end', async () => {
    const { hooks, of } = recorder()
    const wf = workflow('delayed', async (ctx, _input: null) => echo(ctx, 'a'))
    const kit = await makeTest({ workflows: [wf], hooks })
    const run = await kit.start(wf, null, { delay: '1h' })
    expect(of('onWorkflowStart')).toEqual([])
    kit.crash()
    await kit.advance('1h')
    await run.result()
    expect(of('onWorkflowStart')).toHaveLength(1)
    expect(of('onWorkflowComplete')).toHaveLength(1)
  })

  test('a throwing or rejecting hook is logged and changes nothing', async () => {
    const logger = recordingLog()
    const thrower = () => {
      throw new Error('hook')
    }
    const hooks: WorkflowHooks = {
      onWorkflowStart: thrower,
      onWorkflowComplete: async () => thrower(),
      onActivityStart: thrower,
      onActivityComplete: thrower,
      onActivityRetry: thrower,
      onActivityFailed: async () => thrower(),
      onWorkflowFailed: thrower,
      onEventSent: thrower,
      onEventReceived: thrower,
      onWorkflowCancelled: thrower,
    }
    const bad = activity('bad', { retry: { maxAttempts: 2, initialInterval: 0 } }, async () => {
      throw new Error('no')
    })
    const wf = workflow('sturdy', async (ctx, _input: null) => {
      await bad(ctx, null).catch(() => {})
      const value = await echo(ctx, 'fine')
      return [value, (await ctx.waitEvent('e')).data]
    })
    const failing = workflow('failing', async () => {
      throw new TerminalError('its own')
    })
    const kit = await makeTest({ workflows: [wf, failing], hooks, logger })
    const [run, failed] = [await kit.start(wf, null), await kit.start(failing, null)]
    await kit.advance('1m')
    await kit.app.publish('e', 1)
    expect(await run.result()).toEqual(['fine', 1])
    expect(((await rejection(failed.result())).cause as Error).message).toBe('its own')
    expect(logger.lines.filter((line) => line.includes('hook threw')).length).toBeGreaterThan(5)
  })

  test('hooks may be few, and keep their this', async () => {
    class Counting implements WorkflowHooks {
      completed = 0
      onWorkflowComplete() {
        this.completed++
      }
    }
    const hooks = new Counting()
    const wf = workflow('counted', async () => 1)
    const kit = await makeTest({ workflows: [wf], hooks })
    await (await kit.start(wf, null)).result()
    expect(hooks.completed).toBe(1)
  })
})
