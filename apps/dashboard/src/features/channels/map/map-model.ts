/** Publishers → channel → subscribers, in three columns. Pure. Subscribers of one workflow are one node with a count. */
import type { ChannelDetails, ChannelRecord } from '@/lib/api-types'

export interface MapNode {
  readonly id: string
  readonly column: 'publisher' | 'channel' | 'subscriber'
  readonly label: string
  readonly note: string
  readonly isBehind: boolean
  readonly href: string
  readonly x: number
  readonly y: number
}
export interface MapEdge {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly label: string | null
  readonly isBehind: boolean
}

const COLUMN_X = { publisher: 0, channel: 320, subscriber: 640 }
const ROW = 76

/** @param details what is known of each channel's subscribers, by channel name */
export function buildChannelMap(
  channels: readonly ChannelRecord[],
  details: ReadonlyMap<string, ChannelDetails>,
): { readonly nodes: readonly MapNode[]; readonly edges: readonly MapEdge[] } {
  const nodes: MapNode[] = []
  const edges: MapEdge[] = []
  const rows = { publisher: 0, channel: 0, subscriber: 0 }
  const add = (column: MapNode['column'], node: Omit<MapNode, 'column' | 'x' | 'y'>) => {
    if (nodes.some((one) => one.id === node.id)) return
    nodes.push({ ...node, column, x: COLUMN_X[column], y: rows[column] * ROW })
    rows[column] += 1
  }
  for (const channel of channels) {
    const id = `channel:${channel.name}`
    const isBehind = channel.maxLag > 0
    add('channel', {
      id,
      label: channel.name,
      note: `${channel.mode ?? 'no mode'} · ${channel.depth} unread`,
      isBehind,
      href: `/channels/${encodeURIComponent(channel.name)}`,
    })
    for (const publisher of channel.publishers) {
      const from = `publisher:${publisher}`
      add('publisher', {
        id: from,
        label: publisher,
        note: 'publishes',
        isBehind: false,
        href: `/workflows/${encodeURIComponent(publisher)}`,
      })
      edges.push({ id: `${from}→${id}`, from, to: id, label: null, isBehind: false })
    }
    for (const [workflow, group] of subscribersByWorkflow(details.get(channel.name))) {
      const to = `subscriber:${workflow}`
      add('subscriber', {
        id: to,
        label: workflow,
        note: `${group.count} ${group.count === 1 ? 'instance' : 'instances'}`,
        isBehind: false,
        href: `/instances?workflow=${encodeURIComponent(workflow)}`,
      })
      edges.push({
        id: `${id}→${to}`,
        from: id,
        to,
        label: group.lag > 0 ? `${group.lag} behind` : null,
        isBehind: group.lag > 0,
      })
    }
  }
  return { nodes: centred(nodes, rows), edges }
}

function subscribersByWorkflow(
  details: ChannelDetails | undefined,
): ReadonlyMap<string, { readonly count: number; readonly lag: number }> {
  const groups = new Map<string, { count: number; lag: number }>()
  for (const subscriber of details?.subscribers ?? []) {
    const name = subscriber.workflowName ?? 'unknown workflow'
    const group = groups.get(name) ?? { count: 0, lag: 0 }
    groups.set(name, { count: group.count + 1, lag: Math.max(group.lag, subscriber.lag) })
  }
  return groups
}

/** Shorter columns stand in the middle of the longest. */
function centred(nodes: readonly MapNode[], rows: Readonly<Record<MapNode['column'], number>>): readonly MapNode[] {
  const most = Math.max(rows.publisher, rows.channel, rows.subscriber)
  return nodes.map((node) => ({ ...node, y: node.y + ((most - rows[node.column]) * ROW) / 2 }))
}
