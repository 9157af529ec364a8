'use client'
import { useQueryClient } from '@tanstack/react-query'
import { CloudOff, RefreshCw } from 'lucide-react'
import { useEffect } from 'react'
import { Button } from '@/components/ui/button'
import { cn } from '@/lib/cn'
import { type Connection, onConnectionChange, connection as readConnection, useConnection } from '@/lib/connection'
import { useTRPC } from '@/lib/trpc/client'

const LOOK: Record<Connection, { label: string; hint: string; dot: string }> = {
  live: { label: 'Live', hint: 'Changes appear by themselves within a second', dot: 'bg-success' },
  connecting: { label: 'Connecting', hint: 'Waiting for the live stream', dot: 'bg-neutral animate-pulse-soft' },
  polling: {
    label: 'Polling',
    hint: 'The live stream is interrupted; views are renewed every few seconds',
    dot: 'bg-warning',
  },
  offline: { label: 'API down', hint: 'The API does not answer; what was loaded stays', dot: 'bg-danger' },
}

export function ConnectionState() {
  const state = useConnection()
  const { label, hint, dot } = LOOK[state]
  return (
    <span
      role="status"
      title={hint}
      className="flex items-center gap-1.5 whitespace-nowrap px-1.5 text-ink-muted text-xs"
    >
      <span aria-hidden className={cn('size-2 rounded-full', dot)} />
      <span className="sr-only sm:not-sr-only">{label}</span>
    </span>
  )
}

const PROBE_MS = 2_500
const POLL_MS = 5_000

/** Without the stream: ask in steps. Without the API: knock until it answers, then renew all. The banner says so; what was loaded stays. */
export function OfflineBanner() {
  const state = useConnection()
  const queries = useQueryClient()
  const trpc = useTRPC()
  useEffect(() => {
    let previous = readConnection()
    return onConnectionChange(() => {
      const next = readConnection()
      if (previous === 'offline' && next !== 'offline') void queries.invalidateQueries()
      previous = next
    })
  }, [queries])
  useEffect(() => {
    if (state === 'offline') {
      const knock = () =>
        void queries
          .fetchQuery(trpc.session.me.queryOptions(undefined, { staleTime: 0, retry: false }))
          .catch(() => undefined)
      const timer = setInterval(knock, PROBE_MS)
      return () => clearInterval(timer)
    }
    if (state === 'polling') {
      const poll = () => {
        if (!document.hidden) void queries.invalidateQueries({}, { cancelRefetch: false })
      }
      poll()
      const timer = setInterval(poll, POLL_MS)
      return () => clearInterval(timer)
    }
    return undefined
  }, [state, queries, trpc])
  if (state !== 'offline') return null
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-2 gap-y-1 border-danger/30 border-b bg-danger/10 px-4 py-1.5 text-danger text-xs lg:px-6"
    >
      <CloudOff aria-hidden className="size-3.5" />
      <span className="font-medium">The API does not answer.</span>
      <span>This page keeps what it has and reconnects by itself.</span>
      <Button variant="ghost" className="ml-auto h-6 text-danger" onClick={() => void queries.invalidateQueries()}>
        <RefreshCw />
        Try now
      </Button>
    </div>
  )
}
