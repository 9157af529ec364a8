'use client'
/** The typed client. Same origin always: the route handler `app/trpc` forwards to the API. */
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import superjson from 'superjson'
import type { AppRouter } from '@/lib/api-types'
import { noteApiAnswered } from '@/lib/connection'
import { noteServerDate } from '@/lib/server-time'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>()

const URL_PATH = '/trpc'

export function makeTrpcClient() {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url: URL_PATH, transformer: superjson }),
        false: httpBatchLink({
          url: URL_PATH,
          transformer: superjson,
          maxItems: 10,
          fetch: (input, init) => watchedFetch(input, init as RequestInit | undefined),
        }),
      }),
    ],
  })
}

class ApiUnreachableError extends Error {
  override readonly name = 'ApiUnreachableError'
}

/** Learns from every answer whether the API is there and what time it has. */
async function watchedFetch(input: RequestInfo | URL | string, init?: RequestInit): Promise<Response> {
  const sentAt = Date.now()
  let response: Response
  try {
    response = await fetch(input, init)
  } catch (error) {
    if (init?.signal?.aborted) throw error
    noteApiAnswered(false)
    throw new ApiUnreachableError('The dashboard server does not answer', { cause: error })
  }
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    const body =
      response.status === 502
        ? ((await response
            .clone()
            .json()
            .catch(() => null)) as { code?: string; error?: string } | null)
        : null
    if (body?.code === 'API_UNREACHABLE') {
      noteApiAnswered(false)
      throw new ApiUnreachableError(body.error ?? 'The API does not answer')
    }
  }
  noteServerDate(response.headers.get('date'), sentAt, Date.now())
  noteApiAnswered(true)
  return response
}
