import { describe, expect, test } from 'vitest'
import { expire, type RelayPolicy, settle } from './settlement'

const NOW = 1_700_000_000_000
const policy: RelayPolicy = { maxAttempts: 3, maxAgeMs: 60_000 }

describe('a result settles its row', () => {
  test('published: done', () => {
    expect(settle({ attempts: 1 }, { kind: 'published' }, policy, NOW, 0)).toEqual({
      status: 'published',
      nextAttemptAt: null,
      lastError: null,
      countAttempt: true,
    })
  })

  test('invalid: a dead letter at the first attempt', () => {
    expect(settle({ attempts: 0 }, { kind: 'invalid', reason: 'HTTP 422' }, policy, NOW, 0)).toEqual({
      status: 'invalid',
      nextAttemptAt: null,
      lastError: 'HTTP 422',
      countAttempt: true,
    })
  })

  test.each([
    [0, 1_000],
    [1, 2_000],
  ])('retry after %i earlier attempts: again in %i ms', (attempts, delay) => {
    expect(settle({ attempts }, { kind: 'retry', reason: 'HTTP 503' }, policy, NOW, 0)).toEqual({
      status: 'pending',
      nextAttemptAt: NOW + delay,
      lastError: 'HTTP 503',
      countAttempt: true,
    })
  })

  test('retry at the last attempt: failed, with the reason', () => {
    expect(settle({ attempts: 2 }, { kind: 'retry', reason: 'HTTP 503', retryAfterMs: 5 }, policy, NOW, 0)).toEqual({
      status: 'failed',
      nextAttemptAt: null,
      lastError: 'Exceeded max retries (3): HTTP 503',
      countAttempt: true,
    })
  })

  test('the later of backoff and Retry-After counts', () => {
    const wait = (retryAfterMs: number) =>
      settle({ attempts: 0 }, { kind: 'retry', reason: 'x', retryAfterMs }, policy, NOW, 0).nextAttemptAt
    expect([wait(10), wait(30_000)]).toEqual([NOW + 1_000, NOW + 30_000])
  })

  test("the backoff is the policy's, scattered by the random number given", () => {
    const own = { ...policy, backoff: { baseMs: 100, maxMs: 1_000, factor: 3, jitter: 0.5 } }
    expect(settle({ attempts: 1 }, { kind: 'retry', reason: 'x' }, own, NOW, 0.5).nextAttemptAt).toBe(NOW + 225)
  })

  test('held: again later, and no attempt is counted, not even the last one', () => {
    expect(settle({ attempts: 2 }, { kind: 'held', reason: 'left alone', retryAfterMs: 700 }, policy, NOW, 0)).toEqual({
      status: 'pending',
      nextAttemptAt: NOW + 700,
      lastError: 'left alone',
      countAttempt: false,
    })
    expect(settle({ attempts: 2 }, { kind: 'held', reason: 'closed' }, policy, NOW, 0).nextAttemptAt).toBe(NOW + 1_000)
  })
})

describe('an event expires', () => {
  test('only beyond the age', () => {
    expect(expire({ createdAt: NOW - 60_000 }, policy, NOW)).toBeNull()
    expect(expire({ createdAt: NOW - 60_001 }, policy, NOW)).toEqual({
      status: 'expired',
      nextAttemptAt: null,
      lastError: 'older than 60000 ms',
      countAttempt: false,
    })
  })

  test('never without a limit', () => {
    expect(expire({ createdAt: 0 }, { maxAttempts: 1, maxAgeMs: null }, NOW)).toBeNull()
  })
})
