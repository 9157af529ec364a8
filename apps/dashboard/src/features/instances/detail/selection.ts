'use client'
/** The state of an instance's page, in its URL: tab, the selected operation and event (shared by all tabs), and the replay's position. */
import { useSearchParams } from 'next/navigation'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { ignoredParams } from '@/lib/ignored-params'
import { parseAsCount } from '@/lib/search-parsers'

export const TABS = ['timeline', 'graph', 'history', 'compensation', 'messages', 'replay'] as const
export type TabId = (typeof TABS)[number]

const parsers = {
  tab: parseAsStringLiteral(TABS).withDefault('timeline'),
  /** Id of the selected operation. */
  sel: parseAsString,
  /** Number of the selected event. */
  seq: parseAsCount,
  /** Position of the replay: state after this event. */
  at: parseAsCount,
}

export function useInstanceView() {
  const [view, set] = useQueryStates(parsers, { history: 'replace' })
  const search = useSearchParams()
  return {
    ...view,
    ignored: ignoredParams(search, parsers),
    setTab: (tab: TabId) => void set({ tab }, { history: 'push' }),
    select: (sel: string | null, seq: number | null = null) => void set({ sel, seq }),
    setAt: (at: number | null) => void set({ at }),
    set,
  }
}
export type InstanceView = ReturnType<typeof useInstanceView>
