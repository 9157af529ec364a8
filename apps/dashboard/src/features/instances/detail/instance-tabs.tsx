'use client'
/** The tabs and the one selection they share; the inspector stands beside them where there is room, and comes as a sheet where there is not. */
import dynamic from 'next/dynamic'
import { Sheet } from '@/components/ui/dialog'
import { Skeleton } from '@/components/ui/skeleton'
import { ErrorState } from '@/components/ui/states'
import { Tabs } from '@/components/ui/tabs'
import type { HistoryRecord, InstanceDetails } from '@/lib/api-types'
import { formatCount } from '@/lib/format'
import { useNow } from '@/lib/ticker'
import { useMedia } from '@/lib/use-media'
import { CompensationTab } from '../compensation/compensation-tab'
import { Inspector } from '../inspector/inspector'
import { MessagesTab } from '../messages/messages-tab'
import type { Operation } from '../model/operations'
import { operationIdOf } from '../model/operations'
import { Timeline } from '../timeline/timeline'
import type { InstanceView, TabId } from './selection'
import type { LoadedHistory } from './use-history'

const GraphTab = dynamic(() => import('../graph/graph-tab').then((module) => module.GraphTab), { ssr: false })
const HistoryTab = dynamic(() => import('../history/history-tab').then((module) => module.HistoryTab), { ssr: false })
const ReplayTab = dynamic(() => import('../replay/replay-tab').then((module) => module.ReplayTab), { ssr: false })

interface Props {
  readonly details: InstanceDetails
  readonly view: InstanceView
  readonly operations: readonly Operation[]
  readonly history: LoadedHistory | undefined
  readonly isLoading: boolean
  readonly error: unknown
  readonly onRetry: () => void
}

const NONE: readonly HistoryRecord[] = []

export function InstanceTabs(props: Props) {
  const { details, view, operations, history } = props
  const events = history?.events ?? NONE
  const selected = operations.find((operation) => operation.id === view.sel) ?? null
  const isWide = useMedia('(min-width: 72rem)')
  const failedLinks = details.compensations.filter((compensation) => compensation.state === 'failed').length
  const tabs: { id: TabId; label: string; badge?: React.ReactNode }[] = [
    { id: 'timeline', label: 'Timeline' },
    { id: 'graph', label: 'Graph' },
    { id: 'history', label: 'History', badge: <Count count={details.events} /> },
    {
      id: 'compensation',
      label: 'Compensation',
      badge: <Count count={details.compensations.length} failed={failedLinks > 0} />,
    },
    { id: 'messages', label: 'Messages' },
    { id: 'replay', label: 'Replay' },
  ]
  const inspector = selected ? (
    <Inspector
      details={details}
      operation={selected}
      events={selected.seqs.flatMap((seq) => events[seq - 1] ?? [])}
      seq={view.seq}
      redacted={details.redacted}
      onClose={() => view.select(null)}
      onScrub={(seq) => void view.set({ tab: 'replay', at: seq })}
      isBare={isWide === false}
    />
  ) : null
  return (
    <Tabs
      label="Views of this instance"
      tabs={tabs}
      value={view.tab}
      onValueChange={(tab) => view.setTab(tab as TabId)}
    >
      <div
        className={
          inspector && isWide
            ? 'grid grid-cols-[minmax(0,1fr)_minmax(22rem,28rem)] items-start gap-3 3xl:grid-cols-[minmax(0,1fr)_34rem]'
            : ''
        }
      >
        <div className="min-w-0">
          {history || props.error ? (
            <TabBody {...props} events={events} />
          ) : (
            <Skeleton className="mt-3 h-80 rounded-lg" />
          )}
        </div>
        {inspector && isWide ? (
          <div className="sticky top-15 mt-3 max-h-[calc(100dvh-5rem)] overflow-y-auto">{inspector}</div>
        ) : null}
      </div>
      {inspector && isWide === false ? (
        <Sheet open onOpenChange={() => view.select(null)} title="Selected operation">
          {inspector}
        </Sheet>
      ) : null}
    </Tabs>
  )
}

function TabBody({
  details,
  view,
  operations,
  events,
  history,
  isLoading,
  error,
  onRetry,
}: Props & { events: readonly HistoryRecord[] }) {
  const { instance } = details
  // The clock of a large picture goes in larger steps: each one draws all of its bars again.
  const step = operations.length > 1_000 ? 15_000 : 1_000
  const now = Math.floor(useNow() / step) * step
  if (error) return <ErrorState error={error} onRetry={onRetry} title="The history could not be loaded" />
  const selectEvent = (event: HistoryRecord) => view.select(operationIdOf(event.activityId), event.seq)
  const total = history?.total ?? 0
  switch (view.tab) {
    case 'graph':
      return (
        <div className="py-3">
          <GraphTab details={details} operations={operations} selected={view.sel} onSelect={view.select} />
        </div>
      )
    case 'history':
      return (
        <HistoryTab
          instanceId={instance.instanceId}
          events={events}
          total={total}
          selectedSeq={view.seq}
          selectedId={view.sel}
          onSelect={selectEvent}
        />
      )
    case 'compensation':
      return <CompensationTab details={details} onSelect={(id) => view.select(id)} />
    case 'messages':
      return <MessagesTab details={details} events={events} onSelect={selectEvent} />
    case 'replay':
      return (
        <ReplayTab
          details={details}
          events={events}
          operations={operations}
          at={view.at}
          onAt={view.setAt}
          selected={view.sel}
          onSelect={view.select}
        />
      )
    default:
      return (
        <Timeline
          operations={operations}
          startedAt={instance.startedAt.getTime()}
          endAt={instance.completedAt?.getTime() ?? Math.max(now, instance.updatedAt.getTime())}
          selected={view.sel}
          onSelect={(id) => view.select(id === view.sel ? null : id)}
          loading={isLoading && events.length < total ? { shown: events.length, total } : null}
        />
      )
  }
}

function Count({ count, failed = false }: { count: number; failed?: boolean }) {
  if (count === 0) return null
  return (
    <span
      className={
        failed ? 'rounded-sm bg-danger/10 px-1 text-2xs text-danger tabular' : 'text-2xs text-ink-faint tabular'
      }
    >
      {formatCount(count)}
    </span>
  )
}
