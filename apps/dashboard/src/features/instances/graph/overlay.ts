/**
 * History laid over the diagram of the source: which operation belongs to which node, and what that says about the node. Pure.
 *
 * A node knows the prefix of the ids it makes (`charge` → `charge:1`, `charge:2` …). Calls of one name count in call order: of several nodes with one
 * prefix, each that is not in a loop takes one call, in document order; the first that repeats takes the rest.
 */

import type { NodeState } from '@/components/flow-diagram/step-node'
import type { DiagramNode } from '@/lib/api-types'
import type { Operation } from '../model/operations'

export interface NodeOverlay {
  readonly state: NodeState
  readonly operations: readonly Operation[]
}

export interface Overlay {
  readonly byNode: ReadonlyMap<string, NodeOverlay>
  /** Choices of which one branch was taken, outside loops, with all that stands in their branches: nothing passed them by. */
  readonly entered: ReadonlyMap<string, ReadonlySet<string>>
  /** Operations that the diagram has no node for. */
  readonly unplaced: readonly Operation[]
}

const REPEATING: ReadonlySet<DiagramNode['kind']> = new Set(['loop', 'helper', 'parallel'])

interface Leaf {
  readonly node: DiagramNode
  readonly order: number
  readonly repeats: boolean
}

export function buildOverlay(
  nodes: readonly DiagramNode[],
  operations: readonly Operation[],
  hasEnded: boolean,
): Overlay {
  const leaves = leavesOf(nodes)
  const placed = place(leaves, operations)
  const reached = leaves.filter(({ node }) => placed.has(node.id))
  const frontier = Math.max(-1, ...reached.map(({ order }) => order))
  const byNode = new Map<string, NodeOverlay>()
  for (const { node, order } of leaves) {
    const own = placed.get(node.id) ?? []
    const state = own.length > 0 ? stateOf(own) : silentState(node, order, frontier, hasEnded)
    byNode.set(node.id, { state, operations: own })
  }
  settleSequence(nodes, byNode)
  settleEnds(nodes, byNode, hasEnded, operations)
  const known = new Set([...placed.values()].flat())
  return {
    byNode,
    entered: enteredChoices(nodes, byNode),
    unplaced: operations.filter(
      (operation) => operation.kind !== 'marker' && operation.kind !== 'compensation' && !known.has(operation),
    ),
  }
}

function leavesOf(nodes: readonly DiagramNode[]): readonly Leaf[] {
  const leaves: Leaf[] = []
  const visit = (list: readonly DiagramNode[], repeats: boolean): void => {
    for (const node of list) {
      if (node.branches.length === 0) leaves.push({ node, order: leaves.length, repeats })
      const inside = repeats || (REPEATING.has(node.kind) && (node.kind !== 'parallel' || node.branches.length === 1))
      for (const branch of node.branches) visit(branch.nodes, inside)
    }
  }
  visit(nodes, false)
  return leaves
}

