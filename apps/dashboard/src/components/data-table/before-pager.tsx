'use client'
import { Button } from '@/components/ui/button'

/** Pages of what is numbered: on by number, back to the newest. */
export function BeforePager({
  isFirst,
  next,
  onPage,
}: {
  isFirst: boolean
  next: number | null
  onPage: (before: number | null) => void
}) {
  if (isFirst && next === null) return null
  return (
    <nav aria-label="Pages" className="flex items-center justify-end gap-2 border-line border-t px-4 py-2 lg:px-6">
      <Button disabled={isFirst} onClick={() => onPage(null)}>
        Newest
      </Button>
      <Button disabled={next === null} onClick={() => onPage(next)}>
        Older
      </Button>
    </nav>
  )
}
