'use client'
import { useQueries } from '@tanstack/react-query'
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { RadioTower, Send, Workflow } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { memo, useMemo } from 'react'
import { Canvas } from '@/components/flow-diagram/canvas'
import { arrow } from '@/components/flow-diagram/elements'
import { HANDLE } from '@/components/flow-diagram/step-node'
import type { ChannelDetails, ChannelRecord } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { useTRPC } from '@/lib/trpc/client'
import { buildChannelMap, type MapNode } from './map-model'

type FlowNode = Node<{ readonly node: MapNode }, 'map'>

const ICONS = { publisher: Send, channel: RadioTower, subscriber: Workflow }
/** Subscribers are asked for channel by channel; beyond this many the map shows channels and publishers only. */
const MOST_ASKED = 30

const MapStep = memo(function MapStep({ data: { node } }: NodeProps<FlowNode>) {
  const Icon = ICONS[node.column]
  return (
    <div
      className={cn(
        'flex size-full cursor-pointer items-center gap-2 rounded-md border bg-surface px-2.5 hover:shadow-pop',
        node.isBehind ? 'border-warning' : node.column === 'channel' ? 'border-accent/60' : 'border-line-strong',
      )}
    >
      <Handle type="target" position={Position.Left} className={HANDLE} isConnectable={false} />
      <Handle type="source" position={Position.Right} className={HANDLE} isConnectable={false} />
      <Icon
        aria-hidden
        className={cn('size-4 shrink-0', node.column === 'channel' ? 'text-accent' : 'text-ink-muted')}
      />
      <span className="min-w-0 flex-1 leading-tight">
        <span className="block truncate font-medium text-xs">{node.label}</span>
        <span className={cn('block truncate text-2xs', node.isBehind ? 'text-warning' : 'text-ink-muted')}>
          {node.note}
        </span>
      </span>
    </div>
  )
})
const nodeTypes = { map: MapStep }

export function ChannelMap({ channels }: { channels: readonly ChannelRecord[] }) {
  const trpc = useTRPC()
  const router = useRouter()
  const asked = channels.slice(0, MOST_ASKED)
  const answers = useQueries({
    queries: asked.map((channel) => trpc.channels.get.queryOptions({ name: channel.name })),
    combine: (results) => results.map((result) => result.data),
  })
  const { nodes, edges } = useMemo(() => {
    const details = new Map(
      answers.filter((one): one is ChannelDetails => one !== undefined).map((one) => [one.name, one]),
    )
    const map = buildChannelMap(channels, details)
    return {
      nodes: map.nodes.map(
        (node): FlowNode => ({
          id: node.id,
          type: 'map',
          position: { x: node.x, y: node.y },
          width: 220,
          height: 48,
          draggable: false,
          ariaLabel: `${node.column} ${node.label}, ${node.note}`,
          data: { node },
        }),
      ),
      edges: map.edges.map((edge) => ({
        id: edge.id,
        source: edge.from,
        target: edge.to,
        focusable: false,
        animated: edge.isBehind,
        className: edge.isBehind ? 'edge-behind' : 'edge-taken',
        markerEnd: arrow(edge.isBehind ? 'var(--warning)' : 'var(--ink-muted)'),
        ...(edge.label ? { label: edge.label } : {}),
      })),
    }
  }, [channels, answers])
  return (
    <Canvas
      label="Map of the channels"
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      onPick={(node) => node && router.push(node.data.node.href)}
      note={channels.length > MOST_ASKED ? `Subscribers of the first ${MOST_ASKED} channels` : null}
    />
  )
}
