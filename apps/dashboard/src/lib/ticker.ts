'use client'
/** One timer for all relative times on a page: a hundred rows do not make a hundred timers, and a hidden tab makes none. */
import { useSyncExternalStore } from 'react'
import { serverNow } from './server-time'

const STEP_MS = 1_000
const listeners = new Set<() => void>()
let current = 0
let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  if (document.hidden) return
  current = serverNow()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(tick, STEP_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function snapshot(): number {
  if (current === 0 || timer === undefined) current = Math.floor(serverNow() / STEP_MS) * STEP_MS
  return current
}

/** Server time, renewed each second; 0 while rendered on the server, where "ago" has no meaning. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, snapshot, () => 0)
}
