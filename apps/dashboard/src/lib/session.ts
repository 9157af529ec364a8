'use client'
/** Who looks, and what they may do. The server decides; the page only leaves out what would be refused. */
import { useTRPC } from './trpc/client'
import { useQuery } from './use-query'

export function useSession() {
  const trpc = useTRPC()
  return useQuery(trpc.session.me.queryOptions(undefined, { staleTime: 60_000 }))
}

const NOTHING = { seePayloads: false, operate: false, administer: false }

/** False until known: a button that vanishes is worse than one that appears. */
export function useMay(): { readonly seePayloads: boolean; readonly operate: boolean; readonly administer: boolean } {
  return useSession().data?.may ?? NOTHING
}
