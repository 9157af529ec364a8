import { describe, expect, test } from 'vitest'
import {
  cloudEvent,
  completed,
  delivery,
  eventWait,
  message,
  outboxRow,
  parked,
  publish,
  startLeased,
  subscribeTo,
} from '../storage/contract/builders'
import { adminOverMemory, ann, START } from './fixture'

describe('channels', () => {
  const subscribed = { asks: [subscribeTo('jobs', 'broadcast')] }

  test('show depth, lag, who listens, and how fast messages come', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(startLeased({ id: 'a' }, subscribed))
    await commit(
      publish(
        delivery([
          message('jobs', 1),
          message('jobs', 2, { publishedAt: START + 30_000 }),
          message('jobs', 3, { publishedAt: START + 60_000 }),
        ]),
      ),
    )
    const [listed] = await admin.channels.list()
    expect(listed).toEqual({
      name: 'jobs',
      mode: 'broadcast',
      depth: 3,
      published: 3,
      oldestUnreadAt: new Date(START),
      subscriberCount: 1,
      maxLag: 3,
    })
    expect(await admin.channels.get('jobs')).toEqual({
      ...listed,
      subscribers: [{ instanceId: 'a', workflowName: 'order', status: 'running', cursor: 0, lag: 3 }],
      waits: [],
      publishRate: 2,
    })
    expect(await admin.channels.get('nowhere')).toBeNull()
  })

  test('consumers that compete share one backlog', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(startLeased({ id: 'a' }, { asks: [subscribeTo('jobs', 'competing')] }))
    await commit(publish(delivery([message('jobs', 1), message('jobs', 2)])))
    expect(await admin.channels.list()).toMatchObject([{ mode: 'competing', depth: 2, maxLag: 2 }])
  })

  test('messages are read in pages, from the start or the newest, and hidden from viewers', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(publish(delivery([1, 2, 3].map((data) => message('jobs', { data })))))
    const first = await admin.channels.messages('jobs', { limit: 2 })
    expect([first.messages.map(({ seq, data }) => [seq, data]), first.nextAfter]).toEqual([
      [
        [1, { data: 1 }],
        [2, { data: 2 }],
      ],
      2,
    ])
    const newest = await admin.channels.messages('jobs', { limit: 2, newest: true })
    expect([newest.messages.map(({ seq }) => seq), newest.nextAfter]).toEqual([[2, 3], null])
    const hidden = await admin.channels.messages('jobs', {}, { redact: true })
    expect(hidden.messages.map(({ data, bytes }) => [data, bytes])).toEqual([1, 2, 3].map(() => [null, 10]))
  })

  test('publishing wakes the waiting and is audited; too large a payload is refused', async () => {
    const { admin, commit, wakes } = adminOverMemory()
    await commit(
      startLeased({ id: 'a' }, parked({ asks: [], waits: [eventWait('paid')], status: 'waiting_for_event' })),
    )
    const sent = await admin.channels.publish('paid', { order: 1 }, { metadata: { from: 'test' } }, ann)
    expect(sent.receivers).toEqual(['a'])
    expect(wakes.flatMap(({ ready }) => ready)).toEqual([{ instanceId: 'a', workflowName: 'order' }])
    expect((await admin.audit.list({ target: 'paid' })).entries).toMatchObject([
      { action: 'channel.publish', actor: 'ann', after: { messageId: sent.messageId } },
    ])
    await expect(admin.channels.publish('paid', 'x'.repeat(2_000), {}, ann)).rejects.toMatchObject({
      code: 'SERIALIZATION',
      limit: 1_000,
    })
  })

  test('who publishes is known from what was published', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(startLeased({ id: 'a' }), startLeased({ id: 'b', workflowName: 'invoice' }))
    const from = (sourceInstanceId: unknown) => ({ metadata: JSON.stringify({ sourceInstanceId }) })
    await commit(
      publish(
        delivery([
          message('jobs', 1, from('a')),
          message('jobs', 2, from('b')),
          message('jobs', 3, from('gone')),
          message('jobs', 4, from(5)),
          message('other', 5),
        ]),
      ),
    )
    const channels = (await admin.channels.list()).map(({ name, published }) => ({ name, published }))
    expect([...(await admin.channels.publishers(channels))]).toEqual([
      ['jobs', ['invoice', 'order']],
      ['other', []],
    ])
  })

  test('a stored message is published once more under a new id that names the old one', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(publish(delivery([message('jobs', { n: 1 }, { id: 'm1', metadata: '{"k":"v"}' })])))
    const sent = await admin.channels.redeliver('jobs', 1, ann)
    const { messages } = await admin.channels.messages('jobs', { after: 1 })
    expect(messages).toMatchObject([
      { seq: 2, id: sent?.messageId, data: { n: 1 }, metadata: { k: 'v', redeliveryOf: 'm1' } },
    ])
    expect(await admin.channels.redeliver('jobs', 9, ann)).toBeNull()
  })

  test('a stored message is deleted once; the audit names it without its data', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(publish(delivery([message('jobs', 'secret', { id: 'm1' }), message('jobs', 2)])))
    expect(await admin.channels.delete('jobs', 1, ann)).toEqual({ messageId: 'm1' })
    expect(await admin.channels.delete('jobs', 1, ann)).toBeNull()
    expect((await admin.channels.messages('jobs', {})).messages.map(({ seq }) => seq)).toEqual([2])
    const before = { seq: 1, messageId: 'm1', targetInstanceId: null, publishedAt: new Date(START).toISOString() }
    expect((await admin.audit.list({})).entries).toMatchObject([
      { action: 'channel.delete', target: 'jobs', actor: 'ann', reason: 'asked by support', before, after: null },
    ])
  })
})

