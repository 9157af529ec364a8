'use client'
/** Whether the API answers and whether changes arrive by themselves. Two facts, one small store; the shell shows them, nothing decides by them. */
import { useSyncExternalStore } from 'react'

export type Connection = 'connecting' | 'live' | 'polling' | 'offline'

let apiAnswers = true
let stream: 'connecting' | 'open' | 'broken' = 'connecting'
let current: Connection = 'connecting'
const listeners = new Set<() => void>()

function update(): void {
  const next: Connection = !apiAnswers
    ? 'offline'
    : stream === 'open'
      ? 'live'
      : stream === 'broken'
        ? 'polling'
        : 'connecting'
  if (next === current) return
  current = next
  for (const listener of listeners) listener()
}

export function noteApiAnswered(answered: boolean): void {
  apiAnswers = answered
  update()
}

export function noteStream(state: typeof stream): void {
  stream = state
  update()
}

export function connection(): Connection {
  return current
}

export function onConnectionChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useConnection(): Connection {
  return useSyncExternalStore(onConnectionChange, connection, () => 'connecting')
}
