/**
 * Places, top to bottom. A diagram is a tree of blocks, so its picture is too: what follows stands below, what branches stands side by side under its
 * head, and whatever passes a branch by (a missing `else`, the way out of a loop) has a lane of its own. Positions depend on the source only: no change
 * of state ever moves a node. The compensation lane stands to the right, each link beside the step it undoes, chained from the last to the first.
 */
import type { CompensationRecord, DiagramNode } from '@/lib/api-types'
import type { Flow, FlowNode } from './flow'

export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export type Places = ReadonlyMap<string, Place>

const HEADS: ReadonlySet<FlowNode['kind']> = new Set([
  'condition',
  'switch',
  'loop',
  'try',
  'parallel',
  'race',
  'helper',
])
const GAP_X = 36
const GAP_Y = 38
/** Below a head, room for the labels of its branches. */
const GAP_BRANCH = 52
const LANE_GAP = 90
const LINK_STEP = 66

export function sizeOf(kind: FlowNode['kind']): { readonly width: number; readonly height: number } {
  if (kind === 'start' || kind === 'end') return { width: 76, height: 28 }
  if (HEADS.has(kind)) return { width: 190, height: 34 }
  return { width: 216, height: 52 }
}

/** A laid out piece: places relative to its own left top corner, and the x at which lines enter and leave. */
interface Block {
  readonly width: number
  readonly height: number
  readonly places: readonly (readonly [string, Place])[]
}

export function layoutDiagram(nodes: readonly DiagramNode[]): Places {
  return new Map(sequence(nodes).places)
}

function sequence(nodes: readonly DiagramNode[]): Block {
  return stack(nodes.map(block), GAP_Y)
}

function block(node: DiagramNode): Block {
  const size = sizeOf(node.kind)
  const head: Block = { ...size, places: [[node.id, { x: 0, y: 0, ...size }]] }
  const finallyOf = node.kind === 'try' ? node.branches.filter((branch) => branch.label === 'finally') : []
  const lanes = node.branches
    .filter((branch) => branch.nodes.length > 0 && !finallyOf.includes(branch))
    .map((branch) => sequence(branch.nodes))
  if (lanes.length === 0) return head
  const passing = passesBy(node, lanes.length)
    ? [{ width: lanes.length === 1 ? (lanes[0]?.width ?? 0) : 48, height: 0, places: [] }]
    : []
  const body = row(node.kind === 'loop' ? [...passing, ...lanes] : [...lanes, ...passing])
  return stack([stack([head, body], GAP_BRANCH), ...finallyOf.map((branch) => sequence(branch.nodes))], GAP_Y)
}

function passesBy(node: DiagramNode, lanes: number): boolean {
  if (node.kind === 'loop') return true
  return (node.kind === 'condition' || node.kind === 'switch') && lanes < Math.max(2, node.branches.length)
}

function stack(blocks: readonly Block[], gap: number): Block {
  const width = Math.max(0, ...blocks.map((one) => one.width))
  let y = 0
  const places = blocks.flatMap((one) => {
    const moved = move(one, (width - one.width) / 2, y)
    y += one.height + gap
    return moved
  })
  return { width, height: Math.max(0, y - gap), places }
}

function row(blocks: readonly Block[]): Block {
  let x = 0
  const places = blocks.flatMap((one) => {
    const moved = move(one, x, 0)
    x += one.width + GAP_X
    return moved
  })
  return { width: Math.max(0, x - GAP_X), height: Math.max(0, ...blocks.map((one) => one.height)), places }
}

function move(one: Block, dx: number, dy: number): readonly (readonly [string, Place])[] {
  return one.places.map(([id, place]) => [id, { ...place, x: place.x + dx, y: place.y + dy }] as const)
}

/** A flow without branches, such as one made from history: a column, or several beside each other when it is long. */
export function layoutColumn(flow: Flow, perColumn = 60): Places {
  const places = new Map<string, Place>()
  flow.nodes.forEach((node, index) => {
    const size = sizeOf(node.kind)
    const column = Math.floor(index / perColumn)
    places.set(node.id, { ...size, x: column * 320 + (216 - size.width) / 2, y: (index % perColumn) * (52 + GAP_Y) })
  })
  return places
}

/** @param nodeOf the flow node of the step that registered a compensation, if it is shown */
export function layoutLane(
  compensations: readonly CompensationRecord[],
  places: Places,
  nodeOf: (compensation: CompensationRecord) => string | null,
): ReadonlyMap<number, Place> {
  const right = Math.max(0, ...[...places.values()].map((place) => place.x + place.width))
  const lane = new Map<number, Place>()
  let y = 20
  for (const compensation of [...compensations].sort((a, b) => a.seq - b.seq)) {
    const beside = places.get(nodeOf(compensation) ?? '')
    y = Math.max(beside?.y ?? y, y)
    lane.set(compensation.seq, { x: right + LANE_GAP, y, width: 216, height: 52 })
    y += LINK_STEP
  }
  return lane
}
