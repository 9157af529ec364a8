'use client'
import { QueryClient } from '@tanstack/react-query'
import { errorCode } from '@/lib/describe-error'

const FINAL = new Set(['NOT_FOUND', 'BAD_REQUEST', 'FORBIDDEN', 'UNAUTHORIZED', 'PRECONDITION_FAILED', 'CONFLICT'])

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: true,
        // An answer that will not change is not asked for again; a silent API is, and `use-recovery.ts` goes on after that.
        retry: (failures, error) => failures < 2 && !FINAL.has(errorCode(error) ?? ''),
        retryDelay: (failures) => Math.min(500 * 2 ** failures, 5_000),
      },
      mutations: { retry: false },
    },
  })
}
