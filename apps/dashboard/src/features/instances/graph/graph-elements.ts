/** From flow, overlay and places to React Flow's elements. Pure; ids and positions stay, only `data` changes with the state. */
import type { Edge, Node } from '@xyflow/react'
import { arrow, flowEdge, stepNode } from '@/components/flow-diagram/elements'
import { buildFlow, type Flow, type FlowNode } from '@/components/flow-diagram/flow'
import { layoutColumn, layoutDiagram, layoutLane, type Place } from '@/components/flow-diagram/layout'
import type { NodeState, StepNode } from '@/components/flow-diagram/step-node'
import type { CompensationRecord, DiagramNode } from '@/lib/api-types'
import type { Operation } from '../model/operations'
import { buildHistoryFlow } from './history-flow'
import { buildOverlay } from './overlay'

export interface LinkData extends Record<string, unknown> {
  readonly compensation: CompensationRecord
  readonly order: number
}
export type LinkNode = Node<LinkData, 'link'>
export type GraphNode = StepNode | LinkNode

export interface GraphInput {
  /** null when the source is not known: the graph is made from history. */
  readonly diagram: readonly DiagramNode[] | null
  readonly operations: readonly Operation[]
  readonly compensations: readonly CompensationRecord[]
  readonly hasEnded: boolean
  readonly selected: string | null
}

export interface GraphElements {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly Edge[]
  /** Operations that the diagram has no place for. */
  readonly unplaced: number
}

export interface Skeleton {
  readonly flow: Flow
  readonly places: ReadonlyMap<string, Place>
}

/** The part that depends on ids only: computed again when the source or the set of steps changes, not when a state does. */
export function buildSkeleton(diagram: readonly DiagramNode[] | null, operations: readonly Operation[]): Skeleton {
  if (diagram) return { flow: buildFlow(diagram), places: layoutDiagram(diagram) }
  const flow = buildHistoryFlow(operations)
  return { flow, places: layoutColumn(flow) }
}

const TAKEN: ReadonlySet<NodeState> = new Set(['done', 'failed', 'running', 'retrying', 'waiting', 'passed'])

export function buildElements(skeleton: Skeleton, input: GraphInput): GraphElements {
  const { flow, places } = skeleton
  const { states, operationsOf, entered, unplaced } = input.diagram
    ? fromDiagram(input, flow)
    : fromHistory(input, flow)
  const nodes: GraphNode[] = flow.nodes.map((node) =>
    toStep(node, places.get(node.id), states.get(node.id) ?? 'ahead', operationsOf(node), input.selected),
  )
  const edges: Edge[] = flow.edges.map((edge) => {
    const isPassing = entered.get(edge.from)?.has(edge.to) === false
    const isTaken =
      TAKEN.has(states.get(edge.from) ?? 'ahead') &&
      TAKEN.has(states.get(edge.to) ?? 'ahead') &&
      edge.kind !== 'error' &&
      !isPassing
    const isError = edge.kind === 'error' && states.get(edge.to) !== 'untaken' && states.get(edge.from) === 'failed'
    return flowEdge(edge, isError ? 'error' : isTaken ? 'taken' : 'untaken')
  })
  addLane(nodes, edges, input.compensations, flow, places, operationsOf)
  return { nodes, edges, unplaced }
}

interface Overlaid {
  readonly states: ReadonlyMap<string, NodeState>
  readonly operationsOf: (node: FlowNode) => readonly Operation[]
  readonly entered: ReadonlyMap<string, ReadonlySet<string>>
  readonly unplaced: number
}

function fromDiagram(input: GraphInput, flow: Flow): Overlaid {
  const overlay = buildOverlay(input.diagram ?? [], input.operations, input.hasEnded)
  return {
    states: new Map(flow.nodes.map((node) => [node.id, overlay.byNode.get(node.id)?.state ?? 'ahead'])),
    operationsOf: (node) => overlay.byNode.get(node.id)?.operations ?? [],
    entered: overlay.entered,
    unplaced: overlay.unplaced.length,
  }
}

