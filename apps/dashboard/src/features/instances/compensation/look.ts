import { CircleCheck, CircleDashed, CircleSlash, CircleX, type LucideIcon, Play, UserCheck } from 'lucide-react'
import type { CompensationRecord } from '@/lib/api-types'
import type { Tone } from '@/lib/status'

interface Look {
  readonly label: string
  readonly tone: Tone
  readonly icon: LucideIcon
  readonly text: string
  readonly frame: string
}

export const COMPENSATION_LOOK: Readonly<Record<CompensationRecord['state'], Look>> = {
  registered: {
    label: 'Registered',
    tone: 'neutral',
    icon: CircleDashed,
    text: 'text-neutral',
    frame: 'border-line-strong',
  },
  running: {
    label: 'Running',
    tone: 'compensating',
    icon: Play,
    text: 'text-compensating',
    frame: 'border-compensating',
  },
  executed: { label: 'Undone', tone: 'success', icon: CircleCheck, text: 'text-success', frame: 'border-success/60' },
  failed: { label: 'Failed', tone: 'danger', icon: CircleX, text: 'text-danger', frame: 'border-danger' },
  skipped: { label: 'Skipped', tone: 'warning', icon: CircleSlash, text: 'text-warning', frame: 'border-warning/60' },
  done: { label: 'Marked done', tone: 'success', icon: UserCheck, text: 'text-success', frame: 'border-success/60' },
}
