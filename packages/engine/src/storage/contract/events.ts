/** Event waits: subscribed by themselves, matched by `where`, each condition at its own position. */
import { expect, it } from 'vitest'
import { keyOf, type Where } from '../../model/match'
import {
  cloudEvent,
  completed,
  delivery,
  eventWait,
  freshId,
  known,
  message,
  parked,
  publish,
  START,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function eventsContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  const waiting = async (type: string, where: Where | null = null) => {
    const { id } = await fixture.startLeased(
      {},
      parked({ status: 'waiting_for_event', waits: [eventWait(type, where)] }),
    )
    return id
  }
  const poll = async (id: string, type: string, where: Where | null = null) => {
    const [claimed] = await fixture.claim({ instanceIds: [id] })
    if (!claimed) throw new Error(`${id} is not due`)
    const unit = transition(claimed.row, { waits: [known(eventWait(type, where))], poll: true })
    const { answers } = await fixture.commit(unit, 'accepted')
    return answers.map((answer) => JSON.parse(answer.data))
  }

  it('an event wakes who waits for its type, and is recorded with its attributes', async () => {
    const id = await waiting('paid')
    expect(await fixture.row(id)).toMatchObject({ status: 'waiting_for_event', leaseOwner: null, wakeAt: null })
    const verdict = await fixture.commit(
      publish(cloudEvent('paid', { cents: 5 }, { id: 'e-1', source: '/bank' })),
      'published',
    )
    expect(verdict.deliveries).toEqual([{ duplicate: false, receivers: [id] }])
    expect(verdict.wakes.ready).toEqual([{ instanceId: id, workflowName: 'order' }])
    const [claimed] = await fixture.claim()
    const unit = transition(claimed?.row ?? (await fixture.row(id)), { waits: [known(eventWait('paid'))], poll: true })
    const { answers } = await fixture.commit(unit, 'accepted')
    expect(answers).toHaveLength(1)
    expect(answers[0]).toMatchObject({ seq: 1, activityId: 'receive_paid:1', type: 'EventReceived', createdAt: START })
    expect(JSON.parse(answers[0]?.data ?? '')).toEqual({
      type: 'paid',
      source: '/bank',
      id: 'e-1',
      time: '2026-01-01T00:00:00Z',
      extensions: { traceparent: 't-1' },
      data: { cents: 5 },
    })
    expect(await fixture.storage.waits({ instanceId: id, limit: 10 })).toEqual([])
  })

  it('of several waits that are refused at once each transition answers one', async () => {
    const names = ['a', 'b', 'c']
    await fixture.startLeased({}, { asks: names.map((name) => subscribeTo(name, 'competing')) })
    const waits = [...names.map((name) => eventWait(name)), eventWait('free')]
    const { id } = await fixture.startLeased({}, { waits, asks: [subscribeTo('news', 'broadcast')] })
    const answered = async () => (await fixture.events(id)).map(({ activityId }) => activityId)
    expect(await answered()).toEqual(['subscribe_news:1'])
    expect((await fixture.storage.waits({ instanceId: id, limit: 9 })).map(({ channel }) => channel)).toEqual(['free'])
    await fixture.publish('free', 'came')
    for (let n = 0; n < 4; n++) await fixture.apply(id, { waits: waits.slice(n).map(known), poll: true })
    expect(await answered()).toEqual([
      'subscribe_news:1',
      'receive_a:1',
      'receive_b:1',
      'receive_c:1',
      'receive_free:1',
    ])
  })

  it('a plain message is a plain event, whatever its sender wrote into its metadata', async () => {
    const { id } = await fixture.startLeased({}, { waits: [eventWait('paid')] })
    const metadata = JSON.stringify({ cloudEvent: { type: 'forged', id: 'e-9' }, source: '/shop' })
    const sent = message('paid', 1, { id: 'm-1', metadata })
    await fixture.commit(publish(delivery([sent])), 'published')
    await fixture.apply(id, { waits: [known(eventWait('paid'))], poll: true })
    expect((await fixture.events(id)).at(-1)).toMatchObject({
      type: 'EventReceived',
      data: { type: 'paid', source: '/shop', id: 'm-1', extensions: {}, data: 1 },
    })
    expect(await fixture.storage.messages('paid', { after: 0, limit: 1 })).toEqual([{ ...sent, seq: 1 }])
  })

  it('a plain message reads as an event of its channel', async () => {
    const id = await waiting('paid')
    const sent = message('paid', 1, { metadata: '{"source":"workflow/7"}' })
    const bare = message('paid', 2)
    await fixture.commit(publish(delivery([sent])), 'published')
    expect(await poll(id, 'paid')).toEqual([
      { type: 'paid', source: 'workflow/7', id: sent.id, extensions: {}, data: 1 },
    ])
    const other = await waiting('paid')
    await fixture.commit(publish(delivery([bare])), 'published')
    expect(await poll(other, 'paid')).toEqual([
      { type: 'paid', source: 'unknown', id: bare.id, extensions: {}, data: 2 },
    ])
  })

  it('bytes of an event go into the record', async () => {
    const id = await waiting('image')
    const sent = message('image', null, { data: null, binary: Uint8Array.of(9, 8) })
    await fixture.commit(publish(delivery([sent])), 'published')
    expect(await poll(id, 'image')).toEqual([{ type: 'image', source: 'unknown', id: sent.id, extensions: {} }])
    const [received] = await fixture.storage.history(id, { after: 0, limit: 1 })
    expect(Uint8Array.from(received?.binary ?? [])).toEqual(Uint8Array.of(9, 8))
  })

  it('an event from before the wait is not seen, one from after it is kept', async () => {
    await fixture.publish('paid', 'before')
    const { id } = await fixture.startLeased({}, { waits: [eventWait('paid')] })
    await fixture.publish('paid', 'while leased')
    const unit = transition(await fixture.row(id), parked({ waits: [known(eventWait('paid'))] }))
    const { answers } = await fixture.commit(unit, 'accepted')
    expect(answers.map((answer) => JSON.parse(answer.data).data)).toEqual(['while leased'])
  })

  it('an event that comes between two waits for its type is not missed', async () => {
    const id = await waiting('paid')
    await fixture.publish('paid', 1)
    await fixture.publish('paid', 2)
    expect(await poll(id, 'paid')).toMatchObject([{ data: 1 }])
    await fixture.publish('paid', 3)
    const received = []
    for (const activityId of ['second', 'third', 'fourth']) {
      const wait = eventWait('paid', null, activityId)
      const unit = transition(await fixture.row(id), { waits: [wait] })
      const { answers } = await fixture.commit(unit, 'accepted')
      received.push(...answers.map((answer) => JSON.parse(answer.data).data))
    }
    expect(received).toEqual([2, 3])
  })

  it.each<[string, Where, unknown, unknown]>([
    ['a string', { orderId: 'A1' }, { orderId: 'A1' }, { orderId: 'A2' }],
    ['a number', { n: 1 }, { n: 1 }, { n: '1' }],
    ['a boolean', { ok: true }, { ok: true }, { ok: 'true' }],
    ['null', { gone: null }, { gone: null }, { gone: 0 }],
    ['a path', { 'order.line.sku': 'x' }, { order: { line: { sku: 'x' } } }, { order: { line: { sku: 'y' } } }],
    ['several paths', { a: 1, b: 2 }, { a: 1, b: 2, c: 3 }, { a: 1, b: 3 }],
    ['odd characters', { who: `O'Neil "ü" \\ %` }, { who: `O'Neil "ü" \\ %` }, { who: `O'Neil` }],
  ])('where on %s finds its one event', async (_, where, fits, other) => {
    const id = await waiting('paid', where)
    expect((await fixture.publish('paid', other)).deliveries[0]?.receivers).toEqual([])
    expect(await fixture.claim()).toEqual([])
    expect((await fixture.publish('paid', fits)).deliveries[0]?.receivers).toEqual([id])
    expect(await poll(id, 'paid', where)).toMatchObject([{ data: fits }])
  })

  it('an event finds its one waiter among many', async () => {
    const waits = Array.from({ length: 50 }, (_, index) => waiting('paid', { orderId: `A${index}` }))
    const waiters = await Promise.all(waits)
    const { deliveries, wakes } = await fixture.publish('paid', { orderId: 'A17' })
    expect(deliveries[0]?.receivers).toEqual([waiters[17]])
    expect(wakes.ready).toHaveLength(1)
    expect((await fixture.claim()).map(({ row }) => row.id)).toEqual([waiters[17]])
  })

  it('the same event goes to conditional and unconditional waiters alike', async () => {
    const [any, fits, misses] = [
      await waiting('paid'),
      await waiting('paid', { a: 1 }),
      await waiting('paid', { a: 2 }),
    ]
    const { deliveries } = await fixture.publish('paid', { a: 1 })
    expect([...(deliveries[0]?.receivers ?? [])].toSorted()).toEqual([any, fits])
    expect(await fixture.row(misses)).toMatchObject({ wakeAt: null })
  })

  it('each condition of one instance reads at its own position', async () => {
    const id = await waiting('paid', { lane: 'a' })
    await fixture.publish('paid', { lane: 'b', n: 1 })
    await fixture.publish('paid', { lane: 'a', n: 2 })
    expect(await poll(id, 'paid', { lane: 'a' })).toMatchObject([{ data: { n: 2 } }])
    const wait = eventWait('paid', { lane: 'b' }, 'other lane')
    const { answers } = await fixture.commit(transition(await fixture.row(id), { waits: [wait] }), 'accepted')
    // It came after the first wait on this type, so it is not lost to the second.
    expect(answers.map((answer) => JSON.parse(answer.data).data)).toEqual([{ lane: 'b', n: 1 }])
  })

  it('one condition never gets the same event twice', async () => {
    const id = await waiting('paid', { lane: 'a' })
    await fixture.publish('paid', { lane: 'a', n: 1 })
    expect(await poll(id, 'paid', { lane: 'a' })).toHaveLength(1)
    const again = eventWait('paid', { lane: 'a' }, 'again')
    const { answers } = await fixture.commit(transition(await fixture.row(id), parked({ waits: [again] })), 'accepted')
    expect(answers).toEqual([])
    expect((await fixture.row(id)).leaseOwner).toBeNull()
  })

  it('a channel remembers the shapes of its conditions', async () => {
    await waiting('paid', { b: 1, a: 2 })
    await waiting('paid', { a: 3, b: 4 })
    await waiting('paid', { c: 1 })
    await waiting('paid')
    const shapes = await fixture.storage.shapes('paid')
    expect(shapes.filter((shape) => shape !== '').toSorted()).toEqual(['a|b', 'c'])
    expect(await fixture.storage.shapes('unknown')).toEqual([])
  })

  it('open waits are listed by instance, channel and key', async () => {
    const one = await waiting('paid', { a: 1 })
    const two = await waiting('paid', { a: 2 })
    await waiting('shipped')
    const found = async (options: Omit<Parameters<typeof fixture.storage.waits>[0], 'limit'>) =>
      (await fixture.storage.waits({ ...options, limit: 10 })).map((wait) => wait.instanceId).toSorted()
    expect(await found({ channel: 'paid' })).toEqual([one, two])
    expect(await found({ channel: 'paid', matchKeys: [keyOf({ a: 2 }), 'nothing'] })).toEqual([two])
    expect(await fixture.storage.waits({ instanceId: one, limit: 10 })).toMatchObject([
      { instanceId: one, activityId: 'receive_paid:1', channel: 'paid', where: { a: 1 } },
    ])
    expect(await fixture.storage.waits({ channel: 'paid', limit: 1 })).toHaveLength(1)
  })

  it('a closed wait is woken no more', async () => {
    const { id } = await fixture.startLeased({}, { waits: [eventWait('paid')] })
    await fixture.apply(id, {
      ...parked({ status: 'waiting_for_timer', wakeAt: START + 99 }),
      closedWaits: ['receive_paid:1'],
    })
    expect((await fixture.publish('paid', 1)).deliveries[0]?.receivers).toEqual([])
    expect((await fixture.row(id)).wakeAt).toBe(START + 99)
  })

  it('who ended waits no more', async () => {
    const { id } = await fixture.startLeased({}, { waits: [eventWait('paid')] })
    await fixture.apply(id, completed())
    expect((await fixture.publish('paid', 1)).deliveries[0]?.receivers).toEqual([])
    expect(await fixture.storage.waits({ instanceId: id, limit: 10 })).toEqual([])
    expect(await fixture.storage.subscriptions(id)).toEqual([])
  })

  it('an event wait and a subscription of one instance share the channel', async () => {
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo('paid', 'broadcast')] })
    await fixture.apply(id, parked({ waits: [eventWait('paid')] }))
    await fixture.publish('paid', 'once')
    expect(await poll(id, 'paid')).toMatchObject([{ data: 'once' }])
    expect(await fixture.storage.subscriptions(id)).toMatchObject([{ channel: 'paid', mode: 'broadcast' }])
  })

  it('an event with a timeout beside it wakes at once, not at the timeout', async () => {
    const { id } = await fixture.startLeased({}, parked({ waits: [eventWait('paid')], wakeAt: START + 60_000 }))
    expect((await fixture.row(id)).wakeAt).toBe(START + 60_000)
    await fixture.publish('paid', 1)
    expect((await fixture.row(id)).wakeAt).toBe(START)
  })

  it('a suspended waiter is not woken and finds the event when it resumes', async () => {
    const id = await waiting('paid')
    await fixture.storage.operate(id, { type: 'suspend', reason: 'look' }, { now: START, audit: null })
    await fixture.publish('paid', 'kept')
    expect(await fixture.claim()).toEqual([])
    await fixture.storage.operate(id, { type: 'resume' }, { now: START, audit: null })
    expect(await poll(id, 'paid')).toMatchObject([{ data: 'kept' }])
  })
}
