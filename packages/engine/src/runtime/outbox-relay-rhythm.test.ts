/** Over the memory storage, on a virtual clock, with a transport that answers by script: leases, rhythm, outages, the end. */
import { describe, expect, it } from 'vitest'
import { type Answer, FOREVER, many, POLICY, PUBLISHED, running, setUp } from '../../test/runtime/outbox-relay-fixture'
import type { DeliveryResult } from '../outbox/transport'
import { START } from '../storage/contract/builders'
import type { Storage } from '../storage/storage'
import { VirtualClock } from '../testing/virtual-clock'
import type { OutboxRelayPolicy } from './outbox-relay'

describe('a relay that is gone', () => {
  it('leaves its rows to the next one, which sends the same bytes', async () => {
    const { queue, makeRelay, advance, sent, row } = setUp()
    const [id] = await queue({})
    // it sends, and its time stands still before it can mark anything
    makeRelay({ clock: new VirtualClock(START), answer: () => FOREVER }).start()
    await advance(0)
    running.pop()
    makeRelay().start()
    await advance(59_999)
    expect(sent).toHaveLength(1)
    await advance(1)
    expect(sent.map(({ id, at }) => ({ id, at }))).toEqual([
      { id, at: 0 },
      { id, at: 60_000 },
    ])
    expect(new Set(sent.map((one) => one.bytes)).size).toBe(1)
    expect(await row(id)).toMatchObject({ status: 'published' })
  })

  it('gives back what is under way at three quarters of its lease, and it costs no attempt', async () => {
    const untilAborted: Answer = (_, attempt, signal) =>
      attempt > 1
        ? PUBLISHED
        : new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve({ kind: 'held', reason: 'aborted while sending' }))
          })
    const { queue, makeRelay, advance, times, row } = setUp(untilAborted)
    const [id] = await queue({})
    makeRelay().start()
    await advance(44_999)
    expect(times(id)).toEqual([0])
    await advance(1)
    expect(times(id)).toEqual([0, 45_000])
    expect(await row(id)).toMatchObject({ status: 'published', attempts: 1 })
  })
})

describe('a transport that ignores its signal', () => {
  it('holds its place no longer than the lease allows', async () => {
    const { queue, makeRelay, advance, times } = setUp((_, attempt) => (attempt === 1 ? FOREVER : PUBLISHED))
    const [id] = await queue({})
    makeRelay().start()
    await advance(60_000)
    expect(times(id)).toEqual([0, 46_000])
  })
})

describe('the rhythm', () => {
  const looks = async (policy: OutboxRelayPolicy, random: number, forMs: number): Promise<number[]> => {
    const { makeRelay, advance, clock, storage } = setUp()
    const at: number[] = []
    const watched: Pick<Storage, 'leaseOutbox' | 'settleOutbox'> = {
      ...storage,
      leaseOutbox: (options) => {
        at.push((clock.now() - START) / 1_000)
        return storage.leaseOutbox(options)
      },
    }
    makeRelay({ storage: watched, policy, random: () => random }).start()
    await advance(forMs)
    return at
  }

  it('slows down to sixteen poll intervals while nothing comes', async () => {
    expect(await looks(POLICY, 0, 70_000)).toEqual([0, 2, 6, 14, 30, 46, 62])
  })

  it('never sleeps longer than 30 s plus 30 %', async () => {
    expect(await looks({ ...POLICY, pollIntervalMs: 5_000 }, 0, 120_000)).toEqual([0, 10, 30, 60, 90, 120])
    const [, , , third, fourth] = await looks({ ...POLICY, pollIntervalMs: 20_000 }, 0.999999, 200_000)
    expect((fourth ?? 0) - (third ?? 0)).toBeCloseTo(39, 2)
  })

  it('is cut short by a wake, and starts again from the poll interval', async () => {
    const { queue, makeRelay, advance, times } = setUp()
    const relay = makeRelay()
    relay.start()
    await advance(50_000)
    const [id] = await queue({})
    relay.wake()
    await advance(0)
    expect(times(id)).toEqual([50_000])
    const [next] = await queue({})
    await advance(1_000)
    expect(times(next)).toEqual([51_000])
  })

  it('ends exactly when the next row is due', async () => {
    const { queue, makeRelay, advance, times } = setUp((_, attempt) =>
      attempt === 1 ? { kind: 'retry', reason: 'HTTP 503', retryAfterMs: 12_345 } : PUBLISHED,
    )
    const [id] = await queue({})
    makeRelay().start()
    await advance(60_000)
    expect(times(id)).toEqual([0, 12_345])
  })

  it('ends exactly when a row of another relay is due', async () => {
    const { queue, makeRelay, advance, storage, times } = setUp()
    const [id] = await queue({})
    await storage.leaseOutbox({ token: 'other', limit: 1, leaseMs: 3_210 })
    makeRelay({ policy: { ...POLICY, pollIntervalMs: 20_000 } }).start()
    await advance(60_000)
    expect(times(id)).toEqual([3_210])
  })
})

