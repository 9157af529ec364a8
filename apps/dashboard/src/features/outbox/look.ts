import { CircleCheck, CircleX, Clock, FileX, type LucideIcon, TimerOff } from 'lucide-react'
import type { OutboxStatus } from '@/lib/api-types'
import type { Tone } from '@/lib/status'

export const OUTBOX_STATUSES = [
  'pending',
  'failed',
  'invalid',
  'expired',
  'published',
] as const satisfies readonly OutboxStatus[]

export const OUTBOX_LOOK: Readonly<
  Record<
    OutboxStatus,
    { readonly tone: Tone; readonly icon: LucideIcon; readonly label: string; readonly meaning: string }
  >
> = {
  pending: { tone: 'running', icon: Clock, label: 'Pending', meaning: 'It is sent at its next attempt.' },
  failed: {
    tone: 'danger',
    icon: CircleX,
    label: 'Dead letter',
    meaning: 'All attempts failed. It stays here until somebody redrives or discards it.',
  },
  invalid: {
    tone: 'warning',
    icon: FileX,
    label: 'Invalid',
    meaning: 'The broker refused it for good: trying again as it is will not help.',
  },
  expired: { tone: 'neutral', icon: TimerOff, label: 'Expired', meaning: 'It grew older than the outbox allows.' },
  published: { tone: 'success', icon: CircleCheck, label: 'Published', meaning: 'The broker has it.' },
}
