/** The standalone relay over real sockets, on the real clock; nothing is asserted about time. */
import { afterEach, describe, expect, it } from 'vitest'
import { type FlakyBroker, type FlakyBrokerOptions, POISON, startFlakyBroker } from '../test/outbox/flaky-broker'
import { ConfigurationError } from './model/errors'
import { OutboxRelayer, type OutboxRelayerInternals, type OutboxRelayerOptions } from './outbox-relayer'
import { outboxRow, startLeased } from './storage/contract/builders'
import { createMemoryStorage } from './storage/memory/memory-storage'
import type { OutboxRow, OutboxStatus, Storage } from './storage/storage'

const QUICK: OutboxRelayerInternals = { backoff: { baseMs: 2, maxMs: 20, factor: 2, jitter: 0.3 } }
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function broker(options: FlakyBrokerOptions = {}): Promise<FlakyBroker> {
  const started = await startFlakyBroker(options)
  closing.push(() => started.close())
  return started
}

/** A memory storage that says when every row of it has come to its end. */
async function outboxOf(rows: readonly Partial<OutboxRow>[]) {
  const memory = createMemoryStorage({ clock: { now: () => Date.now() } })
  const outbox = rows.map((row) => outboxRow({ createdAt: Date.now(), ...row }))
  await memory.commit([startLeased({}, { outbox })])
  let open = outbox.length
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const storage: Storage = {
    ...memory,
    settleOutbox: async (token, results) => {
      await memory.settleOutbox(token, results)
      open -= results.filter((result) => result.status !== 'pending').length
      if (open === 0) finish()
    },
  }
  const statuses = async (): Promise<Readonly<Partial<Record<OutboxStatus, number>>>> => {
    const counts: Partial<Record<OutboxStatus, number>> = {}
    for (const { status } of await memory.outbox({ limit: 1_000_000 })) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }
  return { storage, finished, statuses, ids: outbox.map((row) => row.id) }
}

async function relay(options: OutboxRelayerOptions, internals: OutboxRelayerInternals = QUICK): Promise<OutboxRelayer> {
  const relayer = new OutboxRelayer(options, internals)
  closing.push(() => relayer.stop())
  await relayer.start()
  return relayer
}

const rows = (count: number, row: Partial<OutboxRow>): Partial<OutboxRow>[] => Array.from({ length: count }, () => row)

describe('a receiver that fails 30 % of the time, with poison at the head', () => {
  it('gets every healthy event, each once, every copy of it the same; the poison ends as dead letters', async () => {
    const target = await broker({ unavailable: 0.2, cut: 0.1 })
    const { storage, finished, statuses, ids } = await outboxOf([
      ...rows(10, { type: POISON.failing }),
      ...rows(10, { type: POISON.refused }),
      ...rows(10, { extensions: '{"Not-A-Name":1}' }),
      ...rows(800, { data: '{"text":"Grüße \\u0000 😀","n":1.5}' }),
      ...rows(200, { data: null, binary: Uint8Array.of(0, 255, 128), contentType: 'application/octet-stream' }),
    ])
    const relayer = await relay({ storage, brokerUrl: target.url, maxRetries: 30, batchSize: 50 })
    await finished
    await relayer.stop()
    expect(await statuses()).toEqual({ published: 1_000, failed: 10, invalid: 20 })
    const healthy = ids.slice(30).map((id) => target.events.get(id))
    expect(healthy.filter((copies) => copies?.accepted !== 1)).toEqual([])
    expect([...target.events.values()].filter((copies) => !copies.areEqual)).toEqual([])
    const retried = healthy.filter((copies) => (copies?.received ?? 0) > 1)
    expect(retried.length).toBeGreaterThan(150)
  })

  it('gets the events of one key in their order', async () => {
    const accepted: string[] = []
    const target = await broker({ unavailable: 0.2, cut: 0.1, seed: 7, onAccepted: (id) => void accepted.push(id) })
    const keyed = Array.from({ length: 120 }, (_, index) => ({ partitionKey: `key-${index % 4}` }))
    const { storage, finished, ids } = await outboxOf(keyed)
    await relay({ storage, brokerUrl: target.url, maxRetries: 50 })
    await finished
    for (let key = 0; key < 4; key++) {
      const own = ids.filter((_, index) => index % 4 === key)
      expect(accepted.filter((id) => own.includes(id))).toEqual(own)
    }
  })

  it('gets each event once from three relays at the same time', async () => {
    const target = await broker({ unavailable: 0.3 })
    const { storage, finished, ids } = await outboxOf(rows(300, {}))
    for (let index = 0; index < 3; index++) await relay({ storage, brokerUrl: target.url, maxRetries: 50 })
    await finished
    expect(ids.filter((id) => target.events.get(id)?.accepted !== 1)).toEqual([])
  })
})

