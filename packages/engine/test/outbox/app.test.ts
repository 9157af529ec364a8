/** From an activity to the receiver: the app's own relay over SQLite and real sockets. Polling is an hour apart, so what arrives was woken. */
import { expect, onTestFinished, test } from 'vitest'
import { activity, EddaApp, type EddaAppOptions, OutboxRelayer, workflow } from '../../src/index'
import { temporaryFolder } from '../temporary'
import { type FlakyBroker, startFlakyBroker } from './flaky-broker'

const ship = activity('ship', async (ctx, orderId: string) =>
  ctx.sendEventTransactional(
    'order.shipped',
    '/orders',
    { orderId },
    { subject: orderId, extensions: { region: 'eu' }, partitionKey: 'p' },
  ),
)
const label = activity('label', async (ctx, bytes: number[]) =>
  ctx.sendEventTransactional('label.printed', '/orders', Uint8Array.from(bytes), {
    contentType: 'image/png',
    partitionKey: 'p',
  }),
)
const fails = activity('fails', { retry: { maxAttempts: 1 } }, async (ctx, _input: null) => {
  ctx.sendEventTransactional('order.failed', '/orders', {})
  throw new Error('after all')
})
const shipping = workflow('shipping', async (ctx, orderId: string) => [
  await ship(ctx, orderId),
  await label(ctx, [0, 255]),
])
const failing = workflow('failing', async (ctx, _input: null) => fails(ctx, null))

async function setUp(options: Partial<EddaAppOptions> = {}) {
  let arrived: (() => void) | undefined
  const ids: string[] = []
  const broker: FlakyBroker = await startFlakyBroker({
    onAccepted: (id) => {
      ids.push(id)
      arrived?.()
    },
  })
  onTestFinished(() => broker.close())
  const app = new EddaApp({
    ...{ serviceName: 'shop', dbUrl: `file:${temporaryFolder()}/edda.db`, workflows: [shipping, failing] },
    ...{ outboxEnabled: true, brokerUrl: broker.url, outboxPollInterval: 3_600 },
    ...options,
  })
  await app.initialize()
  onTestFinished(() => app.shutdown())
  return {
    app,
    broker,
    received: (count: number) =>
      new Promise<readonly unknown[]>((resolve) => {
        arrived = () => {
          if (ids.length >= count) resolve(ids.map((id) => JSON.parse(broker.events.get(id)?.body ?? '')))
        }
        arrived()
      }),
  }
}

test('what an activity sends arrives at once, in the order of its key, with all that was said about it', async () => {
  const { app, received } = await setUp()
  const sent = await (await app.start(shipping, 'A1')).result()
  const common = { specversion: '1.0', source: '/orders', partitionkey: 'p', time: expect.any(String) }
  expect(await received(2)).toEqual([
    {
      ...{ ...common, id: sent[0], type: 'order.shipped', subject: 'A1', datacontenttype: 'application/json' },
      ...{ region: 'eu', data: { orderId: 'A1' } },
    },
    { ...common, id: sent[1], type: 'label.printed', datacontenttype: 'image/png', data_base64: 'AP8=' },
  ])
})

test('what a failed attempt sent never existed', async () => {
  const { app, received, broker } = await setUp()
  await expect((await app.start(failing, null)).result()).rejects.toThrow('Activity fails failed')
  await (await app.start(shipping, 'A2')).result()
  expect(await received(2)).toHaveLength(2)
  expect([...broker.events.values()].filter(({ body }) => body.includes('order.failed'))).toEqual([])
})

test('a relay of its own takes what the app wrote while it did not relay', async () => {
  const { app, received, broker } = await setUp({ outboxEnabled: false })
  await (await app.start(shipping, 'A3')).result()
  expect(broker.events.size).toBe(0)
  const relayer = new OutboxRelayer({ app, brokerUrl: broker.url })
  await relayer.start()
  expect(await received(2)).toHaveLength(2)
  await relayer.stop()
})