describe('outbox', () => {
  test('dead letters are counted, redriven and discarded, with the audit naming the rows', async () => {
    const { admin, commit, storage, wakes } = adminOverMemory()
    await commit(
      startLeased(
        { id: 'a' },
        { ...completed(), outbox: ['x', 'y', 'z'].map((id) => outboxRow({ id, instanceId: 'a' })) },
      ),
    )
    const { rows } = await storage.leaseOutbox({ token: 't', limit: 10, leaseMs: 1_000 })
    const results = rows.map(({ id }) => ({
      id,
      status: 'failed' as const,
      nextAttemptAt: null,
      lastError: '503',
      countAttempt: true,
    }))
    await storage.settleOutbox('t', results)
    expect((await admin.instances.counts()).attention.deadLetters).toBe(3)
    expect(await admin.instances.get('a')).toMatchObject({ verdict: { severity: 'attention' }, outbox: [{}, {}, {}] })
    expect(await admin.outbox.redrive(['x'], ann)).toBe(1)
    expect(wakes.at(-1)?.outbox).toBe(true)
    expect(await admin.outbox.discard(['y', 'z'], ann)).toBe(2)
    const page = await admin.outbox.list({})
    expect(page).toMatchObject({ rows: [{ id: 'x', status: 'pending', attempts: 0 }], nextBefore: null })
    expect(await admin.outbox.get('y')).toBeNull()
    expect((await admin.audit.list({})).entries.map(({ action, target, after }) => [action, target, after])).toEqual([
      ['outbox.discard', '2 outbox events', { ids: ['y', 'z'] }],
      ['outbox.redrive', 'x', { ids: ['x'] }],
    ])
  })

  test('is paged by number, newest first', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(startLeased({ id: 'a' }, { outbox: ['x', 'y', 'z'].map((id) => outboxRow({ id, data: '"secret"' })) }))
    const first = await admin.outbox.list({ limit: 2 }, { redact: true })
    const second = await admin.outbox.list({ limit: 2, before: first.nextBefore ?? 0 })
    expect([first, second].map(({ rows }) => rows.map(({ id, data }) => [id, data]))).toEqual([
      [
        ['z', null],
        ['y', null],
      ],
      [['x', 'secret']],
    ])
  })
})

describe('events', () => {
  test('received ones tell where they went', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(startLeased({ id: 'a' }, parked({ waits: [eventWait('paid')], status: 'waiting_for_event' })))
    await commit(publish(cloudEvent('paid', { order: 1 }, { id: 'e1' }), cloudEvent('ignored', null, { id: 'e2' })))
    const { events } = await admin.events.list({})
    expect(events.map(({ id, receivers, started, unmatched }) => ({ id, receivers, started, unmatched }))).toEqual([
      { id: 'e2', receivers: [], started: [], unmatched: true },
      { id: 'e1', receivers: ['a'], started: [], unmatched: false },
    ])
    expect((await admin.events.list({ unmatchedOnly: true })).events.map(({ id }) => id)).toEqual(['e2'])
  })

  test('a preview tells whom an event would reach, whom not and why, and changes nothing', async () => {
    const { admin, commit, storage } = adminOverMemory()
    await commit(
      startLeased(
        { id: 'one' },
        parked({ waits: [eventWait('order.paid', { 'order.id': 'A1' })], status: 'waiting_for_event' }),
      ),
    )
    await commit(
      startLeased(
        { id: 'two' },
        parked({ waits: [eventWait('order.paid', { 'order.id': 'B2' })], status: 'waiting_for_event' }),
      ),
    )
    const before = storage.metrics.transactions
    expect(await admin.events.preview({ type: 'order.paid', data: { order: { id: 'A1' } } })).toMatchObject({
      starts: ['invoice'],
      matches: [{ instanceId: 'one', workflowName: 'order', where: { 'order.id': 'A1' } }],
      misses: [{ instanceId: 'two', where: { 'order.id': 'B2' } }],
    })
    expect(storage.metrics.transactions).toBe(before)
  })
})
