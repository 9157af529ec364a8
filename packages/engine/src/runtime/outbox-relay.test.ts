/** Over the memory storage, on a virtual clock, with a transport that answers by script: what becomes of events. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FOREVER, many, POLICY, PUBLISHED, setUp } from '../../test/runtime/outbox-relay-fixture'
import type { CloudEvent } from '../cloud-events/cloud-event'
import { START } from '../storage/contract/builders'
import type { OutboxRow } from '../storage/storage'

describe('the relay sends', () => {
  it('what is due, as a CloudEvent with the id of the row, and marks it', async () => {
    const { queue, makeRelay, advance, row, sent } = setUp()
    const [id] = await queue({ type: 'order.shipped', subject: 's', partitionKey: 'k', data: '{"n":1}' })
    makeRelay().start()
    await advance(0)
    expect(await row(id)).toEqual({ status: 'published', attempts: 1, lastError: null, dueIn: null })
    expect(JSON.parse(sent[0]?.bytes ?? '')).toEqual({
      ...{ specversion: '1.0', id, source: '/shop', type: 'order.shipped', time: new Date(START).toISOString() },
      ...{ subject: 's', datacontenttype: 'application/json', partitionkey: 'k', data: { n: 1 } },
    })
  })

  it('until nothing is left, however many batches that takes', async () => {
    const { queue, makeRelay, advance, sent, storage } = setUp()
    const ids = await queue(...many(95))
    const relay = makeRelay()
    relay.start()
    await advance(0)
    expect(sent.map((one) => one.id).toSorted()).toEqual([...ids].toSorted())
    expect(await storage.outbox({ status: ['pending'], limit: 1 })).toEqual([])
    expect(relay.metrics).toMatchObject({ published: 95, pending: 0 })
  })

  it('at most two batches at once', async () => {
    let now = 0
    let most = 0
    const { queue, makeRelay, advance } = setUp(async () => {
      most = Math.max(most, ++now)
      await setImmediate()
      now--
      return PUBLISHED
    })
    await queue(...many(60))
    makeRelay().start()
    await advance(0)
    expect(most).toBeGreaterThan(10)
    expect(most).toBeLessThanOrEqual(20)
  })

  it('each row once when two relays share the outbox', async () => {
    const { queue, makeRelay, advance, sent } = setUp(async () => {
      await setImmediate()
      return PUBLISHED
    })
    const ids = await queue(...many(50))
    makeRelay().start()
    makeRelay().start()
    await advance(0)
    expect(sent.map((one) => one.id).toSorted()).toEqual([...ids].toSorted())
  })
})

describe('a failed delivery', () => {
  it('is tried again after 1 s and 2 s, then the event is a dead letter', async () => {
    const { queue, makeRelay, advance, row, times } = setUp(() => ({ kind: 'retry', reason: 'HTTP 503' }))
    const [id] = await queue({})
    makeRelay().start()
    await advance(0)
    expect(await row(id)).toEqual({ status: 'pending', attempts: 1, lastError: 'HTTP 503', dueIn: 1_000 })
    await advance(60_000)
    expect(times(id)).toEqual([0, 1_000, 3_000])
    expect(await row(id)).toEqual({
      status: 'failed',
      attempts: 3,
      lastError: 'Exceeded max retries (3): HTTP 503',
      dueIn: null,
    })
  })

  it('is scattered by up to 30 %', async () => {
    const { queue, makeRelay, advance, row } = setUp(() => ({ kind: 'retry', reason: 'HTTP 503' }))
    const [id] = await queue({})
    makeRelay({ random: () => 0.5 }).start()
    await advance(0)
    expect((await row(id)).dueIn).toBe(850)
  })

  it('waits as long as the receiver asks', async () => {
    const { queue, makeRelay, advance, times } = setUp((_, attempt) =>
      attempt === 1 ? { kind: 'retry', reason: 'HTTP 429', retryAfterMs: 7_000 } : PUBLISHED,
    )
    const [id] = await queue({})
    makeRelay().start()
    await advance(60_000)
    expect(times(id)).toEqual([0, 7_000])
  })

  it('that the receiver will never take is a dead letter at once', async () => {
    const { queue, makeRelay, advance, row, times } = setUp(() => ({ kind: 'invalid', reason: 'HTTP 400' }))
    const [id] = await queue({})
    makeRelay().start()
    await advance(60_000)
    expect(times(id)).toEqual([0])
    expect(await row(id)).toEqual({ status: 'invalid', attempts: 1, lastError: 'HTTP 400', dueIn: null })
  })

  it('counts when the transport breaks its word and throws', async () => {
    const { queue, makeRelay, advance, row, logged } = setUp((_, attempt) => {
      if (attempt === 1) throw new Error('boom')
      return PUBLISHED
    })
    const [id] = await queue({})
    makeRelay().start()
    await advance(60_000)
    expect(await row(id)).toMatchObject({ status: 'published', attempts: 2 })
    expect(logged).toEqual(['the transport threw'])
  })

  it('driven again by an operator starts from the first attempt', async () => {
    const { queue, makeRelay, advance, row, storage } = setUp((_, attempt) =>
      attempt <= 3 ? { kind: 'retry', reason: 'HTTP 500' } : PUBLISHED,
    )
    const [id] = await queue({})
    const relay = makeRelay()
    relay.start()
    await advance(10_000)
    expect(await row(id)).toMatchObject({ status: 'failed' })
    expect(await storage.operateOutbox('redrive', [id ?? ''], null)).toBe(1)
    relay.wake()
    await advance(0)
    expect(await row(id)).toMatchObject({ status: 'published', attempts: 1 })
  })
})

describe('an event too old', () => {
  it('expires unsent', async () => {
    const { queue, makeRelay, advance, row, sent } = setUp()
    const [old, young] = await queue({ createdAt: START - 3_600_001 }, { createdAt: START - 3_600_000 })
    makeRelay({ policy: { ...POLICY, maxAgeHours: 1 } }).start()
    await advance(0)
    expect(await row(old)).toEqual({
      status: 'expired',
      attempts: 0,
      lastError: 'older than 3600000 ms',
      dueIn: null,
    })
    expect(sent.map((one) => one.id)).toEqual([young])
  })
})

describe('neighbours', () => {
  it('go on behind a hundred events that always fail', async () => {
    const isPoison = (event: CloudEvent): boolean => event.type === 'poison'
    const { queue, makeRelay, advance, times } = setUp((event) =>
      isPoison(event) ? { kind: 'retry', reason: 'HTTP 500' } : PUBLISHED,
    )
    await queue(...many(100, { type: 'poison' }))
    const healthy = await queue(...many(30))
    makeRelay({ policy: { ...POLICY, maxRetries: 1_000 } }).start()
    await advance(0)
    expect(healthy.map(times)).toEqual(many(30).map(() => [0]))
    const late = await queue(...many(5))
    await advance(20_000)
    expect(late.flatMap(times).every((at) => at <= 1_000)).toBe(true)
  })

  it('go on beside one that never answers', async () => {
    const { queue, makeRelay, advance, times } = setUp((event) => (event.type === 'hangs' ? FOREVER : PUBLISHED))
    await queue({ type: 'hangs' })
    const healthy = await queue(...many(45))
    makeRelay().start()
    await advance(0)
    expect(healthy.map(times)).toEqual(many(45).map(() => [0]))
  })

  it('go on beside a row that cannot be read', async () => {
    const { queue, makeRelay, advance, row } = setUp()
    const [broken, healthy] = await queue({ extensions: '{' }, {})
    makeRelay().start()
    await advance(0)
    expect(await row(broken)).toMatchObject({ status: 'invalid', lastError: expect.stringContaining('cannot be read') })
    expect(await row(healthy)).toMatchObject({ status: 'published' })
  })

  it('of one partition key keep their order, other keys do not wait', async () => {
    const { queue, makeRelay, advance, sent } = setUp((event, attempt) =>
      event.subject === 'a1' && attempt === 1 ? { kind: 'retry', reason: 'HTTP 503' } : PUBLISHED,
    )
    const key = (subject: string): Partial<OutboxRow> => ({ subject, partitionKey: subject.charAt(0) })
    await queue(key('a1'), key('b1'), key('a2'), key('b2'), key('a3'), key('b3'))
    makeRelay().start()
    await advance(0)
    const subjects = (): string[] => sent.map((one) => JSON.parse(one.bytes).subject)
    expect(subjects()).toEqual(['a1', 'b1', 'b2', 'b3'])
    await advance(1_000)
    expect(subjects()).toEqual(['a1', 'b1', 'b2', 'b3', 'a1', 'a2', 'a3'])
  })

  it('of one partition key go on behind a dead letter', async () => {
    const { queue, makeRelay, advance, times } = setUp((event) =>
      event.type === 'poison' ? { kind: 'invalid', reason: 'HTTP 400' } : PUBLISHED,
    )
    const [, next] = await queue({ type: 'poison', partitionKey: 'a' }, { partitionKey: 'a' })
    makeRelay().start()
    await advance(0)
    expect(times(next)).toEqual([0])
  })
})
