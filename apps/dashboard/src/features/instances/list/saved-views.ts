'use client'
/** Saved views: a name for a query text, kept in this browser. */
import { useStored } from '@/lib/stored'

export interface SavedView {
  readonly name: string
  readonly query: string
}

const NONE: readonly SavedView[] = []

function isViews(value: unknown): value is readonly SavedView[] {
  return (
    Array.isArray(value) &&
    value.every(
      (view: unknown) => typeof (view as SavedView)?.name === 'string' && typeof (view as SavedView).query === 'string',
    )
  )
}

export function useSavedViews() {
  const [views, set] = useStored('views', NONE, isViews)
  return {
    views,
    save: (view: SavedView) => set([...views.filter((other) => other.name !== view.name), view]),
    remove: (name: string) => set(views.filter((view) => view.name !== name)),
  }
}
