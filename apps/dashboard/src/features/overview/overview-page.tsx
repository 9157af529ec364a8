'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { Rocket } from 'lucide-react'
import Link from 'next/link'
import { parseAsNumberLiteral, useQueryStates } from 'nuqs'
import type { ReactNode } from 'react'
import { ErrorGroupList } from '@/components/error-groups'
import { IgnoredParams } from '@/components/ignored-note'
import { PageHeader, Panel } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { LinkButton } from '@/components/ui/button'
import { Select } from '@/components/ui/field'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, StaleNote } from '@/components/ui/states'
import type { Overview } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { formatCount, formatDuration, formatExact, formatPercent } from '@/lib/format'
import { STATUS, STATUSES, TONE_TEXT } from '@/lib/status'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { ThroughputChart } from './throughput-chart'

const WINDOWS = [15, 60, 360, 1_440] as const
const WINDOW_LABEL: Record<(typeof WINDOWS)[number], string> = {
  15: 'Last 15 minutes',
  60: 'Last hour',
  360: 'Last 6 hours',
  1440: 'Last 24 hours',
}

const parsers = { window: parseAsNumberLiteral(WINDOWS).withDefault(60) }

export function OverviewPage() {
  const [{ window: minutes }, set] = useQueryStates(parsers)
  const trpc = useTRPC()
  const query = useQuery(
    trpc.stats.overview.queryOptions(
      { windowMinutes: minutes },
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  )
  const overview = query.data
  return (
    <>
      <PageHeader
        title="Overview"
        actions={
          <Select
            aria-label="Period"
            value={minutes}
            onChange={(event) => void set({ window: Number(event.target.value) as (typeof WINDOWS)[number] })}
            className="w-auto"
          >
            {WINDOWS.map((one) => (
              <option key={one} value={one}>
                {WINDOW_LABEL[one]}
              </option>
            ))}
          </Select>
        }
      />
      <IgnoredParams parsers={parsers} />
      {query.isError && overview ? <StaleNote error={query.error} /> : null}
      {overview ? (
        <Body overview={overview} />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Loading />
      )}
    </>
  )
}

function Body({ overview }: { overview: Overview }) {
  if (overview.counts.total === 0) {
    return (
      <EmptyState
        icon={Rocket}
        title="Nothing has run yet"
        actions={
          <LinkButton href="/workflows" variant="primary">
            See the workflows
          </LinkButton>
        }
      >
        Start a workflow with its form, from code with <code>app.start()</code>, or by sending a CloudEvent. It appears
        here by itself.
      </EmptyState>
    )
  }
  return (
    <div className="grid gap-3 px-4 pb-6 lg:px-6 xl:grid-cols-3">
      <div className="xl:col-span-3">
        <Signals overview={overview} />
      </div>
      <Panel title="Starts and ends" className="xl:col-span-2">
        <ThroughputChart overview={overview} />
        {overview.truncated ? (
          <p className="px-3 pb-2 text-ink-faint text-xs">
            The period holds more than was looked at; the oldest bars are incomplete.
          </p>
        ) : null}
      </Panel>
      <Panel title="Instances by status">
        <StatusCounts overview={overview} />
      </Panel>
      <Panel
        title="What fails"
        className="xl:col-span-2"
        actions={
          <LinkButton href="/attention" variant="ghost">
            All that needs attention
          </LinkButton>
        }
      >
        {overview.errors.length > 0 ? (
          <ErrorGroupList groups={overview.errors.slice(0, 6)} />
        ) : (
          <p className="px-3 py-8 text-center text-ink-muted">No failures. Enjoy the quiet.</p>
        )}
      </Panel>
      <Panel title="Duration by workflow">
        <Durations overview={overview} />
      </Panel>
    </div>
  )
}

interface Signal {
  readonly label: string
  readonly value: ReactNode
  readonly note: ReactNode
  readonly href: string
  readonly isBad: boolean
}

function Signals({ overview }: { overview: Overview }) {
  const { counts, oldestReady, outbox, channels, workersAlive } = overview
  const upTo = counts.countedUpTo
  const capped = (count: number) => (count >= upTo ? `${formatExact(upTo)}+` : formatCount(count))
  const depth = channels.reduce((sum, channel) => sum + channel.depth, 0)
  const readyForMs = oldestReady ? overview.now.getTime() - oldestReady.since.getTime() : 0
  const signals: Signal[] = [
    {
      label: 'Failed',
      value: capped(counts.attention.failed),
      note:
        counts.attention.compensationFailed > 0
          ? `${capped(counts.attention.compensationFailed)} with a failed compensation`
          : 'compensations fine',
      href: '/instances?status=failed',
      isBad: counts.attention.failed > 0,
    },
    {
      label: 'Suspended',
      value: capped(counts.attention.suspended),
      note: 'parked with a reason',
      href: '/instances?status=suspended',
      isBad: counts.attention.suspended > 0,
    },
    {
      label: 'Between attempts',
      value: capped(counts.attention.retrying),
      note: 'retry by themselves',
      href: '/instances?attention=retrying',
      isBad: false,
    },
    {
      label: 'Oldest ready',
      value: oldestReady ? formatDuration(readyForMs) : '–',
      note: oldestReady ? oldestReady.workflowName : 'nothing waits for a worker',
      href: oldestReady ? `/instances/${encodeURIComponent(oldestReady.instanceId)}` : '/instances?status=pending',
      isBad: readyForMs > 30_000,
    },
    {
      label: 'Workers alive',
      value: workersAlive,
      note: workersAlive === 0 ? 'nothing can run' : 'heartbeats arrive',
      href: '/workers',
      isBad: workersAlive === 0,
    },
    {
      label: 'Outbox pending',
      value: outbox.pending >= outbox.countedUpTo ? `${formatExact(outbox.countedUpTo)}+` : outbox.pending,
      note:
        outbox.deadLetters > 0 ? (
          `${outbox.deadLetters} dead letters`
        ) : outbox.oldestPendingAt ? (
          <>
            oldest <RelativeTime at={outbox.oldestPendingAt} />
          </>
        ) : (
          'no backlog'
        ),
      href: outbox.deadLetters > 0 ? '/outbox?status=failed' : '/outbox?status=pending',
      isBad: outbox.deadLetters > 0,
    },
    {
      label: 'Unread messages',
      value: formatCount(depth),
      note: channels.length === 1 ? 'one channel' : `${channels.length} channels`,
      href: '/channels',
      isBad: false,
    },
  ]
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-4 xl:grid-cols-7">
      {signals.map((signal) => (
        <div key={signal.label} className="relative bg-surface px-3.5 py-2.5 hover:bg-hover">
          <dt className="text-ink-muted text-xs">
            <Link href={signal.href} className="after:absolute after:inset-0 hover:underline">
              {signal.label}
            </Link>
          </dt>
          <dd className={cn('font-semibold text-2xl tracking-tight tabular', signal.isBad && 'text-danger')}>
            {signal.value}
          </dd>
          <dd className="truncate text-ink-muted text-xs">{signal.note}</dd>
        </div>
      ))}
      <div aria-hidden className="bg-surface xl:hidden" />
    </dl>
  )
}

