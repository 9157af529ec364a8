import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SystemClock } from './clock'

const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'], now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

/** An answer that was made `onTheWay` ms after the question and took as long to come back. */
function ask(clock: SystemClock, databaseNow: () => number, onTheWay: number): void {
  const sentAt = performance.now()
  vi.advanceTimersByTime(onTheWay)
  const answer = databaseNow()
  vi.advanceTimersByTime(onTheWay)
  clock.synchronize(answer, sentAt)
}

describe('the clock', () => {
  test('starts with the time of the machine, in whole ms', () => {
    const clock = new SystemClock()
    expect(clock.now()).toBe(START)
    vi.advanceTimersByTime(1_500)
    expect(clock.now()).toBe(START + 1_500)
  })

  test('does not move when somebody puts the clock of the machine forward or back', () => {
    const clock = new SystemClock()
    ask(clock, Date.now, 1)
    const before = clock.now()
    for (const step of [HOUR, -2 * HOUR]) {
      vi.setSystemTime(Date.now() + step)
      expect(clock.now()).toBe(before)
    }
  })

  test('timers neither wait for a clock that was put back nor hurry after one that was put forward', () => {
    const fired: string[] = []
    const clock = new SystemClock()
    clock.after(1_000, () => fired.push('first'))
    vi.setSystemTime(START - HOUR)
    vi.advanceTimersByTime(999)
    expect(fired).toEqual([])
    vi.advanceTimersByTime(1)
    expect(fired).toEqual(['first'])
    clock.after(1_000, () => fired.push('second'))
    vi.setSystemTime(START + HOUR)
    vi.advanceTimersByTime(999)
    expect(fired).toEqual(['first'])
  })

  test('takes over the time of the database, and never runs ahead of it', () => {
    const clock = new SystemClock()
    const database = (): number => Date.now() + HOUR
    ask(clock, database, 50)
    // how long the answer took to come back is not known, so it is behind by that at most
    expect(clock.now()).toBe(database() - 50)
    ask(clock, database, 5)
    expect(clock.now()).toBe(database() - 5)
    // a worse answer tells nothing new
    ask(clock, database, 200)
    expect(clock.now()).toBe(database() - 5)
  })

  test('knows what the time of the database is at most: what is waited for from there is never early', () => {
    const clock = new SystemClock()
    const database = (): number => Date.now() + HOUR
    ask(clock, database, 50)
    expect([clock.now(), clock.latest()]).toEqual([database() - 50, database() + 51])
    const due = clock.latest() + 400
    const askedAt = database()
    // a better answer moves this clock forward, and what is waited for comes no sooner for it
    ask(clock, database, 2)
    expect([clock.now(), clock.latest()]).toEqual([database() - 2, database() + 3])
    clock.after(due - clock.now(), () => expect(database() - askedAt).toBeGreaterThanOrEqual(400))
    vi.advanceTimersByTime(1_000)
    expect.assertions(3)
  })

  test('follows a database whose clock was put forward', () => {
    const clock = new SystemClock()
    ask(clock, Date.now, 1)
    ask(clock, () => Date.now() + HOUR, 10)
    expect([clock.now(), clock.latest()]).toEqual([Date.now() + HOUR - 10, Date.now() + HOUR + 11])
  })

  test('follows a database whose clock was put back', () => {
    const clock = new SystemClock()
    ask(clock, Date.now, 1)
    ask(clock, () => Date.now() - HOUR, 10)
    expect(clock.now()).toBe(Date.now() - HOUR - 10)
  })

  test('long timers are not cut short: 30 days are 30 days', () => {
    const clock = new SystemClock()
    let fired = 0
    clock.after(30 * 24 * HOUR, () => fired++)
    vi.advanceTimersByTime(30 * 24 * HOUR - 1)
    expect(fired).toBe(0)
    vi.advanceTimersByTime(1)
    expect(fired).toBe(1)
  })

  test('a timer that was cancelled does not fire', () => {
    const clock = new SystemClock()
    let fired = 0
    clock.after(10, () => fired++)()
    vi.advanceTimersByTime(100)
    expect(fired).toBe(0)
  })

  test('when a timer fires, its time has come', () => {
    const clock = new SystemClock()
    ask(clock, () => Date.now() + 7, 3)
    const due = clock.now() + 250
    let seen = 0
    clock.after(due - clock.now(), () => {
      seen = clock.now()
    })
    vi.advanceTimersByTime(1_000)
    expect(seen).toBe(due)
  })
})
