/**
 * S5, S6 where whoever commits also claims what it wakes. A storage may claim fewer than it could, and may leave the first answer to the first poll; what
 * it claims is then as after a claim, what it answers is as after a poll.
 */
import { expect, it } from 'vitest'
import type { ChannelMode } from '../../model/history'
import type { ClaimedInstance, PublishUnit, Wait } from '../storage'
import {
  cloudEvent,
  delivery,
  eventWait,
  freshId,
  known,
  message,
  messageWait,
  parked,
  publish,
  START,
  subscribeTo,
  transition,
} from './builders'
import { demand, type MakeStorage, useStorage, type VerdictOf } from './fixture'

export function claimOnWakeContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const claim = { workerId: 'worker-2', workflowNames: ['order'], limit: 10, isWarm: () => true }

  const receiver = async (channel: string, mode: ChannelMode) => {
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo(channel, mode)] })
    await fixture.apply(id, parked({ waits: [messageWait(channel)] }))
    return id
  }
  const commit = async (unit: PublishUnit, request = claim): Promise<VerdictOf<'published'>> => {
    const [verdict] = await fixture.storage.commit([unit], { claim: request })
    return demand(verdict, 'published')
  }
  const send = (channel: string, ...data: readonly string[]) =>
    publish(delivery(data.map((one) => message(channel, one))))
  const idsOf = (claimed: readonly ClaimedInstance[] = []) => claimed.map(({ row }) => row.id).sort()
  const receivedBy = async (id: string) =>
    (await fixture.events(id)).flatMap(({ type, data }) =>
      type === 'ChannelMessageReceived' || type === 'EventReceived' ? [(data as { data: unknown }).data] : [],
    )
  /** The first poll of what was claimed, where its answer did not come with the claim. */
  const poll = async ({ row, answers = [] }: ClaimedInstance, ...waits: readonly Wait[]) => {
    if (answers.length > 0) return
    await fixture.commit(transition(row, { waits: waits.map(known), poll: true }), 'accepted')
  }

  it('the waiter is claimed for whoever commits: leased, fenced by a new epoch, and not ready for others', async () => {
    const id = await receiver('news', 'broadcast')
    const before = await fixture.row(id)
    const { wakes, deliveries } = await commit(send('news', 'one'))
    const [claimed] = wakes.claimed ?? []
    expect(deliveries).toEqual([{ duplicate: false, receivers: [id] }])
    expect(wakes.ready).toEqual([])
    expect(claimed?.row).toEqual(await fixture.row(id))
    expect(claimed).toMatchObject({ takenOver: false, row: { epoch: before.epoch + 1, leaseOwner: 'worker-2' } })
    expect(claimed?.row).toMatchObject({ leaseUntil: START + before.leaseMs, wakeAt: START + before.leaseMs })
    expect((await fixture.storage.commit([transition(before)]))[0]).toEqual({ kind: 'lost' })
    expect(await fixture.claim()).toEqual([])
  })

  it('its answer stands in its history once, whether it came with the claim or with the first poll', async () => {
    const id = await receiver('news', 'broadcast')
    const { wakes } = await commit(send('news', 'one', 'two'))
    const [claimed] = wakes.claimed ?? []
    if (!claimed) throw new Error('Nothing was claimed')
    const events = await fixture.storage.history(id, { after: 0, limit: 100 })
    const { answers = [], row } = claimed
    expect(events.slice(events.length - answers.length)).toEqual(answers)
    expect(row.nextSeq).toBe(events.length + 1)
    await poll(claimed, messageWait('news'))
    expect(await receivedBy(id)).toEqual(['one'])
    await fixture.apply(id, { waits: [messageWait('news', 'receive_news:2')] })
    expect(await receivedBy(id)).toEqual(['one', 'two'])
  })

  it('what is not in memory is claimed without an answer: its code may no longer ask for it', async () => {
    const id = await receiver('news', 'broadcast')
    const before = await fixture.events(id)
    const { wakes } = await commit(send('news', 'one'), { ...claim, isWarm: () => false })
    const [claimed] = wakes.claimed ?? []
    if (!claimed) throw new Error('Nothing was claimed')
    expect(claimed.answers ?? []).toEqual([])
    expect(await fixture.events(id)).toEqual(before)
    await poll(claimed, messageWait('news'))
    expect(await receivedBy(id)).toEqual(['one'])
  })

  it('an event claims the one waiter whose condition it meets', async () => {
    const [mine, other] = [freshId('instance'), freshId('instance')]
    const [first, second] = [eventWait('paid', { order: 'o1' }), eventWait('paid', { order: 'o2' })]
    await fixture.startLeased({ id: mine }, parked({ status: 'waiting_for_event', waits: [first] }))
    await fixture.startLeased({ id: other }, parked({ status: 'waiting_for_event', waits: [second] }))
    const { wakes } = await commit(publish(cloudEvent('paid', { order: 'o1' })))
    const [claimed] = wakes.claimed ?? []
    expect(idsOf(wakes.claimed)).toEqual([mine])
    if (claimed) await poll(claimed, first)
    expect(await receivedBy(mine)).toEqual([{ order: 'o1' }])
    expect(await receivedBy(other)).toEqual([])
    expect((await fixture.row(other)).leaseOwner).toBeNull()
  })

  it('there is as much claimed as there is room; the rest is ready', async () => {
    const waiting = [await receiver('news', 'broadcast'), await receiver('news', 'broadcast')]
    const { wakes } = await commit(send('news', 'one'), { ...claim, limit: 1 })
    const [taken, left] = [idsOf(wakes.claimed), wakes.ready.map(({ instanceId }) => instanceId)]
    expect(taken).toHaveLength(1)
    expect([...taken, ...left].sort()).toEqual(waiting.sort())
    expect((await fixture.claim()).map(({ row }) => row.id)).toEqual(left)
  })

  it('what runs elsewhere is left to others', async () => {
    const id = await receiver('news', 'broadcast')
    const { wakes } = await commit(send('news', 'one'), { ...claim, workflowNames: ['invoice'] })
    expect(wakes.claimed ?? []).toEqual([])
    expect(wakes.ready).toEqual([{ instanceId: id, workflowName: 'order' }])
  })

  it('competing: each message is recorded by one of those who were claimed, what is left stays for the next', async () => {
    const waiting = [await receiver('jobs', 'competing'), await receiver('jobs', 'competing')]
    const { wakes } = await commit(send('jobs', 'one', 'two', 'three'))
    expect(idsOf(wakes.claimed)).toEqual(waiting.sort())
    for (const claimed of wakes.claimed ?? []) await poll(claimed, messageWait('jobs'))
    const received = [...(await receivedBy(waiting[0] ?? '')), ...(await receivedBy(waiting[1] ?? ''))]
    expect(received.sort()).toEqual(['one', 'two'])
    const pending = await fixture.storage.messages('jobs', { after: 0, limit: 10 })
    expect(pending.map(({ data }) => data)).toEqual(['"three"'])
  })

  it('a message that was not claimed with its waiter is recorded by another that is', async () => {
    const waiting = [await receiver('jobs', 'competing'), await receiver('jobs', 'competing')]
    for (const text of ['one', 'two']) {
      const { wakes } = await commit(send('jobs', text))
      for (const claimed of wakes.claimed ?? []) await poll(claimed, messageWait('jobs'))
    }
    expect((await Promise.all(waiting.map(receivedBy))).flat().sort()).toEqual(['one', 'two'])
    expect(await fixture.storage.messages('jobs', { after: 0, limit: 10 })).toEqual([])
  })

  it('with two waits that were told it asks itself, in the order of its calls', async () => {
    const id = freshId('instance')
    const waits = [eventWait('paid', { order: 'o1' }, 'a:1'), eventWait('paid', null, 'b:1')]
    await fixture.startLeased({ id }, parked({ status: 'waiting_for_event', waits }))
    const { wakes } = await commit(publish(cloudEvent('paid', { order: 'o1' })))
    const [claimed] = wakes.claimed ?? []
    expect(claimed?.answers ?? []).toEqual([])
    if (claimed) await poll(claimed, ...waits)
    const events = await fixture.events(id)
    expect(events.filter(({ type }) => type === 'EventReceived').map(({ activityId }) => activityId)).toEqual(['a:1'])
  })

  it('an instance with an unseen cancel request is left to a claim, which tells of the request', async () => {
    const id = await receiver('news', 'broadcast')
    await fixture.storage.operate(id, { type: 'cancel', by: 'ada', reason: null }, { now: START, audit: null })
    const { wakes } = await commit(send('news', 'one'))
    expect(wakes.claimed ?? []).toEqual([])
    expect((await fixture.claim()).map(({ row }) => row.id)).toEqual([id])
  })

  it('what is suspended, or leased by somebody, is not claimed', async () => {
    const suspended = await receiver('news', 'broadcast')
    await fixture.storage.operate(suspended, { type: 'suspend', reason: 'look' }, { now: START, audit: null })
    const leased = await receiver('news', 'broadcast')
    await commit(send('news', 'one'))
    const { wakes } = await commit(send('news', 'two'))
    expect(wakes.claimed ?? []).toEqual([])
    expect((await fixture.row(suspended)).leaseOwner).toBeNull()
    expect((await fixture.row(leased)).leaseOwner).toBe('worker-2')
  })

  it('without a claimant, what is woken is ready', async () => {
    const id = await receiver('news', 'broadcast')
    const { wakes } = await fixture.publish('news', 'one')
    expect(wakes).toEqual({ ready: [{ instanceId: id, workflowName: 'order' }], leased: [], outbox: false })
  })
}
