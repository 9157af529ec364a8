import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { InstanceMark, Marks } from '../engine'
import { type Change, type ChangeFeed, createChangeFeed } from './change-feed'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const mark = (id: string, nextSeq: number): InstanceMark => ({ id, status: 'running', epoch: 1, nextSeq, updatedAt: 0 })

function feedOver(first: Partial<Marks> = {}) {
  const state = {
    marks: {
      instances: [],
      newestStart: null,
      newestEnd: null,
      newestMessage: null,
      outboxSeq: 0,
      outboxDue: 0,
      outboxPublished: null,
      inboxSeq: 0,
      auditId: 0,
      ...first,
    } as Marks,
  }
  const looks: (readonly string[])[] = []
  const errors: unknown[] = []
  const instances = {
    marks: async (ids: readonly string[]) => {
      looks.push(ids)
      if (state.marks === null) throw new Error('no database')
      return { ...state.marks, instances: state.marks.instances.filter(({ id }) => ids.includes(id)) }
    },
  } as never
  const feed = createChangeFeed({
    admin: { instances },
    onError: (error) => errors.push(error),
    pollMs: 1_000,
    windowMs: 300,
    now: () => new Date(5),
  })
  return {
    feed,
    looks,
    errors,
    set: (marks: Partial<Marks>) => (state.marks = { ...state.marks, ...marks }),
    fail: () => (state.marks = null as never),
  }
}

function open(feed: ChangeFeed, watch: string[] = [], lastEventId: string | null = null) {
  const controller = new AbortController()
  const heard: Change[] = []
  const reading = (async () => {
    for await (const change of feed.listen({ watch, lastEventId, signal: controller.signal })) heard.push(change)
  })()
  const close = () => {
    controller.abort()
    return reading
  }
  return { heard, close, topics: () => heard.map(({ topics }) => topics.join()) }
}
const settle = () => vi.advanceTimersByTimeAsync(0)

describe('a subscription', () => {
  test('greets with what it watches, then tells what other processes changed', async () => {
    const { feed, set } = feedOver({ instances: [mark('a', 1), mark('b', 1)] })
    const { heard, close } = open(feed, ['a', 'b'])
    await settle()
    expect(heard).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}-0$/),
        reset: false,
        topics: ['instances'],
        instanceIds: ['a', 'b'],
        at: new Date(5),
      },
    ])
    set({ instances: [mark('a', 1), mark('b', 2)], outboxSeq: 4, auditId: 1, inboxSeq: 1, newestMessage: 9 })
    await vi.advanceTimersByTimeAsync(1_300)
    expect(heard.slice(1)).toEqual([
      {
        id: expect.stringMatching(/-1$/),
        reset: false,
        topics: ['instances', 'channels', 'outbox', 'events', 'audit'],
        instanceIds: ['b'],
        at: new Date(5),
      },
    ])
    await close()
  })

  test('hears of new and ended instances without watching them, and of a watched one that is gone', async () => {
    const { feed, set } = feedOver({ instances: [mark('a', 1)] })
    const { heard, close } = open(feed, ['a'])
    await settle()
    set({ newestStart: '5:x' })
    await vi.advanceTimersByTimeAsync(1_300)
    set({ instances: [] })
    await vi.advanceTimersByTimeAsync(1_300)
    expect(heard.slice(1).map(({ topics, instanceIds }) => [topics, instanceIds])).toEqual([
      [['instances'], []],
      [['instances'], ['a']],
    ])
    await close()
  })

  test('gets one event a window, however much happens and however slowly it reads', async () => {
    const { feed } = feedOver()
    const controller = new AbortController()
    const slow = feed.listen({ watch: [], lastEventId: null, signal: controller.signal })
    await slow.next()
    for (let burst = 0; burst < 5; burst++) {
      for (let i = 0; i < 100; i++) feed.note('instances', `i${i}`)
      await vi.advanceTimersByTimeAsync(300)
    }
    feed.note('bulk')
    await vi.advanceTimersByTimeAsync(300)
    const { value } = await slow.next()
    expect([value?.topics, value?.instanceIds.length, value?.id.endsWith('-6')]).toEqual([
      ['instances', 'bulk'],
      100,
      true,
    ])
    controller.abort()
    expect((await slow.next()).done).toBe(true)
  })

  test('that names too many instances names none: views refetch', async () => {
    const { feed } = feedOver()
    const { heard, close } = open(feed)
    await settle()
    for (let i = 0; i <= 500; i++) feed.note('instances', `i${i}`)
    await vi.advanceTimersByTimeAsync(300)
    expect(heard.at(-1)).toMatchObject({ topics: ['instances'], instanceIds: [] })
    await close()
  })
})

