/** One table of how operations look: timeline, graph, history and replay read it, and the legend is made from it. */
import { Clock, GitBranch, Hash, type LucideIcon, Mail, Radio, Undo2, Zap } from 'lucide-react'
import type { Tone } from '@/lib/status'
import type { OperationKind, OperationState } from './operations'

export const KIND_LOOK: Readonly<Record<OperationKind, { readonly icon: LucideIcon; readonly label: string }>> = {
  activity: { icon: Zap, label: 'Activity' },
  timer: { icon: Clock, label: 'Timer' },
  event: { icon: Radio, label: 'Event wait' },
  message: { icon: Mail, label: 'Message wait' },
  child: { icon: GitBranch, label: 'Child workflow' },
  compensation: { icon: Undo2, label: 'Compensation' },
  marker: { icon: Hash, label: 'Record' },
}

export const STATE_LOOK: Readonly<Record<OperationState, { readonly tone: Tone; readonly label: string }>> = {
  done: { tone: 'success', label: 'Done' },
  failed: { tone: 'danger', label: 'Failed' },
  timeout: { tone: 'warning', label: 'Timed out' },
  running: { tone: 'running', label: 'Running' },
  retrying: { tone: 'warning', label: 'Between attempts' },
  waiting: { tone: 'waiting', label: 'Waiting' },
}
