/** Forks: a copied beginning, a life of its own. */
import { expect, it } from 'vitest'
import {
  activityCompleted,
  auditEntry,
  completed,
  delivery,
  failed,
  freshId,
  message,
  messageWait,
  newInstance,
  publish,
  START,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function forksContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  it('a fork gets the history before a point, pending, with its own chain', async () => {
    const source = await fixture.startLeased(
      {},
      { events: ['a:1', 'b:1', 'c:1'].map((name) => activityCompleted(name)) },
    )
    await fixture.apply(source.id, completed())
    const instance = newInstance({ forkedFrom: source.id, input: '"other"' })
    const audit = auditEntry(instance.id, { action: 'instance.fork' })
    expect(await fixture.storage.fork({ sourceId: source.id, instance, fromSeq: 3, audit })).toBe(true)
    expect(await fixture.row(instance.id)).toMatchObject({
      ...instance,
      status: 'pending',
      nextSeq: 3,
      epoch: 0,
      leaseOwner: null,
      forkedFrom: source.id,
      chainId: instance.id,
    })
    const copied = await fixture.storage.history(instance.id, { after: 0, limit: 10 })
    expect(copied).toEqual(await fixture.storage.history(source.id, { after: 0, limit: 2 }))
    expect(await fixture.storage.audits({ target: instance.id, limit: 10 })).toHaveLength(1)
    const [claimed] = await fixture.claim()
    await fixture.commit(transition(claimed?.row ?? source, { events: [activityCompleted('d:1')] }), 'accepted')
    expect(await fixture.events(source.id)).toHaveLength(3)
  })

  it('a fork from the beginning is a restart', async () => {
    const source = await fixture.startLeased(
      {},
      { events: [activityCompleted()], asks: [subscribeTo('news', 'broadcast')] },
    )
    const instance = newInstance({ forkedFrom: source.id })
    expect(await fixture.storage.fork({ sourceId: source.id, instance, fromSeq: 0, audit: null })).toBe(true)
    expect(await fixture.row(instance.id)).toMatchObject({ nextSeq: 1 })
    expect(await fixture.events(instance.id)).toEqual([])
    expect(await fixture.storage.subscriptions(instance.id)).toEqual([])
  })

  it('a taken id forks nothing, an unknown source is an error', async () => {
    const source = await fixture.startLeased()
    const taken = await fixture.startLeased()
    const request = { sourceId: source.id, fromSeq: 9, audit: auditEntry(taken.id) }
    expect(await fixture.storage.fork({ ...request, instance: newInstance({ id: taken.id }) })).toBe(false)
    expect(await fixture.row(taken.id)).toEqual(taken)
    const instance = newInstance()
    await expect(fixture.storage.fork({ ...request, sourceId: 'nobody', instance })).rejects.toMatchObject({
      code: 'INSTANCE_NOT_FOUND',
    })
    expect(await fixture.storage.instance(instance.id)).toBeNull()
    expect(await fixture.storage.audits({ limit: 10 })).toEqual([])
  })

  it('a fork of a fork stands in its own direct channel, and so does a fork that is retried', async () => {
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo(`inbox:${id}`, 'direct')] })
    await fixture.commit(publish(delivery([message(`inbox:${id}`, 'read')])), 'published')
    await fixture.apply(id, { waits: [messageWait(`inbox:${id}`)] })
    const origin = { originId: id, originStartedAt: START }
    const [child, grandchild] = [
      newInstance({ forkedFrom: id, ...origin }),
      newInstance({ forkedFrom: 'child', ...origin }),
    ]
    await fixture.storage.fork({ sourceId: id, instance: child, fromSeq: 3, audit: null })
    await fixture.storage.fork({ sourceId: child.id, instance: grandchild, fromSeq: 3, audit: null })
    const own = ({ id }: { readonly id: string }) => [{ channel: `inbox:${id}`, mode: 'direct', cursor: 0, lag: 0 }]
    expect(await fixture.storage.subscriptions(grandchild.id)).toEqual(own(grandchild))
    expect(await fixture.row(grandchild.id)).toMatchObject(origin)
    await fixture.claim({ instanceIds: [child.id] })
    await fixture.apply(child.id, failed())
    expect(await fixture.storage.subscriptions(child.id)).toEqual([])
    const verb = { type: 'retry', supersedes: [], by: null, reason: null } as const
    await fixture.storage.operate(child.id, verb, { now: START, audit: null })
    expect(await fixture.storage.subscriptions(child.id)).toEqual(own(child))
  })

  it.each([
    ['a live source', {}],
    ['an ended source', completed()],
  ])('a fork of %s stands where its history stands in its channels', async (_, end) => {
    const id = freshId('instance')
    const asks = [subscribeTo('news', 'broadcast'), subscribeTo(`inbox:${id}`, 'direct')]
    await fixture.startLeased({ id }, { asks })
    const sent = [message('news', 'one'), message('news', 'two'), message(`inbox:${id}`, 'mine')]
    await fixture.commit(publish(delivery(sent)), 'published')
    await fixture.apply(id, { waits: [messageWait('news')] })
    await fixture.apply(id, { waits: [messageWait(`inbox:${id}`)] })
    await fixture.apply(id, end)
    const instance = newInstance({ forkedFrom: id })
    await fixture.storage.fork({ sourceId: id, instance, fromSeq: 5, audit: null })
    expect(await fixture.storage.subscriptions(instance.id)).toMatchObject([
      { channel: `inbox:${instance.id}`, mode: 'direct' },
      { channel: 'news', mode: 'broadcast', cursor: 1 },
    ])
    const [claimed] = await fixture.claim({ instanceIds: [instance.id] })
    await fixture.publish(`inbox:${instance.id}`, 'for the fork')
    if (!claimed) throw new Error('the fork was not claimed')
    await fixture.apply(instance.id, { waits: [messageWait('news', 'next')] })
    await fixture.apply(instance.id, { waits: [messageWait(`inbox:${instance.id}`, 'own')] })
    const received = (await fixture.events(instance.id)).slice(-2)
    expect(received.map(({ data }) => (data as { data: string }).data)).toEqual(['two', 'for the fork'])
  })
}