describe('the life of a relayer', () => {
  it('starts once, stops once, and may start again', async () => {
    const target = await broker()
    const { storage, finished, statuses } = await outboxOf(rows(5, {}))
    const relayer = new OutboxRelayer({ storage, brokerUrl: target.url })
    await Promise.all([relayer.start(), relayer.start()])
    await finished
    await Promise.all([relayer.stop(), relayer.stop()])
    expect(await statuses()).toEqual({ published: 5 })
    await relayer.start()
    await relayer.stop()
  })

  it('takes the outbox of an app', async () => {
    const target = await broker()
    const { storage, finished, statuses } = await outboxOf(rows(3, {}))
    await relay({ app: { outboxStorage: () => storage }, brokerUrl: target.url })
    await finished
    expect(await statuses()).toEqual({ published: 3 })
  })

  it('wakes on a notice that a row became due', async () => {
    const target = await broker()
    const { storage } = await outboxOf([])
    let notify: () => void = () => {}
    let isClosed = false
    const closeListener = async (): Promise<void> => {
      isClosed = true
    }
    const notifying: Storage = {
      ...storage,
      listen: async (onNotice) => {
        notify = () => onNotice({ type: 'outbox' })
        return { isLive: () => true, close: closeListener }
      },
    }
    // an hour between looks: without the notice nothing would happen
    const relayer = await relay({ storage: notifying, brokerUrl: target.url, pollInterval: 3_600 })
    const row = outboxRow({ createdAt: Date.now() })
    const published = new Promise<void>((resolve) => {
      notifying.settleOutbox = async (token, results) => {
        await storage.settleOutbox(token, results)
        resolve()
      }
    })
    await storage.commit([startLeased({}, { outbox: [row] })])
    notify()
    await published
    expect([...target.events.keys()]).toEqual([row.id])
    await relayer.stop()
    expect(isClosed).toBe(true)
  })
})

describe('bad options', () => {
  const storage = createMemoryStorage({ clock: { now: () => 0 } })
  const brokerUrl = 'http://127.0.0.1:1'
  it.each<[string, object, string]>([
    ['no place', { brokerUrl }, 'OutboxRelayer needs exactly one of app, dbUrl and storage, not 0'],
    [
      'two places',
      { brokerUrl, storage, dbUrl: 'file:x' },
      'OutboxRelayer needs exactly one of app, dbUrl and storage, not 2',
    ],
    ['no broker', { storage }, "OutboxRelayer needs a 'brokerUrl': where shall the events go?"],
    ['no transport', { storage, brokerUrl: 'gopher://x' }, "no transport for the scheme 'gopher'"],
    ['not a URL', { storage, brokerUrl: 'broker' }, 'a URL without a scheme'],
    ['no retries', { storage, brokerUrl, maxRetries: 0 }, "'maxRetries' must be an integer ≥ 1"],
    ['half a batch', { storage, brokerUrl, batchSize: 1.5 }, "'batchSize' must be an integer ≥ 1"],
    ['no interval', { storage, brokerUrl, pollInterval: 0 }, "'pollInterval' must be a number > 0"],
    ['an age of NaN', { storage, brokerUrl, maxAgeHours: Number.NaN }, "'maxAgeHours' must be a number > 0"],
    ['an unknown name', { storage, brokerUrl, retries: 3 }, "unknown option 'retries'"],
  ])('%s is refused by name', (_, options, message) => {
    const make = (): OutboxRelayer => new OutboxRelayer(options as OutboxRelayerOptions)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
  })
})
