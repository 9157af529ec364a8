import { describe, expect, it } from 'vitest'
import { linePath, niceMax, stackedChart } from './chart-model'

const bucket = (completed: number, failed: number) => ({
  at: new Date(0),
  started: 0,
  completed,
  failed,
  cancelled: 0,
  open: 0,
})

describe('charts', () => {
  it('stack failures on completions and leave out what is zero', () => {
    const { bars, max } = stackedChart([bucket(4, 1), bucket(0, 0)], ['completed', 'failed'], 100)
    expect(max).toBe(5)
    expect(bars.map(({ key, y, height }) => ({ key, y, height }))).toEqual([
      { key: 'completed', y: 20, height: 80 },
      { key: 'failed', y: 0, height: 20 },
    ])
  })

  it('share one scale with a line that rises higher', () => {
    expect(stackedChart([bucket(4, 1)], ['completed', 'failed'], 100, 8).max).toBe(10)
    expect(linePath([0, 10], 100, 10)).toBe('M0 100L1000 0')
  })

  it('end at round numbers', () => {
    expect([1, 3, 7, 12, 60, 450].map(niceMax)).toEqual([1, 5, 10, 20, 100, 500])
  })

  it('draw an empty series as nothing', () => {
    expect(stackedChart([], ['completed'], 100).bars).toEqual([])
    expect(linePath([], 100, 1)).toBe('')
  })
})
