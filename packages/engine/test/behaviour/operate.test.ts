import { expect, test } from 'vitest'
import { activity, compensation, InvalidStateError, workflow } from '../../src/index'
import { describeEverywhere, gate, rejection } from './fixture'

describeEverywhere('suspend and resume', (makeTest) => {
  test('a suspended instance does not move until it is resumed; what fell due meanwhile happens then', async () => {
    const wf = workflow('parked', async (ctx, _input: null) => {
      await ctx.sleep('1m')
      return (await ctx.waitEvent('e', { timeout: '10h' })).data
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.suspend(run.instanceId, { by: 'ann', reason: 'maintenance' })
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'suspended',
      suspendReason: 'maintenance',
    })
    await kit.advance('1h')
    expect(await run.status()).toBe('suspended')
    await kit.app.resume(run.instanceId)
    await kit.settle()
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'waiting_for_event',
      suspendReason: null,
    })
    await kit.app.suspend(run.instanceId)
    await kit.app.publish('e', 'while suspended')
    await kit.settle()
    expect(await run.status()).toBe('suspended')
    await kit.app.resume(run.instanceId)
    expect(await run.result()).toBe('while suspended')
  })

  test('a running activity of a suspended instance is aborted; resumed, it runs again under the next attempt', async () => {
    const attempts: [number, boolean][] = []
    const act = activity('long', async (ctx) => {
      if (ctx.attempt > 1) return ctx.attempt
      return new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => {
          attempts.push([ctx.attempt, ctx.signal.aborted])
          reject(new Error('aborted'))
        }),
      )
    })
    const wf = workflow('running', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.suspend(run.instanceId)
    await kit.settle()
    expect(attempts).toEqual([[1, true]])
    await kit.app.resume(run.instanceId)
    expect(await run.result()).toBe(2)
  })

  test('a compensating instance goes on compensating after it was suspended', async () => {
    const door = gate()
    const undone: string[] = []
    const undo = compensation('undo', async (ctx, { input }: { input: string }) => {
      if (ctx.attempt === 1 && input === 'b') await door.opened
      undone.push(input)
    })
    const act = activity('act', { onFailure: undo }, async (_ctx, name: string) => name)
    const wf = workflow('undoing', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await act(ctx, 'b')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.suspend(run.instanceId)
    await kit.settle()
    door.open()
    await kit.settle()
    undone.length = 0
    await kit.app.resume(run.instanceId)
    await kit.advance('1m')
    await rejection(run.result())
    expect(undone).toEqual(['b', 'a'])
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'failed',
      compensationState: 'completed',
    })
  })

  test('refused: an ended one, one that is suspended already, and resume of one that is not', async () => {
    const done = workflow('done', async () => 1)
    const sleeping = workflow('sleeping', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [done, sleeping] })
    const [ended, live] = [await kit.start(done, null), await kit.start(sleeping, null)]
    await kit.settle()
    await expect(kit.app.suspend(ended.instanceId)).rejects.toBeInstanceOf(InvalidStateError)
    await expect(kit.app.resume(ended.instanceId)).rejects.toBeInstanceOf(InvalidStateError)
    await expect(kit.app.resume(live.instanceId)).rejects.toBeInstanceOf(InvalidStateError)
    await kit.app.suspend(live.instanceId)
    await expect(kit.app.suspend(live.instanceId)).rejects.toBeInstanceOf(InvalidStateError)
  })

  test('a delayed one that is suspended does not start; resumed, it starts', async () => {
    const wf = workflow('delayed', async () => 'ran')
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { delay: '1h' })
    await kit.app.suspend(run.instanceId)
    await kit.advance('2h')
    expect(await run.status()).toBe('suspended')
    await kit.app.resume(run.instanceId)
    expect(await run.result()).toBe('ran')
  })
})
