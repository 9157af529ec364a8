import type { InstanceStatus } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { isInstanceStatus, STATUS, TONE_TEXT } from '@/lib/status'
import { Badge } from './ui/badge'

export function StatusBadge({ status, className }: { status: InstanceStatus; className?: string }) {
  const view = STATUS[status]
  const Icon = view.icon
  return (
    <Badge tone={view.tone} {...(className ? { className } : {})}>
      <Icon aria-hidden className={cn(status === 'running' && 'fill-current')} />
      {view.label}
    </Badge>
  )
}

/** Icon and word without a frame, for dense tables. An unknown word (an older dashboard, a newer engine) is shown as it is. */
export function StatusText({ status }: { status: string }) {
  if (!isInstanceStatus(status)) return <span className="text-neutral">{status}</span>
  const view = STATUS[status]
  const Icon = view.icon
  return (
    <span className={cn('inline-flex items-center gap-1.5 whitespace-nowrap font-medium', TONE_TEXT[view.tone])}>
      <Icon aria-hidden className={cn('size-3.5 shrink-0', status === 'running' && 'fill-current')} />
      {view.label}
    </span>
  )
}
