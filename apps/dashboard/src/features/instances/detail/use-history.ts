'use client'
/**
 * The whole history of one instance, kept up to date. It only ever grows, so a renewal asks for what is new after the last number that is here; a
 * long one is shown while the rest is still on its way. Large payloads are left out and fetched one by one when looked at.
 */
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import type { HistoryRecord } from '@/lib/api-types'
import { useTRPC, useTRPCClient } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

export interface LoadedHistory {
  readonly events: readonly HistoryRecord[]
  readonly total: number
  readonly redacted: boolean
}

const PAGE = 1_000
const MAX_BYTES = 4_096

type Client = ReturnType<typeof useTRPCClient>

export function useHistory(id: string) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queries = useQueryClient()
  const queryKey = trpc.instances.history.queryKey({ id })
  return useQuery<LoadedHistory>({
    queryKey: [...queryKey, 'whole'],
    queryFn: ({ signal }) => readOn(client, queries, [...queryKey, 'whole'], id, signal),
    staleTime: 0,
    structuralSharing: false,
  })
}

async function readOn(
  client: Client,
  queries: QueryClient,
  key: readonly unknown[],
  id: string,
  signal: AbortSignal,
): Promise<LoadedHistory> {
  const known = queries.getQueryData<LoadedHistory>(key)
  const events = [...(known?.events ?? [])]
  let shown = events.length
  let total = known?.total ?? 0
  let redacted = known?.redacted ?? false
  for (;;) {
    const page = await client.instances.history.query(
      { id, after: events.at(-1)?.seq ?? 0, limit: PAGE, maxBytes: MAX_BYTES },
      { signal },
    )
    for (const event of page.events) events.push(event)
    total = page.total
    redacted = page.redacted
    if (page.nextAfter === null || page.events.length === 0) break
    // Show early, then at every doubling: each showing costs a pass over everything.
    if (events.length >= shown * 2) {
      shown = events.length
      queries.setQueryData<LoadedHistory>(key, { events: [...events], total, redacted })
    }
  }
  if (known && known.events.length === events.length && known.total === total) return known
  return { events, total, redacted }
}

/** One event with its payload, however large. */
export function useWholeEvent(id: string, event: HistoryRecord | null) {
  const trpc = useTRPC()
  return useQuery(
    trpc.instances.history.queryOptions(
      { id, after: (event?.seq ?? 1) - 1, limit: 1, maxBytes: 10_000_000 },
      { enabled: event?.cut === true, staleTime: Number.POSITIVE_INFINITY, select: (page) => page.events[0] ?? null },
    ),
  )
}