function StatusCounts({ overview }: { overview: Overview }) {
  const { byStatus, atLeast } = overview.counts
  const present = STATUSES.filter((status) => byStatus[status] > 0)
  const most = Math.max(1, ...present.map((status) => byStatus[status]))
  return (
    <ul className="py-1.5">
      {present.map((status) => {
        const { icon: Icon, tone, label } = STATUS[status]
        return (
          <li key={status} className="relative flex items-center gap-2 px-3 py-1 hover:bg-hover">
            <Icon aria-hidden className={cn('size-3.5 shrink-0', TONE_TEXT[tone])} />
            <Link
              href={`/instances?status=${status}`}
              className="w-40 shrink-0 truncate after:absolute after:inset-0 hover:underline"
            >
              {label}
            </Link>
            <span aria-hidden className="h-1.5 min-w-0 flex-1 overflow-hidden rounded-full bg-sunken">
              <span
                className={cn('block h-full rounded-full bg-current opacity-70', TONE_TEXT[tone])}
                style={{ width: `${Math.max(1, (byStatus[status] / most) * 100)}%` }}
              />
            </span>
            <span className="w-14 shrink-0 text-right tabular">
              {formatCount(byStatus[status])}
              {atLeast.includes(status) ? '+' : null}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

function Durations({ overview }: { overview: Overview }) {
  if (overview.durations.length === 0)
    return <p className="px-3 py-8 text-center text-ink-muted">Nothing ended in this period.</p>
  return (
    <table className="w-full text-left text-sm">
      <thead>
        <tr className="border-line border-b text-ink-muted text-xs">
          <th scope="col" className="px-3 py-1.5 font-medium">
            Workflow
          </th>
          <th scope="col" className="px-2 py-1.5 text-right font-medium">
            p50
          </th>
          <th scope="col" className="px-2 py-1.5 text-right font-medium">
            p95
          </th>
          <th scope="col" className="py-1.5 pr-3 pl-2 text-right font-medium">
            failed
          </th>
        </tr>
      </thead>
      <tbody>
        {overview.durations.map((row) => (
          <tr key={row.workflowName} className="border-line border-b last:border-b-0">
            <th scope="row" className="max-w-0 truncate px-3 py-1.5 text-left font-normal" style={{ width: '50%' }}>
              <Link href={`/workflows/${encodeURIComponent(row.workflowName)}`} className="hover:underline">
                {row.workflowName}
              </Link>
            </th>
            <td className="whitespace-nowrap px-2 py-1.5 text-right tabular">{formatDuration(row.p50Ms)}</td>
            <td className="whitespace-nowrap px-2 py-1.5 text-right tabular">{formatDuration(row.p95Ms)}</td>
            <td
              className={cn('whitespace-nowrap py-1.5 pr-3 pl-2 text-right tabular', row.failed > 0 && 'text-danger')}
            >
              <Link
                href={`/instances?status=failed&workflow=${encodeURIComponent(row.workflowName)}`}
                className="hover:underline"
              >
                {row.ended > 0 ? formatPercent(row.failed / row.ended) : '–'}
              </Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Loading() {
  return (
    <div role="status" aria-label="Loading the overview" className="grid gap-3 px-4 lg:px-6 xl:grid-cols-3">
      <Skeleton className="h-22 rounded-lg xl:col-span-3" />
      <Skeleton className="h-52 rounded-lg xl:col-span-2" />
      <Skeleton className="h-52 rounded-lg" />
      <Skeleton className="h-52 rounded-lg xl:col-span-2" />
      <Skeleton className="h-52 rounded-lg" />
    </div>
  )
}
