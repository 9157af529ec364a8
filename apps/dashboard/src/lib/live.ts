'use client'
/**
 * Live views: the API says what changed, the views that show it ask again. At most two rounds of questions a second, none while the tab is hidden, all
 * of them after a gap (the API says `reset`). An instance's page watches its own id, so that its changes are told for sure and at once.
 */
import { type Query, type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { useEffect, useMemo, useRef } from 'react'
import { noteStream } from './connection'
import { affectedBy, type Change } from './live-topics'
import { useTRPC } from './trpc/client'
import { useWatchedInstances } from './watched'

const ROUND_MS = 500
const RESUBSCRIBE_MS = 2_500

export function useLiveChanges(): void {
  const trpc = useTRPC()
  const round = useRounds()
  const watched = useWatchedInstances()
  const input = useMemo(() => (watched.length > 0 ? { instanceIds: [...watched] } : undefined), [watched])
  const again = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const note = (state: 'connecting' | 'open' | 'broken') => {
    noteStream(state)
    if (state === 'open') {
      clearTimeout(again.current)
      again.current = undefined
    }
    // After an answer that is no stream (a proxy's 502) the browser gives up for good: begin anew.
    if (state === 'broken') again.current ??= setTimeout(resubscribe, RESUBSCRIBE_MS)
  }
  const subscription = useSubscription(
    trpc.live.changes.subscriptionOptions(input, {
      onData: ({ data }) => round(data),
      onConnectionStateChange: ({ state, error }) =>
        note(state === 'pending' ? 'open' : error ? 'broken' : 'connecting'),
      onError: () => note('broken'),
    }),
  )
  const resubscribe = () => {
    again.current = undefined
    subscription.reset()
  }
  useEffect(() => () => clearTimeout(again.current), [])
}

/** A question that is under way is not cut off, or a slow answer would never come while much happens; but it may be answered as before: it is asked once more. */
async function askAgain(queries: QueryClient, predicate: (query: Query) => boolean): Promise<void> {
  const underWay = queries
    .getQueryCache()
    .findAll({ predicate })
    .filter(({ state }) => state.fetchStatus === 'fetching')
  await queries.invalidateQueries({ predicate }, { cancelRefetch: false })
  if (underWay.length === 0) return
  await queries.invalidateQueries({ predicate: (query) => underWay.includes(query) }, { cancelRefetch: false })
}

/** Gathers changes and asks the views that they concern, a round at a time. */
function useRounds(): (change: Change) => void {
  const queries = useQueryClient()
  const state = useRef({
    gathered: [] as Change[],
    timer: undefined as ReturnType<typeof setTimeout> | undefined,
    lastAt: 0,
  })
  const { round, soon } = useMemo(() => {
    const run = () => {
      state.current.timer = undefined
      if (document.hidden) return
      state.current.lastAt = Date.now()
      const isAffected = affectedBy(state.current.gathered.splice(0))
      void askAgain(queries, (query) => isAffected(query.queryKey))
    }
    const schedule = () => {
      state.current.timer ??= setTimeout(run, Math.max(20, state.current.lastAt + ROUND_MS - Date.now()))
    }
    return { round: run, soon: schedule }
  }, [queries])
  useEffect(() => {
    const current = state.current
    const onVisible = () => {
      if (!document.hidden && current.gathered.length > 0) round()
    }
    document.addEventListener('visibilitychange', onVisible)
    return () => {
      document.removeEventListener('visibilitychange', onVisible)
      clearTimeout(current.timer)
      current.timer = undefined
    }
  }, [round])
  return (change) => {
    state.current.gathered.push(change)
    soon()
  }
}