describe('after a gap', () => {
  test('the last event id brings what was missed, merged', async () => {
    const { feed } = feedOver()
    const first = open(feed)
    await settle()
    for (const id of ['a', 'b', 'c']) {
      feed.note('instances', id)
      await vi.advanceTimersByTimeAsync(300)
    }
    await first.close()
    const second = open(feed, ['x'], first.heard[1]?.id)
    await settle()
    expect(second.heard).toMatchObject([{ reset: false, topics: ['instances'], instanceIds: ['b', 'c'] }])
    const third = open(feed, [], second.heard[0]?.id)
    await settle()
    expect(third.heard).toMatchObject([{ reset: false, topics: [], instanceIds: [] }])
    await Promise.all([second.close(), third.close()])
  })

  test.each(['00000000-1', 'nonsense', '-', ''])(
    'the id %j of another process means starting over',
    async (lastEventId) => {
      const { feed } = feedOver()
      const { heard, close } = open(feed, [], lastEventId)
      await settle()
      expect(heard).toMatchObject([
        { reset: true, topics: ['instances', 'channels', 'outbox', 'events', 'audit', 'workers', 'bulk'] },
      ])
      await close()
    },
  )

  test('an event that is kept no longer means starting over', async () => {
    const { feed } = feedOver()
    const first = open(feed)
    await settle()
    for (let i = 0; i < 1_002; i++) {
      feed.note('audit')
      await vi.advanceTimersByTimeAsync(300)
    }
    await first.close()
    const again = open(feed, [], first.heard[1]?.id)
    await settle()
    expect(again.heard).toMatchObject([{ reset: true }])
    await again.close()
  })
})

describe('the poller', () => {
  test('is one for a hundred listeners, and rests when nobody listens', async () => {
    const { feed, looks } = feedOver()
    const listeners = Array.from({ length: 100 }, (_, i) => open(feed, [`i${i}`, 'shared']))
    await settle()
    looks.length = 0
    await vi.advanceTimersByTimeAsync(3_000)
    expect(looks.map((ids) => ids.length)).toEqual([101, 101, 101])
    await Promise.all(listeners.map(({ close }) => close()))
    looks.length = 0
    await vi.advanceTimersByTimeAsync(10_000)
    expect(looks).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('goes on after the database was away', async () => {
    const { feed, set, fail, errors } = feedOver()
    const { heard, close } = open(feed)
    await settle()
    fail()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(errors).toHaveLength(2)
    set({
      instances: [],
      newestStart: null,
      newestEnd: null,
      newestMessage: null,
      outboxSeq: 0,
      outboxDue: 0,
      outboxPublished: null,
      inboxSeq: 0,
      auditId: 3,
    })
    await vi.advanceTimersByTimeAsync(1_300)
    expect(heard.at(-1)?.topics).toEqual(['audit'])
    await close()
  })

  test('an event that is redriven and sent between two looks is told', async () => {
    const { feed, set } = feedOver({ outboxSeq: 4, outboxPublished: 1_000 })
    const { topics, close } = open(feed)
    await settle()
    set({ outboxPublished: 2_000 })
    await vi.advanceTimersByTimeAsync(1_300)
    expect(topics()).toEqual(['', 'outbox'])
    await close()
  })

  test('tells of workers now and then, since only their heartbeat moves', async () => {
    const { feed } = feedOver()
    const { topics, close } = open(feed)
    await vi.advanceTimersByTimeAsync(10_500)
    expect(topics()).toEqual(['', 'workers'])
    await close()
  })
})

test('closing the feed ends every subscription and leaves no timer', async () => {
  const { feed } = feedOver()
  const { close } = open(feed)
  await settle()
  feed.note('bulk')
  feed.close()
  await close()
  expect(vi.getTimerCount()).toBe(0)
})

test('beyond a thousand subscriptions the next is refused', async () => {
  const { feed } = feedOver()
  const many = Array.from({ length: 1_000 }, () => open(feed))
  await settle()
  await expect(
    feed.listen({ watch: [], lastEventId: null, signal: new AbortController().signal }).next(),
  ).rejects.toThrow('More than 1000')
  feed.close()
  await Promise.all(many.map(({ close }) => close()))
})
