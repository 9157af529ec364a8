'use client'
import { Crown, Server } from 'lucide-react'
import Link from 'next/link'
import { type Column, DataTable } from '@/components/data-table/data-table'
import { PageHeader } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { Badge } from '@/components/ui/badge'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, StaleNote } from '@/components/ui/states'
import type { WorkerRecord } from '@/lib/api-types'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

export function WorkersPage() {
  const trpc = useTRPC()
  const query = useQuery(trpc.workers.list.queryOptions(undefined, { refetchInterval: 10_000 }))
  const list = query.data
  return (
    <>
      <PageHeader
        title="Workers"
        description={
          list?.leader
            ? `Maintenance is led by ${list.leader.workerId}, term ${list.leader.term}.`
            : 'Processes that run instances of this database.'
        }
      />
      {query.isError && list ? <StaleNote error={query.error} /> : null}
      <div className="flex-1 border-line border-t bg-surface">
        {list && list.workers.length > 0 ? (
          <DataTable label="Workers" rows={list.workers} columns={COLUMNS} rowId={(row) => row.id} />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={4} label="Loading workers" />
        ) : (
          <EmptyState icon={Server} title="No worker is alive">
            Nothing is executed until a process with <code>worker: true</code> connects to this database. What is stored
            waits.
          </EmptyState>
        )}
      </div>
    </>
  )
}

const COLUMNS: readonly Column<WorkerRecord>[] = [
  {
    id: 'state',
    header: 'State',
    meta: { className: 'w-px' },
    cell: ({ row: { original } }) =>
      original.alive ? <Badge tone="success">alive</Badge> : <Badge tone="danger">no heartbeat</Badge>,
  },
  {
    id: 'id',
    header: 'Worker',
    meta: { className: 'max-w-72 max-sm:w-full max-sm:max-w-0 py-2' },
    cell: ({ row: { original } }) => (
      <div className="min-w-0">
        <span className="flex items-center gap-1.5">
          <code className="truncate text-xs">{original.id}</code>
          {original.leader ? (
            <Crown aria-label="Leader of maintenance" className="size-3.5 shrink-0 text-warning" />
          ) : null}
        </span>
        <span className="block truncate text-ink-muted text-xs">
          {original.service} on {original.host}, pid {original.pid}
        </span>
      </div>
    ),
  },
  {
    id: 'workflows',
    header: 'Runs',
    meta: { className: 'hidden md:table-cell max-w-xl' },
    cell: ({ row: { original } }) => (
      <span className="flex flex-wrap gap-1">
        {original.workflows.map((name) => (
          <Link
            key={name}
            href={`/workflows/${encodeURIComponent(name)}`}
            className="inline-flex h-6 items-center rounded-sm bg-sunken px-1.5 text-ink-muted text-xs hover:bg-hover hover:text-ink"
          >
            {name}
          </Link>
        ))}
      </span>
    ),
  },
  {
    id: 'instances',
    header: 'Instances',
    meta: { className: 'hidden sm:table-cell w-px text-right tabular' },
    cell: ({ row: { original } }) => original.activeInstances ?? '–',
  },
  {
    id: 'activities',
    header: 'Activities',
    meta: { className: 'hidden sm:table-cell w-px text-right tabular' },
    cell: ({ row: { original } }) => original.runningActivities ?? '–',
  },
  {
    id: 'started',
    header: 'Up since',
    meta: { className: 'hidden lg:table-cell w-px whitespace-nowrap text-right' },
    cell: ({ row: { original } }) => <RelativeTime at={original.startedAt} className="text-ink-muted" />,
  },
  {
    id: 'heartbeat',
    header: 'Heartbeat',
    meta: { className: 'w-px whitespace-nowrap text-right' },
    cell: ({ row: { original } }) => (
      <RelativeTime
        at={original.heartbeatAt}
        className={original.alive ? 'text-ink-muted' : 'font-medium text-danger'}
      />
    ),
  },
]
