/** Events in: each (source, id) once, a batch all or nothing, what it started and whom it reached on the record. */
import { expect, it } from 'vitest'
import type { InboxRow } from '../storage'
import {
  auditEntry,
  cloudEvent,
  delivery,
  eventWait,
  freshId,
  message,
  newInstance,
  parked,
  publish,
  START,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function inboxContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const inboxIds = async (query: { before?: number; unmatchedOnly?: boolean } = {}) =>
    (await fixture.storage.inbox({ limit: 100, ...query })).map((row) => row.id)
  const routes = (row: InboxRow | undefined) => JSON.parse(row?.routedTo ?? '{}')

  it('an event is stored with its message and its starts in one step', async () => {
    const started = newInstance()
    const event = cloudEvent('order.placed', { n: 1 }, { id: 'e-1', source: '/shop', starts: [started] })
    const verdict = await fixture.commit(publish(event), 'published')
    expect(verdict.deliveries).toEqual([{ duplicate: false, receivers: [] }])
    expect(verdict.wakes.ready).toEqual([{ instanceId: started.id, workflowName: 'order' }])
    expect(await fixture.row(started.id)).toMatchObject({ status: 'pending', epoch: 0, wakeAt: START })
    expect(await fixture.storage.messages('order.placed', { after: 0, limit: 10 })).toHaveLength(1)
    const [row] = await fixture.storage.inbox({ limit: 10 })
    expect(row).toMatchObject({ ...event.inbox, seq: expect.any(Number) })
    expect(routes(row)).toEqual({ started: [started.id], receivers: [], handlers: 0 })
  })

  it('a repeat of (source, id) has no effect at all', async () => {
    const make = () => cloudEvent('order.placed', 1, { id: 'e-1', source: '/shop', starts: [newInstance()] })
    await fixture.commit(publish(make()), 'published')
    const again = await fixture.commit(publish(make()), 'published')
    expect(again.deliveries).toEqual([{ duplicate: true, receivers: [] }])
    expect(again.wakes).toEqual({ ready: [], leased: [], outbox: false })
    expect(await fixture.storage.messages('order.placed', { after: 0, limit: 10 })).toHaveLength(1)
    expect(await fixture.storage.instances({ limit: 10 })).toHaveLength(1)
    expect(await inboxIds()).toEqual(['e-1'])
  })

  it('one id from two sources is two events', async () => {
    const deliveries = ['/a', '/b'].map((source) => cloudEvent('x', 1, { id: 'same', source }))
    const verdict = await fixture.commit(publish(...deliveries), 'published')
    expect(verdict.deliveries.map(({ duplicate }) => duplicate)).toEqual([false, false])
    expect(await inboxIds()).toHaveLength(2)
  })

  it('ids differ by case and by trailing blanks', async () => {
    const deliveries = ['id', 'ID', 'id '].map((id) => cloudEvent('x', 1, { id }))
    const verdict = await fixture.commit(publish(...deliveries), 'published')
    expect(verdict.deliveries.map(({ duplicate }) => duplicate)).toEqual([false, false, false])
  })

  it('a repeat within one batch is one event', async () => {
    const [a, b] = [cloudEvent('x', 'first', { id: 'e-1' }), cloudEvent('x', 'second', { id: 'e-1' })]
    const verdict = await fixture.commit(publish(a, b, cloudEvent('x', 'other')), 'published')
    expect(verdict.deliveries.map(({ duplicate }) => duplicate)).toEqual([false, true, false])
    const stored = await fixture.storage.messages('x', { after: 0, limit: 10 })
    expect(stored.map(({ data }) => data)).toEqual(['"first"', '"other"'])
  })

  it('two batches with the same event at the same time store it once', async () => {
    const batches = ['a', 'b', 'c'].map((name) => publish(cloudEvent('x', name, { id: 'e-1' }), cloudEvent('x', name)))
    const verdicts = await Promise.all(batches.map((batch) => fixture.commit(batch, 'published')))
    expect(verdicts.map(({ deliveries }) => deliveries[0]?.duplicate).toSorted()).toEqual([false, true, true])
    expect(await fixture.storage.messages('x', { after: 0, limit: 10 })).toHaveLength(4)
  })

  it('the same event twice in one flush is stored once', async () => {
    const verdicts = await fixture.storage.commit(
      ['a', 'b'].map((name) => publish(cloudEvent('x', name, { id: 'e-1' }))),
    )
    const duplicates = verdicts.map((verdict) => verdict.kind === 'published' && verdict.deliveries[0]?.duplicate)
    expect(duplicates.toSorted()).toEqual([false, true])
    expect(await fixture.storage.messages('x', { after: 0, limit: 10 })).toHaveLength(1)
  })

  it('a publish without an inbox row is never a repeat', async () => {
    const sent = message('news', 1)
    for (const _ of [1, 2]) await fixture.commit(publish(delivery([sent])), 'published')
    expect(await fixture.storage.messages('news', { after: 0, limit: 10 })).toHaveLength(2)
    expect(await inboxIds()).toEqual([])
  })

  it('the record says whom an event reached; what reached nobody is unmatched', async () => {
    const { id } = await fixture.startLeased({}, parked({ waits: [eventWait('paid')] }))
    await fixture.commit(publish(cloudEvent('paid', 1, { id: 'reached' })), 'published')
    await fixture.commit(publish(cloudEvent('ignored', 1, { id: 'unmatched' })), 'published')
    await fixture.commit(publish(cloudEvent('placed', 1, { id: 'started', starts: [newInstance()] })), 'published')
    expect(await inboxIds({ unmatchedOnly: true })).toEqual(['unmatched'])
    const reached = (await fixture.storage.inbox({ limit: 10 })).find((row) => row.id === 'reached')
    expect(routes(reached)).toEqual({ started: [], receivers: [id], handlers: 0 })
  })

  it('an event that only handlers of the process took is not unmatched', async () => {
    const event = cloudEvent('handled', 1, { id: 'handled' })
    await fixture.commit(publish({ ...event, handlers: 2 }), 'published')
    expect(await inboxIds({ unmatchedOnly: true })).toEqual([])
    const [row] = await fixture.storage.inbox({ limit: 1 })
    expect(routes(row)).toEqual({ started: [], receivers: [], handlers: 2 })
  })

  it('the inbox is read newest first, in pages', async () => {
    for (const id of ['1', '2', '3', '4']) await fixture.commit(publish(cloudEvent('x', id, { id })), 'published')
    const page = await fixture.storage.inbox({ limit: 2 })
    expect(page.map((row) => row.id)).toEqual(['4', '3'])
    const before = page[1]?.seq ?? 0
    expect(await inboxIds({ before })).toEqual(['2', '1'])
  })

  it('a start whose id is taken is left out, the rest of the delivery stands', async () => {
    const taken = await fixture.startLeased()
    const fresh = newInstance()
    const event = cloudEvent('placed', 1, { starts: [newInstance({ id: taken.id, input: '"other"' }), fresh] })
    await fixture.commit(publish(event), 'published')
    expect(await fixture.row(taken.id)).toEqual(taken)
    expect((await fixture.row(fresh.id)).status).toBe('pending')
    const [row] = await fixture.storage.inbox({ limit: 1 })
    expect(routes(row)).toEqual({ started: [fresh.id], receivers: [], handlers: 0 })
  })

  it('the audit entry of a publish is written with it, for a repeat too', async () => {
    const target = freshId('channel')
    const unit = () => ({
      ...publish(cloudEvent('x', 1, { id: 'e-1' })),
      audit: auditEntry(target, { action: 'channel.publish' }),
    })
    await fixture.commit(unit(), 'published')
    await fixture.commit(unit(), 'published')
    expect(await fixture.storage.audits({ target, limit: 10 })).toHaveLength(2)
  })
}
