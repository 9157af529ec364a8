'use client'
/** What is selected, in the order one asks: input → output → error → attempts → records → trace. Shared by all tabs. */
import { Crosshair, GitFork, X } from 'lucide-react'
import dynamic from 'next/dynamic'
import { type ReactNode, useState } from 'react'
import { CopyButton } from '@/components/copy-button'
import { RelativeTime } from '@/components/relative-time'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import type { HistoryRecord, InstanceDetails } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { formatClock, formatDuration } from '@/lib/format'
import { useMay } from '@/lib/session'
import { traceIdsIn } from '@/lib/trace'
import { KIND_LOOK, STATE_LOOK } from '../model/look'
import type { Operation } from '../model/operations'
import { retryOf } from '../model/operations'
import { EventPayload } from './event-payload'
import { PendingBody } from './pending-body'

const ForkDialog = dynamic(() => import('../actions/fork-dialog').then((module) => module.ForkDialog), { ssr: false })

export interface InspectorProps {
  readonly details: InstanceDetails
  readonly operation: Operation
  readonly events: readonly HistoryRecord[]
  readonly seq: number | null
  readonly redacted: boolean
  readonly onClose: () => void
  readonly onScrub: (seq: number) => void
  /** Inside a sheet, which has a frame and a way out of its own. */
  readonly isBare?: boolean
}

export function Inspector({
  details,
  operation,
  events,
  seq,
  redacted,
  onClose,
  onScrub,
  isBare = false,
}: InspectorProps) {
  const [fork, setFork] = useState<number | null>(null)
  const may = useMay()
  const { label } = KIND_LOOK[operation.kind]
  const state = STATE_LOOK[operation.state]
  const firstSeq = events[0]?.seq ?? null
  const rows = details.outbox.filter((row) =>
    events.some((event) => Math.abs(row.createdAt.getTime() - event.createdAt.getTime()) < 5),
  )
  const traces = traceIdsIn([...events.map((event) => event.data), ...rows])
  return (
    <aside
      aria-label="Inspector"
      className={cn('flex min-w-0 flex-col', isBare ? '-m-4' : 'rounded-lg border border-line bg-surface')}
    >
      <header className="flex items-start gap-2 border-line border-b px-3 py-2">
        <div className="min-w-0 flex-1">
          <p className="text-2xs text-ink-muted">{label}</p>
          <h2 className="flex items-center gap-1 font-semibold text-sm">
            <span className="min-w-0 break-all">{operation.id}</span>
            <CopyButton text={operation.id} label="Copy operation id" />
          </h2>
          <div className="mt-0.5 flex flex-wrap items-center gap-1.5">
            <Badge tone={state.tone}>{state.label}</Badge>
            <span className="text-ink-muted text-xs tabular">
              {operation.endAt === null
                ? 'open'
                : `${operation.startIsExact ? '' : '≤ '}${formatDuration(operation.endAt - operation.startAt)}`}
              {operation.attempts > 1 ? ` · ${operation.attempts} attempts` : ''}
            </span>
          </div>
        </div>
        {isBare ? null : (
          <Button variant="ghost" size="icon" aria-label="Close inspector" onClick={onClose}>
            <X />
          </Button>
        )}
      </header>
      <div className="flex min-h-0 flex-col divide-y divide-line">
        {operation.pending ? <PendingBody pending={operation.pending} /> : null}
        {events.map((event) => (
          <EventPayload
            key={event.seq}
            instanceId={details.instance.instanceId}
            event={event}
            redacted={redacted}
            isSelected={event.seq === seq && events.length > 1}
          />
        ))}
        <Attempts events={events} />
        {rows.length > 0 ? (
          <Section title="Outbox rows of its transaction">
            <ul className="text-xs">
              {rows.map((row) => (
                <li key={row.id} className="flex gap-2 py-0.5">
                  <a
                    href={`/outbox?id=${encodeURIComponent(row.id)}`}
                    className="truncate font-mono text-accent hover:underline"
                  >
                    {row.type}
                  </a>
                  <span className="ml-auto text-ink-muted">{row.status}</span>
                </li>
              ))}
            </ul>
          </Section>
        ) : null}
        {traces.length > 0 ? (
          <Section title="Trace id">
            <ul className="text-xs">
              {traces.map((id) => (
                <li key={id} className="flex items-center gap-1">
                  <code className="min-w-0 break-all">{id}</code>
                  <CopyButton text={id} label="Copy trace id" />
                </li>
              ))}
            </ul>
          </Section>
        ) : null}
        <Section title="Recorded">
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-xs">
            {events.map((event) => (
              <div key={event.seq} className="contents">
                <dt className="text-ink-muted tabular">event {event.seq}</dt>
                <dd className="tabular">
                  {formatClock(event.createdAt.getTime())}{' '}
                  <RelativeTime at={event.createdAt} className="text-ink-faint" />
                </dd>
              </div>
            ))}
          </dl>
          {firstSeq === null ? null : (
            <div className="mt-2 flex flex-wrap gap-1.5">
              <Button onClick={() => onScrub(firstSeq)}>
                <Crosshair />
                Replay to here
              </Button>
              {may.operate ? (
                <Button onClick={() => setFork(firstSeq)}>
                  <GitFork />
                  Fork before this …
                </Button>
              ) : null}
            </div>
          )}
        </Section>
      </div>
      {fork === null ? null : (
        <ForkDialog instanceId={details.instance.instanceId} fromSeq={fork} onClose={() => setFork(null)} />
      )}
    </aside>
  )
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="px-3 py-2.5">
      <h3 className="mb-1 font-medium text-ink-muted text-xs">{title}</h3>
      {children}
    </section>
  )
}

function Attempts({ events }: { events: readonly HistoryRecord[] }) {
  const failed = events.flatMap((event) => retryOf(event)?.errors ?? [])
  if (failed.length === 0) return null
  return (
    <Section title="Failed attempts">
      <ol className="flex flex-col gap-1 text-xs">
        {failed.map((error) => (
          <li key={`${error.attempt} ${error.timestampMs}`} className="flex gap-2">
            <span className="shrink-0 text-ink-faint tabular">#{error.attempt}</span>
            <span className="min-w-0 flex-1 break-words">
              <span className="text-danger">{error.errorType}</span>: {error.message}
            </span>
            <span className="shrink-0 text-ink-faint tabular">{formatClock(error.timestampMs)}</span>
          </li>
        ))}
      </ol>
    </Section>
  )
}
