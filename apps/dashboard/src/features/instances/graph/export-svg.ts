/**
 * The graph as a picture of its own: plain SVG made from the elements, with the colours that are on screen now. Made by hand, because the page's DOM
 * holds foreign objects and style sheets that a file would not take along. Every text is escaped.
 */
import type { Edge } from '@xyflow/react'
import type { GraphNode } from './graph-elements'

const TONES: Readonly<Record<string, string>> = {
  done: '--success',
  failed: '--danger',
  running: '--running',
  retrying: '--warning',
  waiting: '--waiting',
  passed: '--ink-muted',
  ahead: '--line-strong',
  untaken: '--line-strong',
  executed: '--success',
  skipped: '--warning',
  registered: '--line-strong',
}
const MARGIN = 24

export function graphToSvg(
  nodes: readonly GraphNode[],
  edges: readonly Edge[],
  color: (token: string) => string,
): string {
  const right = Math.max(...nodes.map((node) => node.position.x + (node.width ?? 0))) + MARGIN
  const bottom = Math.max(...nodes.map((node) => node.position.y + (node.height ?? 0))) + MARGIN
  const left = Math.min(...nodes.map((node) => node.position.x)) - MARGIN
  const top = Math.min(...nodes.map((node) => node.position.y)) - MARGIN
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const lines = edges.map((edge) => edgePath(edge, byId, color))
  const boxes = nodes.map((node) => box(node, color))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${right - left} ${bottom - top}" width="${right - left}" height="${bottom - top}" font-family="Inter, sans-serif" font-size="12"><defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="${color('--ink-muted')}"/></marker></defs><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="${color('--canvas')}"/>${lines.join('')}${boxes.join('')}</svg>`
}

function box(node: GraphNode, color: (token: string) => string): string {
  const { x, y } = node.position
  const width = node.width ?? 0
  const height = node.height ?? 0
  const isLink = node.type === 'link'
  const state = isLink ? node.data.compensation.state : (node.data as { state: string }).state
  const label = isLink ? node.data.compensation.name : (node.data as { node: { label: string } }).node.label
  const count = isLink ? 0 : (node.data as { count: number }).count
  const stroke = color(TONES[state] ?? '--line-strong')
  const isDashed = isLink || state === 'ahead' || state === 'untaken'
  const text = label.length > 30 ? `${label.slice(0, 29)}…` : label
  const note = [count > 1 ? `×${count}` : '', state === 'done' || state === 'passed' ? '' : state]
    .filter(Boolean)
    .join(' · ')
  const hasNote = note !== '' && height > 40
  return `<g${state === 'untaken' ? ' opacity="0.6"' : ''}><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${color('--surface')}" stroke="${stroke}"${isDashed ? ' stroke-dasharray="4 3"' : ''}/><text x="${x + 12}" y="${y + height / 2 + (hasNote ? -3 : 4)}" fill="${color('--ink')}">${escapeXml(text)}</text>${hasNote ? `<text x="${x + 12}" y="${y + height / 2 + 13}" font-size="10" fill="${stroke}">${escapeXml(note)}</text>` : ''}</g>`
}

function edgePath(edge: Edge, byId: ReadonlyMap<string, GraphNode>, color: (token: string) => string): string {
  const from = byId.get(edge.source)
  const to = byId.get(edge.target)
  if (!from || !to || from === to) return ''
  const a = anchor(from, edge.sourceHandle ?? 'out')
  const b = anchor(to, edge.targetHandle ?? 'in')
  const isLane = edge.className === 'edge-compensation' || edge.className === 'edge-registered'
  const stroke = color(
    isLane
      ? '--compensating'
      : edge.className === 'edge-untaken'
        ? '--line-strong'
        : edge.className === 'edge-error'
          ? '--danger'
          : '--ink-muted',
  )
  const isBack = edge.sourceHandle === 'side-out' && edge.targetHandle === 'side-in'
  const middle = (a.y + b.y) / 2
  const path = isLane
    ? `M${a.x} ${a.y}L${b.x} ${b.y}`
    : isBack
      ? `M${a.x} ${a.y}h26V${b.y}H${b.x}`
      : `M${a.x} ${a.y}V${middle}H${b.x}V${b.y}`
  const label =
    typeof edge.label === 'string'
      ? `<text x="${b.x + 4}" y="${b.y - 10}" font-size="10" fill="${color('--ink-muted')}">${escapeXml(edge.label)}</text>`
      : ''
  return `<path d="${path}" fill="none" stroke="${stroke}"${isLane || edge.className === 'edge-untaken' ? ' stroke-dasharray="4 4"' : ''} marker-end="url(#a)"/>${label}`
}

function anchor(node: GraphNode, handle: string): { x: number; y: number } {
  const { x, y } = node.position
  const width = node.width ?? 0
  const height = node.height ?? 0
  if (handle === 'in' || handle === 'top') return { x: x + width / 2, y }
  if (handle === 'out' || handle === 'bottom') return { x: x + width / 2, y: y + height }
  return { x: handle === 'left' ? x : x + width, y: y + height / 2 }
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
