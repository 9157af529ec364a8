'use client'
/** Chips ⇄ text. The text is the same query that the search box takes; the chips take conditions away; the menus add them. */
import { CalendarClock, ListFilter, SlidersHorizontal, X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Menu } from '@/components/ui/menu'
import { formatAbsolute } from '@/lib/format'
import { serverNow } from '@/lib/server-time'
import { STATUS, STATUSES } from '@/lib/status'
import { AddFilter } from './add-filter'
import { type Chip, chipsOf, type InstanceFilters, NO_FILTERS } from './filters'
import { parseQueryText } from './query-text'
import { SavedViews } from './saved-views-menu'

export interface FilterBarProps {
  readonly filters: InstanceFilters
  readonly text: string
  readonly onChange: (filters: InstanceFilters) => void
}

const PERIODS = [
  { id: '15m', label: 'Last 15 minutes', ms: 15 * 60_000 },
  { id: '1h', label: 'Last hour', ms: 3_600_000 },
  { id: '24h', label: 'Last 24 hours', ms: 86_400_000 },
  { id: '7d', label: 'Last 7 days', ms: 7 * 86_400_000 },
]

export function FilterBar({ filters, text, onChange }: FilterBarProps) {
  const [asText, setAsText] = useState(false)
  const chips = chipsOf(filters)
  return (
    <div className="flex flex-wrap items-center gap-1.5 px-4 pb-3 lg:px-6">
      <StatusMenu filters={filters} onChange={onChange} />
      <PeriodMenu filters={filters} onChange={onChange} />
      <AddFilter filters={filters} onChange={onChange} />
      {asText
        ? null
        : chips.map((chip) => <FilterChip key={chip.key} chip={chip} onRemove={() => onChange(chip.without)} />)}
      {!asText && chips.length > 1 ? (
        <Button variant="ghost" onClick={() => onChange(NO_FILTERS)}>
          Clear all
        </Button>
      ) : null}
      <div className="ml-auto flex items-center gap-1.5">
        <Button variant="ghost" aria-pressed={asText} onClick={() => setAsText(!asText)}>
          <SlidersHorizontal />
          {asText ? 'Chips' : 'Text'}
        </Button>
        <SavedViews text={text} onOpen={(query) => onChange(parseQueryText(query).filters)} />
      </div>
      {asText ? <QueryText key={text} text={text} onChange={onChange} /> : null}
    </div>
  )
}

function StatusMenu({ filters, onChange }: Omit<FilterBarProps, 'text'>) {
  const items = STATUSES.map((status) => {
    const checked = filters.status.includes(status)
    return {
      id: status,
      label: STATUS[status].label,
      checked,
      onSelect: () =>
        onChange({
          ...filters,
          status: checked ? filters.status.filter((other) => other !== status) : [...filters.status, status],
        }),
    }
  })
  return (
    <Menu
      align="start"
      trigger={
        <Button>
          <ListFilter />
          Status
        </Button>
      }
      groups={[{ items }]}
    />
  )
}

function PeriodMenu({ filters, onChange }: Omit<FilterBarProps, 'text'>) {
  const items = PERIODS.map((period) => ({
    id: period.id,
    label: period.label,
    onSelect: () =>
      onChange({ ...filters, after: new Date(Math.floor((serverNow() - period.ms) / 60_000) * 60_000), before: null }),
  }))
  return (
    <Menu
      align="start"
      trigger={
        <Button>
          <CalendarClock />
          Started
        </Button>
      }
      groups={[
        { items },
        {
          items: [
            { id: 'any', label: 'Any time', onSelect: () => onChange({ ...filters, after: null, before: null }) },
          ],
        },
      ]}
    />
  )
}

function FilterChip({ chip, onRemove }: { chip: Chip; onRemove: () => void }) {
  const isDate = chip.label === 'after' || chip.label === 'before'
  const isStatus = chip.label === 'status'
  const value = isDate
    ? formatAbsolute(Date.parse(chip.value))
    : isStatus
      ? STATUS[chip.value as keyof typeof STATUS].label
      : chip.value
  return (
    <span className="inline-flex h-7 max-w-full items-center gap-1 rounded-md border border-accent/30 bg-accent/8 pl-2 text-xs">
      <span className="text-ink-muted">{chip.label}</span>
      <span className="max-w-64 truncate font-medium">{value}</span>
      <button
        type="button"
        aria-label={`Remove ${chip.label} ${value}`}
        onClick={onRemove}
        className="flex size-6 items-center justify-center rounded-sm text-ink-muted hover:bg-hover hover:text-ink"
      >
        <X aria-hidden className="size-3" />
      </button>
    </span>
  )
}

function QueryText({ text, onChange }: { text: string; onChange: (filters: InstanceFilters) => void }) {
  const [draft, setDraft] = useState(text)
  const { filters, problems } = parseQueryText(draft)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (problems.length === 0) onChange(filters)
  }
  return (
    <form onSubmit={submit} className="basis-full">
      <input
        // biome-ignore lint/a11y/noAutofocus: it appears because the person asked to type
        autoFocus
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        aria-label="Query"
        aria-invalid={problems.length > 0}
        aria-describedby="query-note"
        spellCheck={false}
        autoComplete="off"
        className="h-8 w-full rounded-md border border-line-strong/70 bg-surface px-2.5 font-mono text-xs focus:border-focus focus:outline-2 focus:outline-focus/30 aria-[invalid=true]:border-danger"
      />
      <p id="query-note" className="mt-1 text-ink-muted text-xs">
        {problems.length > 0 ? (
          <span className="text-danger">{problems.join(' · ')}</span>
        ) : (
          <>
            <code>
              status:failed,suspended workflow:order id:… input.order.id="A 1" tag.customer:acme error:timeout
              after:2026-11-01
            </code>
            , then Enter
          </>
        )}
      </p>
    </form>
  )
}
