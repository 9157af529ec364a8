import { expect, test } from 'vitest'
import { activity, channel, workflow } from '../../src/index'
import { describeEverywhere, gate, historyOf } from './fixture'

const inbox = workflow('inbox', async (ctx, count: number) => {
  await ctx.subscribe('notifications', { mode: 'direct' })
  const got: unknown[] = []
  while (got.length < count) {
    const message = await ctx.receive('notifications')
    got.push([message.channel, message.data])
  }
  return got
})
const defaultInbox = workflow('defaultInbox', async (ctx, _input: null) => {
  await ctx.subscribe('__direct__', { mode: 'direct' })
  return (await ctx.receive('__direct__')).data
})

describeEverywhere('direct messages', (makeTest) => {
  test('C18 a direct subscriber gets what is sent to it, under the plain name of the channel, and nobody else does', async () => {
    const kit = await makeTest({ workflows: [inbox] })
    const [one, two] = [await kit.start(inbox, 1), await kit.start(inbox, 1)]
    await kit.settle()
    expect(await kit.app.sendTo(one.instanceId, 'hi', { channel: 'notifications' })).toBe(true)
    await kit.settle()
    kit.crash()
    expect(await one.result()).toEqual([['notifications', 'hi']])
    expect(await two.status()).toBe('waiting_for_message')
    expect(
      (await kit.storage.messages(`notifications:${one.instanceId}`, { after: 0, limit: 5 })).length,
    ).toBeLessThanOrEqual(1)
  })

  test('C20 sendTo is true when the receiver waits, false when it does not yet; the message is kept either way', async () => {
    const busy = workflow('busy', async (ctx, _input: null) => {
      await ctx.subscribe('__direct__', { mode: 'direct' })
      await ctx.sleep('1h')
      return [(await ctx.receive('__direct__')).data, (await ctx.receive('__direct__')).data]
    })
    const kit = await makeTest({ workflows: [busy] })
    const run = await kit.start(busy, null)
    await kit.settle()
    expect(await kit.app.sendTo(run.instanceId, 'early')).toBe(false)
    await kit.advance('1h')
    expect(await kit.app.sendTo(run.instanceId, 'awaited')).toBe(true)
    await kit.settle()
    expect(await run.result()).toEqual(['early', 'awaited'])
  })

  test('C21 a message to an instance that is at work is recorded once, with its metadata, when that gets to it', async () => {
    const door = gate()
    const wait = activity('wait', async () => door.opened)
    const busy = workflow('busy', async (ctx, _input: null) => {
      await ctx.subscribe('__direct__', { mode: 'direct' })
      await wait(ctx, null)
      const { data, metadata } = await ctx.receive('__direct__')
      const next = await ctx.receive('__direct__', { timeout: '1m' }).catch((error: Error) => error.name)
      return [data, metadata, next]
    })
    const kit = await makeTest({ workflows: [busy] })
    const run = await kit.start(busy, null)
    await kit.settle()
    expect((await kit.storage.instance(run.instanceId))?.leaseOwner).not.toBeNull()
    await kit.app.sendTo(run.instanceId, 'while busy', { metadata: { k: 'v' } })
    door.open()
    await kit.settle()
    kit.crash()
    await kit.advance('1m')
    expect(await run.result()).toEqual(['while busy', { k: 'v' }, 'ReceiveTimeoutError'])
    const received = (await historyOf(kit, run.instanceId)).filter((line) => line.startsWith('ChannelMessageReceived'))
    expect(received).toEqual(['ChannelMessageReceived receive___direct__:1'])
  })

  test('a message to a live instance before it subscribes in direct mode is kept', async () => {
    const late = workflow('late', async (ctx, _input: null) => {
      await ctx.sleep('1h')
      await ctx.subscribe('__direct__', { mode: 'direct' })
      return (await ctx.receive('__direct__')).data
    })
    const kit = await makeTest({ workflows: [late] })
    const run = await kit.start(late, null)
    await kit.settle()
    expect(await kit.app.sendTo(run.instanceId, 'kept')).toBe(false)
    await kit.advance('1h')
    expect(await run.result()).toBe('kept')
  })

  test('sendTo an unknown or ended instance is false and stores nothing', async () => {
    const kit = await makeTest({ workflows: [defaultInbox] })
    const run = await kit.start(defaultInbox, null)
    await kit.settle()
    await kit.app.sendTo(run.instanceId, 'last')
    await run.result()
    expect(await kit.app.sendTo(run.instanceId, 'after the end')).toBe(false)
    expect(await kit.app.sendTo('nobody', 'hello?')).toBe(false)
    expect(await kit.storage.messages('__direct__:nobody', { after: 0, limit: 5 })).toEqual([])
  })

  test('a workflow sends to another and is told whether it was waiting, the same on replay', async () => {
    const sender = workflow('sender', async (ctx, to: string) => {
      const first = await ctx.sendTo(to, { hello: 1 }, { metadata: { urgent: true } })
      const second = await ctx.sendTo('nobody', 1)
      await ctx.sleep('1h')
      return [first, second]
    })
    const kit = await makeTest({ workflows: [defaultInbox, sender] })
    const receiver = await kit.start(defaultInbox, null)
    await kit.settle()
    const run = await kit.start(sender, receiver.instanceId)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual([true, false])
    expect(await receiver.result()).toEqual({ hello: 1 })
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'MessagePublished send_to___direct__:1',
      'MessagePublished send_to___direct__:2',
      'TimerExpired sleep:1',
    ])
  })

  test('an activity sends with its commit', async () => {
    const act = activity('act', async (ctx, to: string) => ctx.sendTo(to, 'from an activity'))
    const sender = workflow('sender', async (ctx, to: string) => act(ctx, to))
    const kit = await makeTest({ workflows: [defaultInbox, sender] })
    const receiver = await kit.start(defaultInbox, null)
    await kit.settle()
    await kit.start(sender, receiver.instanceId)
    expect(await receiver.result()).toBe('from an activity')
  })

  test('a direct channel as a value: publish needs a target', async () => {
    const direct = channel<string>('notifications', { mode: 'direct' })
    const kit = await makeTest({ workflows: [inbox] })
    const run = await kit.start(inbox, 1)
    await kit.settle()
    await expect(kit.app.publish(direct as never, 'x')).rejects.toThrow(/targetInstanceId/)
    await kit.app.publish(direct as never, 'x', { targetInstanceId: run.instanceId })
    await kit.settle()
    expect(await run.result()).toEqual([['notifications', 'x']])
  })

  test('one name may be direct for one instance and broadcast for another', async () => {
    const listener = workflow('listener', async (ctx, _input: null) => {
      await ctx.subscribe('notifications')
      return (await ctx.receive('notifications')).data
    })
    const kit = await makeTest({ workflows: [inbox, listener] })
    const [direct, open] = [await kit.start(inbox, 1), await kit.start(listener, null)]
    await kit.settle()
    await kit.app.publish('notifications', 'to all')
    await kit.app.sendTo(direct.instanceId, 'to one', { channel: 'notifications' })
    await kit.settle()
    expect(await open.result()).toBe('to all')
    expect(await direct.result()).toEqual([['notifications', 'to one']])
  })

  test('unsubscribing from a direct channel ends it', async () => {
    const wf = workflow('leaving', async (ctx, _input: null) => {
      await ctx.subscribe('n', { mode: 'direct' })
      await ctx.unsubscribe('n')
      return ctx.receive('n').catch((error: Error) => error.name)
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toBe('NotSubscribedError')
  })
})
