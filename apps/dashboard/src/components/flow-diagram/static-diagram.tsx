'use client'
import { useMemo } from 'react'
import type { DiagramNode } from '@/lib/api-types'
import { Canvas } from './canvas'
import { flowEdge, stepNode } from './elements'
import { buildFlow } from './flow'
import { layoutDiagram } from './layout'
import { Step } from './step-node'

const nodeTypes = { step: Step }

/** A workflow's source as a picture, with what is at each step now. @param marks words for a step, by the prefix of its ids */
export function StaticDiagram({
  nodes,
  marks,
  note,
}: {
  nodes: readonly DiagramNode[]
  marks?: ReadonlyMap<string, string>
  note: string | null
}) {
  const elements = useMemo(() => {
    const flow = buildFlow(nodes)
    const places = layoutDiagram(nodes)
    const steps = flow.nodes.map((node) => {
      const mark = node.prefix === null ? undefined : marks?.get(node.prefix)
      return stepNode(node, places.get(node.id), {
        state: mark ? 'running' : 'passed',
        count: mark ? 1 : 0,
        note: mark ?? '',
        isSelected: false,
        firstId: null,
      })
    })
    return { steps, edges: flow.edges.map((edge) => flowEdge(edge, edge.kind === 'error' ? 'error' : 'taken')) }
  }, [nodes, marks])
  return (
    <Canvas
      label="Diagram of the workflow"
      nodes={elements.steps}
      edges={elements.edges}
      nodeTypes={nodeTypes}
      note={note}
    />
  )
}
