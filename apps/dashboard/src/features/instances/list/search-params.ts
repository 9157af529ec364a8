'use client'
/** The URL is the whole state of the list: filters and page. One map of parsers, one hook. */
import { useSearchParams } from 'next/navigation'
import { createParser, parseAsNativeArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useMemo } from 'react'
import { ignoredParams } from '@/lib/ignored-params'
import { isInstanceStatus } from '@/lib/status'
import { ATTENTION, type InstanceFilters, isInputPath, type Scalar } from './filters'
import { formatQueryText, formatScalar, parseDate, parseQueryText, parseScalar } from './query-text'

const parseAsStatuses = createParser({
  parse: (text) => (text.split(',').every(isInstanceStatus) ? text.split(',').filter(isInstanceStatus) : null),
  serialize: (statuses) => statuses.join(','),
  eq: (a, b) => a.join() === b.join(),
})

const parseAsMoment = createParser({
  parse: parseDate,
  serialize: (date) => date.toISOString(),
  eq: (a, b) => a.getTime() === b.getTime(),
})

const parseAsTag = createParser<readonly [string, string]>({
  parse: (text) => {
    const at = text.indexOf(':')
    return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : null
  },
  serialize: ([name, value]) => `${name}:${value}`,
})

const parseAsInput = createParser<readonly [string, Scalar]>({
  parse: (text) => {
    const at = text.indexOf('=')
    const path = text.slice(0, at)
    if (at < 1 || !isInputPath(path)) return null
    const value = text.slice(at + 1)
    return [path, value.startsWith('"') ? unquote(value) : parseScalar(value)]
  },
  serialize: ([path, value]) => `${path}=${formatScalar(value)}`,
})

function unquote(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}

export const instanceParsers = {
  status: parseAsStatuses.withDefault([]),
  workflow: parseAsString,
  id: parseAsString,
  error: parseAsString,
  after: parseAsMoment,
  before: parseAsMoment,
  tag: parseAsNativeArrayOf(parseAsTag),
  input: parseAsNativeArrayOf(parseAsInput),
  parent: parseAsString,
  chain: parseAsString,
  forkedFrom: parseAsString,
  attention: parseAsStringLiteral(ATTENTION),
  /** Token of a page further back. */
  page: parseAsString,
  /** What the search box sends: read once, then spread over the others. */
  q: parseAsString,
}

export interface ListState {
  readonly filters: InstanceFilters
  readonly page: string | null
  readonly q: string | null
  readonly ignored: readonly string[]
  readonly setFilters: (filters: InstanceFilters) => void
  readonly setPage: (page: string | null) => void
  readonly text: string
}

export function useListState(): ListState {
  const [state, set] = useQueryStates(instanceParsers, { history: 'push' })
  const search = useSearchParams()
  return useMemo(() => {
    const { tag, input, page, q, ...rest } = state
    const fromUrl: InstanceFilters = { ...rest, tags: Object.fromEntries(tag), input: Object.fromEntries(input) }
    const parsed = q === null ? null : parseQueryText(q)
    const filters = parsed?.filters ?? fromUrl
    return {
      filters,
      page,
      q,
      text: formatQueryText(filters),
      ignored: [...ignoredParams(search, instanceParsers), ...(parsed?.problems ?? [])],
      setFilters: ({ tags, input: paths, ...others }) => {
        void set({
          ...others,
          status: [...others.status],
          tag: Object.entries(tags),
          input: Object.entries(paths),
          page: null,
          q: null,
        })
      },
      setPage: (token) => void set({ page: token }),
    }
  }, [state, search, set])
}
