/** Bars stacked over time, as plain geometry in a box of 1000 × `height`. Pure. */
import type { Overview } from '@/lib/api-types'

export type SeriesKey = 'completed' | 'failed' | 'cancelled' | 'started'

export interface Bar {
  readonly key: SeriesKey
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface StackedChart {
  readonly bars: readonly Bar[]
  readonly max: number
  /** Widths of one bucket, for hit areas. */
  readonly step: number
}

export const CHART_WIDTH = 1_000

/** @param least the scale reaches at least this far, so that a line beside the bars has the same one */
export function stackedChart(
  series: Overview['series'],
  keys: readonly SeriesKey[],
  height: number,
  least = 1,
): StackedChart {
  const totals = series.map((bucket) => keys.reduce((sum, key) => sum + bucket[key], 0))
  const max = niceMax(Math.max(1, least, ...totals))
  const step = series.length > 0 ? CHART_WIDTH / series.length : CHART_WIDTH
  const bars: Bar[] = []
  series.forEach((bucket, index) => {
    let base = height
    for (const key of keys) {
      const size = (bucket[key] / max) * height
      if (size === 0) continue
      base -= size
      bars.push({ key, x: index * step + step * 0.12, y: base, width: step * 0.76, height: size })
    }
  })
  return { bars, max, step }
}

export function linePath(values: readonly number[], height: number, max: number): string {
  const step = values.length > 1 ? CHART_WIDTH / (values.length - 1) : CHART_WIDTH
  return values
    .map((value, index) => `${index === 0 ? 'M' : 'L'}${round(index * step)} ${round(height - (value / max) * height)}`)
    .join('')
}

/** The next of 1, 2, 5 × 10ⁿ. */
export function niceMax(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10
  return factor * power
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
