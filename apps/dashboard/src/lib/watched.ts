'use client'
/** Which instances are on screen: the live subscription of the shell asks for them by id. */
import { useEffect, useSyncExternalStore } from 'react'

const NONE: readonly string[] = []
const counts = new Map<string, number>()
const listeners = new Set<() => void>()
let current = NONE

function update(): void {
  current = [...counts.keys()].sort()
  for (const listener of listeners) listener()
}

export function useWatch(instanceId: string): void {
  useEffect(() => {
    counts.set(instanceId, (counts.get(instanceId) ?? 0) + 1)
    update()
    return () => {
      const left = (counts.get(instanceId) ?? 1) - 1
      if (left === 0) counts.delete(instanceId)
      else counts.set(instanceId, left)
      update()
    }
  }, [instanceId])
}

export function useWatchedInstances(): readonly string[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
    () => NONE,
  )
}
