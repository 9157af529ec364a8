/** An operator takes stored messages away: nobody receives them any more, and nobody who was told of one waits for ever. */
import { expect, it } from 'vitest'
import type { ChannelMode } from '../../model/history'
import { auditEntry, freshId, known, messageWait, parked, subscribeTo, transition } from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function messageDeletionContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  const waiting = async (channel: string, mode: ChannelMode) => {
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo(channel, mode)] })
    await fixture.apply(id, parked({ waits: [messageWait(channel)] }))
    return id
  }
  const wakeAndPoll = async (id: string, channel: string) => {
    const [claimed] = await fixture.claim({ instanceIds: [id] })
    if (!claimed) throw new Error(`${id} is not due`)
    const wait = known(messageWait(channel))
    const { answers } = await fixture.commit(transition(claimed.row, parked({ waits: [wait], poll: true })), 'accepted')
    return answers.map((answer) => JSON.parse(answer.data).data)
  }
  const numbers = async (channel: string) =>
    (await fixture.storage.messages(channel, { after: 0, limit: 10 })).map(({ seq }) => seq)
  const audits = async (target: string) => await fixture.storage.audits({ target, limit: 10 })

  it('a deleted message is gone with its audit entry, and its number is not given again', async () => {
    for (const data of ['a', 'b', 'c']) await fixture.publish('news', data)
    expect(await fixture.storage.deleteMessage('news', 3, auditEntry('news', { action: 'channel.delete' }))).toBe(true)
    expect(await audits('news')).toMatchObject([{ action: 'channel.delete', actor: 'ada' }])
    await fixture.publish('news', 'd')
    expect(await numbers('news')).toEqual([1, 2, 4])
  })

  it.each([
    ['of another channel', 'other', 1],
    ['that was never published', 'news', 2],
    ['of a channel that nobody knows', 'nowhere', 1],
  ])('a message %s is not deleted, and nothing is written', async (_, channel, seq) => {
    await fixture.publish('news', 'a')
    await fixture.startLeased({}, { asks: [subscribeTo('other', 'broadcast')] })
    expect(await fixture.storage.deleteMessage(channel, seq, auditEntry(channel))).toBe(false)
    expect(await audits(channel)).toEqual([])
    expect(await numbers('news')).toEqual([1])
  })

  it('what was consumed cannot be deleted', async () => {
    const id = await waiting('jobs', 'competing')
    await fixture.publish('jobs', 'one')
    expect(await wakeAndPoll(id, 'jobs')).toEqual(['one'])
    expect(await fixture.storage.deleteMessage('jobs', 1, null)).toBe(false)
  })

  it.each(['broadcast', 'competing'] as const)('on a %s channel who was told of it takes the next', async (mode) => {
    const id = await waiting('jobs', mode)
    await fixture.publish('jobs', 'poison')
    expect(await fixture.storage.deleteMessage('jobs', 1, null)).toBe(true)
    await fixture.publish('jobs', 'next')
    expect(await wakeAndPoll(id, 'jobs')).toEqual(['next'])
  })

  it('who was told of it and finds nothing is told of the next', async () => {
    const id = await waiting('jobs', 'competing')
    await fixture.publish('jobs', 'poison')
    await fixture.storage.deleteMessage('jobs', 1, null)
    expect(await wakeAndPoll(id, 'jobs')).toEqual([])
    expect((await fixture.publish('jobs', 'next')).deliveries).toEqual([{ duplicate: false, receivers: [id] }])
    expect(await wakeAndPoll(id, 'jobs')).toEqual(['next'])
  })

  it('it counts as unread no more', async () => {
    await fixture.startLeased({}, { asks: [subscribeTo('news', 'broadcast')] })
    await fixture.publish('news', 'a')
    await fixture.publish('news', 'b')
    await fixture.storage.deleteMessage('news', 1, null)
    expect(await fixture.storage.channelStats('news')).toMatchObject([{ depth: 1, nextSeq: 3 }])
  })
}
