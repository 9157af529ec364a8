'use client'
/** Small things one browser remembers (saved views, recent inputs, folded panes). Broken or full storage means "nothing remembered", never an error. */
import { useCallback, useSyncExternalStore } from 'react'

const PREFIX = 'edda:'
const cache = new Map<string, { text: string | null; value: unknown }>()
const listeners = new Set<() => void>()

function read<Value>(key: string, fallback: Value, isValid: (value: unknown) => value is Value): Value {
  let text: string | null = null
  try {
    text = localStorage.getItem(PREFIX + key)
  } catch {
    // Storage is switched off in this browser.
  }
  const cached = cache.get(key)
  if (cached && cached.text === text) return cached.value as Value
  let value = fallback
  try {
    const parsed: unknown = text === null ? fallback : JSON.parse(text)
    if (isValid(parsed)) value = parsed
  } catch {
    // Somebody else wrote here; start again.
  }
  cache.set(key, { text, value })
  return value
}

export function storeValue(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value))
  } catch {
    // Full or switched off: the page works, it only forgets.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

/** @param fallback and @param isValid must be stable (module constants) */
export function useStored<Value>(
  key: string,
  fallback: Value,
  isValid: (value: unknown) => value is Value,
): readonly [Value, (value: Value) => void] {
  const value = useSyncExternalStore(
    subscribe,
    () => read(key, fallback, isValid),
    () => fallback,
  )
  const set = useCallback((next: Value) => storeValue(key, next), [key])
  return [value, set]
}
