'use client'
/** The triage page: everything that will not get well by itself, worst first, each with the way to act on it. */
import { CircleCheck } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { ErrorGroupList } from '@/components/error-groups'
import { PageHeader, Panel } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { StatusText } from '@/components/status-badge'
import { LinkButton } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState } from '@/components/ui/states'
import type { InstanceCounts, InstanceQuery, InstanceSummary } from '@/lib/api-types'
import { formatExact } from '@/lib/format'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

interface Group {
  readonly id: keyof InstanceCounts['attention']
  readonly title: string
  readonly href: string
  readonly query: InstanceQuery
}

const SHOWN = 6
const GROUPS: readonly Group[] = [
  {
    id: 'compensationFailed',
    title: 'Compensation failed: the world and the record disagree',
    href: '/instances?attention=compensation-failed',
    query: { attention: 'compensation-failed', limit: SHOWN },
  },
  {
    id: 'suspended',
    title: 'Suspended: parked until somebody resumes',
    href: '/instances?status=suspended',
    query: { status: ['suspended'], limit: SHOWN },
  },
  { id: 'failed', title: 'Failed', href: '/instances?status=failed', query: { status: ['failed'], limit: SHOWN } },
  {
    id: 'retrying',
    title: 'Retrying: fails now, tries again by itself',
    href: '/instances?attention=retrying',
    query: { attention: 'retrying', limit: SHOWN },
  },
]

export function AttentionPage() {
  const trpc = useTRPC()
  const counts = useQuery(trpc.instances.counts.queryOptions())
  const groups = useQuery(trpc.errors.groups.queryOptions())
  const attention = counts.data?.attention
  if (!attention) {
    return (
      <>
        <PageHeader title="Needs attention" />
        {counts.isError ? <ErrorState error={counts.error} onRetry={() => void counts.refetch()} /> : <Loading />}
      </>
    )
  }
  const isQuiet = Object.values(attention).every((count) => count === 0)
  const capped = (count: number) =>
    count >= (counts.data?.countedUpTo ?? Number.POSITIVE_INFINITY)
      ? `${formatExact(counts.data?.countedUpTo ?? 0)}+`
      : formatExact(count)
  return (
    <>
      <PageHeader title="Needs attention" description="What will not get well by itself comes first." />
      {isQuiet ? (
        <EmptyState
          icon={CircleCheck}
          title="Nothing needs you"
          actions={<LinkButton href="/instances">All instances</LinkButton>}
        >
          Nothing failed, nothing is suspended, every compensation worked and the outbox has no dead letters.
        </EmptyState>
      ) : (
        <div className="gap-3 px-4 pb-6 lg:px-6 xl:columns-2 [&>*]:mb-3 [&>*]:break-inside-avoid">
          {GROUPS.filter((group) => attention[group.id] > 0).map((group) => (
            <Panel
              key={group.id}
              title={group.title}
              actions={<All href={group.href}>{capped(attention[group.id])}</All>}
            >
              <Instances query={group.query} />
            </Panel>
          ))}
          {attention.deadLetters > 0 ? (
            <Panel
              title="Dead letters: events that no broker took"
              actions={<All href="/outbox?status=failed">{capped(attention.deadLetters)}</All>}
            >
              <DeadLetters />
            </Panel>
          ) : null}
          {groups.data && groups.data.groups.length > 0 ? (
            <Panel title="Errors, grouped">
              <ErrorGroupList groups={groups.data.groups} />
              {groups.data.truncated ? (
                <p className="border-line border-t px-3 py-2 text-ink-faint text-xs">
                  Of the newest {formatExact(groups.data.examined)} failures.
                </p>
              ) : null}
            </Panel>
          ) : null}
        </div>
      )}
    </>
  )
}

function All({ href, children }: { href: string; children: ReactNode }) {
  return (
    <LinkButton href={href} variant="ghost">
      Show all <span className="tabular">{children}</span>
    </LinkButton>
  )
}

function Instances({ query }: { query: InstanceQuery }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(trpc.instances.find.queryOptions(query))
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="m-3 h-24" />
  return (
    <ul className="divide-y divide-line">
      {data.instances.map((instance) => (
        <li key={instance.instanceId} className="relative flex items-start gap-3 px-3 py-2 hover:bg-hover/70">
          <div className="min-w-0 flex-1">
            <Link
              href={`/instances/${encodeURIComponent(instance.instanceId)}`}
              className="flex min-w-0 items-baseline gap-2 after:absolute after:inset-0 hover:underline"
            >
              <span className="max-w-[60%] shrink-0 truncate font-medium">{instance.workflowName}</span>
              <code className="min-w-0 truncate text-ink-muted text-xs">{instance.instanceId}</code>
            </Link>
            <p className="truncate text-ink-muted text-xs">{reasonOf(instance)}</p>
          </div>
          <div className="shrink-0 text-right text-xs">
            <StatusText status={instance.status} />
            <RelativeTime at={instance.updatedAt} className="block text-ink-faint" />
          </div>
        </li>
      ))}
    </ul>
  )
}

function reasonOf(instance: InstanceSummary): string {
  if (instance.suspendReason) return instance.suspendReason
  if (instance.error) return `${instance.error.name}: ${instance.error.message}`
  return instance.currentStep ?? ''
}

function DeadLetters() {
  const trpc = useTRPC()
  const { data } = useQuery(trpc.outbox.list.queryOptions({ status: ['failed'], limit: SHOWN }))
  if (!data) return <Skeleton className="m-3 h-24" />
  return (
    <ul className="divide-y divide-line">
      {data.rows.map((row) => (
        <li key={row.id} className="relative px-3 py-2 hover:bg-hover/70">
          <Link
            href={`/outbox?status=failed&id=${encodeURIComponent(row.id)}`}
            className="flex items-baseline gap-2 after:absolute after:inset-0 hover:underline"
          >
            <span className="truncate font-medium">{row.type}</span>
            <code className="truncate text-ink-muted text-xs">{row.id}</code>
            <RelativeTime at={row.createdAt} className="ml-auto shrink-0 text-ink-faint text-xs" />
          </Link>
          <p className="truncate text-ink-muted text-xs">{row.lastError}</p>
        </li>
      ))}
    </ul>
  )
}

function Loading() {
  return (
    <div role="status" aria-label="Loading what needs attention" className="grid gap-3 px-4 lg:px-6 xl:grid-cols-2">
      {[1, 2, 3, 4].map((one) => (
        <Skeleton key={one} className="h-44 rounded-lg" />
      ))}
    </div>
  )
}
