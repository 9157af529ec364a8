'use client'
/**
 * TanStack's `useQuery`, but what hydrates begins as the server left it. A page comes to life part by part, and a part that comes late may
 * find the answer to an earlier part's question in the cache: rendered at once, it would not be what the server sent, and React would throw
 * the page away (error 418). So a hydrating render is told "pending", and the answer follows in the render right after. A lint rule keeps
 * the original out of every other file.
 */
import { useQuery as useCachedQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'

const never = () => () => {}

/** False on the server and in every render that hydrates what came from there, whenever that is; true from then on. */
function useIsAlive(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
}

const UNANSWERED: Readonly<Record<string, unknown>> = {
  data: undefined,
  error: null,
  status: 'pending',
  isPending: true,
  isSuccess: false,
  isError: false,
  isLoadingError: false,
  isRefetchError: false,
  isPlaceholderData: false,
  isFetched: false,
  dataUpdatedAt: 0,
}

type Options = { readonly enabled?: unknown }

/** Takes and gives what TanStack Query's hook of this name does. */
export const useQuery = ((options: Options, ...rest: []) => {
  const isAlive = useIsAlive()
  const result = useCachedQuery(options as Parameters<typeof useCachedQuery>[0], ...rest)
  if (isAlive || result.status === 'pending') return result
  // A view of it, not a copy: TanStack notes which fields are read, and a copy would read them all.
  return new Proxy(result, {
    get: (answer, field, receiver) => {
      if (field === 'isLoading') return options.enabled !== false
      return field in UNANSWERED ? UNANSWERED[field as string] : Reflect.get(answer, field, receiver)
    },
  })
}) as typeof useCachedQuery
