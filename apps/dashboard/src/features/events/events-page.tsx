'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { Inbox, Send } from 'lucide-react'
import Link from 'next/link'
import { parseAsBoolean, parseAsString, useQueryStates } from 'nuqs'
import { BeforePager } from '@/components/data-table/before-pager'
import { type Column, DataTable } from '@/components/data-table/data-table'
import { RowButton } from '@/components/data-table/row-link'
import { IgnoredParams } from '@/components/ignored-note'
import { JsonView } from '@/components/json-view/json-view'
import { PageHeader } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Sheet } from '@/components/ui/dialog'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, NoMatch, StaleNote } from '@/components/ui/states'
import type { InboxRecord } from '@/lib/api-types'
import { plural } from '@/lib/format'
import { parseAsCount } from '@/lib/search-parsers'
import { useMay } from '@/lib/session'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { SendEvent } from './send-event'

const PAGE = 50
const parsers = {
  unmatched: parseAsBoolean.withDefault(false),
  before: parseAsCount,
  /** Number of the event that is looked at. */
  seq: parseAsCount,
  /** Type of the event to be sent; present = the form is open. */
  send: parseAsString,
  data: parseAsString,
}

export function EventsPage() {
  const [view, set] = useQueryStates(parsers, { history: 'push' })
  const trpc = useTRPC()
  const may = useMay()
  const query = useQuery(
    trpc.events.list.queryOptions(
      {
        limit: PAGE,
        ...(view.unmatched ? { unmatchedOnly: true } : {}),
        ...(view.before ? { before: view.before } : {}),
      },
      { placeholderData: keepPreviousData },
    ),
  )
  const events = query.data?.events
  const open = events?.find((event) => event.seq === view.seq)
  return (
    <>
      <PageHeader
        title="Events"
        description="CloudEvents that arrived, and whom they reached."
        actions={
          may.operate ? (
            <Button variant="primary" size="md" onClick={() => void set({ send: '' })}>
              <Send />
              Send an event …
            </Button>
          ) : null
        }
      />
      <div className="flex gap-1.5 px-4 pb-3 lg:px-6">
        <Button
          aria-pressed={view.unmatched}
          onClick={() => void set({ unmatched: !view.unmatched, before: null })}
          className="aria-pressed:border-accent/50 aria-pressed:bg-selected"
        >
          Only those that reached nobody
        </Button>
      </div>
      <IgnoredParams parsers={parsers} />
      {query.isError && events ? <StaleNote error={query.error} /> : null}
      <div className="flex-1 border-line border-t bg-surface">
        {events && events.length > 0 ? (
          <DataTable
            label="Events"
            rows={events}
            columns={columns((seq) => void set({ seq }, { history: 'replace' }))}
            rowId={(row) => String(row.seq)}
            onOpen={(row) => void set({ seq: row.seq }, { history: 'replace' })}
            activeId={view.seq === null ? null : String(view.seq)}
            dimmed={query.isPlaceholderData}
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
          <SkeletonRows rows={8} label="Loading events" />
        ) : view.unmatched ? (
          <NoMatch what="events" onClear={() => void set({ unmatched: null })} />
        ) : (
          <EmptyState icon={Inbox} title="No events have arrived">
            Post a CloudEvent to the API, or send one from here. It starts workflows that handle its type and wakes
            instances that wait for it.
          </EmptyState>
        )}
      </div>
      {open ? <EventSheet event={open} onClose={() => void set({ seq: null }, { history: 'replace' })} /> : null}
      {may.operate && view.send !== null ? (
        <SendEvent
          initialType={view.send}
          initialData={view.data}
          onClose={() => void set({ send: null, data: null })}
        />
      ) : null}
    </>
  )
}

function columns(open: (seq: number) => void): readonly Column<InboxRecord>[] {
  return [
    {
      id: 'type',
      header: 'Type',
      meta: { className: 'max-w-64 max-sm:w-full max-sm:max-w-0' },
      cell: ({ row: { original } }) => (
        <RowButton onClick={() => open(original.seq)} className="block w-full min-w-0">
          <span className="block truncate font-medium">{original.type}</span>
        </RowButton>
      ),
    },
    {
      id: 'reached',
      header: 'Reached',
      meta: { className: 'max-w-96' },
      cell: ({ row: { original } }) => <Reached event={original} />,
    },
    {
      id: 'source',
      header: 'Source',
      meta: { className: 'hidden md:table-cell max-w-56' },
      cell: ({ row: { original } }) => <code className="block truncate text-ink-muted text-xs">{original.source}</code>,
    },
    {
      id: 'id',
      header: 'Id',
      meta: { className: 'hidden lg:table-cell max-w-52' },
      cell: ({ row: { original } }) => <code className="block truncate text-ink-muted text-xs">{original.id}</code>,
    },
    {
      id: 'received',
      header: 'Received',
      meta: { className: 'w-px whitespace-nowrap text-right' },
      cell: ({ row: { original } }) => <RelativeTime at={original.receivedAt} className="text-ink-muted" />,
    },
  ]
}

function Reached({ event }: { event: InboxRecord }) {
  if (event.unmatched) return <Badge tone="warning">nobody</Badge>
  const parts = [
    event.started.length > 0
      ? `started ${event.started.length === 1 ? event.started[0] : plural(event.started.length, 'instance')}`
      : null,
    event.receivers.length > 0
      ? `woke ${event.receivers.length === 1 ? event.receivers[0] : plural(event.receivers.length, 'instance')}`
      : null,
    event.handlers > 0 ? plural(event.handlers, 'handler') : null,
  ]
  return <span className="block truncate text-ink-muted">{parts.filter(Boolean).join(', ')}</span>
}

function EventSheet({ event, onClose }: { event: InboxRecord; onClose: () => void }) {
  const may = useMay()
  const reached = [
    ...event.started.map((id) => ({ id, how: 'started' })),
    ...event.receivers.map((id) => ({ id, how: 'woken' })),
  ]
  return (
    <Sheet
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={event.type}
      description={
        <>
          <code className="text-xs">{event.id}</code> from <code className="text-xs">{event.source}</code>,{' '}
          <RelativeTime at={event.receivedAt} />
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <div>
          <h3 className="mb-1 font-medium text-ink-muted text-xs">Reached</h3>
          {reached.length === 0 ? (
            <p className="text-warning">
              {event.handlers > 0
                ? `${plural(event.handlers, 'handler')} in code`
                : 'Nobody: no workflow handles this type and no instance waited for it.'}
            </p>
          ) : (
            <ul className="flex flex-col gap-1">
              {reached.map(({ id, how }) => (
                <li key={`${how} ${id}`} className="flex gap-2">
                  <span className="w-16 text-ink-muted">{how}</span>
                  <Link
                    href={`/instances/${encodeURIComponent(id)}`}
                    className="min-w-0 truncate font-mono text-accent text-xs hover:underline"
                  >
                    {id}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </div>
        {may.seePayloads ? (
          <div>
            <h3 className="mb-1 font-medium text-ink-muted text-xs">Data</h3>
            <div className="rounded-md border border-line bg-surface">
              <JsonView value={event.data} label="Data" fileName={event.id} />
            </div>
          </div>
        ) : null}
      </div>
    </Sheet>
  )
}
