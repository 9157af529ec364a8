import { cn } from '@/lib/cn'
import { TONE_FILL } from '@/lib/status'
import { STATE_LOOK } from '../model/look'

/** Made from the table that draws the bars, so it cannot be wrong. */
export function Legend() {
  return (
    <ul
      aria-label="Legend"
      className="flex flex-wrap gap-x-4 gap-y-1 border-line border-t px-3 py-1.5 text-2xs text-ink-muted"
    >
      {Object.entries(STATE_LOOK).map(([state, { tone, label }]) => (
        <li key={state} className="flex items-center gap-1.5">
          <span aria-hidden className={cn('h-2.5 w-4 rounded-xs opacity-85', TONE_FILL[tone])} />
          {label}
        </li>
      ))}
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="hatched h-2.5 w-4 rounded-xs border border-current/50" />
        Time passes
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-0.5 bg-danger" />
        Failed attempt
      </li>
    </ul>
  )
}
