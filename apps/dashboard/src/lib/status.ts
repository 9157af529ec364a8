/**
 * The one table of how a status looks: badge, timeline, graph, stat and filter read it. A status that the engine adds does not compile until it is
 * drawn here. Every status differs by icon and word, never by tone alone.
 */
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  Clock,
  GitBranch,
  type LucideIcon,
  Mail,
  Play,
  Radio,
  Repeat2,
  Undo2,
} from 'lucide-react'
import type { InstanceStatus } from './api-types'

export type Tone = 'success' | 'running' | 'waiting' | 'warning' | 'danger' | 'compensating' | 'neutral'

export interface StatusView {
  readonly tone: Tone
  readonly icon: LucideIcon
  readonly label: string
  /** One line for people who see the word for the first time. */
  readonly meaning: string
}

export const STATUS = {
  pending: { tone: 'neutral', icon: CircleDashed, label: 'Pending', meaning: 'Stored; no worker has taken it yet' },
  running: { tone: 'running', icon: Play, label: 'Running', meaning: 'Activities run, or the next attempt is due' },
  waiting_for_event: {
    tone: 'waiting',
    icon: Radio,
    label: 'Waiting for event',
    meaning: 'Parked until a CloudEvent arrives',
  },
  waiting_for_timer: {
    tone: 'waiting',
    icon: Clock,
    label: 'Waiting for timer',
    meaning: 'Parked until a point in time',
  },
  waiting_for_message: {
    tone: 'waiting',
    icon: Mail,
    label: 'Waiting for message',
    meaning: 'Parked until a channel message arrives',
  },
  waiting_for_child: {
    tone: 'waiting',
    icon: GitBranch,
    label: 'Waiting for child',
    meaning: 'Parked until a child workflow ends',
  },
  compensating: {
    tone: 'compensating',
    icon: Undo2,
    label: 'Compensating',
    meaning: 'Completed steps are undone, last first',
  },
  suspended: {
    tone: 'warning',
    icon: CirclePause,
    label: 'Suspended',
    meaning: 'Parked with a reason; goes on when resumed',
  },
  completed: { tone: 'success', icon: CircleCheck, label: 'Completed', meaning: 'Ended with a result' },
  failed: { tone: 'danger', icon: CircleX, label: 'Failed', meaning: 'Ended with an error' },
  cancelled: { tone: 'neutral', icon: Ban, label: 'Cancelled', meaning: 'Ended on request' },
  recurred: {
    tone: 'neutral',
    icon: Repeat2,
    label: 'Recurred',
    meaning: 'Ended; a fresh instance went on in its place',
  },
} satisfies Record<InstanceStatus, StatusView>

export const STATUSES = Object.keys(STATUS) as readonly InstanceStatus[]

export const WAITING_STATUSES: readonly InstanceStatus[] = [
  'waiting_for_event',
  'waiting_for_timer',
  'waiting_for_message',
  'waiting_for_child',
]

const TERMINAL: ReadonlySet<InstanceStatus> = new Set(['completed', 'failed', 'cancelled', 'recurred'])

export function isTerminal(status: InstanceStatus): boolean {
  return TERMINAL.has(status)
}

export function isInstanceStatus(text: string): text is InstanceStatus {
  return Object.hasOwn(STATUS, text)
}

/** Static class names, so that the style sheet holds them. */
export const TONE_TEXT: Record<Tone, string> = {
  success: 'text-success',
  running: 'text-running',
  waiting: 'text-waiting',
  warning: 'text-warning',
  danger: 'text-danger',
  compensating: 'text-compensating',
  neutral: 'text-neutral',
}

export const TONE_TINT: Record<Tone, string> = {
  success: 'bg-success/10 text-success',
  running: 'bg-running/10 text-running',
  waiting: 'bg-waiting/10 text-waiting',
  warning: 'bg-warning/10 text-warning',
  danger: 'bg-danger/10 text-danger',
  compensating: 'bg-compensating/10 text-compensating',
  neutral: 'bg-neutral/10 text-neutral',
}

export const TONE_FILL: Record<Tone, string> = {
  success: 'bg-success',
  running: 'bg-running',
  waiting: 'bg-waiting',
  warning: 'bg-warning',
  danger: 'bg-danger',
  compensating: 'bg-compensating',
  neutral: 'bg-neutral',
}

export const TONE_BORDER: Record<Tone, string> = {
  success: 'border-success/40',
  running: 'border-running/40',
  waiting: 'border-waiting/40',
  warning: 'border-warning/40',
  danger: 'border-danger/40',
  compensating: 'border-compensating/40',
  neutral: 'border-neutral/40',
}
