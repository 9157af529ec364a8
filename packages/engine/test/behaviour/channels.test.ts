import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  activity,
  ChannelModeConflictError,
  channel,
  NotSubscribedError,
  ReceiveTimeoutError,
  ValidationError,
  workflow,
} from '../../src/index'
import type { TestApp } from '../../src/testing/index'
import { describeEverywhere, historyOf, rejection } from './fixture'

/** Receives `count` messages of a channel and returns their data. */
const consumer = (mode: 'broadcast' | 'competing', name = 'jobs') =>
  workflow(`${mode}Consumer`, async (ctx, count: number) => {
    await ctx.subscribe(name, { mode })
    const got: unknown[] = []
    while (got.length < count) got.push((await ctx.receive(name)).data)
    return got
  })

async function publishAll(kit: TestApp, name: string, values: readonly unknown[]): Promise<void> {
  for (const value of values) await kit.app.publish(name, value)
  await kit.settle()
}

describeEverywhere('channels', (makeTest) => {
  test('broadcast: every subscriber gets every message after its subscription, in order', async () => {
    const wf = consumer('broadcast')
    const kit = await makeTest({ workflows: [wf] })
    await publishAll(kit, 'jobs', ['before'])
    const runs = [await kit.start(wf, 3), await kit.start(wf, 3)]
    await kit.settle()
    await publishAll(kit, 'jobs', [1, 2, 3])
    for (const run of runs) expect(await run.result()).toEqual([1, 2, 3])
  })

  test('C16 competing: each message goes to exactly one consumer', async () => {
    const wf = consumer('competing')
    const kit = await makeTest({ workflows: [wf] })
    const runs = [await kit.start(wf, 2), await kit.start(wf, 2)]
    await kit.settle()
    await publishAll(kit, 'jobs', [1, 2, 3, 4])
    const got = await Promise.all(runs.map((run) => run.result()))
    expect(got.flat().sort()).toEqual([1, 2, 3, 4])
    expect((await kit.app.channelStats('jobs'))[0]?.depth ?? 0).toBe(0)
  })

  test('C17 competing: messages published before anybody subscribed are received, in order, metadata and all', async () => {
    const wf = workflow('late', async (ctx, _input: null) => {
      await ctx.subscribe('jobs', { mode: 'competing' })
      const first = await ctx.receive('jobs')
      const second = await ctx.receive('jobs')
      return [first.data, first.metadata, second.data]
    })
    const feeder = consumer('competing')
    const kit = await makeTest({ workflows: [wf, feeder] })
    // somebody sets the mode, so that the backlog is one
    const early = await kit.start(feeder, 1)
    await kit.settle()
    await publishAll(kit, 'jobs', ['for the first'])
    await early.result()
    await kit.app.publish('jobs', 'a', { metadata: { priority: 'high' } })
    await kit.app.publish('jobs', 'b')
    const run = await kit.start(wf, null)
    expect(await run.result()).toEqual(['a', expect.objectContaining({ priority: 'high' }), 'b'])
  })

  test('receive parks the instance waiting_for_message and is answered by the message; a replay does not consume another', async () => {
    const wf = workflow('two', async (ctx, _input: null) => {
      await ctx.subscribe('news')
      const first = await ctx.receive('news', { messageId: 'headline' })
      await ctx.sleep('1h')
      const second = await ctx.receive('news')
      return [first.data, first.channel, first.publishedAt instanceof Date, second.data]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe('waiting_for_message')
    await publishAll(kit, 'news', ['one', 'two'])
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual(['one', 'news', true, 'two'])
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'Subscribed subscribe_news:1',
      'ChannelMessageReceived headline',
      'TimerExpired sleep:1',
      'ChannelMessageReceived receive_news:1',
    ])
  })

  test('a message sent before the receiver waits is kept for it', async () => {
    const wf = workflow('slowReader', async (ctx, _input: null) => {
      await ctx.subscribe('news')
      await ctx.sleep('1h')
      return [(await ctx.receive('news')).data, (await ctx.receive('news')).data]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await publishAll(kit, 'news', [1, 2])
    await kit.advance('1h')
    expect(await run.result()).toEqual([1, 2])
  })

  test('C24 a timeout rejects with ReceiveTimeoutError, which the workflow may catch, and is one on replay', async () => {
    const seen: unknown[] = []
    const wf = workflow('patient', async (ctx, _input: null) => {
      await ctx.subscribe('news')
      const error = await ctx.receive('news', { timeout: '5m' }).catch((caught: unknown) => caught)
      seen.push(error)
      await ctx.sleep('1h')
      return 'went on'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('5m')
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe('went on')
    expect(seen.length).toBeGreaterThan(1)
    for (const error of seen) {
      expect(error).toBeInstanceOf(ReceiveTimeoutError)
      expect(error).toMatchObject({ channel: 'news', timeoutSeconds: 300, code: 'RECEIVE_TIMEOUT' })
    }
  })

  test('a message that arrives in time cancels the timeout', async () => {
    const wf = workflow('inTime', async (ctx, _input: null) => {
      await ctx.subscribe('news')
      const { data } = await ctx.receive('news', { timeout: '5m' })
      await ctx.sleep('1h')
      return data
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('4m')
    await publishAll(kit, 'news', ['hello'])
    await kit.advance('2h')
    expect(await run.result()).toBe('hello')
  })

  test('C19 a second mode on one channel is a ChannelModeConflictError with both modes; other channels are independent', async () => {
    const broadcaster = consumer('broadcast', 'shared')
    const wf = workflow('conflicting', async (ctx, _input: null) => {
      await ctx.subscribe('own', { mode: 'competing' })
      const error = await ctx.subscribe('shared', { mode: 'competing' }).catch((caught: unknown) => caught)
      await ctx.sleep('1h')
      return [error instanceof ChannelModeConflictError, { ...(error as object) }, (error as Error).message]
    })
    const kit = await makeTest({ workflows: [broadcaster, wf] })
    await kit.start(broadcaster, 1)
    await kit.settle()
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual([
      true,
      expect.objectContaining({ channel: 'shared', existingMode: 'broadcast', requestedMode: 'competing' }),
      "Channel 'shared' is already configured as 'broadcast' mode. Cannot subscribe with 'competing' mode.",
    ])
    expect((await kit.app.channelStats('unused')).at(0)?.mode ?? null).toBeNull()
  })

  test('C19 the same instance meets the conflict too; the same mode again is fine', async () => {
    const wf = workflow('selfConflict', async (ctx, _input: null) => {
      await ctx.subscribe('c', { mode: 'broadcast' })
      await ctx.subscribe('c', { mode: 'broadcast' })
      return ctx.subscribe('c', { mode: 'competing' }).catch((error: Error) => error.name)
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toBe('ChannelModeConflictError')
  })

  test('an invalid mode is refused', async () => {
    const wf = workflow('badMode', async (ctx, _input: null) => ctx.subscribe('c', { mode: 'anycast' as never }))
    const kit = await makeTest({ workflows: [wf] })
    const error = (await rejection((await kit.start(wf, null)).result())).cause as Error
    expect(error.message).toBe("Invalid subscription mode: anycast. Must be 'broadcast', 'competing', or 'direct'")
  })

  test('subscriptions end with their instance and free the mode', async () => {
    const broadcaster = consumer('broadcast', 'shared')
    const competitor = consumer('competing', 'shared')
    const kit = await makeTest({ workflows: [broadcaster, competitor] })
    const first = await kit.start(broadcaster, 1)
    await kit.settle()
    await publishAll(kit, 'shared', ['x'])
    await first.result()
    const second = await kit.start(competitor, 1)
    await kit.settle()
    await publishAll(kit, 'shared', ['y'])
    expect(await second.result()).toBeTruthy()
    expect((await kit.app.channelStats('shared'))[0]?.subscribers ?? []).toEqual([])
  })

  test('receive without a subscription fails at once', async () => {
    const wf = workflow('unsubscribed', async (ctx, _input: null) => {
      const before = await ctx.receive('c').catch((error: unknown) => error instanceof NotSubscribedError)
      await ctx.subscribe('c')
      await ctx.unsubscribe('c')
      const after = await ctx.receive('c').catch((error: Error) => error.name)
      return [before, after]
    })
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toEqual([true, 'NotSubscribedError'])
  })

  test('unsubscribe ends delivery; subscribing again begins anew', async () => {
    const wf = workflow('onOff', async (ctx, _input: null) => {
      await ctx.subscribe('c')
      await ctx.unsubscribe('c')
      await ctx.sleep('1m')
      await ctx.subscribe('c')
      return (await ctx.receive('c')).data
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await publishAll(kit, 'c', ['while away'])
    await kit.advance('1m')
    await publishAll(kit, 'c', ['back'])
    expect(await run.result()).toBe('back')
  })

  test('a channel with a schema: what does not fit is refused at publish, and on receive it is consumed and rejects', async () => {
    const jobs = channel('jobs', { mode: 'competing', schema: z.object({ url: z.string() }) })
    const wf = workflow('typed', async (ctx, _input: null) => {
      await ctx.subscribe(jobs)
      const error = await ctx.receive(jobs).catch((caught: unknown) => caught)
      return [error instanceof ValidationError, (await ctx.receive(jobs)).data.url]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await expect(kit.app.publish(jobs as never, { url: 1 })).rejects.toBeInstanceOf(ValidationError)
    await kit.app.publish('jobs', { url: 1 })
    await kit.app.publish(jobs as never, { url: 'https://a' })
    await kit.settle()
    expect(await run.result()).toEqual([true, 'https://a'])
  })

  test('N7 bytes arrive byte for byte at a waiting and at a late receiver, live and on replay', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, n) => n)
    const wf = workflow('binary', async (ctx, _input: null) => {
      await ctx.subscribe('bytes')
      const first = await ctx.receive<Uint8Array>('bytes')
      await ctx.sleep('1h')
      const second = await ctx.receive<Uint8Array>('bytes')
      return [first, second].map(({ data }) => [data instanceof Uint8Array, [...data]])
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await publishAll(kit, 'bytes', [all, new Uint8Array()])
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual([
      [true, [...all]],
      [true, []],
    ])
  })

  test('N4 what a workflow publishes is sent once, over replays and crashes, with the id it was told', async () => {
    const wf = workflow('publisher', async (ctx, _input: null) => {
      const id = await ctx.publish('out', { n: 1 }, { metadata: { kind: 'x' } })
      await ctx.sleep('1h')
      return [id, await ctx.publish('out', { n: 2 })]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('30m')
    kit.crash()
    await kit.advance('30m')
    const ids = await run.result()
    const messages = await kit.storage.messages('out', { after: 0, limit: 10 })
    expect(messages.map((message) => message.id)).toEqual(ids)
    expect(messages.map((message) => message.data)).toEqual(['{"n":1}', '{"n":2}'])
    expect(JSON.parse(messages[0]?.metadata ?? '')).toEqual({ kind: 'x', sourceInstanceId: run.instanceId })
  })

  test('N5 messages published in quick succession are all received', async () => {
    const wf = consumer('broadcast')
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 50)
    await kit.settle()
    const values = Array.from({ length: 50 }, (_, n) => n)
    await Promise.all(values.map((value) => kit.app.publish('jobs', value)))
    await kit.settle()
    expect([...((await run.result()) as number[])].sort((a, b) => a - b)).toEqual(values)
  })

  test('C15 what an activity publishes is delivered when it commits, and never when it fails', async () => {
    const act = activity('act', { retry: { maxAttempts: 2, initialInterval: 60 } }, async (ctx) => {
      ctx.publish('out', `attempt ${ctx.attempt}`)
      if (ctx.attempt === 1) throw new Error('rolled back')
    })
    const wf = workflow('inActivity', async (ctx, _input: null) => act(ctx, null))
    const reader = consumer('broadcast', 'out')
    const kit = await makeTest({ workflows: [wf, reader] })
    const reading = await kit.start(reader, 1)
    await kit.settle()
    await kit.start(wf, null)
    await kit.advance('59s')
    expect(await reading.status()).toBe('waiting_for_message')
    await kit.advance('1s')
    expect(await reading.result()).toEqual(['attempt 2'])
  })

  test('targetInstanceId: only that instance receives it', async () => {
    const wf = consumer('broadcast')
    const kit = await makeTest({ workflows: [wf] })
    const [one, two] = [await kit.start(wf, 1), await kit.start(wf, 1)]
    await kit.settle()
    await kit.app.publish('jobs', 'for two', { targetInstanceId: two.instanceId })
    await kit.settle()
    expect(await two.result()).toEqual(['for two'])
    expect(await one.status()).toBe('waiting_for_message')
    await publishAll(kit, 'jobs', ['for all'])
    expect(await one.result()).toEqual(['for all'])
  })

  test('channelStats tells depth, mode, lag per subscriber and the oldest unread', async () => {
    const wf = workflow('lagging', async (ctx, _input: null) => {
      await ctx.subscribe('c')
      await ctx.sleep('1h')
      for (let n = 0; n < 3; n++) await ctx.receive('c')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    const publishedAt = kit.clock.now()
    await publishAll(kit, 'c', [1, 2])
    await kit.advance('1m')
    await publishAll(kit, 'c', [3])
    const [stat] = await kit.app.channelStats('c')
    expect(stat).toMatchObject({
      name: 'c',
      mode: 'broadcast',
      depth: 3,
      subscribers: [{ instanceId: run.instanceId, lag: 3 }],
    })
    expect(stat?.oldestUnreadAt && new Date(stat.oldestUnreadAt).getTime()).toBe(publishedAt)
    await kit.advance('1h')
    expect((await kit.app.channelStats('c'))[0]).toMatchObject({ depth: 0, subscribers: [] })
  })

  test.each([[''], ['x'.repeat(151)], ['a\nb']])('a channel name of bad form is refused: %j', async (name) => {
    const kit = await makeTest({ workflows: [] })
    await expect(kit.app.publish(name, 1)).rejects.toBeInstanceOf(TypeError)
    expect(await kit.app.channelStats()).toEqual([])
  })

  test('several receives of one channel at once get different messages, in order', async () => {
    const wf = workflow('parallel', async (ctx, _input: null) => {
      await ctx.subscribe('c')
      const messages = await Promise.all([ctx.receive('c'), ctx.receive('c'), ctx.receive('c')])
      return messages.map(({ data }) => data)
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await publishAll(kit, 'c', [1, 2, 3])
    expect(await run.result()).toEqual([1, 2, 3])
  })

  test('a receive that lost a race consumes nothing', async () => {
    const wf = workflow('raced', async (ctx, _input: null) => {
      await ctx.subscribe('c')
      const win = await ctx.race({ message: ctx.receive('c'), late: ctx.sleep('1m') })
      await ctx.sleep('1m')
      return [win.key, (await ctx.receive('c')).data]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('90s')
    await publishAll(kit, 'c', ['kept'])
    await kit.advance('1m')
    expect(await run.result()).toEqual(['late', 'kept'])
  })
})
