'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { Mailbox, Redo2, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { JsonView } from '@/components/json-view/json-view'
import { Panel } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { Button } from '@/components/ui/button'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState } from '@/components/ui/states'
import type { MessageRecord } from '@/lib/api-types'
import { fromBase64 } from '@/lib/base64'
import { cn } from '@/lib/cn'
import { formatBytes } from '@/lib/format'
import { jsonPreview } from '@/lib/json'
import { useMay } from '@/lib/session'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { type MessageAct, MessageDialog } from './message-dialog'

const PAGE = 50

/** The newest messages, each to be looked into, to be delivered once more, or to be deleted. Looking takes nothing away from anybody. */
export function Messages({ name }: { name: string }) {
  const [limit, setLimit] = useState(PAGE)
  const [open, setOpen] = useState<number | null>(null)
  const [asked, setAsked] = useState<{ readonly act: MessageAct; readonly message: MessageRecord } | null>(null)
  const trpc = useTRPC()
  const query = useQuery(
    trpc.channels.messages.queryOptions({ name, newest: true, limit }, { placeholderData: keepPreviousData }),
  )
  const messages = [...(query.data?.messages ?? [])].sort((a, b) => b.seq - a.seq)
  return (
    <Panel title="Messages, newest first">
      {query.isError && !query.data ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isPending ? <SkeletonRows rows={6} label="Loading messages" /> : null}
      {query.data && messages.length === 0 ? (
        <EmptyState icon={Mailbox} title="No messages are stored">
          None were published yet, or all have been read and retention removed them.
        </EmptyState>
      ) : null}
      <ul className="divide-y divide-line">
        {messages.map((message) => (
          <li key={message.seq}>
            <button
              type="button"
              aria-expanded={open === message.seq}
              onClick={() => setOpen(open === message.seq ? null : message.seq)}
              className={cn(
                'flex w-full items-center gap-3 px-3 py-1.5 text-left text-xs outline-offset-[-2px] hover:bg-hover',
                open === message.seq && 'bg-selected',
              )}
            >
              <span className="w-14 shrink-0 text-right text-ink-faint tabular">{message.seq}</span>
              <code className="min-w-0 flex-1 truncate">
                {query.data?.redacted
                  ? 'not shown to your role'
                  : message.binary
                    ? `binary, ${formatBytes(message.bytes)}`
                    : jsonPreview(message.data, 160)}
              </code>
              {message.targetInstanceId ? (
                <span className="max-w-32 truncate text-ink-muted">→ {message.targetInstanceId}</span>
              ) : null}
              <RelativeTime at={message.publishedAt} className="w-16 shrink-0 text-right text-ink-faint tabular" />
            </button>
            {open === message.seq ? <Details message={message} onAct={(act) => setAsked({ act, message })} /> : null}
          </li>
        ))}
      </ul>
      {messages.length >= limit && limit < 200 ? (
        <div className="border-line border-t p-2 text-center">
          <Button variant="ghost" onClick={() => setLimit(200)}>
            Show more
          </Button>
        </div>
      ) : null}
      {asked ? <MessageDialog {...asked} name={name} onClose={() => setAsked(null)} /> : null}
    </Panel>
  )
}

function Details({ message, onAct }: { message: MessageRecord; onAct: (act: MessageAct) => void }) {
  const may = useMay()
  return (
    <div className="border-line border-t bg-sunken/50">
      {may.seePayloads ? (
        <JsonView
          value={message.binary ? fromBase64(message.binary) : message.data}
          label={`Message ${message.seq}`}
          fileName={`message-${message.seq}`}
          maxHeight={260}
        />
      ) : null}
      <div className="flex flex-wrap items-center gap-3 border-line border-t px-3 py-2 text-xs">
        <code className="text-ink-muted">{message.id}</code>
        {Object.keys(message.metadata).length > 0 ? (
          <code className="min-w-0 flex-1 truncate text-ink-muted">{jsonPreview(message.metadata, 200)}</code>
        ) : null}
        {may.operate ? (
          <Button className="ml-auto" onClick={() => onAct('redeliver')}>
            <Redo2 />
            Deliver again …
          </Button>
        ) : null}
        {may.administer ? (
          <Button variant="danger" onClick={() => onAct('delete')}>
            <Trash2 />
            Delete …
          </Button>
        ) : null}
      </div>
    </div>
  )
}
