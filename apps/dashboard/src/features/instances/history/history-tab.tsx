'use client'
/** The record itself: compact (one line an operation's event), full (with payload preview) or JSON. Virtual, filtered here, downloadable whole. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { Download, ListX, Search } from 'lucide-react'
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { type KeyboardEvent, useMemo, useRef } from 'react'
import { JsonView } from '@/components/json-view/json-view'
import { Button } from '@/components/ui/button'
import { Select } from '@/components/ui/field'
import { EmptyState } from '@/components/ui/states'
import type { HistoryRecord } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { download } from '@/lib/download'
import { formatClock, plural } from '@/lib/format'
import { useHotkeys } from '@/lib/hotkeys'
import { jsonPreview, prettyJson } from '@/lib/json'
import { supersededSeqs } from '../model/operations'

const FORMS = ['compact', 'full', 'json'] as const
const parsers = {
  form: parseAsStringLiteral(FORMS).withDefault('compact'),
  failed: parseAsBoolean.withDefault(false),
  type: parseAsString,
  name: parseAsString,
}

export interface HistoryTabProps {
  readonly instanceId: string
  readonly events: readonly HistoryRecord[]
  readonly total: number
  readonly selectedSeq: number | null
  readonly selectedId: string | null
  readonly onSelect: (event: HistoryRecord) => void
}

export function HistoryTab({ instanceId, events, total, selectedSeq, selectedId, onSelect }: HistoryTabProps) {
  const [view, set] = useQueryStates(parsers, { history: 'replace' })
  useHotkeys([
    { keys: 'f', label: 'Failed events only', group: 'Instance', run: () => void set({ failed: !view.failed }) },
  ])
  const types = useMemo(() => [...new Set(events.map((event) => event.type))].sort(), [events])
  const shown = useMemo(() => {
    const needle = view.name?.toLowerCase() ?? ''
    return events.filter(
      (event) =>
        (!view.failed || event.failed) &&
        (!view.type || event.type === view.type) &&
        (needle === '' ||
          event.activityId.toLowerCase().includes(needle) ||
          (event.name ?? '').toLowerCase().includes(needle)),
    )
  }, [events, view])
  const isPartial = events.length < total
  return (
    <div>
      <div className="flex flex-wrap items-center gap-1.5 py-2">
        <fieldset aria-label="Form" className="flex min-w-0 overflow-hidden rounded-md border border-line-strong/70">
          {FORMS.map((form) => (
            <button
              key={form}
              type="button"
              aria-pressed={view.form === form}
              onClick={() => void set({ form })}
              className="h-7 bg-surface px-2.5 text-xs capitalize hover:bg-hover aria-pressed:bg-selected aria-pressed:font-medium"
            >
              {form === 'json' ? 'JSON' : form}
            </button>
          ))}
        </fieldset>
        <Button
          aria-pressed={view.failed}
          onClick={() => void set({ failed: !view.failed })}
          className="aria-pressed:bg-selected"
        >
          <ListX />
          Failed only
        </Button>
        <Select
          aria-label="Type of event"
          value={view.type ?? ''}
          onChange={(event) => void set({ type: event.target.value || null })}
          className="h-7 w-auto max-w-52 text-xs"
        >
          <option value="">All types</option>
          {types.map((type) => (
            <option key={type} value={type}>
              {type}
            </option>
          ))}
        </Select>
        <label className="relative">
          <span className="sr-only">Filter events by name</span>
          <Search
            aria-hidden
            className="pointer-events-none absolute top-1/2 left-2 size-3.5 -translate-y-1/2 text-ink-faint"
          />
          <input
            value={view.name ?? ''}
            onChange={(event) => void set({ name: event.target.value || null })}
            placeholder="Filter by name or id"
            className="h-7 w-44 rounded-md border border-line bg-surface pr-2 pl-7 text-xs focus:border-focus focus:outline-2 focus:outline-focus/30"
          />
        </label>
        <span role="status" className="ml-auto text-ink-muted text-xs tabular">
          {shown.length === events.length
            ? plural(events.length, 'event')
            : `${shown.length} of ${plural(events.length, 'event')}`}
        </span>
        <Button
          disabled={isPartial}
          title={isPartial ? 'The rest is still loading' : 'All events; payloads above 4 kB are left out'}
          onClick={() => download(`${instanceId}-history.json`, prettyJson(events))}
        >
          <Download />
          JSON
        </Button>
      </div>
      {view.form === 'json' ? (
        <div className="rounded-lg border border-line bg-surface">
          <JsonView value={shown} label="History" fileName={`${instanceId}-history`} maxHeight={560} openDepth={2} />
        </div>
      ) : (
        <EventList
          key={view.form}
          events={shown}
          isFull={view.form === 'full'}
          selectedSeq={selectedSeq}
          selectedId={selectedId}
          onSelect={onSelect}
        />
      )}
    </div>
  )
}

function EventList({
  events,
  isFull,
  selectedSeq,
  selectedId,
  onSelect,
}: Pick<HistoryTabProps, 'events' | 'selectedSeq' | 'selectedId' | 'onSelect'> & { isFull: boolean }) {
  const scroller = useRef<HTMLDivElement>(null)
  const height = isFull ? 46 : 28
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    initialRect: { width: 800, height: 480 },
  })
  const superseded = useMemo(() => supersededSeqs(events), [events])
  if (events.length === 0) {
    return (
      <div className="rounded-lg border border-line bg-surface">
        <EmptyState icon={Search} title="No events">
          Nothing is recorded yet, or nothing fits the filters.
        </EmptyState>
      </div>
    )
  }
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    const at = events.findIndex((one) => one.seq === selectedSeq)
    const next = Math.min(Math.max(at + by, 0), events.length - 1)
    const target = events[next]
    if (target) onSelect(target)
    virtual.scrollToIndex(next)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset never gets narrower than its rows, which are placed outside the flow
    <div
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys walk the rows of this pane
      tabIndex={0}
      role="group"
      aria-label="Events, arrow keys move the selection"
      onKeyDown={step}
      className="max-h-[min(36rem,64vh)] overflow-y-auto overflow-x-hidden rounded-lg border border-line bg-surface outline-offset-[-2px]"
    >
      <div style={{ height: virtual.getTotalSize() }} className="relative">
        {virtual.getVirtualItems().map((item) => {
          const event = events[item.index]
          if (!event) return null
          const isSelected = selectedSeq === null ? event.activityId === selectedId : event.seq === selectedSeq
          return (
            <button
              key={event.seq}
              type="button"
              tabIndex={-1}
              aria-pressed={isSelected}
              onClick={() => onSelect(event)}
              style={{ transform: `translateY(${item.start}px)`, height }}
              className={cn(
                'absolute inset-x-0 top-0 flex flex-col justify-center border-line border-b px-3 text-left text-xs hover:bg-hover',
                isSelected && 'bg-selected hover:bg-selected',
                superseded.has(event.seq) && 'line-through opacity-60',
              )}
            >
              <span className="flex w-full items-center gap-3">
                <span className="w-10 shrink-0 text-right text-ink-faint tabular">{event.seq}</span>
                <span className={cn('w-44 shrink-0 truncate font-medium max-sm:w-32', event.failed && 'text-danger')}>
                  {event.type}
                </span>
                <span className="min-w-0 flex-1 truncate">{event.activityId}</span>
                {event.attempts && event.attempts > 1 ? (
                  <span className="text-danger tabular">×{event.attempts}</span>
                ) : null}
                <span className="shrink-0 text-ink-faint tabular max-sm:hidden">
                  {formatClock(event.createdAt.getTime())}
                </span>
              </span>
              {isFull ? (
                <code className="ml-13 min-w-0 truncate text-2xs text-ink-muted">
                  {event.cut ? `${event.bytes} bytes` : jsonPreview(event.data, 300)}
                </code>
              ) : null}
            </button>
          )
        })}
      </div>
    </div>
  )
}
