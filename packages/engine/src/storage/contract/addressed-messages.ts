/** What was sent to one instance, and is not read when it recurs, is its successor's: on channels of its own and on shared ones, subscribed to or not. */
import { expect, it } from 'vitest'
import {
  completed,
  delivery,
  freshId,
  message,
  messageWait,
  newInstance,
  publish,
  sendTo,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function addressedMessagesContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  const recur = async (id: string) => {
    const successor = newInstance({ continuedFrom: id })
    const unit = transition(await fixture.row(id), { status: 'recurred', lease: 'release', recur: successor })
    await fixture.commit(unit, 'accepted')
    return successor
  }
  /** Claims the instance and opens one wait; what it is answered with. */
  const receive = async (id: string, channel: string) => {
    await fixture.claim({ instanceIds: [id] })
    const wait = messageWait(channel, freshId('receive'))
    const { answers } = await fixture.commit(transition(await fixture.row(id), { waits: [wait] }), 'accepted')
    return answers.map((answer) => JSON.parse(answer.data).data)
  }

  it('a direct channel is renamed to the successor, what is pending comes along in order', async () => {
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo(`inbox:${id}`, 'direct')] })
    const direct = (data: unknown) => message(`inbox:${id}`, data, { targetInstanceId: id })
    await fixture.commit(publish(delivery(['read', 'one', 'two'].map(direct))), 'published')
    expect(await receive(id, `inbox:${id}`)).toEqual(['read'])
    const next = await recur(id)
    const [inherited] = await fixture.events(next.id)
    expect(inherited).toMatchObject({
      type: 'Subscribed',
      data: { channel: `inbox:${next.id}`, mode: 'direct', inherited: true },
    })
    expect(inherited?.activityId).toBe('inherited_inbox')
    const received = [await receive(next.id, `inbox:${next.id}`), await receive(next.id, `inbox:${next.id}`)]
    expect(received).toEqual([['one'], ['two']])
    expect(await receive(next.id, `inbox:${next.id}`)).toEqual([])
  })

  it('a message sent to an instance that has recurred reaches its successor', async () => {
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo(`__direct__:${id}`, 'direct')] })
    const next = await recur(id)
    const asked = await fixture.startLeased({}, { asks: [sendTo(id, 'asked')] })
    expect((await fixture.events(asked.id))[0]?.data).toMatchObject({ delivered: false })
    await fixture.commit(
      publish(delivery([message(`__direct__:${id}`, 'published', { targetInstanceId: id })])),
      'published',
    )
    expect(await receive(next.id, `__direct__:${next.id}`)).toEqual(['asked'])
    expect(await receive(next.id, `__direct__:${next.id}`)).toEqual(['published'])
  })

  it('a message to an instance that never subscribed waits for its successor to do so', async () => {
    const { id } = await fixture.startLeased()
    await fixture.startLeased({}, { asks: [sendTo(id, 'early')] })
    const next = await recur(id)
    await fixture.claim({ instanceIds: [next.id] })
    await fixture.apply(next.id, { asks: [subscribeTo(`__direct__:${next.id}`, 'direct')] })
    expect(await receive(next.id, `__direct__:${next.id}`)).toEqual(['early'])
  })

  it('a message to one instance on a shared channel that it never subscribed to waits for its successor to do so', async () => {
    const { id } = await fixture.startLeased()
    const jobs = (data: unknown, target: string | null) => message('jobs', data, { targetInstanceId: target })
    const sent = [jobs('mine', id), jobs('anybody’s', null), jobs('mine too', id)]
    await fixture.commit(publish(delivery(sent)), 'published')
    const next = await recur(await recur(id).then((row) => row.id))
    await fixture.claim({ instanceIds: [next.id] })
    await fixture.apply(next.id, { asks: [subscribeTo('jobs', 'competing')] })
    const received = [await receive(next.id, 'jobs'), await receive(next.id, 'jobs'), await receive(next.id, 'jobs')]
    expect(received).toEqual([['mine'], ['anybody’s'], ['mine too']])
    expect(await receive(next.id, 'jobs')).toEqual([])
  })

  it('what was read stays read, also of what was sent before the instance subscribed', async () => {
    const { id } = await fixture.startLeased()
    await fixture.startLeased({}, { asks: [sendTo(id, 'early')] })
    await fixture.apply(id, { asks: [subscribeTo(`__direct__:${id}`, 'direct')] })
    expect(await receive(id, `__direct__:${id}`)).toEqual(['early'])
    const next = await recur(id)
    expect(await receive(next.id, `__direct__:${next.id}`)).toEqual([])
  })

  it('a message on a channel that its receiver left without reading it is there for the successor', async () => {
    const id = freshId('instance')
    const channels = ['jobs', `inbox:${id}`] as const
    for (const name of channels) {
      const mode = name === 'jobs' ? 'competing' : 'direct'
      if (name === 'jobs') await fixture.startLeased({ id }, { asks: [subscribeTo(name, mode)] })
      else await fixture.apply(id, { asks: [subscribeTo(name, mode)] })
      await fixture.commit(publish(delivery([message(name, 'unread', { targetInstanceId: id })])), 'published')
    }
    await fixture.apply(id, { unsubscribe: channels })
    const next = await recur(id)
    await fixture.claim({ instanceIds: [next.id] })
    await fixture.apply(next.id, {
      asks: [subscribeTo('jobs', 'competing'), subscribeTo(`inbox:${next.id}`, 'direct')],
    })
    expect(await receive(next.id, 'jobs')).toEqual(['unread'])
    expect(await receive(next.id, `inbox:${next.id}`)).toEqual(['unread'])
  })

  it('a message that waits for an instance holds no mode of a channel that nobody subscribes to', async () => {
    const [waiting, reader, other] = [
      await fixture.startLeased(),
      await fixture.startLeased({}, { asks: [subscribeTo('jobs', 'broadcast')] }),
      await fixture.startLeased(),
    ]
    await fixture.commit(publish(delivery([message('jobs', 1, { targetInstanceId: waiting.id })])), 'published')
    await fixture.apply(reader.id, { unsubscribe: ['jobs'] })
    await fixture.apply(other.id, { asks: [subscribeTo('jobs', 'competing')] })
    expect((await fixture.events(other.id))[0]?.data).toMatchObject({ mode: 'competing' })
    expect((await fixture.events(other.id))[0]?.data).not.toHaveProperty('error')
    await fixture.apply(other.id, completed())
    const later = await fixture.startLeased({}, { asks: [subscribeTo('jobs', 'broadcast')] })
    expect((await fixture.events(later.id))[0]?.data).not.toHaveProperty('error')
  })
}
