import { expect, test } from 'vitest'
import { createRateLimit } from './rate-limit'

test('a burst passes, then as many as fill up again; each key by itself', () => {
  let at = 0
  const limit = createRateLimit({ perSecond: 2, burst: 3, now: () => at })
  expect(['a', 'a', 'a', 'a', 'b'].map((key) => limit.take(key))).toEqual([0, 0, 0, 1, 0])
  at += 500
  expect(['a', 'a'].map((key) => limit.take(key))).toEqual([0, 1])
  at += 60_000
  expect(['a', 'a', 'a', 'a'].map((key) => limit.take(key))).toEqual([0, 0, 0, 1])
})

test('says how long to wait when it refills slowly', () => {
  const limit = createRateLimit({ perSecond: 1 / 6, burst: 1, now: () => 0 })
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 6])
})

test('a flood of callers makes it forget the oldest, never grow', () => {
  let at = 0
  const limit = createRateLimit({ perSecond: 1, burst: 1, now: () => at })
  for (let i = 0; i < 30_000; i++) limit.take(`caller-${i}`)
  expect(limit.take('caller-29999')).toBe(1)
  expect(limit.take('caller-0')).toBe(0)
  at += 1_000
  expect(limit.take('caller-29999')).toBe(0)
})
