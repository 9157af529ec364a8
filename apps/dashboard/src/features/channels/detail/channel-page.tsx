'use client'
import { SearchX, Send } from 'lucide-react'
import Link from 'next/link'
import { parseAsBoolean, useQueryState } from 'nuqs'
import type { ReactNode } from 'react'
import { PageHeader, Panel } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { StatusText } from '@/components/status-badge'
import { Button, LinkButton } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, StaleNote } from '@/components/ui/states'
import type { ChannelDetails } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { errorCode } from '@/lib/describe-error'
import { formatCount, plural } from '@/lib/format'
import { useMay } from '@/lib/session'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { Messages } from './messages'
import { PublishDialog } from './publish-dialog'

export function ChannelPage({ name }: { name: string }) {
  const [isPublishing, setPublishing] = useQueryState('publish', parseAsBoolean.withDefault(false))
  const trpc = useTRPC()
  const may = useMay()
  const query = useQuery(trpc.channels.get.queryOptions({ name }))
  const channel = query.data
  const publish =
    may.operate && isPublishing ? <PublishDialog name={name} onClose={() => void setPublishing(null)} /> : null
  if (!channel) {
    if (query.isPending) return <Skeleton className="m-6 h-96 rounded-lg" />
    if (errorCode(query.error) !== 'NOT_FOUND')
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    return (
      <>
        <EmptyState
          icon={SearchX}
          title="There is no such channel"
          actions={<LinkButton href="/channels">See the channels</LinkButton>}
        >
          Nobody has subscribed to <code className="break-all">{name}</code> or published on it yet.
        </EmptyState>
        {publish}
      </>
    )
  }
  return (
    <>
      <PageHeader
        title={<span className="break-all">{channel.name}</span>}
        description={MODES[channel.mode ?? 'none']}
        actions={
          may.operate ? (
            <Button variant="primary" size="md" onClick={() => void setPublishing(true)}>
              <Send />
              Publish …
            </Button>
          ) : null
        }
      />
      <StaleNote error={query.error} />
      <div className="flex flex-col gap-3 px-4 pb-6 lg:px-6">
        <Facts channel={channel} />
        <div className="grid items-start gap-3 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <Messages name={name} />
          <div className="flex min-w-0 flex-col gap-3">
            <Subscribers channel={channel} />
            <Waits channel={channel} />
          </div>
        </div>
      </div>
      {publish}
    </>
  )
}

const MODES = {
  broadcast: 'Broadcast: every subscriber receives every message.',
  competing: 'Competing: every message is taken by exactly one subscriber.',
  direct: 'Direct: every message is meant for one instance.',
  none: 'No subscriber has given it a mode yet.',
}

function Facts({ channel }: { channel: ChannelDetails }) {
  const facts: [string, ReactNode, boolean?][] = [
    ['Unread', formatCount(channel.depth), channel.depth > 0],
    ['Oldest unread', <RelativeTime key="oldest" at={channel.oldestUnreadAt} />],
    ['Largest lag', formatCount(channel.maxLag), channel.maxLag > 0],
    ['Publish rate', channel.publishRate === null ? '–' : `${channel.publishRate.toFixed(1)} / min`],
    ['Published', formatCount(channel.published)],
    ['Subscribers', formatCount(channel.subscriberCount)],
  ]
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-3 lg:grid-cols-6">
      {facts.map(([name, value, isLoud]) => (
        <div key={name} className="bg-surface px-3.5 py-2">
          <dt className="text-ink-muted text-xs">{name}</dt>
          <dd className={cn('font-semibold text-lg tabular', isLoud && 'text-warning')}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Subscribers({ channel }: { channel: ChannelDetails }) {
  return (
    <Panel title={`Subscribers, ${channel.subscriberCount}`}>
      {channel.publishers.length > 0 ? (
        <p className="border-line border-b px-3 py-2 text-ink-muted text-xs">
          Published by{' '}
          {channel.publishers.map((name, index) => (
            <span key={name}>
              {index > 0 ? ', ' : ''}
              <Link href={`/workflows/${encodeURIComponent(name)}`} className="text-accent hover:underline">
                {name}
              </Link>
            </span>
          ))}
        </p>
      ) : null}
      {channel.subscribers.length === 0 ? (
        <p className="px-3 py-8 text-center text-ink-muted">Nobody listens.</p>
      ) : null}
      <ul className="max-h-96 divide-y divide-line overflow-auto">
        {channel.subscribers.map((subscriber) => (
          <li key={subscriber.instanceId} className="relative flex items-center gap-3 px-3 py-1.5 hover:bg-hover">
            <span className="min-w-0 flex-1">
              <Link
                href={`/instances/${encodeURIComponent(subscriber.instanceId)}?tab=messages`}
                className="block truncate font-mono text-xs outline-offset-[-2px] after:absolute after:inset-0 hover:underline"
              >
                {subscriber.instanceId}
              </Link>
              <span className="text-ink-muted text-xs">{subscriber.workflowName}</span>
            </span>
            {subscriber.status ? <StatusText status={subscriber.status} /> : null}
            <span
              className={cn(
                'w-20 shrink-0 text-right text-xs tabular',
                subscriber.lag > 0 ? 'font-medium text-warning' : 'text-ink-faint',
              )}
            >
              {subscriber.lag > 0 ? `${formatCount(subscriber.lag)} behind` : 'up to date'}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Waits({ channel }: { channel: ChannelDetails }) {
  if (channel.waits.length === 0) return null
  return (
    <Panel title={`${plural(channel.waits.length, 'instance')} waiting here now`}>
      <ul className="max-h-72 divide-y divide-line overflow-auto">
        {channel.waits.map((wait) => (
          <li key={`${wait.instanceId} ${wait.activityId}`} className="relative px-3 py-1.5 hover:bg-hover">
            <Link
              href={`/instances/${encodeURIComponent(wait.instanceId)}?sel=${encodeURIComponent(wait.activityId)}`}
              className="block truncate font-mono text-xs outline-offset-[-2px] after:absolute after:inset-0 hover:underline"
            >
              {wait.instanceId}
            </Link>
            {Object.entries(wait.where ?? {}).map(([path, value]) => (
              <code key={path} className="block truncate text-2xs text-ink-muted">
                {path} = {JSON.stringify(value)}
              </code>
            ))}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
