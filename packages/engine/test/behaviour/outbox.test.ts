import { expect, onTestFinished, test } from 'vitest'
import { activity, CloudEventError, workflow } from '../../src/index'
import type { OutgoingEventOptions } from '../../src/model/context'
import { closedPort, type FakeBroker, reply, startBroker } from '../../src/outbox/fake-broker'
import type { TestApp } from '../../src/testing/index'
import { describeEverywhere, rejection } from './fixture'

const send = activity('send', async (ctx, events: readonly { type: string; data: unknown; key?: string }[]) => {
  for (const { type, data, key } of events)
    ctx.sendEventTransactional(type, '/orders', data, key === undefined ? {} : { partitionKey: key })
})
const sending = workflow('sending', async (ctx, events: readonly { type: string; data: unknown; key?: string }[]) =>
  send(ctx, events),
)

async function broker(...script: Parameters<typeof startBroker>): Promise<FakeBroker> {
  const started = await startBroker(...script)
  onTestFinished(() => started.close())
  return started
}

/** Lets virtual time pass in small steps until the condition holds; HTTP takes real time, so each step also waits for the event loop. */
async function until(kit: TestApp, condition: () => Promise<boolean>, seconds = 120): Promise<void> {
  for (let waited = 0; waited < seconds * 4; waited++) {
    if (await condition()) return
    await kit.advance('250ms')
    await new Promise<void>((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('it did not come to that')
}

const statuses = async (kit: TestApp) =>
  (await kit.storage.outbox({ limit: 50 })).map((row) => `${row.type} ${row.status}`).sort()

describeEverywhere('an event that no relay could send', (makeTest) => {
  const valid = { type: 'order.placed', source: '/orders', data: {} as unknown, options: {} as OutgoingEventOptions }
  type Given = { [Member in keyof typeof valid]?: unknown }

  test.each<[string, Given, string]>([
    ['a type that is empty', { type: '' }, 'InvalidAttribute'],
    ['a type with a control character', { type: 'a\u0007b' }, 'InvalidAttribute'],
    ['a type beyond its column', { type: 't'.repeat(256) }, 'TooLarge'],
    ['a type that is no text', { type: 5 }, 'InvalidAttribute'],
    ['a source that is empty', { source: '' }, 'InvalidAttribute'],
    ['a source that is no URI reference', { source: 'not a uri' }, 'InvalidAttribute'],
    ['a source beyond its column', { source: `/${'s'.repeat(512)}` }, 'TooLarge'],
    ['an empty subject', { options: { subject: '' } }, 'InvalidAttribute'],
    ['a subject beyond the limit', { options: { subject: 's'.repeat(8_193) } }, 'TooLarge'],
    ['an extension name with capitals', { options: { extensions: { orderId: 'o' } } }, 'InvalidAttribute'],
    ['an extension named as an attribute', { options: { extensions: { id: 'o' } } }, 'InvalidAttribute'],
    ['an extension without a CloudEvents type', { options: { extensions: { nested: {} } } }, 'InvalidAttribute'],
    ['an extension that is too long', { options: { extensions: { e: 'x'.repeat(8_193) } } }, 'TooLarge'],
    ['an empty content type', { options: { contentType: '' } }, 'InvalidAttribute'],
    ['a content type that is none', { options: { contentType: 'json' } }, 'InvalidAttribute'],
    ['a content type beyond its column', { options: { contentType: `a/${'b'.repeat(190)}` } }, 'TooLarge'],
    ['an object as text', { data: { a: 1 }, options: { contentType: 'text/plain' } }, 'InvalidData'],
    ['a partition key beyond its column', { options: { partitionKey: 'k'.repeat(192) } }, 'TooLarge'],
    ['a partition key that is no text', { options: { partitionKey: 7 } }, 'InvalidAttribute'],
  ])('is refused where it is made, with %s: nothing is stored, nothing is tried again', async (_, given, errorType) => {
    const { type, source, data, options } = { ...valid, ...given } as typeof valid
    const attempts: number[] = []
    const make = activity('make', async (ctx) => {
      attempts.push(ctx.attempt)
      ctx.sendEventTransactional('fine', '/orders', 1)
      ctx.sendEventTransactional(type, source, data, options)
    })
    const wf = workflow('making', async (ctx, _input: null) => make(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    const { cause } = await rejection(run.result())
    expect(cause).toBeInstanceOf(CloudEventError)
    expect(cause).toMatchObject({ errorType })
    expect([attempts, await kit.storage.outbox({ limit: 5 })]).toEqual([[1], []])
  })

  test('is told from one at the edge of every limit, which is stored and sent', async () => {
    const to = await broker(reply(202))
    const longest = {
      contentType: `a/${'b'.repeat(189)}`,
      subject: 'ß'.repeat(8_192),
      partitionKey: '漢'.repeat(191),
      extensions: { e: 'x'.repeat(8_192), n: 2_147_483_647, b: true },
    }
    const make = activity('make', async (ctx) =>
      ctx.sendEventTransactional('t'.repeat(255), `/${'s'.repeat(511)}`, 'text', longest),
    )
    const wf = workflow('making', async (ctx, _input: null) => make(ctx, null))
    const kit = await makeTest({ workflows: [wf], outboxEnabled: true, brokerUrl: to.url })
    const run = await kit.start(wf, null)
    await run.result()
    await until(kit, async () => (await kit.storage.outbox({ limit: 5 }))[0]?.status === 'published')
    expect(JSON.parse(to.requests[0]?.body ?? '')).toMatchObject({
      data: 'text',
      partitionkey: longest.partitionKey,
      ...longest.extensions,
    })
  })
})

describeEverywhere('outbox', (makeTest) => {
  test('C35 a row becomes published on 2xx, posted as a structured CloudEvent', async () => {
    const to = await broker(reply(202))
    const kit = await makeTest({ workflows: [sending], outboxEnabled: true, brokerUrl: to.url })
    await kit.start(sending, [{ type: 'order.placed', data: { n: 1 } }])
    await until(kit, async () => (await statuses(kit)).join() === 'order.placed published')
    expect(to.requests).toHaveLength(1)
    expect(to.requests[0]?.headers['content-type']).toContain('application/cloudevents+json')
    expect(JSON.parse(to.requests[0]?.body ?? '')).toMatchObject({
      specversion: '1.0',
      type: 'order.placed',
      source: '/orders',
      data: { n: 1 },
    })
  })

  test.each([
    [400, 'invalid', 1],
    [404, 'invalid', 1],
    [408, 'failed', 3],
    [425, 'failed', 3],
    [429, 'failed', 3],
    [500, 'failed', 3],
    [503, 'failed', 3],
  ] as const)(
    'C35 in the contract’s version: an answer of %d makes it %s after %d posts',
    async (status, expected, posts) => {
      const to = await broker(reply(status))
      const kit = await makeTest({ workflows: [sending], outboxEnabled: true, brokerUrl: to.url, outboxMaxRetries: 3 })
      await kit.start(sending, [{ type: 'e', data: status }])
      await until(kit, async () => (await statuses(kit)).join() === `e ${expected}`, 600)
      expect(to.requests).toHaveLength(posts)
      expect(new Set(to.requests.map((request) => request.body)).size).toBe(1)
    },
  )

  test('C35 an unreachable broker counts as a failure that is tried again', async () => {
    const url = await closedPort()
    const kit = await makeTest({ workflows: [sending], outboxEnabled: true, brokerUrl: url, outboxMaxRetries: 2 })
    await kit.start(sending, [{ type: 'e', data: 1 }])
    await until(kit, async () => (await statuses(kit)).join() === 'e failed', 600)
    expect((await kit.storage.outbox({ limit: 1 }))[0]?.lastError).toBeTruthy()
  })

  test('C35 what is older than its limit expires', async () => {
    const to = await broker(reply(503))
    const kit = await makeTest({
      workflows: [sending],
      outboxEnabled: true,
      brokerUrl: to.url,
      outboxMaxRetries: 1_000,
      outboxMaxAgeHours: 1,
    })
    await kit.start(sending, [{ type: 'e', data: 1 }])
    await until(kit, async () => to.requests.length > 0)
    await kit.advance('2h')
    await until(kit, async () => (await statuses(kit)).join() === 'e expired', 7_200)
  })

  test('N9 an event that fails for ever does not hold up its neighbours', async () => {
    const to = await broker((response, request) => {
      response.writeHead(request.body.includes('poison') ? 503 : 200).end()
    })
    const kit = await makeTest({
      workflows: [sending],
      outboxEnabled: true,
      brokerUrl: to.url,
      outboxMaxRetries: 1_000,
    })
    const poison = Array.from({ length: 15 }, () => ({ type: 'poison', data: 'poison' }))
    await kit.start(sending, [...poison, { type: 'healthy', data: 1 }, { type: 'healthy', data: 2 }])
    await until(kit, async () => (await statuses(kit)).filter((line) => line === 'healthy published').length === 2)
  })

  test('the order of one partition key is kept', async () => {
    const to = await broker(reply(503), reply(200))
    const kit = await makeTest({ workflows: [sending], outboxEnabled: true, brokerUrl: to.url })
    await kit.start(
      sending,
      [1, 2, 3, 4].map((n) => ({ type: 'e', data: n, key: 'k' })),
    )
    await until(kit, async () => (await statuses(kit)).filter((line) => line === 'e published').length === 4)
    expect(to.requests.map((request) => (JSON.parse(request.body) as { data: number }).data)).toEqual([1, 1, 2, 3, 4])
  })

  test('C36 a relay that crashed between sending and marking sends again, byte for byte, and loses nothing', async () => {
    const to = await broker(reply(200))
    const kit = await makeTest({ workflows: [sending], outboxEnabled: true, brokerUrl: to.url })
    const settle = kit.storage.settleOutbox
    kit.storage.settleOutbox = async () => {
      kit.storage.settleOutbox = settle
      kit.crash()
      throw new Error('nobody is there to hear this')
    }
    await kit.start(sending, [{ type: 'e', data: 1 }])
    await until(kit, async () => (await statuses(kit)).join() === 'e published', 600)
    expect(kit.crashes).toBe(1)
    expect(to.requests).toHaveLength(2)
    expect(to.requests[0]?.body).toBe(to.requests[1]?.body)
  })

  test('C36 a second relay over the same rows publishes none twice', async () => {
    const to = await broker(reply(200))
    const kit = await makeTest({ workflows: [sending], outboxEnabled: true, brokerUrl: to.url })
    const { OutboxRelayer } = await import('../../src/index')
    const second = new OutboxRelayer({ app: kit.app, brokerUrl: to.url, pollInterval: 1 })
    await second.start()
    await kit.start(
      sending,
      Array.from({ length: 30 }, (_, n) => ({ type: 'e', data: n })),
    )
    await until(kit, async () => (await statuses(kit)).filter((line) => line === 'e published').length === 30)
    await second.stop()
    expect(
      to.requests.map((request) => (JSON.parse(request.body) as { data: number }).data).sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 30 }, (_, n) => n))
  })
})

describeEverywhere('leadership', (makeTest) => {
  test('C38 when the leader dies another process leads, once its lease has ended', async () => {
    const wf = workflow('any', async () => 1)
    const settings = { heartbeatMs: 15_000, deadAfterMs: 45_000 }
    const kit = await makeTest({ workflows: [wf], settings })
    await kit.settle()
    const first = await kit.storage.lockHolder('edda_leader')
    expect(first?.holder).toBe('test-1')
    await kit.advance('5m')
    expect(await kit.storage.lockHolder('edda_leader')).toMatchObject({ holder: 'test-1', term: first?.term })
    const release = kit.storage.releaseLock
    kit.storage.releaseLock = async () => {}
    kit.crash()
    await kit.settle()
    kit.storage.releaseLock = release
    expect((await kit.storage.lockHolder('edda_leader'))?.holder).toBe('test-1')
    await kit.advance('1m')
    expect(await kit.storage.lockHolder('edda_leader')).toMatchObject({
      holder: 'test-2',
      term: (first?.term ?? 0) + 1,
    })
  })

  test('retention removes what is old and read, and keeps what a live subscription has not read', async () => {
    const wf = workflow('reader', async (ctx, _input: null) => {
      await ctx.subscribe('c')
      await ctx.sleep('5d')
      return (await ctx.receive('c')).data
    })
    const kit = await makeTest({ workflows: [wf], messageRetentionDays: 1, settings: { retentionEveryMs: 3_600_000 } })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.publish('nobody', 'old')
    await kit.advance('12h')
    await kit.app.publish('c', 'unread')
    await kit.advance('23h')
    expect(await kit.storage.messages('nobody', { after: 0, limit: 5 })).toEqual([])
    expect(await kit.storage.messages('c', { after: 0, limit: 5 })).toHaveLength(1)
    expect(await run.status()).toBe('waiting_for_timer')
  })

  test('ended instances are removed after their retention, live ones never', async () => {
    const short = workflow('short', { retention: '1h' }, async () => 1)
    const kept = workflow('kept', async () => 1)
    const live = workflow('live', { retention: '1h' }, async (ctx, _input: null) => ctx.sleep('30d'))
    const kit = await makeTest({ workflows: [short, kept, live], settings: { retentionEveryMs: 600_000 } })
    for (const wf of [short, kept, live]) await kit.start(wf as typeof live, null, { instanceId: wf.workflowName })
    await kit.advance('3h')
    const ids = (await kit.app.findInstances()).instances.map((one) => one.instanceId)
    expect(ids.sort()).toEqual(['kept', 'live'])
    expect(await kit.app.getHistory('short')).toBeNull()
  })
})
