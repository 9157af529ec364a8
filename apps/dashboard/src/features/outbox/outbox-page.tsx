'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { Send, Trash2 } from 'lucide-react'
import { parseAsString, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { BeforePager } from '@/components/data-table/before-pager'
import { type Column, DataTable } from '@/components/data-table/data-table'
import { RowButton } from '@/components/data-table/row-link'
import { IgnoredParams } from '@/components/ignored-note'
import { PageHeader } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, NoMatch, StaleNote } from '@/components/ui/states'
import type { OutboxRecord, OutboxStatus } from '@/lib/api-types'
import { formatCountdown, plural } from '@/lib/format'
import { parseAsCount, parseAsWords } from '@/lib/search-parsers'
import { useMay } from '@/lib/session'
import { useNow } from '@/lib/ticker'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { OUTBOX_LOOK, OUTBOX_STATUSES } from './look'
import { type OutboxAct, OutboxDialog } from './outbox-dialog'
import { OutboxSheet } from './outbox-sheet'

const PAGE = 50
const NONE: ReadonlySet<string> = new Set()
const parsers = {
  status: parseAsWords(OUTBOX_STATUSES).withDefault([]),
  before: parseAsCount,
  id: parseAsString,
  instance: parseAsString,
}

export function OutboxPage() {
  const [view, set] = useQueryStates(parsers, { history: 'push' })
  const [selected, setSelected] = useState<ReadonlySet<string>>(NONE)
  const [act, setAct] = useState<OutboxAct | null>(null)
  const trpc = useTRPC()
  const may = useMay()
  const query = useQuery(
    trpc.outbox.list.queryOptions(
      {
        limit: PAGE,
        ...(view.status.length > 0 ? { status: view.status } : {}),
        ...(view.before ? { before: view.before } : {}),
        ...(view.instance ? { instanceId: view.instance } : {}),
      },
      { placeholderData: keepPreviousData },
    ),
  )
  const rows = query.data?.rows
  const isFiltered = view.status.length > 0 || view.instance !== null
  const toggle = (status: OutboxStatus) =>
    void set({
      status: view.status.includes(status) ? view.status.filter((one) => one !== status) : [...view.status, status],
      before: null,
    })
  return (
    <>
      <PageHeader
        title="Outbox"
        description="Events that left in the transaction of a step, on their way to the broker."
      />
      <fieldset aria-label="Filter by status" className="flex min-w-0 flex-wrap items-center gap-1.5 px-4 pb-3 lg:px-6">
        {OUTBOX_STATUSES.map((status) => (
          <Button
            key={status}
            aria-pressed={view.status.includes(status)}
            onClick={() => toggle(status)}
            className="aria-pressed:border-accent/50 aria-pressed:bg-selected"
          >
            {OUTBOX_LOOK[status].label}
          </Button>
        ))}
        {view.instance ? (
          <Button variant="ghost" onClick={() => void set({ instance: null })}>
            of {view.instance} ×
          </Button>
        ) : null}
      </fieldset>
      <IgnoredParams parsers={parsers} />
      {query.isError && rows ? <StaleNote error={query.error} /> : null}
      <div className="flex-1 border-line border-t bg-surface">
        {rows && rows.length > 0 ? (
          <DataTable
            label="Outbox events"
            rows={rows}
            columns={columns((id) => void set({ id }, { history: 'replace' }))}
            rowId={(row) => row.id}
            onOpen={(row) => void set({ id: row.id }, { history: 'replace' })}
            activeId={view.id}
            dimmed={query.isPlaceholderData}
            {...(may.operate ? { selection: { ids: selected, onChange: setSelected, noun: 'events' } } : {})}
            footer={
              <BeforePager
                isFirst={view.before === null}
                next={query.data?.nextBefore ?? null}
                onPage={(before) => void set({ before })}
              />
            }
          />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={8} label="Loading the outbox" />
        ) : isFiltered ? (
          <NoMatch what="events" onClear={() => void set({ status: null, instance: null, before: null })} />
        ) : (
          <EmptyState icon={Send} title="Nothing was sent yet">
            Events appear here when an activity calls <code>ctx.sendEventTransactional()</code>: they commit with it, or
            not at all.
          </EmptyState>
        )}
      </div>
      {selected.size > 0 ? (
        <div className="sticky bottom-0 z-20 flex flex-wrap items-center gap-2 border-line border-t bg-raised px-4 py-2 shadow-pop lg:px-6">
          <span className="mr-2 font-medium">{plural(selected.size, 'event')} selected</span>
          <Button onClick={() => setAct('redrive')}>
            <Send />
            Redrive …
          </Button>
          {may.administer ? (
            <Button variant="danger" onClick={() => setAct('discard')}>
              <Trash2 />
              Discard …
            </Button>
          ) : null}
          <Button variant="ghost" className="ml-auto" onClick={() => setSelected(NONE)}>
            Clear selection
          </Button>
        </div>
      ) : null}
      {act ? (
        <OutboxDialog
          act={act}
          ids={[...selected]}
          onClose={() => {
            setAct(null)
            setSelected(NONE)
          }}
        />
      ) : null}
      {view.id ? <OutboxSheet id={view.id} onClose={() => void set({ id: null }, { history: 'replace' })} /> : null}
    </>
  )
}

function columns(open: (id: string) => void): readonly Column<OutboxRecord>[] {
  return [
    {
      id: 'status',
      header: 'Status',
      meta: { className: 'w-px' },
      cell: ({ row: { original } }) => {
        const { tone, label, icon: Icon } = OUTBOX_LOOK[original.status]
        return (
          <Badge tone={tone}>
            <Icon aria-hidden />
            {label}
          </Badge>
        )
      },
    },
    {
      id: 'type',
      header: 'Event',
      meta: { className: 'max-w-64 max-sm:w-full max-sm:max-w-0' },
      cell: ({ row: { original } }) => (
        <RowButton onClick={() => open(original.id)} className="block w-full min-w-0">
          <span className="block truncate font-medium">{original.type}</span>
        </RowButton>
      ),
    },
    {
      id: 'id',
      header: 'Id',
      meta: { className: 'hidden lg:table-cell max-w-52' },
      cell: ({ row: { original } }) => <code className="block truncate text-ink-muted text-xs">{original.id}</code>,
    },
    {
      id: 'answer',
      header: 'The broker’s answer',
      meta: { className: 'hidden md:table-cell max-w-md' },
      cell: ({ row: { original } }) => (
        <span className="block truncate text-ink-muted">{original.lastError ?? '–'}</span>
      ),
    },
    {
      id: 'attempts',
      header: 'Attempts',
      meta: { className: 'hidden sm:table-cell w-px text-right tabular' },
      cell: ({ row: { original } }) => original.attempts,
    },
    {
      id: 'next',
      header: 'Next',
      meta: { className: 'hidden sm:table-cell w-px whitespace-nowrap text-right tabular' },
      cell: ({ row: { original } }) => <NextAttempt at={original.nextAttemptAt} />,
    },
    {
      id: 'created',
      header: 'Created',
      meta: { className: 'w-px whitespace-nowrap text-right tabular' },
      cell: ({ row: { original } }) => <RelativeTime at={original.createdAt} className="text-ink-muted" />,
    },
  ]
}

function NextAttempt({ at }: { at: Date | null }) {
  const now = useNow()
  return <span className="text-ink-muted">{at && now ? formatCountdown(at.getTime(), now) : '–'}</span>
}
