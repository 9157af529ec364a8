'use client'
/**
 * One bar per operation, from its start to its end, on a time axis that folds idle time. Rows are virtual and placed with transforms: fifty thousand
 * of them scroll like fifty. Arrow keys walk the rows; the selection is the page's.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { FoldHorizontal, Maximize2, Minimize2, Search } from 'lucide-react'
import { type KeyboardEvent, useDeferredValue, useMemo, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/states'
import { formatCount, plural } from '@/lib/format'
import type { Operation } from '../model/operations'
import { isWait } from '../model/operations'
import { buildTimeScale, type Interval, mergeIntervals } from '../model/time-scale'
import { Axis } from './axis'
import { Legend } from './legend'
import { TimelineRow } from './timeline-row'

const ROW_HEIGHT = 26
/** More than are ever drawn at once. What scrolls out lends its elements to what scrolls in. */
const SLOTS = 64

export interface TimelineProps {
  readonly operations: readonly Operation[]
  readonly startedAt: number
  /** The end, or now while it goes on. */
  readonly endAt: number
  readonly selected: string | null
  readonly onSelect: (id: string) => void
  readonly loading: { readonly shown: number; readonly total: number } | null
}

export function Timeline(props: TimelineProps) {
  const { startedAt, endAt, selected, onSelect } = props
  const operations = useDeferredValue(props.operations)
  const [foldIdle, setFoldIdle] = useState(true)
  const [withMarkers, setWithMarkers] = useState(false)
  const [filter, setFilter] = useState('')
  const [zoom, setZoom] = useState<{ from: number; to: number } | null>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => visibleRows(operations, withMarkers, filter), [operations, withMarkers, filter])
  const work = useMemo(() => workOf(operations), [operations])
  const scale = useMemo(
    () => buildTimeScale(zoom ?? { from: startedAt, to: endAt }, work, foldIdle && zoom === null),
    [work, startedAt, endAt, foldIdle, zoom],
  )
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 5,
    initialRect: { width: 800, height: 420 },
  })
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key]
    if (by === undefined || rows.length === 0) return
    event.preventDefault()
    const at = rows.findIndex((row) => row.id === selected)
    const next = Math.min(Math.max(at + by, 0), rows.length - 1)
    const row = rows[next]
    if (row) onSelect(row.id)
    virtual.scrollToIndex(next)
  }
  return (
    <div className="flex min-w-0 flex-col">
      <div className="flex flex-wrap items-center gap-1.5 py-2">
        <NameFilter value={filter} onChange={setFilter} />
        <Button aria-pressed={foldIdle} onClick={() => setFoldIdle(!foldIdle)} className="aria-pressed:bg-selected">
          <FoldHorizontal />
          Fold idle time
        </Button>
        <Button
          aria-pressed={withMarkers}
          onClick={() => setWithMarkers(!withMarkers)}
          className="aria-pressed:bg-selected"
        >
          Records
        </Button>
        {zoom ? (
          <Button onClick={() => setZoom(null)}>
            <Minimize2 />
            Whole time
          </Button>
        ) : (
          <Button
            disabled={!selected}
            title="Zoom to the selected operation"
            onClick={() =>
              setZoom(
                around(
                  rows.find((row) => row.id === selected),
                  endAt,
                ),
              )
            }
          >
            <Maximize2 />
            Zoom in
          </Button>
        )}
        <span role="status" className="ml-auto text-ink-muted text-xs tabular">
          {props.loading
            ? `Loading ${formatCount(props.loading.shown)} of ${plural(props.loading.total, 'event')} …`
            : plural(rows.length, 'operation')}
        </span>
      </div>
      <div className="min-w-0 overflow-hidden rounded-lg border border-line bg-surface">
        <Axis scale={scale} onZoom={(range) => setZoom(range)} />
        {rows.length === 0 ? (
          <EmptyState icon={Search} title={operations.length === 0 ? 'Nothing recorded yet' : 'No operation matches'}>
            {operations.length === 0
              ? 'Bars appear as soon as the first operation starts.'
              : 'Change the filter, or show records too.'}
          </EmptyState>
        ) : (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset never gets narrower than its rows, which are placed outside the flow
          <div
            ref={scroller}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys walk the rows of this pane
            tabIndex={0}
            role="group"
            aria-label="Timeline, arrow keys move the selection"
            onKeyDown={step}
            className="max-h-[min(34rem,60vh)] min-h-24 overflow-y-auto overflow-x-hidden outline-offset-[-2px]"
          >
            <div style={{ height: virtual.getTotalSize() }} className="relative">
              {virtual.getVirtualItems().map((item) => {
                const row = rows[item.index]
                return row ? (
                  <TimelineRow
                    key={item.index % SLOTS}
                    operation={row}
                    scale={scale}
                    endAt={endAt}
                    top={item.start}
                    height={ROW_HEIGHT}
                    isSelected={row.id === selected}
                    onSelect={onSelect}
                  />
                ) : null
              })}
            </div>
          </div>
        )}
        <Legend />
      </div>
    </div>
  )
}

function NameFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <label className="relative">
      <span className="sr-only">Filter operations by name</span>
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2 size-3.5 -translate-y-1/2 text-ink-faint"
      />
      <input
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder="Filter by name or id"
        className="h-7 w-48 rounded-md border border-line bg-surface pr-2 pl-7 text-xs focus:border-focus focus:outline-2 focus:outline-focus/30"
      />
    </label>
  )
}

/** Stretches in which something was executed, merged once per history: the axis is made anew with every tick of the clock. */
function workOf(operations: readonly Operation[]): readonly Interval[] {
  const busy = operations
    .filter((operation) => !isWait(operation) && operation.kind !== 'marker')
    .map((operation) => ({ from: operation.startAt, to: operation.endAt ?? Number.MAX_SAFE_INTEGER }))
  return mergeIntervals(busy, { from: 0, to: Number.MAX_SAFE_INTEGER })
}

function visibleRows(operations: readonly Operation[], withMarkers: boolean, filter: string): readonly Operation[] {
  const needle = filter.trim().toLowerCase()
  return operations.filter(
    (operation) =>
      (withMarkers || operation.kind !== 'marker') &&
      (needle === '' || operation.id.toLowerCase().includes(needle) || operation.name.toLowerCase().includes(needle)),
  )
}

function around(operation: Operation | undefined, endAt: number): { from: number; to: number } | null {
  if (!operation) return null
  const to = operation.endAt ?? endAt
  const margin = Math.max((to - operation.startAt) * 0.5, 50)
  return { from: operation.startAt - margin, to: to + margin }
}
