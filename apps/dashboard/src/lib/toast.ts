'use client'
/** Short words after an act, with a link to where its effect can be seen. A tiny store: any code may speak, `components/toaster` shows. */
import { useSyncExternalStore } from 'react'
import { describeError } from './describe-error'

export interface Toast {
  readonly id: number
  readonly kind: 'done' | 'error'
  readonly title: string
  readonly detail?: string
  readonly link?: { readonly href: string; readonly label: string }
}

const SHOWN_MS = 7_000
const NONE: readonly Toast[] = []
let toasts: readonly Toast[] = NONE
let nextId = 1
const listeners = new Set<() => void>()

function set(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

export function toast(content: Omit<Toast, 'id'>): void {
  const id = nextId++
  set([...toasts.slice(-3), { ...content, id }])
  // Errors stay until they are read.
  if (content.kind === 'done') setTimeout(() => dismissToast(id), SHOWN_MS)
}

export function toastError(title: string, error: unknown): void {
  toast({ kind: 'error', title, detail: describeError(error).message })
}

export function dismissToast(id: number): void {
  set(toasts.filter((entry) => entry.id !== id))
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
    () => NONE,
  )
}
