/** Parts of React Flow's elements that every diagram shares. Pure. */
import { type BuiltInEdge, MarkerType } from '@xyflow/react'
import type { FlowEdge, FlowNode } from './flow'
import type { Place } from './layout'
import type { StepData, StepNode } from './step-node'

export type EdgeLook = 'taken' | 'untaken' | 'error'

export function flowEdge(edge: FlowEdge, look: EdgeLook): BuiltInEdge {
  return {
    id: edge.id,
    source: edge.from,
    target: edge.to,
    type: 'smoothstep',
    // twice this fits between two rows: lines that meet above a step do not turn back
    pathOptions: { offset: 14 },
    focusable: false,
    ...(edge.kind === 'back'
      ? { sourceHandle: 'side-out', targetHandle: 'side-in' }
      : { sourceHandle: 'out', targetHandle: 'in' }),
    ...(edge.label ? { label: edge.label } : {}),
    className: `edge-${look}`,
    markerEnd: arrow(
      look === 'untaken' ? 'var(--line-strong)' : look === 'error' ? 'var(--danger)' : 'var(--ink-muted)',
    ),
  }
}

export function arrow(color: string) {
  return { type: MarkerType.ArrowClosed, width: 14, height: 14, color }
}

export function stepNode(node: FlowNode, place: Place | undefined, data: Omit<StepData, 'node'>): StepNode {
  return {
    id: node.id,
    type: 'step',
    position: { x: place?.x ?? 0, y: place?.y ?? 0 },
    width: place?.width ?? 200,
    height: place?.height ?? 48,
    draggable: false,
    focusable: data.firstId !== null,
    ariaLabel: [node.label, data.state, data.note].filter(Boolean).join(', '),
    data: { node, ...data },
  } as StepNode
}
