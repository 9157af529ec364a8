import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildTimeScale, mergeIntervals } from './time-scale'

const DAY = 86_400_000

describe('time scale', () => {
  it('is a straight line without folds', () => {
    const scale = buildTimeScale({ from: 0, to: 1_000 }, [{ from: 0, to: 1_000 }], false)
    expect([0, 250, 1_000].map(scale.at)).toEqual([0, 0.25, 1])
  })

  it('folds a day of sleep between two seconds of work', () => {
    const busy = [
      { from: 0, to: 1_000 },
      { from: DAY, to: DAY + 1_000 },
    ]
    const scale = buildTimeScale({ from: 0, to: DAY + 1_000 }, busy, true)
    expect(scale.segments.filter((segment) => segment.isFolded)).toHaveLength(1)
    expect(scale.at(1_000)).toBeGreaterThan(0.4)
    expect(scale.at(DAY)).toBeLessThan(0.6)
  })

  it('folds nothing when work goes on all the time', () => {
    const busy = Array.from({ length: 50 }, (_, i) => ({ from: i * 100, to: i * 100 + 90 }))
    expect(buildTimeScale({ from: 0, to: 5_000 }, busy, true).segments).toHaveLength(1)
  })

  it('never goes backwards and comes back to the same time', () => {
    const interval = fc
      .tuple(fc.integer({ min: 0, max: DAY }), fc.integer({ min: 0, max: 10_000 }))
      .map(([from, length]) => ({ from, to: from + length }))
    fc.assert(
      fc.property(
        fc.array(interval, { maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: DAY }), { minLength: 2, maxLength: 30 }),
        (busy, times) => {
          const scale = buildTimeScale({ from: 0, to: DAY }, busy, true)
          const sorted = [...times].sort((a, b) => a - b)
          const places = sorted.map(scale.at)
          expect(places).toEqual([...places].sort((a, b) => a - b))
          for (const time of sorted) expect(Math.abs(scale.timeAt(scale.at(time)) - time)).toBeLessThan(1)
          const last = scale.segments.at(-1)
          expect(last?.right).toBeCloseTo(1)
        },
      ),
    )
  })

  it('merges what overlaps and cuts what sticks out', () => {
    expect(
      mergeIntervals(
        [
          { from: -5, to: 5 },
          { from: 3, to: 9 },
          { from: 20, to: 40 },
        ],
        { from: 0, to: 30 },
      ),
    ).toEqual([
      { from: 0, to: 9 },
      { from: 20, to: 30 },
    ])
  })
})