const WORST = ['failed', 'timeout', 'retrying', 'running', 'waiting', 'done'] as const

function fromHistory(input: GraphInput, flow: Flow): Overlaid {
  const byId = new Map(input.operations.map((operation) => [operation.id, operation]))
  const operationsOf = (node: FlowNode) => node.operationIds.flatMap((id) => byId.get(id) ?? [])
  const stateOf = (node: FlowNode): NodeState => {
    const states = new Set(operationsOf(node).map(({ state }) => state))
    const worst = WORST.find((state) => states.has(state))
    return worst === undefined ? 'passed' : worst === 'timeout' ? 'failed' : worst
  }
  return {
    states: new Map(flow.nodes.map((node) => [node.id, stateOf(node)])),
    operationsOf,
    entered: new Map(),
    unplaced: 0,
  }
}

function toStep(
  node: FlowNode,
  place: Place | undefined,
  state: NodeState,
  operations: readonly Operation[],
  selected: string | null,
): StepNode {
  return stepNode(node, place, {
    state,
    count: operations.length,
    note: noteOf(state, operations),
    isSelected: selected !== null && operations.some(({ id }) => id === selected),
    firstId: (operations.find((one) => one.state !== 'done') ?? operations.at(-1))?.id ?? null,
  })
}

const WORDS: Partial<Record<NodeState, string>> = {
  failed: 'failed',
  running: 'running',
  retrying: 'between attempts',
  waiting: 'waiting',
  untaken: 'not taken',
}
const MOST_LOOKED_AT = 1_000

function noteOf(state: NodeState, operations: readonly Operation[]): string {
  const failed = operations.filter((one) => one.state === 'failed').length
  const attempts = Math.max(1, ...operations.slice(0, MOST_LOOKED_AT).map((one) => one.attempts))
  const notes = [
    operations.length > 1 ? `×${operations.length}` : '',
    failed > 0 && operations.length > 1 ? `${failed} failed` : '',
    attempts > 1 ? `${attempts} attempts` : '',
    WORDS[state] ?? '',
  ]
  return notes.filter(Boolean).join(' · ')
}

/** Reverse and dashed: from the failure's side, the last link first. */
function addLane(
  nodes: GraphNode[],
  edges: Edge[],
  compensations: readonly CompensationRecord[],
  flow: Flow,
  places: ReadonlyMap<string, Place>,
  operationsOf: (node: FlowNode) => readonly Operation[],
): void {
  if (compensations.length === 0) return
  const nodeOf = (compensation: CompensationRecord): string | null =>
    flow.nodes.find((node) => operationsOf(node).some(({ id }) => id === compensation.activityId))?.id ?? null
  const lane = layoutLane(compensations, places, nodeOf)
  const ordered = [...compensations].sort((a, b) => b.seq - a.seq)
  ordered.forEach((compensation, index) => {
    const place = lane.get(compensation.seq)
    const id = `compensation-${compensation.seq}`
    nodes.push({
      id,
      type: 'link',
      position: { x: place?.x ?? 0, y: place?.y ?? 0 },
      width: place?.width ?? 216,
      height: place?.height ?? 52,
      draggable: false,
      ariaLabel: `Compensation ${compensation.name}, ${compensation.state}`,
      data: { compensation, order: index + 1 },
    })
    const step = nodeOf(compensation)
    if (step)
      edges.push({
        id: `${step}⇢${id}`,
        source: step,
        target: id,
        sourceHandle: 'side-out',
        targetHandle: 'left',
        type: 'straight',
        focusable: false,
        className: 'edge-registered',
      })
    const next = ordered[index + 1]
    if (next) {
      edges.push({
        id: `${id}→next`,
        source: id,
        target: `compensation-${next.seq}`,
        sourceHandle: 'top',
        targetHandle: 'bottom',
        type: 'straight',
        focusable: false,
        className: 'edge-compensation',
        markerEnd: arrow('var(--compensating)'),
      })
    }
  })
}
