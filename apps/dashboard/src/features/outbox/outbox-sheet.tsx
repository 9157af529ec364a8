'use client'
import { Send, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { JsonView } from '@/components/json-view/json-view'
import { RelativeTime } from '@/components/relative-time'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Sheet } from '@/components/ui/dialog'
import { Skeleton } from '@/components/ui/skeleton'
import { ErrorState } from '@/components/ui/states'
import type { OutboxRecord } from '@/lib/api-types'
import { fromBase64 } from '@/lib/base64'
import { useMay } from '@/lib/session'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { OUTBOX_LOOK } from './look'
import { type OutboxAct, OutboxDialog } from './outbox-dialog'

export function OutboxSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const [act, setAct] = useState<OutboxAct | null>(null)
  const trpc = useTRPC()
  const may = useMay()
  const { data: row, error } = useQuery(trpc.outbox.get.queryOptions({ id }, { retry: false }))
  const canSend = may.operate && row !== undefined && row.status !== 'published' && row.status !== 'pending'
  const canDiscard = may.administer && row !== undefined && row.status !== 'published'
  return (
    <Sheet
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={row?.type ?? id}
      description={<code className="text-xs">{id}</code>}
      footer={
        canSend || canDiscard ? (
          <>
            {canDiscard ? (
              <Button variant="danger" size="md" onClick={() => setAct('discard')}>
                <Trash2 />
                Discard …
              </Button>
            ) : null}
            {canSend ? (
              <Button variant="primary" size="md" onClick={() => setAct('redrive')}>
                <Send />
                Redrive …
              </Button>
            ) : null}
          </>
        ) : null
      }
    >
      {error && !row ? (
        <ErrorState error={error} />
      ) : row ? (
        <Body row={row} canSee={may.seePayloads} />
      ) : (
        <Skeleton className="h-64" />
      )}
      {act ? <OutboxDialog act={act} ids={[id]} onClose={() => setAct(null)} /> : null}
    </Sheet>
  )
}

function Body({ row, canSee }: { row: OutboxRecord; canSee: boolean }) {
  const { tone, icon: Icon, label, meaning } = OUTBOX_LOOK[row.status]
  const facts: [string, ReactNode][] = [
    ['Source', row.source],
    ['Subject', row.subject],
    ['Partition key', row.partitionKey],
    ['Content type', row.contentType],
    ['Attempts', row.attempts],
    ['Created', <RelativeTime key="created" at={row.createdAt} />],
    ['Next attempt', row.nextAttemptAt ? <RelativeTime key="next" at={row.nextAttemptAt} /> : null],
    ['Published', row.publishedAt ? <RelativeTime key="published" at={row.publishedAt} /> : null],
    [
      'Sent by',
      row.instanceId ? (
        <Link
          key="by"
          href={`/instances/${encodeURIComponent(row.instanceId)}`}
          className="font-mono text-accent text-xs hover:underline"
        >
          {row.instanceId}
        </Link>
      ) : null,
    ],
  ]
  return (
    <div className="flex flex-col gap-4">
      <div className="flex items-center gap-2">
        <Badge tone={tone}>
          <Icon aria-hidden />
          {label}
        </Badge>
        <span className="text-ink-muted">{meaning}</span>
      </div>
      {row.lastError ? (
        <div>
          <h3 className="mb-1 font-medium text-ink-muted text-xs">The broker’s answer</h3>
          <pre className="whitespace-pre-wrap break-words rounded-md border border-danger/30 bg-danger/8 p-2.5 text-xs">
            {row.lastError}
          </pre>
        </div>
      ) : null}
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name} className="contents">
              <dt className="text-ink-muted">{name}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ),
        )}
      </dl>
      {canSee ? (
        <div>
          <h3 className="mb-1 font-medium text-ink-muted text-xs">Payload</h3>
          <div className="rounded-md border border-line bg-surface">
            <JsonView value={row.binary ? fromBase64(row.binary) : row.data} label="Payload" fileName={row.id} />
          </div>
        </div>
      ) : null}
      {Object.keys(row.extensions).length > 0 ? (
        <div>
          <h3 className="mb-1 font-medium text-ink-muted text-xs">Extensions</h3>
          <div className="rounded-md border border-line bg-surface">
            <JsonView value={row.extensions} label="Extensions" maxHeight={160} />
          </div>
        </div>
      ) : null}
    </div>
  )
}
