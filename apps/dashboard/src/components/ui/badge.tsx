import type { ReactNode } from 'react'
import { cn } from '@/lib/cn'
import { TONE_TINT, type Tone } from '@/lib/status'

export function Badge({
  tone = 'neutral',
  children,
  className,
}: {
  tone?: Tone
  children: ReactNode
  className?: string
}) {
  return (
    <span
      className={cn(
        'inline-flex h-5 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 font-medium text-xs [&_svg]:size-3',
        TONE_TINT[tone],
        className,
      )}
    >
      {children}
    </span>
  )
}
