import { describe, expect, it } from 'vitest'
import type { ChannelMode } from '../../model/history'
import { eventWait, message, messageWait } from '../contract/builders'
import type { MessageRow } from '../rows'
import {
  type ChannelState,
  ChannelsState,
  type MessageReader,
  type SubscriptionState,
  type WaitState,
} from './channels-state'

const channel = (overrides: Partial<ChannelState> = {}): ChannelState => ({
  name: 'news',
  mode: 'broadcast',
  nextSeq: 1,
  shapes: [],
  hasOthers: false,
  ...overrides,
})
const subscription = (instanceId: string, overrides: Partial<SubscriptionState> = {}): SubscriptionState => ({
  instanceId,
  channel: 'news',
  matchKey: '',
  mode: 'broadcast',
  cursor: 0,
  ...overrides,
})
const wait = (instanceId: string, overrides: Partial<WaitState> = {}): WaitState => ({
  instanceId,
  activityId: 'receive_news:1',
  kind: 'message',
  channel: 'news',
  matchKey: '',
  where: null,
  cursor: 0,
  hitSeq: null,
  isRunnable: true,
  ...overrides,
})
const stateOf = (rows: {
  channels?: readonly ChannelState[]
  subscriptions?: readonly SubscriptionState[]
  waits?: readonly WaitState[]
}) => new ChannelsState({ channels: [channel()], subscriptions: [], waits: [], ...rows })

const stored = (seq: number, data: unknown, name = 'news'): MessageRow => ({ ...message(name, data), seq })
/** Reads from a list, and remembers from where. */
function reader(...rows: readonly MessageRow[]): MessageReader & { readonly asked: number[] } {
  const asked: number[] = []
  return {
    asked,
    async find(name, after, upTo, takes) {
      asked.push(after)
      return rows.find((row) => row.channel === name && row.seq > after && row.seq <= upTo && takes(row))
    },
  }
}
const nothing = reader()

describe('numbers and subscriptions', () => {
  it('messages get the numbers of their channel in the order in which they are sent', () => {
    const state = stateOf({ channels: [channel({ nextSeq: 7 })] })
    for (const data of ['a', 'b']) state.send(message('news', data))
    const { messages, channels } = state.changes()
    expect(messages.map(({ seq, data }) => [seq, data])).toEqual([
      [7, '"a"'],
      [8, '"b"'],
    ])
    expect(channels).toEqual([channel({ nextSeq: 9 })])
  })

  it.each<[ChannelMode, number]>([
    ['broadcast', 4],
    ['competing', 0],
    ['direct', 0],
  ])('the cut of a %s subscription is %i', (mode, cursor) => {
    const state = stateOf({ channels: [channel({ mode: null, nextSeq: 5 })] })
    expect(state.subscribe('a', 'news', mode)).toEqual(subscription('a', { mode, cursor }))
    expect(state.channel('news').mode).toBe(mode)
  })

  it('subscribing again gives the position that is there', () => {
    const state = stateOf({ channels: [channel({ nextSeq: 9 })], subscriptions: [subscription('a', { cursor: 3 })] })
    expect(state.subscribe('a', 'news', 'broadcast').cursor).toBe(3)
    expect(state.changes().subscriptions).toEqual({ put: [], removed: [] })
  })

  it('a second mode is refused and nothing is subscribed', () => {
    const state = stateOf({})
    expect(() => state.subscribe('a', 'news', 'competing')).toThrow(/already configured as 'broadcast' mode/)
    expect(state.changes().subscriptions).toEqual({ put: [], removed: [] })
  })

  it('the last subscriber leaves its channel without a mode, unless others are there that took no part', () => {
    const alone = stateOf({ subscriptions: [subscription('a'), subscription('a', { matchKey: 'k' })] })
    alone.unsubscribe('a', 'news')
    expect(alone.channel('news').mode).toBeNull()
    const among = stateOf({ channels: [channel({ hasOthers: true })], subscriptions: [subscription('a')] })
    among.unsubscribe('a', 'news')
    expect(among.channel('news').mode).toBe('broadcast')
  })

  it('a wait with a condition reads at its own position, which begins where the instance stands', async () => {
    const where = { to: 'us' }
    const opened = eventWait('news', where)
    const state = stateOf({ channels: [channel({ nextSeq: 4 })], subscriptions: [subscription('a', { cursor: 1 })] })
    state.openWait('a', opened)
    const rows = [stored(2, { to: 'them' }), stored(3, { to: 'us' })]
    expect((await state.take('a', opened, reader(...rows)))?.seq).toBe(3)
    const { subscriptions, channels, waits } = state.changes()
    expect(subscriptions.put).toEqual([subscription('a', { matchKey: opened.matchKey, cursor: 3 })])
    expect(channels).toMatchObject([{ shapes: ['to'] }])
    expect(waits).toEqual({ opened: [], looked: [], closed: [] })
  })
})

