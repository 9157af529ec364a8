'use client'
import { Mail, Send } from 'lucide-react'
import dynamic from 'next/dynamic'
import Link from 'next/link'
import { useState } from 'react'
import { Panel } from '@/components/page-header'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/states'
import type { HistoryRecord, InstanceDetails } from '@/lib/api-types'
import { formatAbsolute, formatClock, formatCountdown, plural } from '@/lib/format'
import { useMay } from '@/lib/session'
import { isTerminal } from '@/lib/status'
import { useNow } from '@/lib/ticker'

const SendMessage = dynamic(() => import('./send-message').then((module) => module.SendMessage), { ssr: false })

const RECEIVED = new Set<HistoryRecord['type']>(['ChannelMessageReceived', 'EventReceived', 'MessageTimeout'])
const SENT = new Set<HistoryRecord['type']>(['MessagePublished'])

export function MessagesTab({
  details,
  events,
  onSelect,
}: {
  details: InstanceDetails
  events: readonly HistoryRecord[]
  onSelect: (event: HistoryRecord) => void
}) {
  const [sending, setSending] = useState(false)
  const may = useMay()
  const received = events.filter((event) => RECEIVED.has(event.type))
  const sent = events.filter((event) => SENT.has(event.type))
  const waits = details.pending.filter((operation) => operation.kind === 'event' || operation.kind === 'message')
  const canSend = may.operate && !isTerminal(details.instance.status)
  if (received.length + sent.length + waits.length + details.subscriptions.length === 0 && !canSend) {
    return (
      <EmptyState icon={Mail} title="No messages">
        This instance subscribed to nothing, waited for nothing, and sent nothing.
      </EmptyState>
    )
  }
  return (
    <div className="grid gap-3 py-3 xl:grid-cols-2">
      <Panel
        title="Waiting for"
        actions={
          canSend ? (
            <Button onClick={() => setSending(true)}>
              <Send />
              Send message …
            </Button>
          ) : null
        }
      >
        {waits.length === 0 ? <Nothing>It waits for no event and no message.</Nothing> : <Waits waits={waits} />}
      </Panel>
      <Panel title="Subscriptions">
        {details.subscriptions.length === 0 ? (
          <Nothing>No subscriptions.</Nothing>
        ) : (
          <Subscriptions details={details} />
        )}
      </Panel>
      <Panel title={`Received${received.length ? `, ${received.length}` : ''}`}>
        {received.length === 0 ? (
          <Nothing>Nothing received yet.</Nothing>
        ) : (
          <EventRows events={received} onSelect={onSelect} />
        )}
      </Panel>
      <Panel title={`Sent${sent.length ? `, ${sent.length}` : ''}`}>
        {sent.length === 0 ? <Nothing>Nothing sent.</Nothing> : <EventRows events={sent} onSelect={onSelect} />}
      </Panel>
      {sending ? <SendMessage details={details} onClose={() => setSending(false)} /> : null}
    </div>
  )
}

function Nothing({ children }: { children: string }) {
  return <p className="px-3 py-6 text-center text-ink-muted">{children}</p>
}

function Waits({ waits }: { waits: InstanceDetails['pending'] }) {
  const now = useNow()
  return (
    <ul className="divide-y divide-line">
      {waits.map((wait) => (
        <li key={wait.id} className="px-3 py-2">
          <p>
            <span className="text-ink-muted">{wait.kind}</span> <span className="font-medium">{wait.name}</span>
            {wait.dueAt && now ? (
              <span className="text-ink-muted tabular" title={formatAbsolute(wait.dueAt.getTime())}>
                {' '}
                · times out in {formatCountdown(wait.dueAt.getTime(), now)}
              </span>
            ) : null}
          </p>
          {Object.entries(wait.where ?? {}).map(([path, value]) => (
            <code key={path} className="block break-all text-ink-muted text-xs">
              where {path} = {JSON.stringify(value)}
            </code>
          ))}
        </li>
      ))}
    </ul>
  )
}

function Subscriptions({ details }: { details: InstanceDetails }) {
  return (
    <ul className="divide-y divide-line">
      {details.subscriptions.map((subscription) => (
        <li key={subscription.channel} className="flex items-center gap-3 px-3 py-2">
          <Link
            href={`/channels/${encodeURIComponent(subscription.channel)}`}
            className="min-w-0 flex-1 truncate font-medium hover:underline"
          >
            {subscription.channel}
          </Link>
          <span className="text-ink-muted text-xs">{subscription.mode}</span>
          <span className="text-ink-muted text-xs tabular">read up to {subscription.cursor}</span>
          <span
            className={
              subscription.lag > 0 ? 'font-medium text-warning text-xs tabular' : 'text-ink-muted text-xs tabular'
            }
          >
            {subscription.lag > 0 ? `${plural(subscription.lag, 'message')} behind` : 'up to date'}
          </span>
        </li>
      ))}
    </ul>
  )
}

const SHOWN = 200

function EventRows({
  events,
  onSelect,
}: {
  events: readonly HistoryRecord[]
  onSelect: (event: HistoryRecord) => void
}) {
  return (
    <ul className="max-h-80 divide-y divide-line overflow-auto">
      {events
        .slice(-SHOWN)
        .reverse()
        .map((event) => (
          <li key={event.seq}>
            <button
              type="button"
              onClick={() => onSelect(event)}
              className="flex w-full items-center gap-3 px-3 py-1.5 text-left text-xs outline-offset-[-2px] hover:bg-hover"
            >
              <span className="w-8 shrink-0 text-right text-ink-faint tabular">{event.seq}</span>
              <span className="min-w-0 flex-1 truncate font-medium">{event.name ?? event.activityId}</span>
              <span className="text-ink-muted">{event.type === 'MessageTimeout' ? 'timed out' : ''}</span>
              <span className="text-ink-faint tabular">{formatClock(event.createdAt.getTime())}</span>
            </button>
          </li>
        ))}
      {events.length > SHOWN ? (
        <li className="px-3 py-2 text-center text-ink-faint text-xs">
          The newest {SHOWN} of {events.length}; all are in the history
        </li>
      ) : null}
    </ul>
  )
}
