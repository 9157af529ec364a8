'use client'
import { type PointerEvent, useRef, useState } from 'react'
import { formatAbsolute, formatDuration } from '@/lib/format'
import { axisTicks, type TimeScale } from '../model/time-scale'

/** Shared by axis and rows. */
export const LABEL_WIDTH = 'w-36 sm:w-56'
/** What a label takes of a narrow axis. */
const LABEL_SHARE = 0.16

/** Time since the start, folds drawn as zigzags. Dragging over it zooms to what was dragged over. */
export function Axis({ scale, onZoom }: { scale: TimeScale; onZoom: (range: { from: number; to: number }) => void }) {
  const lane = useRef<HTMLDivElement>(null)
  const [brush, setBrush] = useState<{ from: number; to: number } | null>(null)
  const placeOf = (event: PointerEvent) => {
    const box = lane.current?.getBoundingClientRect()
    return box ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0
  }
  const finish = () => {
    if (brush && Math.abs(brush.to - brush.from) > 0.01) {
      onZoom({ from: scale.timeAt(Math.min(brush.from, brush.to)), to: scale.timeAt(Math.max(brush.from, brush.to)) })
    }
    setBrush(null)
  }
  return (
    <div className="flex border-line border-b bg-sunken/60 text-2xs text-ink-muted">
      <div className={`${LABEL_WIDTH} shrink-0 truncate px-3 py-1`} title={formatAbsolute(scale.from)}>
        since {formatAbsolute(scale.from).replace(/ \w+$/, '')}
      </div>
      <div
        ref={lane}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setBrush({ from: placeOf(event), to: placeOf(event) })
        }}
        onPointerMove={(event) => brush && setBrush({ ...brush, to: placeOf(event) })}
        onPointerUp={finish}
        onPointerCancel={() => setBrush(null)}
        title="Drag to zoom"
        className="relative h-6 flex-1 cursor-col-resize touch-none select-none border-line border-l"
      >
        {scale.segments.map((segment) =>
          segment.isFolded ? (
            <span
              key={segment.from}
              title={`${formatDuration(segment.to - segment.from)} of waiting, folded`}
              style={{ left: `${segment.left * 100}%`, width: `${(segment.right - segment.left) * 100}%` }}
              className="hatched @container absolute inset-y-1 overflow-hidden whitespace-nowrap rounded-xs text-center text-ink-faint leading-4"
            >
              <span className="@min-[2.5rem]:inline hidden bg-sunken px-0.5">
                {formatDuration(segment.to - segment.from)}
              </span>
            </span>
          ) : null,
        )}
        {apart(axisTicks(scale, 6).filter((tick) => isClear(tick.place, scale))).map((tick) => (
          <span
            key={tick.place}
            style={{ left: `${tick.place * 100}%` }}
            className={`absolute top-1 whitespace-nowrap tabular ${tick.place > 0.95 ? '-translate-x-full pr-1' : 'border-line border-l pl-1'}`}
          >
            {formatDuration(tick.time - scale.from)}
          </span>
        ))}
        {brush ? (
          <span
            style={{
              left: `${Math.min(brush.from, brush.to) * 100}%`,
              width: `${Math.abs(brush.to - brush.from) * 100}%`,
            }}
            className="absolute inset-y-0 bg-accent/20"
          />
        ) : null}
      </div>
    </div>
  )
}

/** Labels that would touch are left out; the last one, which stands before its place, is kept. */
function apart<Tick extends { readonly place: number }>(ticks: readonly Tick[]): readonly Tick[] {
  const last = ticks.at(-1)
  const kept: Tick[] = []
  for (const tick of ticks) {
    const isFree = tick.place - (kept.at(-1)?.place ?? -1) >= LABEL_SHARE
    const isBeforeLast = tick === last || !last || last.place <= 0.95 || last.place - tick.place >= 2 * LABEL_SHARE
    if (isFree && isBeforeLast) kept.push(tick)
  }
  return kept
}

/** A label needs room to its right: not where a fold begins just behind it. */
function isClear(place: number, scale: TimeScale): boolean {
  return !scale.segments.some((segment) => segment.isFolded && segment.left - place < 0.12 && segment.right > place)
}
