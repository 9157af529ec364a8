'use client'
import { formatAbsolute, formatRelative } from '@/lib/format'
import { useNow } from '@/lib/ticker'

/** The clock of the page moves in steps: what is younger than one is not in the future. */
const STEP_MS = 1_000

/** `5m ago`, with the absolute time on hover and for screen readers. Renders the absolute time on the server, where there is no "ago". */
export function RelativeTime({ at, className }: { at: Date | number | null | undefined; className?: string }) {
  const now = useNow()
  if (at === null || at === undefined) return <span className="text-ink-faint">–</span>
  const ms = typeof at === 'number' ? at : at.getTime()
  const absolute = formatAbsolute(ms)
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute} className={className} suppressHydrationWarning>
      {now === 0 ? absolute : formatRelative(ms, ms - now < STEP_MS ? Math.max(ms, now) : now)}
    </time>
  )
}
