'use client'
import { RadioTower } from 'lucide-react'
import dynamic from 'next/dynamic'
import { parseAsStringLiteral, useQueryStates } from 'nuqs'
import { type Column, DataTable } from '@/components/data-table/data-table'
import { RowLink } from '@/components/data-table/row-link'
import { IgnoredParams } from '@/components/ignored-note'
import { PageHeader } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { Skeleton, SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, StaleNote } from '@/components/ui/states'
import { Tabs } from '@/components/ui/tabs'
import type { ChannelRecord } from '@/lib/api-types'
import { formatCount } from '@/lib/format'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

const ChannelMap = dynamic(() => import('./map/channel-map').then((module) => module.ChannelMap), {
  ssr: false,
  loading: () => <Skeleton className="h-[min(40rem,68vh)] rounded-lg" />,
})

const VIEWS = ['list', 'map'] as const
const parsers = { view: parseAsStringLiteral(VIEWS).withDefault('list') }

export function ChannelList() {
  const [{ view }, set] = useQueryStates(parsers)
  const trpc = useTRPC()
  const query = useQuery(trpc.channels.list.queryOptions())
  const rows = query.data
  return (
    <>
      <PageHeader
        title="Channels"
        description="Where messages wait, who reads them, and how far behind the readers are."
      />
      <IgnoredParams parsers={parsers} />
      {query.isError && rows ? <StaleNote error={query.error} /> : null}
      {rows && rows.length > 0 ? (
        <div className="px-4 pb-6 lg:px-6">
          <Tabs
            label="Views of the channels"
            tabs={[
              { id: 'list', label: 'List' },
              { id: 'map', label: 'Map' },
            ]}
            value={view}
            onValueChange={(next) => void set({ view: next as (typeof VIEWS)[number] })}
          >
            {view === 'map' ? (
              <div className="py-3">
                <ChannelMap channels={rows} />
              </div>
            ) : (
              <div className="mt-3 overflow-hidden rounded-lg border border-line bg-surface">
                <DataTable label="Channels" rows={rows} columns={COLUMNS} rowId={(row) => row.name} rowHref={hrefOf} />
              </div>
            )}
          </Tabs>
        </div>
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={5} label="Loading channels" />
      ) : (
        <EmptyState icon={RadioTower} title="No channels yet">
          A channel exists from the moment that somebody subscribes to it or publishes on it.
        </EmptyState>
      )}
    </>
  )
}

function hrefOf(row: ChannelRecord): string {
  return `/channels/${encodeURIComponent(row.name)}`
}

const COLUMNS: readonly Column<ChannelRecord>[] = [
  {
    id: 'name',
    header: 'Channel',
    meta: { className: 'w-full max-w-0' },
    cell: ({ row: { original } }) => (
      <RowLink href={hrefOf(original)} className="block truncate font-medium">
        {original.name}
      </RowLink>
    ),
  },
  {
    id: 'mode',
    header: 'Mode',
    meta: { className: 'max-sm:hidden' },
    cell: ({ row: { original } }) => <span className="text-ink-muted">{original.mode ?? 'not set'}</span>,
  },
  {
    id: 'depth',
    header: 'Unread',
    meta: { className: 'text-right tabular' },
    cell: ({ row: { original } }) => (
      <span className={original.depth > 0 ? 'font-medium' : 'text-ink-faint'}>{formatCount(original.depth)}</span>
    ),
  },
  {
    id: 'oldest',
    header: 'Oldest unread',
    meta: { className: 'hidden whitespace-nowrap text-right md:table-cell' },
    cell: ({ row: { original } }) => <RelativeTime at={original.oldestUnreadAt} className="text-ink-muted" />,
  },
  {
    id: 'subscribers',
    header: 'Subscribers',
    meta: { className: 'hidden text-right tabular sm:table-cell' },
    cell: ({ row: { original } }) => formatCount(original.subscriberCount),
  },
  {
    id: 'lag',
    header: 'Largest lag',
    meta: { className: 'whitespace-nowrap text-right tabular' },
    cell: ({ row: { original } }) => (
      <span className={original.maxLag > 0 ? 'font-medium text-warning' : 'text-ink-faint'}>
        {formatCount(original.maxLag)}
      </span>
    ),
  },
  {
    id: 'published',
    header: 'Published',
    meta: { className: 'hidden text-right tabular lg:table-cell' },
    cell: ({ row: { original } }) => <span className="text-ink-muted">{formatCount(original.published)}</span>,
  },
]
