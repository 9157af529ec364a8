'use client'
import { Handle, type NodeProps, Position } from '@xyflow/react'
import { Undo2 } from 'lucide-react'
import { memo } from 'react'
import { HANDLE } from '@/components/flow-diagram/step-node'
import { cn } from '@/lib/cn'
import { COMPENSATION_LOOK } from '../compensation/look'
import type { LinkNode } from './graph-elements'

/** One link of the compensation chain. */
export const Link = memo(function Link({ data }: NodeProps<LinkNode>) {
  const { compensation, order } = data
  const look = COMPENSATION_LOOK[compensation.state]
  return (
    <div
      className={cn('flex size-full items-center gap-2 rounded-md border border-dashed bg-surface px-2.5', look.frame)}
    >
      <Handle type="target" position={Position.Left} id="left" className={HANDLE} isConnectable={false} />
      <Handle type="target" position={Position.Bottom} id="bottom" className={HANDLE} isConnectable={false} />
      <Handle type="source" position={Position.Top} id="top" className={HANDLE} isConnectable={false} />
      <Undo2 aria-hidden className={cn('size-3.5 shrink-0', look.text)} />
      <span className="min-w-0 flex-1 leading-tight">
        <span className="block truncate font-medium text-xs">{compensation.name}</span>
        <span className={cn('block truncate text-2xs', look.text)}>
          {look.label}
          {compensation.attempts > 1 ? ` · ${compensation.attempts} attempts` : ''}
        </span>
      </span>
      <span title="Order of undoing" className="text-2xs text-ink-faint tabular">
        {order}
      </span>
    </div>
  )
})
