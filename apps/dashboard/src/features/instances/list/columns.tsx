'use client'
import { CornerDownRight, GitFork, Undo2 } from 'lucide-react'
import type { Column } from '@/components/data-table/data-table'
import { RowLink } from '@/components/data-table/row-link'
import { RelativeTime } from '@/components/relative-time'
import { StatusText } from '@/components/status-badge'
import type { InstanceSummary } from '@/lib/api-types'
import { formatCountdown, formatDuration } from '@/lib/format'
import { useNow } from '@/lib/ticker'

export const instanceColumns: readonly Column<InstanceSummary>[] = [
  {
    id: 'status',
    header: 'Status',
    meta: { className: 'w-px max-sm:hidden' },
    cell: ({ row: { original } }) => <StatusText status={original.status} />,
  },
  {
    id: 'workflow',
    header: 'Workflow',
    meta: { className: 'max-sm:w-full max-sm:max-w-0 sm:max-w-56' },
    cell: ({ row: { original } }) => (
      <div className="min-w-0">
        <RowLink href={`/instances/${encodeURIComponent(original.instanceId)}`} className="block truncate font-medium">
          {original.workflowName}
        </RowLink>
        <div className="flex items-center gap-2 sm:hidden">
          <StatusText status={original.status} />
          <code className="min-w-0 truncate text-2xs text-ink-muted">{original.instanceId}</code>
        </div>
      </div>
    ),
  },
  {
    id: 'id',
    header: 'Id',
    meta: { className: 'hidden sm:table-cell max-w-48 2xl:max-w-88' },
    cell: ({ row: { original } }) => (
      <span className="flex min-w-0 items-center gap-1.5">
        <code className="min-w-0 truncate text-ink-muted text-xs" title={original.instanceId}>
          {original.instanceId}
        </code>
        <Relatives instance={original} />
      </span>
    ),
  },
  {
    id: 'step',
    header: 'Current step',
    meta: { className: 'hidden xl:table-cell w-full max-w-0' },
    cell: ({ row: { original } }) => <CurrentStep instance={original} />,
  },
  {
    id: 'tags',
    header: 'Tags',
    meta: { className: 'hidden 2xl:table-cell max-w-72' },
    cell: ({ row: { original } }) => <Tags tags={original.tags} />,
  },
  {
    id: 'events',
    header: 'Events',
    meta: { className: 'hidden 2xl:table-cell w-px text-right tabular' },
    cell: ({ row: { original } }) => <span className="text-ink-muted">{original.events}</span>,
  },
  {
    id: 'duration',
    header: 'Duration',
    meta: { className: 'hidden md:table-cell w-px whitespace-nowrap text-right tabular' },
    cell: ({ row: { original } }) => <Duration instance={original} />,
  },
  {
    id: 'started',
    header: 'Started',
    meta: { className: 'w-px whitespace-nowrap text-right tabular' },
    cell: ({ row: { original } }) => <RelativeTime at={original.startedAt} className="relative text-ink-muted" />,
  },
]

function Relatives({ instance }: { instance: InstanceSummary }) {
  return (
    <>
      {instance.parentId ? (
        <CornerDownRight aria-label={`Child of ${instance.parentId}`} className="size-3 shrink-0 text-ink-faint" />
      ) : null}
      {instance.forkedFrom ? (
        <GitFork aria-label={`Forked from ${instance.forkedFrom}`} className="size-3 shrink-0 text-ink-faint" />
      ) : null}
      {instance.compensationState === 'failed' ? (
        <Undo2 aria-label="A compensation failed" className="size-3 shrink-0 text-danger" />
      ) : null}
    </>
  )
}

/** What it does or waits for; for what ended badly, why. */
function CurrentStep({ instance }: { instance: InstanceSummary }) {
  const now = useNow()
  if (instance.error && instance.status === 'failed') {
    return (
      <span className="block truncate text-danger" title={instance.error.message}>
        {instance.error.name}: <span className="text-ink-muted">{instance.error.message}</span>
      </span>
    )
  }
  if (instance.suspendReason) return <span className="block truncate text-warning">{instance.suspendReason}</span>
  if (!instance.currentStep) return <span className="text-ink-faint">–</span>
  const due = instance.retryAt ?? instance.nextAt
  return (
    <span className="block truncate">
      {instance.currentStep}
      {due && now ? (
        <span className="text-ink-muted tabular">
          {' · '}
          {dueWords(due.getTime(), now, instance.retryAt !== null)}
        </span>
      ) : null}
    </span>
  )
}

function Tags({ tags }: { tags: InstanceSummary['tags'] }) {
  const entries = Object.entries(tags)
  return (
    <span className="flex gap-1 overflow-hidden">
      {entries.slice(0, 3).map(([name, value]) => (
        <span key={name} className="truncate rounded-sm bg-sunken px-1.5 text-ink-muted text-xs">
          {name}: {value}
        </span>
      ))}
      {entries.length > 3 ? <span className="text-ink-faint text-xs">+{entries.length - 3}</span> : null}
    </span>
  )
}

function Duration({ instance }: { instance: InstanceSummary }) {
  const now = useNow()
  const end = instance.completedAt?.getTime() ?? now
  if (end === 0) return null
  return (
    <span className={instance.completedAt ? '' : 'text-ink-muted'}>
      {formatDuration(end - instance.startedAt.getTime())}
    </span>
  )
}

function dueWords(due: number, now: number, isRetry: boolean): string {
  const countdown = formatCountdown(due, now)
  if (!isRetry) return countdown
  return due <= now ? 'retry due now' : `retries in ${countdown}`
}
