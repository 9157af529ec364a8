import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLimiter } from './limiter'

const turn = () => new Promise<void>((next) => setImmediate(next))

describe('the limiter', () => {
  test('runs at most so many at once, all of them, in order', async () => {
    const sizes = fc.integer({ min: 1, max: 5 })
    const durations = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(sizes, durations, async (limit, turns) => {
        const limiter = createLimiter(limit)
        const started: number[] = []
        let [running, most] = [0, 0]
        const results = turns.map((count, index) =>
          limiter.run(async () => {
            started.push(index)
            most = Math.max(most, ++running)
            for (let i = 0; i < count; i++) await turn()
            running--
            return index
          }),
        )
        await limiter.idle()
        expect(await Promise.all(results)).toEqual(turns.map((_, index) => index))
        expect(started).toEqual(turns.map((_, index) => index))
        expect(most).toBe(Math.min(limit, turns.length))
      }),
      { numRuns: 100 },
    )
  })

  test('passes on a failure and gives the place to the next', async () => {
    const limiter = createLimiter(1)
    const failing = limiter.run(() => Promise.reject(new Error('no')))
    const next = limiter.run(() => Promise.resolve('yes'))
    await expect(failing).rejects.toThrow('no')
    expect(await next).toBe('yes')
  })

  test('is idle when nothing runs', async () => {
    await expect(createLimiter(1).idle()).resolves.toBeUndefined()
  })
})
