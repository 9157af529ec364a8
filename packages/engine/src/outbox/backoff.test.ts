import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoffMs, DEFAULT_BACKOFF } from './backoff'

describe('backoff', () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [9, 256_000],
    [10, 300_000],
    [11, 300_000],
    [100_000, 300_000],
  ])('after attempt %i without jitter: %i ms', (attempt, ms) => {
    expect(backoffMs(attempt, 0)).toBe(ms)
  })

  test('is shortened at random by less than the jitter, and is whole milliseconds', () => {
    const attempt = fc.integer({ min: 1, max: 5_000 })
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(attempt, random, (n, r) => {
        const full = backoffMs(n, 0)
        const delay = backoffMs(n, r)
        expect(Number.isSafeInteger(delay)).toBe(true)
        expect(delay).toBeLessThanOrEqual(full)
        expect(delay).toBeGreaterThan(full * (1 - DEFAULT_BACKOFF.jitter) - 1)
      }),
      { numRuns: 300 },
    )
  })

  test('may be constant or immediate', () => {
    expect([1, 2, 3].map((n) => backoffMs(n, 0, { baseMs: 50, maxMs: 1_000, factor: 1, jitter: 0 }))).toEqual([
      50, 50, 50,
    ])
    expect(backoffMs(7, 0.5, { baseMs: 0, maxMs: 1_000, factor: 2, jitter: 1 })).toBe(0)
  })
})
