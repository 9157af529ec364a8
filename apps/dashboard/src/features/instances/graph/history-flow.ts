/**
 * A flow made from history alone, for workflows whose source is not known or not readable. Pure. What repeats is folded: runs of one name, then
 * repeating patterns, and beyond the limit the middle becomes one node, so that a hundred thousand events stay a picture one can use.
 */

import type { Flow, FlowEdge, FlowNode } from '@/components/flow-diagram/flow'
import type { Operation } from '../model/operations'

export const MOST_NODES = 600
const LONGEST_PATTERN = 8

interface Group {
  readonly names: readonly string[]
  readonly operations: readonly Operation[]
}

export function buildHistoryFlow(operations: readonly Operation[], limit = MOST_NODES): Flow {
  const steps = operations.filter((operation) => operation.kind !== 'marker' && operation.kind !== 'compensation')
  const groups = foldPatterns(steps.map((operation) => ({ names: [operation.name], operations: [operation] })))
  const shown = cap(groups, limit - 2)
  const nodes: FlowNode[] = [{ id: 'start', kind: 'start', label: 'start', line: null, prefix: null, operationIds: [] }]
  const edges: FlowEdge[] = []
  for (const group of shown) {
    const previous = nodes.at(-1) as FlowNode
    const node = toNode(group)
    nodes.push(node)
    edges.push({ id: `${previous.id}→${node.id}`, from: previous.id, to: node.id, label: null, kind: 'next' })
    if (group.names.length > 1) edges.push({ id: `${node.id}↺`, from: node.id, to: node.id, label: null, kind: 'back' })
  }
  return { nodes, edges }
}

function toNode(group: Group): FlowNode {
  const first = group.operations[0]
  const operationIds = group.operations.map(({ id }) => id)
  if (group.names.length === 0 || !first)
    return {
      id: 'more',
      kind: 'more',
      label: `${group.operations.length} more operations`,
      line: null,
      prefix: null,
      operationIds,
    }
  if (group.names.length === 1)
    return { id: first.id, kind: kindOf(first), label: first.name, line: null, prefix: null, operationIds }
  return { id: first.id, kind: 'group', label: group.names.join(' → '), line: null, prefix: null, operationIds }
}

function kindOf(operation: Operation): FlowNode['kind'] {
  switch (operation.kind) {
    case 'timer':
      return 'sleep'
    case 'event':
      return 'wait-event'
    case 'message':
      return 'receive'
    case 'child':
      return 'child'
    default:
      return 'activity'
  }
}

/** Greedy, left to right: the shortest pattern that repeats at least twice from here on. Linear in the number of steps. */
function foldPatterns(steps: readonly Group[]): readonly Group[] {
  const folded: Group[] = []
  let at = 0
  while (at < steps.length) {
    const length = repeatingLength(steps, at)
    if (length === 0) {
      folded.push(steps[at] as Group)
      at += 1
      continue
    }
    let end = at + length
    while (end + length <= steps.length && isSame(steps, at, end, length)) end += length
    folded.push({
      names: steps.slice(at, at + length).map((step) => step.names[0] as string),
      operations: steps.slice(at, end).flatMap((step) => step.operations),
    })
    at = end
  }
  return folded
}

function repeatingLength(steps: readonly Group[], at: number): number {
  for (let length = 1; length <= LONGEST_PATTERN; length++) {
    if (at + 2 * length <= steps.length && isSame(steps, at, at + length, length)) return length
  }
  return 0
}

function isSame(steps: readonly Group[], a: number, b: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (steps[a + index]?.names[0] !== steps[b + index]?.names[0]) return false
  }
  return true
}

function cap(groups: readonly Group[], limit: number): readonly Group[] {
  if (groups.length <= limit) return groups
  const head = Math.floor((limit - 1) / 2)
  const tail = limit - 1 - head
  const middle = groups.slice(head, groups.length - tail)
  return [
    ...groups.slice(0, head),
    { names: [], operations: middle.flatMap((group) => group.operations) },
    ...groups.slice(groups.length - tail),
  ]
}