describe('looking for messages', () => {
  it('a wait that finds nothing has seen everything there is, and does not look there again', async () => {
    const state = stateOf({
      channels: [channel({ nextSeq: 6 })],
      subscriptions: [subscription('a')],
      waits: [wait('a', { cursor: 2, hitSeq: 4, where: { to: 'us' } })],
    })
    const rows = reader(stored(3, { to: 'us' }), stored(4, { to: 'them' }), stored(5, { to: 'them' }))
    expect(await state.take('a', messageWait('news'), rows)).toBeNull()
    // a hit is a bound: what came before it matched nothing
    expect(rows.asked).toEqual([3])
    expect(state.changes().waits.looked).toEqual([wait('a', { cursor: 5, hitSeq: null, where: { to: 'us' } })])
    expect(await state.take('a', messageWait('news'), rows)).toBeNull()
    expect(rows.asked).toEqual([3])
  })

  it('a message that came while its receiver was suspended still bounds where it looks', () => {
    const state = stateOf({ subscriptions: [subscription('a')], waits: [wait('a', { isRunnable: false })] })
    expect(state.send(message('news', 'one'))).toEqual([])
    expect(state.changes().waits.looked).toMatchObject([{ hitSeq: 1 }])
  })

  it('what a unit sends is found by those that come after it in the flush, and by nobody before', async () => {
    const state = stateOf({ subscriptions: [subscription('a'), subscription('b')], waits: [wait('a'), wait('b')] })
    expect(await state.take('a', messageWait('news'), nothing)).toBeNull()
    expect(state.send(message('news', 'one'))).toEqual(['a', 'b'])
    expect((await state.take('b', messageWait('news'), nothing))?.data).toBe('"one"')
    expect(state.changes().waits).toEqual({
      opened: [],
      looked: [wait('a', { hitSeq: 1 })],
      closed: [wait('b', { hitSeq: 1 })],
    })
  })

  it('a message for one instance is taken by no other', async () => {
    const state = stateOf({ subscriptions: [subscription('a'), subscription('b')], waits: [wait('a'), wait('b')] })
    expect(state.send(message('news', 'mine', { targetInstanceId: 'b' }))).toEqual(['b'])
    expect(await state.take('a', messageWait('news'), nothing)).toBeNull()
  })
})

describe('competing', () => {
  const jobs = { name: 'jobs', mode: 'competing' as const }
  const subscribed = (id: string) => subscription(id, { channel: 'jobs', mode: 'competing' })
  const waiting = (id: string, overrides: Partial<WaitState> = {}) =>
    wait(id, { channel: 'jobs', activityId: 'receive_jobs:1', ...overrides })

  it('each message is told to the oldest waiter that was told of none', () => {
    const state = stateOf({
      channels: [channel(jobs)],
      waits: [waiting('a', { isRunnable: false }), waiting('b'), waiting('c')],
    })
    expect([1, 2, 3].map((job) => state.send(message('jobs', job)))).toEqual([['b'], ['c'], []])
  })

  it('a consumed message is stored no more, also when it came in the same flush', async () => {
    const state = stateOf({ channels: [channel(jobs)], subscriptions: [subscribed('a')], waits: [waiting('a')] })
    state.send(message('jobs', 1))
    expect((await state.take('a', messageWait('jobs'), nothing))?.data).toBe('1')
    expect(state.changes()).toMatchObject({ messages: [], consumed: [{ channel: 'jobs', seq: 1 }] })
  })

  it('whoever looks takes the lowest that is there, also when it was told of a later one', async () => {
    const state = stateOf({
      channels: [channel({ ...jobs, nextSeq: 3 })],
      subscriptions: [subscribed('b')],
      waits: [waiting('b', { hitSeq: 2 })],
    })
    const pending = reader(stored(1, 'first', 'jobs'), stored(2, 'second', 'jobs'))
    expect((await state.take('b', messageWait('jobs'), pending))?.seq).toBe(1)
  })

  it('the message of a waiter that closes goes to another one', async () => {
    const state = stateOf({
      channels: [channel({ ...jobs, nextSeq: 3 })],
      waits: [waiting('a', { hitSeq: 1 }), waiting('b', { hitSeq: 2 }), waiting('c')],
    })
    state.closeWait(state.wait('a', 'receive_jobs:1') as WaitState)
    const pending = reader(stored(1, 'first', 'jobs'), stored(2, 'second', 'jobs'))
    expect(await state.settle(pending)).toEqual(['c'])
    expect(state.changes().waits.looked).toEqual([waiting('c', { hitSeq: 1 })])
    expect(await state.settle(pending)).toEqual([])
  })

  it('an instance that is suspended leaves what it was told of to another one and is told no more', async () => {
    const state = stateOf({ channels: [channel({ ...jobs, nextSeq: 2 })], waits: [waiting('a', { hitSeq: 1 })] })
    state.forgetHits('a')
    expect(await state.settle(reader(stored(1, 'kept', 'jobs')))).toEqual([])
    expect(state.changes().waits.looked).toEqual([waiting('a', { isRunnable: false })])
  })
})

describe('recur', () => {
  it('what is unread on a direct channel is sent again on the successor’s, in order', async () => {
    const state = stateOf({
      channels: [
        channel({ name: 'inbox:old', mode: 'direct', nextSeq: 3 }),
        channel({ name: 'inbox:new', mode: null }),
      ],
    })
    const rows = reader(stored(1, 'read', 'inbox:old'), stored(2, 'unread', 'inbox:old'))
    state.send(message('inbox:old', 'just now'))
    await state.forward('inbox:old', 1, (row) => ({ ...row, channel: 'inbox:new' }), rows)
    const { messages, consumed } = state.changes()
    expect(messages.map(({ channel: name, seq, data }) => [name, seq, data])).toEqual([
      ['inbox:new', 1, '"unread"'],
      ['inbox:new', 2, '"just now"'],
    ])
    expect(consumed.map(({ seq }) => seq)).toEqual([2, 3])
  })

  it('messages held for an instance that has not subscribed are remembered once', () => {
    const state = stateOf({ channels: [channel({ name: 'inbox:a', mode: null })] })
    state.hold('a', 'inbox:a')
    state.hold('a', 'inbox:a')
    expect(state.changes().subscriptions.put).toEqual([
      subscription('a', { channel: 'inbox:a', matchKey: '*', mode: 'direct' }),
    ])
    expect(state.channel('inbox:a').mode).toBeNull()
  })
})
