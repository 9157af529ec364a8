'use client'
import { useState } from 'react'
import { FailureView } from '@/components/failure-view'
import { JsonView } from '@/components/json-view/json-view'
import { Button } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import type { Failure, HistoryRecord } from '@/lib/api-types'
import { fromBase64 } from '@/lib/base64'
import { cn } from '@/lib/cn'
import { formatBytes } from '@/lib/format'
import { isRecord } from '@/lib/json'
import { Redacted } from '../detail/payloads'
import { useWholeEvent } from '../detail/use-history'

/** The members of an event's data that are shown by themselves, in this order; everything else is metadata. */
const PARTS = [
  ['input', 'Input'],
  ['args', 'Arguments'],
  ['result', 'Output'],
  ['data', 'Data'],
  ['state', 'State'],
  ['tags', 'Tags'],
] as const
const KNOWN = new Set<string>(['error', 'retryMetadata', 'activityName', ...PARTS.map(([key]) => key)])

export function EventPayload({
  instanceId,
  event,
  redacted,
  isSelected,
}: {
  instanceId: string
  event: HistoryRecord
  redacted: boolean
  isSelected: boolean
}) {
  const [wanted, setWanted] = useState(false)
  const { data: whole, isFetching } = useWholeEvent(instanceId, wanted && event.cut ? event : null)
  if (redacted) return <Redacted />
  if (event.cut && !whole) {
    return (
      <div className="flex items-center gap-3 px-3 py-3">
        {isFetching ? (
          <Skeleton className="h-4 flex-1" />
        ) : (
          <span className="flex-1 text-ink-muted">This payload is {formatBytes(event.bytes)}.</span>
        )}
        <Button disabled={isFetching} onClick={() => setWanted(true)}>
          Load it
        </Button>
      </div>
    )
  }
  const shown = whole ?? event
  const file = `${instanceId}-${shown.seq}`
  const data: Readonly<Record<string, unknown>> = isRecord(shown.data) ? shown.data : {}
  const rest = Object.fromEntries(Object.entries(data).filter(([key]) => !KNOWN.has(key)))
  return (
    <div className={cn('flex flex-col divide-y divide-line', isSelected && 'bg-selected/40')}>
      {PARTS.map(([key, label]) =>
        Object.hasOwn(data, key) ? (
          <Part key={key} title={label}>
            <JsonView value={data[key]} label={label} fileName={`${file}-${key}`} maxHeight={260} />
          </Part>
        ) : null,
      )}
      {shown.binary ? (
        <Part title="Binary payload">
          <JsonView value={fromBase64(shown.binary)} label="Binary payload" fileName={file} maxHeight={260} />
        </Part>
      ) : null}
      {isRecord(data.error) ? (
        <Part title="Error">
          <div className="px-3 pb-2.5">
            <FailureView failure={data.error as unknown as Failure} />
          </div>
        </Part>
      ) : null}
      {Object.keys(rest).length > 0 ? (
        <Part title={shown.type}>
          <JsonView value={rest} label={shown.type} fileName={file} maxHeight={200} openDepth={1} />
        </Part>
      ) : null}
    </div>
  )
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section>
      <h3 className="px-3 pt-2.5 font-medium text-ink-muted text-xs">{title}</h3>
      {children}
    </section>
  )
}
