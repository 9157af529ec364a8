/** S4, S5, S7: numbers, cuts, modes, positions, and who is woken. The interleavings are in properties.ts. */
import { expect, it } from 'vitest'
import type { ChannelMode } from '../../model/history'
import {
  completed,
  delivery,
  eventWait,
  freshId,
  known,
  message,
  messageWait,
  parked,
  publish,
  START,
  sendTo,
  startLeased,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function channelsContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  const subscriber = async (channel: string, mode: ChannelMode) => {
    const stored = mode === 'direct' ? undefined : channel
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo(stored ?? `${channel}:${id}`, mode)] })
    return id
  }
  /** Parks the instance on the channel; the messages that met it instead. */
  const park = async (id: string, channel: string, activityId?: string) => {
    const unit = transition(await fixture.row(id), parked({ waits: [messageWait(channel, activityId)] }))
    const { answers } = await fixture.commit(unit, 'accepted')
    return answers.map((answer) => JSON.parse(answer.data).data)
  }
  /** Claims the instance and polls one wait. */
  const wakeAndPoll = async (id: string, channel: string, activityId?: string) => {
    const [claimed] = await fixture.claim({ instanceIds: [id] })
    if (!claimed) throw new Error(`${id} is not due`)
    const unit = transition(claimed.row, { waits: [known(messageWait(channel, activityId))], poll: true })
    const { answers } = await fixture.commit(unit, 'accepted')
    return answers.map((answer) => JSON.parse(answer.data).data)
  }

  it('messages are numbered from 1 in order of their commits', async () => {
    const first = await fixture.publish('news', 'a')
    expect(first.deliveries).toEqual([{ duplicate: false, receivers: [] }])
    await fixture.commit(
      publish(delivery([message('news', 'b'), message('other', 'x'), message('news', 'c')])),
      'published',
    )
    const read = async (channel: string) =>
      (await fixture.storage.messages(channel, { after: 0, limit: 10 })).map(({ seq, data }) => [seq, data])
    expect(await read('news')).toEqual([
      [1, '"a"'],
      [2, '"b"'],
      [3, '"c"'],
    ])
    expect(await read('other')).toEqual([[1, '"x"']])
    expect(await fixture.storage.messages('news', { after: 1, limit: 1 })).toMatchObject([{ seq: 2 }])
  })

  it('a message comes back whole, its bytes included', async () => {
    const binary = Uint8Array.of(0, 255, 128)
    const sent = message('raw', null, { data: null, binary, metadata: '{"k":"v"}', publishedAt: START - 5 })
    await fixture.commit(publish(delivery([sent])), 'published')
    const [stored] = await fixture.storage.messages('raw', { after: 0, limit: 1 })
    expect({ ...stored, binary: Uint8Array.from(stored?.binary ?? []) }).toEqual({ ...sent, seq: 1 })
  })

  it('a subscription is answered with its cut: broadcast sees what comes from now on', async () => {
    await fixture.publish('news', 'before')
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo('news', 'broadcast')] })
    expect(await fixture.events(id)).toEqual([
      {
        seq: 1,
        activityId: 'subscribe_news:1',
        type: 'Subscribed',
        data: { channel: 'news', mode: 'broadcast', cursor: 1 },
      },
    ])
    expect(await park(id, 'news')).toEqual([])
    await fixture.publish('news', 'after')
    expect(await wakeAndPoll(id, 'news')).toEqual(['after'])
  })

  it('an answer keeps the instance leased, awake and running', async () => {
    const id = freshId('instance')
    const row = await fixture.startLeased(
      { id },
      { asks: [subscribeTo('news', 'broadcast')], ...parked({ pending: '[1]' }) },
    )
    expect(row).toMatchObject({
      status: 'running',
      leaseOwner: 'worker-1',
      leaseUntil: row.wakeAt,
      pending: '[1]',
      nextSeq: 2,
    })
  })

  it.each(['competing', 'direct'] as const)('a %s subscriber also sees what was there before', async (mode) => {
    const id = freshId('instance')
    const channel = mode === 'direct' ? `inbox:${id}` : 'jobs'
    await fixture.publish(channel, 'early')
    await fixture.startLeased({ id }, { asks: [subscribeTo(channel, mode)] })
    expect((await fixture.events(id))[0]?.data).toEqual({ channel, mode, cursor: 0 })
    expect(await park(id, channel)).toEqual(['early'])
  })

  it('subscribing again gives the position that is there', async () => {
    const id = await subscriber('news', 'broadcast')
    await fixture.publish('news', 1)
    await fixture.apply(id, { asks: [subscribeTo('news', 'broadcast', 'again')] })
    expect((await fixture.events(id))[1]?.data).toEqual({ channel: 'news', mode: 'broadcast', cursor: 0 })
    expect(await park(id, 'news')).toEqual([1])
  })

  it('a second mode on a channel is refused in the answer, and nothing is subscribed', async () => {
    await subscriber('news', 'broadcast')
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo('news', 'competing')] })
    const [answer] = await fixture.events(id)
    expect(answer).toMatchObject({
      type: 'Subscribed',
      data: {
        channel: 'news',
        mode: 'competing',
        error: {
          name: 'ChannelModeConflictError',
          code: 'CHANNEL_MODE_CONFLICT',
          fields: { channel: 'news', existingMode: 'broadcast', requestedMode: 'competing' },
        },
      },
    })
    expect(await fixture.storage.subscriptions(id)).toEqual([])
  })

  it('a channel that nobody is subscribed to any more may get another mode', async () => {
    const [left, ended] = [await subscriber('news', 'broadcast'), await subscriber('news', 'broadcast')]
    await fixture.apply(left, { unsubscribe: ['news'] })
    await fixture.apply(ended, completed())
    expect(await fixture.storage.channelStats('news')).toMatchObject([{ mode: null, subscribers: [] }])
    const id = await subscriber('news', 'competing')
    expect(await fixture.storage.subscriptions(id)).toMatchObject([{ channel: 'news', mode: 'competing' }])
  })

  it('every broadcast subscriber gets every message, one wait at a time', async () => {
    const receivers = [await subscriber('news', 'broadcast'), await subscriber('news', 'broadcast')]
    for (const id of receivers) expect(await park(id, 'news')).toEqual([])
    const verdict = await fixture.publish('news', 1)
    await fixture.publish('news', 2)
    expect([...(verdict.deliveries[0]?.receivers ?? [])].toSorted()).toEqual(receivers)
    expect(verdict.wakes.ready.map((ready) => ready.instanceId).toSorted()).toEqual(receivers)
    for (const id of receivers) {
      expect(await fixture.row(id)).toMatchObject({ wakeAt: START, leaseOwner: null })
      expect(await wakeAndPoll(id, 'news')).toEqual([1])
      expect(await park(id, 'news', 'receive_news:2')).toEqual([2])
      expect(await park(id, 'news', 'receive_news:3')).toEqual([])
    }
  })

  it('a received message is recorded as sent', async () => {
    const id = await subscriber('news', 'broadcast')
    const sent = message('news', { n: 1 }, { metadata: '{"source_instance_id":"x"}', publishedAt: START - 7 })
    await fixture.commit(publish(delivery([sent])), 'published')
    fixture.clock.advance(50)
    await fixture.apply(id, { now: fixture.clock.now(), waits: [messageWait('news', 'receive_news:1')] })
    const [, received] = await fixture.storage.history(id, { after: 0, limit: 5 })
    expect(received).toMatchObject({
      seq: 2,
      activityId: 'receive_news:1',
      type: 'ChannelMessageReceived',
      createdAt: START + 50,
    })
    expect(JSON.parse(received?.data ?? '')).toEqual({
      id: sent.id,
      channel: 'news',
      data: { n: 1 },
      metadata: { source_instance_id: 'x' },
      publishedAt: START - 7,
    })
  })

  it('bytes of a message go into the event', async () => {
    const id = await subscriber('raw', 'broadcast')
    const sent = message('raw', null, { data: null, binary: Uint8Array.of(1, 2, 3) })
    await fixture.commit(publish(delivery([sent])), 'published')
    await fixture.apply(id, { waits: [messageWait('raw')] })
    const [, received] = await fixture.storage.history(id, { after: 0, limit: 5 })
    expect(Uint8Array.from(received?.binary ?? [])).toEqual(Uint8Array.of(1, 2, 3))
    expect(JSON.parse(received?.data ?? '')).not.toHaveProperty('data')
  })

  it('two waits on one channel get two messages, in order of the calls, one a transition', async () => {
    const id = await subscriber('news', 'broadcast')
    await fixture.commit(publish(delivery([message('news', 'a'), message('news', 'b')])), 'published')
    const [second, first] = [messageWait('news', 'second'), messageWait('news', 'first')]
    await fixture.apply(id, { waits: [second, first] })
    const received = async () =>
      (await fixture.events(id)).slice(1).map(({ activityId, data }) => [activityId, (data as { data: string }).data])
    expect(await received()).toEqual([['second', 'a']])
    await fixture.apply(id, { waits: [known(first)], poll: true })
    expect(await received()).toEqual([
      ['second', 'a'],
      ['first', 'b'],
    ])
  })

  it('the wait that a lost race withdraws has taken no message: whoever asks next gets it', async () => {
    const id = await subscriber('jobs', 'competing')
    await fixture.apply(id, { asks: [subscribeTo('news', 'broadcast')] })
    await fixture.commit(publish(delivery([message('news', 'n'), message('jobs', 'j')])), 'published')
    const [news, jobs] = [messageWait('news'), messageWait('jobs')]
    await fixture.apply(id, { waits: [news, jobs] })
    await fixture.apply(id, { closedWaits: [jobs.activityId], waits: [messageWait('jobs', 'later')] })
    expect(
      (await fixture.events(id)).slice(2).map(({ activityId, data }) => [activityId, (data as { data: string }).data]),
    ).toEqual([
      [news.activityId, 'n'],
      ['later', 'j'],
    ])
  })

  it('a known wait is looked at when parking or with poll, not on every transition', async () => {
    const id = await subscriber('news', 'broadcast')
    const wait = messageWait('news')
    await fixture.apply(id, { waits: [wait] })
    await fixture.publish('news', 1)
    expect((await fixture.apply(id, { waits: [known(wait)] })).nextSeq).toBe(2)
    expect(await fixture.apply(id, parked({ waits: [known(wait)] }))).toMatchObject({
      nextSeq: 3,
      status: 'running',
      leaseOwner: 'worker-1',
    })
  })

  it('a competing message is consumed by one receiver and gone', async () => {
    const receivers = [await subscriber('jobs', 'competing'), await subscriber('jobs', 'competing')]
    await fixture.publish('jobs', 'only')
    const got = [await park(receivers[0] ?? '', 'jobs'), await park(receivers[1] ?? '', 'jobs')]
    expect(got).toEqual([['only'], []])
    expect(await fixture.storage.messages('jobs', { after: 0, limit: 10 })).toEqual([])
  })

  it('one competing message wakes one of those who wait', async () => {
    const receivers = [
      await subscriber('jobs', 'competing'),
      await subscriber('jobs', 'competing'),
      await subscriber('jobs', 'competing'),
    ]
    for (const id of receivers) await park(id, 'jobs')
    const first = await fixture.publish('jobs', 1)
    const second = await fixture.publish('jobs', 2)
    const woken = [first, second].flatMap((verdict) => verdict.wakes.ready.map((ready) => ready.instanceId))
    expect(first.deliveries[0]?.receivers).toHaveLength(1)
    expect(new Set(woken).size).toBe(2)
    const claimed = (await fixture.claim()).map(({ row }) => row.id)
    expect(claimed.toSorted()).toEqual(woken.toSorted())
  })

  it.each([
    ['ends', completed()],
    ['gives up its wait', { closedWaits: ['receive_jobs:1'] }],
  ])('a competing message whose receiver %s instead goes to another', async (_, instead) => {
    const receivers = [await subscriber('jobs', 'competing'), await subscriber('jobs', 'competing')]
    for (const id of receivers) await park(id, 'jobs')
    const { wakes } = await fixture.publish('jobs', 'kept')
    const told = wakes.ready[0]?.instanceId ?? ''
    const [claimed] = await fixture.claim({ instanceIds: [told] })
    const verdict = await fixture.commit(transition(claimed?.row ?? (await fixture.row(told)), instead), 'accepted')
    const other = receivers.find((id) => id !== told) ?? ''
    expect(verdict.wakes.ready).toEqual([{ instanceId: other, workflowName: 'order' }])
    expect(await wakeAndPoll(other, 'jobs')).toEqual(['kept'])
  })

  it('a competing message whose receiver suspends itself goes to another', async () => {
    const receivers = [await subscriber('jobs', 'competing'), await subscriber('jobs', 'competing')]
    for (const id of receivers) await park(id, 'jobs')
    const { wakes } = await fixture.publish('jobs', 'kept')
    const told = wakes.ready[0]?.instanceId ?? ''
    await fixture.claim({ instanceIds: [told] })
    await fixture.apply(told, { status: 'suspended', lease: 'release', waits: [known(messageWait('jobs'))] })
    const other = receivers.find((id) => id !== told) ?? ''
    expect(await wakeAndPoll(other, 'jobs')).toEqual(['kept'])
  })

  it('a competing message whose receiver is suspended goes to another', async () => {
    const receivers = [await subscriber('jobs', 'competing'), await subscriber('jobs', 'competing')]
    for (const id of receivers) await park(id, 'jobs')
    const { wakes } = await fixture.publish('jobs', 'kept')
    const told = wakes.ready[0]?.instanceId ?? ''
    const outcome = await fixture.storage.operate(
      told,
      { type: 'suspend', reason: 'look' },
      { now: START, audit: null },
    )
    const other = receivers.find((id) => id !== told) ?? ''
    expect(outcome).toMatchObject({ kind: 'done', wakes: { ready: [{ instanceId: other }] } })
    expect(await wakeAndPoll(other, 'jobs')).toEqual(['kept'])
  })

  it('a receiver whose message another one took waits on, is told no more, and is woken by the next', async () => {
    const told = await subscriber('jobs', 'competing')
    await park(told, 'jobs')
    await fixture.publish('jobs', 'taken')
    const quick = await subscriber('jobs', 'competing')
    expect(await park(quick, 'jobs')).toEqual(['taken'])
    expect(await wakeAndPoll(told, 'jobs')).toEqual([])
    const { nudges } = await fixture.storage.claim({ workerId: 'worker-1', workflowNames: [], limit: 1 })
    expect(nudges).toEqual([])
    await fixture.apply(told, parked({ waits: [known(messageWait('jobs'))] }))
    const { deliveries } = await fixture.publish('jobs', 'next')
    expect(deliveries[0]?.receivers).toEqual([told])
    expect(await wakeAndPoll(told, 'jobs')).toEqual(['next'])
  })

  it('a message to one instance reaches only that one', async () => {
    const [one, two] = [await subscriber('news', 'broadcast'), await subscriber('news', 'broadcast')]
    for (const id of [one, two]) await park(id, 'news')
    const sent = message('news', 'for two', { targetInstanceId: two })
    const { deliveries } = await fixture.commit(publish(delivery([sent])), 'published')
    expect(deliveries[0]?.receivers).toEqual([two])
    await fixture.publish('news', 'for all')
    expect(await wakeAndPoll(one, 'news')).toEqual(['for all'])
    expect(await wakeAndPoll(two, 'news')).toEqual(['for two'])
  })

  it('sendTo is answered with whether the receiver was waiting', async () => {
    const sender = await fixture.startLeased()
    const receiver = await subscriber('__direct__', 'direct')
    const channel = `__direct__:${receiver}`
    await fixture.apply(sender.id, { asks: [sendTo(receiver, 'early', '__direct__', 'send_to:1')] })
    expect(await park(receiver, channel, 'r1')).toEqual(['early'])
    expect(await park(receiver, channel, 'r2')).toEqual([])
    const asks = [
      sendTo(receiver, 'awaited', '__direct__', 'send_to:2'),
      sendTo('nobody', 1, '__direct__', 'send_to:3'),
    ]
    const verdict = await fixture.commit(transition(await fixture.row(sender.id), { asks }), 'accepted')
    expect(verdict.wakes.ready).toEqual([{ instanceId: receiver, workflowName: 'order' }])
    expect((await fixture.events(sender.id)).map(({ activityId, type, data }) => [activityId, type, data])).toEqual([
      ['send_to:1', 'MessagePublished', expect.objectContaining({ delivered: false, targetInstanceId: receiver })],
      ['send_to:2', 'MessagePublished', expect.objectContaining({ delivered: true, targetInstanceId: receiver })],
      ['send_to:3', 'MessagePublished', expect.objectContaining({ delivered: false, targetInstanceId: 'nobody' })],
    ])
    expect(await wakeAndPoll(receiver, channel, 'r2')).toEqual(['awaited'])
  })

  it('sendTo to an ended instance stores nothing', async () => {
    const ended = await fixture.startLeased({}, completed())
    const sender = await fixture.startLeased({}, { asks: [sendTo(ended.id, 'late')] })
    expect((await fixture.events(sender.id))[0]?.data).toMatchObject({ delivered: false })
    expect(await fixture.storage.messages(`__direct__:${ended.id}`, { after: 0, limit: 1 })).toEqual([])
  })

  it('what a transition publishes commits with it or not at all', async () => {
    const row = await fixture.startLeased()
    await fixture.apply(row.id, { messages: [message('log', 'kept')] })
    await fixture.commit(transition({ ...row, epoch: 9 }, { messages: [message('log', 'lost')] }), 'lost')
    const stored = await fixture.storage.messages('log', { after: 0, limit: 10 })
    expect(stored.map(({ seq, data }) => [seq, data])).toEqual([[1, '"kept"']])
  })

  it('a plain event wait refused by the mode of its channel is answered and leaves no wait', async () => {
    await subscriber('jobs', 'competing')
    const { id } = await fixture.startLeased({}, parked({ waits: [eventWait('jobs', null, 'receive_jobs:1')] }))
    expect(await fixture.events(id)).toMatchObject([
      { activityId: 'receive_jobs:1', type: 'Subscribed', data: { error: { name: 'ChannelModeConflictError' } } },
    ])
    expect(await fixture.storage.waits({ instanceId: id, limit: 10 })).toEqual([])
    expect((await fixture.row(id)).status).toBe('running')
  })

  it('several asks are answered in their order', async () => {
    const id = freshId('instance')
    const asks = [subscribeTo('a', 'broadcast'), sendTo('nobody', 1), subscribeTo('b', 'competing')]
    const verdict = await fixture.commit(startLeased({ id }, { asks }), 'accepted')
    expect(verdict.answers.map(({ seq, activityId }) => [seq, activityId])).toEqual([
      [1, 'subscribe_a:1'],
      [2, 'send_to:1'],
      [3, 'subscribe_b:1'],
    ])
    expect(verdict.nextSeq).toBe(4)
  })
}
