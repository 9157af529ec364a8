'use client'
/** The picture of one instance: the source's skeleton, what ran laid over it, and the compensation lane. A click selects for all tabs. */
import { useMemo } from 'react'
import { Canvas } from '@/components/flow-diagram/canvas'
import { Step } from '@/components/flow-diagram/step-node'
import type { CompensationRecord, DiagramNode } from '@/lib/api-types'
import { plural } from '@/lib/format'
import type { Operation } from '../model/operations'
import { ExportMenu } from './export-menu'
import { buildElements, buildSkeleton, type GraphNode } from './graph-elements'
import { Link } from './link-node'

const nodeTypes = { step: Step, link: Link }

export interface InstanceGraphProps {
  readonly diagram: readonly DiagramNode[] | null
  /** Why there is no exact diagram, to be said beside the picture. */
  readonly note: string | null
  readonly operations: readonly Operation[]
  readonly compensations: readonly CompensationRecord[]
  readonly hasEnded: boolean
  readonly selected: string | null
  readonly onSelect: (id: string | null) => void
  readonly fileName: string
  readonly className?: string
}

export function InstanceGraph(props: InstanceGraphProps) {
  const { diagram, operations, compensations, hasEnded, selected, onSelect, className } = props
  // Without a source the picture's steps are the operations themselves; with one, they never change.
  const steps = diagram ? 0 : operations.length
  // biome-ignore lint/correctness/useExhaustiveDependencies: layout depends on the set of ids only, and operations are never removed
  const skeleton = useMemo(() => buildSkeleton(diagram, operations), [diagram, steps])
  const { nodes, edges, unplaced } = useMemo(
    () => buildElements(skeleton, { diagram, operations, compensations, hasEnded, selected }),
    [skeleton, diagram, operations, compensations, hasEnded, selected],
  )
  const missing = unplaced > 0 ? `${plural(unplaced, 'operation')} not found in the source; see the timeline` : null
  const pick = (node: GraphNode | null) => {
    if (node?.type === 'step') {
      if (node.data.firstId) onSelect(node.data.firstId)
    } else if (node?.type === 'link') {
      if (node.data.compensation.state !== 'registered') onSelect(`compensation_${node.data.compensation.seq}`)
    } else onSelect(null)
  }
  return (
    <Canvas
      label="Graph of the instance"
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      onPick={pick}
      minimapColor={minimapColor}
      focusId={nodes.find(isInteresting)?.id ?? null}
      note={[props.note, missing].filter((note) => note !== null).join(' · ') || null}
      {...(className ? { className } : {})}
    >
      <ExportMenu fileName={props.fileName} nodes={nodes} />
    </Canvas>
  )
}

/** What somebody who opens the graph wants to see: what is selected, else what is not simply done. */
function isInteresting(node: GraphNode): boolean {
  return (
    node.type === 'step' &&
    (node.data.isSelected || ['failed', 'retrying', 'running', 'waiting'].includes(node.data.state))
  )
}

const COLORS: Partial<Record<string, string>> = {
  done: 'var(--success)',
  failed: 'var(--danger)',
  running: 'var(--running)',
  retrying: 'var(--warning)',
  waiting: 'var(--waiting)',
}

function minimapColor(node: GraphNode): string {
  if (node.type === 'link') return 'var(--compensating)'
  return (node.type === 'step' && COLORS[node.data.state]) || 'var(--line-strong)'
}
