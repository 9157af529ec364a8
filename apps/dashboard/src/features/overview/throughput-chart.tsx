'use client'
import { useState } from 'react'
import type { Overview } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { formatClock, formatDuration } from '@/lib/format'
import { CHART_WIDTH, linePath, type SeriesKey, stackedChart } from './chart-model'

const HEIGHT = 120
const FILL: Record<SeriesKey, string> = {
  completed: 'fill-success',
  failed: 'fill-danger',
  cancelled: 'fill-neutral',
  started: 'fill-running',
}
const KEYS: readonly SeriesKey[] = ['completed', 'failed', 'cancelled']

/** Ends per bucket, stacked; starts as a line. The numbers under the pointer are written out, and all of them are in a table for who cannot see it. */
export function ThroughputChart({ overview }: { overview: Overview }) {
  const [at, setAt] = useState<number | null>(null)
  const { series, bucketMs } = overview
  const started = series.map((bucket) => bucket.started)
  const chart = stackedChart(series, KEYS, HEIGHT, Math.max(0, ...started))
  const starts = linePath(started, HEIGHT, chart.max)
  const shown = series[at ?? series.length - 1]
  return (
    <figure className="flex flex-col gap-2 p-3">
      <figcaption className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs">
        {shown
          ? (['started', ...KEYS] as const).map((key) => (
              <span key={key} className="flex items-center gap-1.5">
                <svg aria-hidden className="size-2.5" viewBox="0 0 10 10">
                  <rect
                    width="10"
                    height={key === 'started' ? 2.5 : 10}
                    y={key === 'started' ? 4 : 0}
                    rx="1.5"
                    className={FILL[key]}
                  />
                </svg>
                <span className="text-ink-muted">{key}</span>
                <span className="font-medium tabular">{shown[key]}</span>
              </span>
            ))
          : null}
        <span className="ml-auto text-ink-faint tabular">
          scale 0–{chart.max} · {shown && at !== null ? formatClock(shown.at.getTime()).slice(0, 8) : 'latest'} · per{' '}
          {formatDuration(bucketMs)}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${CHART_WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-40 w-full"
        role="img"
        aria-label="Starts and ends over time"
        onPointerLeave={() => setAt(null)}
      >
        {[0.25, 0.5, 0.75, 1].map((share) => (
          <line
            key={share}
            x1="0"
            x2={CHART_WIDTH}
            y1={HEIGHT * share}
            y2={HEIGHT * share}
            className="stroke-line"
            strokeWidth="1"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        {chart.bars.map((bar) => (
          <rect
            key={`${bar.key} ${bar.x}`}
            x={bar.x}
            y={bar.y}
            width={bar.width}
            height={bar.height}
            className={cn(FILL[bar.key], 'opacity-80')}
          />
        ))}
        <path d={starts} fill="none" className="stroke-running" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
        {series.map((bucket, index) => (
          <rect
            key={bucket.at.getTime()}
            x={index * chart.step}
            y="0"
            width={chart.step}
            height={HEIGHT}
            className={index === at ? 'fill-ink/8' : 'fill-transparent'}
            onPointerEnter={() => setAt(index)}
          />
        ))}
      </svg>
      <div aria-hidden className="-mt-1.5 flex justify-between text-2xs text-ink-faint tabular">
        <span>{clockOf(series[0])}</span>
        <span>{clockOf(series[Math.floor(series.length / 2)])}</span>
        <span>now</span>
      </div>
      {/* a table is as wide as its words, whatever its own class says */}
      <div className="sr-only">
        <table>
          <caption>Starts and ends over time</caption>
          <thead>
            <tr>
              <th scope="col">from</th>
              <th scope="col">started</th>
              <th scope="col">completed</th>
              <th scope="col">failed</th>
              <th scope="col">cancelled</th>
            </tr>
          </thead>
          <tbody>
            {series.map((bucket) => (
              <tr key={bucket.at.getTime()}>
                <th scope="row">{bucket.at.toISOString()}</th>
                <td>{bucket.started}</td>
                <td>{bucket.completed}</td>
                <td>{bucket.failed}</td>
                <td>{bucket.cancelled}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

/** Hours and minutes. */
function clockOf(bucket: Overview['series'][number] | undefined): string {
  return bucket ? formatClock(bucket.at.getTime()).slice(0, 5) : ''
}
