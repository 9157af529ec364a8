'use client'
import { Play, Workflow } from 'lucide-react'
import Link from 'next/link'
import type { Column } from '@/components/data-table/data-table'
import { DataTable } from '@/components/data-table/data-table'
import { RowLink } from '@/components/data-table/row-link'
import { PageHeader } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { Badge } from '@/components/ui/badge'
import { LinkButton } from '@/components/ui/button'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, StaleNote } from '@/components/ui/states'
import type { InstanceStatus, WorkflowSummary } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { formatCount, formatPercent } from '@/lib/format'
import { useMay } from '@/lib/session'
import { isTerminal, STATUSES, WAITING_STATUSES } from '@/lib/status'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

const hrefOf = (name: string) => `/workflows/${encodeURIComponent(name)}`

export function WorkflowList() {
  const trpc = useTRPC()
  const query = useQuery(trpc.workflows.list.queryOptions())
  const may = useMay()
  const rows = query.data
  return (
    <>
      <PageHeader title="Workflows" description="Every definition that a worker of this database has registered." />
      {query.isError && rows ? <StaleNote error={query.error} /> : null}
      <div className="flex-1 border-line border-t bg-surface">
        {rows && rows.length > 0 ? (
          <DataTable
            label="Workflows"
            rows={rows}
            columns={may.operate ? [...COLUMNS, START] : COLUMNS}
            rowId={(row) => row.name}
            rowHref={(row) => hrefOf(row.name)}
          />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={5} label="Loading workflows" />
        ) : (
          <EmptyState icon={Workflow} title="No workflow is registered">
            A workflow appears here when an app that has it calls <code>initialize()</code> on this database.
          </EmptyState>
        )}
      </div>
    </>
  )
}

function countOf(row: WorkflowSummary, statuses: readonly InstanceStatus[]): number {
  return statuses.reduce((sum, status) => sum + (row.counts[status] ?? 0), 0)
}

const OPEN = STATUSES.filter((status) => !isTerminal(status) && !WAITING_STATUSES.includes(status))

function Count({ row, statuses, tone }: { row: WorkflowSummary; statuses: readonly InstanceStatus[]; tone?: string }) {
  const count = countOf(row, statuses)
  if (count === 0) return <span className="text-ink-faint">0</span>
  return (
    <Link
      href={`/instances?workflow=${encodeURIComponent(row.name)}&status=${statuses.join(',')}`}
      className={cn('relative hover:underline', tone)}
    >
      {formatCount(count)}
    </Link>
  )
}

const COLUMNS: readonly Column<WorkflowSummary>[] = [
  {
    id: 'name',
    header: 'Workflow',
    meta: { className: 'w-full max-w-0 py-2' },
    cell: ({ row: { original } }) => (
      <div className="min-w-0">
        <span className="flex items-center gap-2">
          <RowLink href={hrefOf(original.name)} className="truncate font-medium">
            {original.name}
          </RowLink>
          {original.runnable ? null : <Badge tone="warning">no worker</Badge>}
        </span>
        {original.description ? <p className="truncate text-ink-muted text-xs">{original.description}</p> : null}
      </div>
    ),
  },
  {
    id: 'event',
    header: 'Starts on',
    meta: { className: 'hidden xl:table-cell whitespace-nowrap' },
    cell: ({ row: { original } }) =>
      original.eventType ? (
        <code className="text-xs">{original.eventType}</code>
      ) : (
        <span className="text-ink-faint">–</span>
      ),
  },
  {
    id: 'version',
    header: 'Version',
    meta: { className: 'hidden md:table-cell whitespace-nowrap' },
    cell: ({ row: { original } }) => (
      <span className="text-ink-muted">{original.version ?? original.sourceHash.slice(0, 7)}</span>
    ),
  },
  {
    id: 'open',
    header: 'Running',
    meta: { className: 'hidden sm:table-cell text-right tabular' },
    cell: ({ row: { original } }) => <Count row={original} statuses={OPEN} />,
  },
  {
    id: 'waiting',
    header: 'Waiting',
    meta: { className: 'hidden sm:table-cell text-right tabular' },
    cell: ({ row: { original } }) => <Count row={original} statuses={WAITING_STATUSES} />,
  },
  {
    id: 'completed',
    header: 'Completed',
    meta: { className: 'hidden md:table-cell text-right tabular' },
    cell: ({ row: { original } }) => <Count row={original} statuses={['completed']} />,
  },
  {
    id: 'failed',
    header: 'Failed',
    meta: { className: 'text-right tabular' },
    cell: ({ row: { original } }) => <Count row={original} statuses={['failed']} tone="text-danger font-medium" />,
  },
  {
    id: 'rate',
    header: 'Failure rate',
    meta: { className: 'hidden lg:table-cell whitespace-nowrap text-right tabular' },
    cell: ({ row: { original } }) =>
      original.failureRate === null ? <span className="text-ink-faint">–</span> : formatPercent(original.failureRate),
  },
  {
    id: 'registered',
    header: 'Registered',
    meta: { className: 'hidden 2xl:table-cell whitespace-nowrap text-right' },
    cell: ({ row: { original } }) => <RelativeTime at={original.registeredAt} className="text-ink-muted" />,
  },
]

const START: Column<WorkflowSummary> = {
  id: 'start',
  header: () => <span className="sr-only">Start</span>,
  meta: { className: 'w-px text-right' },
  cell: ({ row: { original } }) => (
    <LinkButton href={`${hrefOf(original.name)}/start`} className="relative" aria-label={`Start ${original.name}`}>
      <Play />
      Start
    </LinkButton>
  ),
}