describe('an endpoint that wishes to be left alone', () => {
  it('costs no attempts and rewrites no backlog; one row finds out that it is over', async () => {
    let openUntil = START + 30_000
    const { queue, makeRelay, advance, clock, sent, storage } = setUp(() => {
      const leftMs = openUntil - clock.now()
      return leftMs > 0 ? { kind: 'held', reason: 'left alone', retryAfterMs: leftMs } : PUBLISHED
    })
    const ids = await queue(...many(500))
    makeRelay().start()
    await advance(0)
    const tried = sent.length
    expect(tried).toBeLessThanOrEqual(20)
    openUntil = START + 40_000
    await advance(39_999)
    expect(sent.length).toBe(tried + 1)
    await advance(1)
    const rows = await storage.outbox({ limit: 1_000 })
    expect(rows.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(ids.map(() => 'published 1'))
  })

  it('is not bothered by a wake', async () => {
    const { queue, makeRelay, advance, sent } = setUp(() => ({
      kind: 'held',
      reason: 'left alone',
      retryAfterMs: 5_000,
    }))
    await queue({})
    const relay = makeRelay()
    relay.start()
    await advance(0)
    for (let second = 0; second < 4; second++) {
      relay.wake()
      await advance(1_000)
    }
    expect(sent).toHaveLength(1)
  })
})

describe('stop', () => {
  it('waits for what is under way, marks it, closes the transport, leaves no timer', async () => {
    let answer: (result: DeliveryResult) => void = () => {}
    const { queue, makeRelay, advance, row, clock, isClosed } = setUp(
      () => new Promise<DeliveryResult>((resolve) => (answer = resolve)),
    )
    const [id] = await queue({})
    const relay = makeRelay()
    relay.start()
    await advance(0)
    let isStopped = false
    const stopped = relay.stop().then(() => (isStopped = true))
    await advance(5_000)
    expect(isStopped).toBe(false)
    answer(PUBLISHED)
    await stopped
    expect(await row(id)).toMatchObject({ status: 'published' })
    expect(isClosed.value).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('gives back what outlasts the grace period, due at once and without an attempt', async () => {
    const { queue, makeRelay, advance, row } = setUp(
      (_, __, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ kind: 'held', reason: 'aborted while sending' }))
        }),
    )
    const [id] = await queue({})
    const relay = makeRelay()
    relay.start()
    await advance(0)
    const stopped = relay.stop(3_000)
    await advance(3_000)
    await stopped
    expect(await row(id)).toEqual({ status: 'pending', attempts: 0, lastError: 'aborted while sending', dueIn: 0 })
  })

  it('leases nothing more, and may be asked twice or before the start', async () => {
    const { queue, makeRelay, advance, sent } = setUp()
    const relay = makeRelay()
    await Promise.all([relay.stop(), relay.stop()])
    relay.start()
    relay.wake()
    await queue({})
    await advance(60_000)
    expect(sent).toEqual([])
  })
})

describe('while the database is away', () => {
  it('a result is kept until it can be written, so that the event is not sent again', async () => {
    const { queue, makeRelay, advance, storage, sent, row, logged } = setUp()
    let failures = 4
    const [id] = await queue({})
    makeRelay({
      storage: {
        leaseOutbox: (options) => storage.leaseOutbox(options),
        settleOutbox: async (token, results) => {
          if (failures-- > 0) throw new Error('away')
          await storage.settleOutbox(token, results)
        },
      },
    }).start()
    await advance(30_000)
    expect(await row(id)).toMatchObject({ status: 'published', attempts: 1 })
    expect(sent).toHaveLength(1)
    expect(logged).toEqual(['outbox results could not be stored'])
  })

  it('for longer than the lease, too', async () => {
    const { queue, makeRelay, advance, storage, times, row, clock } = setUp()
    const [id] = await queue({})
    makeRelay({
      storage: {
        leaseOutbox: (options) => storage.leaseOutbox(options),
        settleOutbox: async (token, results) => {
          if (clock.now() < START + 61_000) throw new Error('away')
          await storage.settleOutbox(token, results)
        },
      },
    }).start()
    await advance(120_000)
    expect(times(id)).toEqual([0])
    expect(await row(id)).toMatchObject({ status: 'published', attempts: 1 })
  })

  it('a relay that has to stop gives its results up; the events are sent once more', async () => {
    const { queue, makeRelay, advance, storage, times, row, logged } = setUp()
    const [id] = await queue({})
    const leaseOutbox: Storage['leaseOutbox'] = (options) => storage.leaseOutbox(options)
    const relay = makeRelay({ storage: { leaseOutbox, settleOutbox: async () => Promise.reject(new Error('away')) } })
    relay.start()
    await advance(0)
    const stopped = relay.stop(5_000)
    await advance(5_000)
    await stopped
    expect(logged).toContain('outbox results were given up; these events are sent again')
    makeRelay().start()
    await advance(60_000)
    expect(times(id)).toEqual([0, 60_000])
    expect(await row(id)).toMatchObject({ status: 'published' })
  })

  it('looking goes on at the poll interval, and is reported once', async () => {
    const { queue, makeRelay, advance, storage, times, logged } = setUp()
    let isAway = true
    const [id] = await queue({})
    makeRelay({
      storage: {
        leaseOutbox: async (options) => {
          if (isAway) throw new Error('away')
          return storage.leaseOutbox(options)
        },
        settleOutbox: (token, results) => storage.settleOutbox(token, results),
      },
    }).start()
    await advance(20_500)
    isAway = false
    await advance(500)
    expect(times(id)).toEqual([21_000])
    expect(logged).toEqual(['leasing outbox events failed; trying again'])
  })
})
