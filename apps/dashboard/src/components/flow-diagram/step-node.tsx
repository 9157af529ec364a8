'use client'
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import {
  ArrowDownToLine,
  Clock,
  Combine,
  CornerDownLeft,
  Ellipsis,
  Flag,
  GitBranch,
  type LucideIcon,
  Mail,
  OctagonX,
  Play,
  Radio,
  Repeat,
  Repeat2,
  Send,
  ShieldAlert,
  Split,
  Trophy,
  Undo2,
  Zap,
} from 'lucide-react'
import { memo } from 'react'
import { cn } from '@/lib/cn'
import type { FlowNode } from './flow'

export type NodeState = 'done' | 'failed' | 'running' | 'retrying' | 'waiting' | 'untaken' | 'ahead' | 'passed'

export interface StepData extends Record<string, unknown> {
  readonly node: FlowNode
  readonly state: NodeState
  readonly count: number
  readonly isSelected: boolean
  /** Second line: counts, attempts, the state's word. */
  readonly note: string
  /** What a click selects. */
  readonly firstId: string | null
}
export type StepNode = Node<StepData, 'step'>

const ICONS: Readonly<Record<FlowNode['kind'], LucideIcon>> = {
  start: Play,
  end: Flag,
  activity: Zap,
  run: Zap,
  sleep: Clock,
  'wait-event': Radio,
  receive: Mail,
  publish: Send,
  send: Send,
  child: GitBranch,
  compensation: Undo2,
  recur: Repeat2,
  return: CornerDownLeft,
  throw: OctagonX,
  condition: Split,
  switch: Split,
  loop: Repeat,
  try: ShieldAlert,
  parallel: Combine,
  race: Trophy,
  helper: ArrowDownToLine,
  group: Repeat,
  more: Ellipsis,
}

/** Frame and icon by state. The state's word stands in the note, so that nothing hangs on colour. */
const LOOK: Readonly<Record<NodeState, { readonly frame: string; readonly icon: string; readonly label: string }>> = {
  done: { frame: 'border-success/50 bg-surface', icon: 'text-success', label: '' },
  failed: { frame: 'border-danger bg-danger/8', icon: 'text-danger', label: '' },
  running: { frame: 'border-running bg-running/8', icon: 'text-running', label: '' },
  retrying: { frame: 'border-warning bg-warning/8', icon: 'text-warning', label: '' },
  waiting: { frame: 'border-waiting bg-waiting/8 waiting-ring', icon: 'text-waiting', label: '' },
  passed: { frame: 'border-line-strong bg-surface', icon: 'text-ink-muted', label: '' },
  ahead: { frame: 'border-line border-dashed bg-surface', icon: 'text-ink-faint', label: 'text-ink-muted' },
  untaken: { frame: 'border-line border-dotted bg-canvas', icon: 'text-line-strong', label: 'text-ink-faint' },
}

export const HANDLE = '!size-1 !min-w-0 !min-h-0 !border-0 !bg-transparent'

function Handles() {
  return (
    <>
      <Handle type="target" position={Position.Top} id="in" className={HANDLE} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} id="out" className={HANDLE} isConnectable={false} />
      <Handle type="source" position={Position.Right} id="side-out" className={HANDLE} isConnectable={false} />
      <Handle type="target" position={Position.Right} id="side-in" className={HANDLE} isConnectable={false} />
    </>
  )
}

export const Step = memo(function Step({ data }: NodeProps<StepNode>) {
  const { node, state, count, note, isSelected } = data
  const look = LOOK[state]
  const Icon = ICONS[node.kind]
  const isEnd = node.kind === 'start' || node.kind === 'end'
  return (
    <div
      className={cn(
        'flex size-full items-center gap-2 border px-2.5 text-left',
        isEnd ? 'justify-center rounded-full' : 'rounded-md',
        look.frame,
        count > 0 && 'cursor-pointer hover:shadow-pop',
        isSelected && 'outline-2 outline-focus outline-offset-1',
      )}
    >
      <Handles />
      <Icon aria-hidden className={cn('size-3.5 shrink-0', look.icon)} />
      <span className="min-w-0 flex-1 leading-tight">
        <span className={cn('block truncate text-xs', count > 0 && 'font-medium', look.label)}>{node.label}</span>
        {note && !isEnd ? (
          <span className={cn('block truncate text-2xs', count > 0 ? look.icon : 'text-ink-faint')}>{note}</span>
        ) : null}
      </span>
    </div>
  )
})
