'use client'
import { useSyncExternalStore } from 'react'

/** @returns null on the server and before hydration, when nobody knows */
export function useMedia(query: string): boolean | null {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => matchMedia(query).matches,
    () => null,
  )
}