function place(leaves: readonly Leaf[], operations: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> {
  const byPrefix = new Map<string, Operation[]>()
  for (const operation of operations) {
    const prefix = operation.id.replace(/:\d+$/, '')
    // in place: there may be a hundred thousand of one
    const calls = byPrefix.get(prefix)
    if (calls) calls.push(operation)
    else byPrefix.set(prefix, [operation])
  }
  for (const calls of byPrefix.values()) calls.sort((a, b) => callNumber(a) - callNumber(b))
  const placed = new Map<string, readonly Operation[]>()
  const sharing = new Map<string, Leaf[]>()
  for (const leaf of leaves) {
    const prefix = leaf.node.activityPrefix
    if (prefix !== null) sharing.set(prefix, [...(sharing.get(prefix) ?? []), leaf])
  }
  for (const [prefix, nodes] of sharing) {
    const calls = [...(byPrefix.get(prefix) ?? [])]
    nodes.forEach((leaf, index) => {
      const isLast = index === nodes.length - 1
      const taken =
        leaf.repeats || isLast
          ? calls.splice(0, leaf.repeats ? calls.length - (nodes.length - 1 - index) : calls.length)
          : calls.splice(0, 1)
      if (taken.length > 0) placed.set(leaf.node.id, taken)
    })
  }
  return placed
}

function callNumber(operation: Operation): number {
  return Number(/:(\d+)$/.exec(operation.id)?.[1] ?? 0)
}

const WORST_FIRST: readonly NodeState[] = ['failed', 'retrying', 'running', 'waiting', 'done']

function stateOf(operations: readonly Operation[]): NodeState {
  const states = new Set<NodeState>(operations.map(({ state }) => (state === 'timeout' ? 'failed' : state)))
  return WORST_FIRST.find((state) => states.has(state)) ?? 'done'
}

function silentState(node: DiagramNode, order: number, frontier: number, hasEnded: boolean): NodeState {
  if (node.kind === 'start') return 'passed'
  if (order < frontier)
    return node.activityPrefix === null && node.kind !== 'throw' && node.kind !== 'return' ? 'passed' : 'untaken'
  return hasEnded ? 'untaken' : 'ahead'
}

/** A container is passed when something in it was done, or something behind it though none of its branches was taken. */
function settleSequence(nodes: readonly DiagramNode[], byNode: Map<string, NodeOverlay>): boolean {
  let isTouchedBehind = false
  for (const node of [...nodes].reverse()) {
    const isTouched: boolean =
      node.branches.length > 0
        ? settleContainer(node, byNode, isTouchedBehind)
        : isDone(byNode.get(node.id)?.state) && node.kind !== 'start'
    isTouchedBehind ||= isTouched
  }
  return isTouchedBehind
}

function settleContainer(node: DiagramNode, byNode: Map<string, NodeOverlay>, isTouchedBehind: boolean): boolean {
  const touched = node.branches.map((branch) => settleSequence(branch.nodes, byNode))
  const states = node.branches.flatMap((branch) => branch.nodes.map(({ id }) => byNode.get(id)?.state))
  const isTouched = touched.includes(true)
  const isAhead = states.includes('ahead') || states.length === 0
  const state: NodeState = isTouched || isTouchedBehind ? 'passed' : isAhead ? 'ahead' : 'untaken'
  byNode.set(node.id, { state, operations: [] })
  return isTouched
}

function isDone(state: NodeState | undefined): boolean {
  return state !== undefined && state !== 'untaken' && state !== 'ahead'
}

function enteredChoices(
  nodes: readonly DiagramNode[],
  byNode: ReadonlyMap<string, NodeOverlay>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const entered = new Map<string, ReadonlySet<string>>()
  const visit = (list: readonly DiagramNode[], repeats: boolean): readonly string[] =>
    list.flatMap((node) => {
      const inside = visit(
        node.branches.flatMap((branch) => branch.nodes),
        repeats || REPEATING.has(node.kind),
      )
      const isChoice = node.kind === 'condition' || node.kind === 'switch'
      if (isChoice && !repeats && inside.some((id) => isDone(byNode.get(id)?.state)))
        entered.set(node.id, new Set(inside))
      return [node.id, ...inside]
    })
  visit(nodes, false)
  return entered
}

/** How it ended is known even though `return` and `throw` leave no event of their own. */
function settleEnds(
  nodes: readonly DiagramNode[],
  byNode: Map<string, NodeOverlay>,
  hasEnded: boolean,
  operations: readonly Operation[],
): void {
  const hasFailed = operations.some((operation) => operation.type === 'WorkflowFailed')
  for (const node of nodes) {
    if (node.kind === 'end' && hasEnded) byNode.set(node.id, { state: hasFailed ? 'failed' : 'passed', operations: [] })
    if (
      (node.kind === 'return' || node.kind === 'recur') &&
      hasEnded &&
      !hasFailed &&
      node === nodes.findLast((one) => one.kind === node.kind)
    ) {
      byNode.set(node.id, { state: 'passed', operations: [] })
    }
  }
}
