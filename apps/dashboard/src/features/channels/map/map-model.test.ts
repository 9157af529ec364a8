import { describe, expect, it } from 'vitest'
import type { ChannelDetails, ChannelRecord } from '@/lib/api-types'
import { buildChannelMap } from './map-model'

const channel = (name: string, publishers: string[]): ChannelRecord => ({
  name,
  mode: 'competing',
  depth: 3,
  published: 9,
  oldestUnreadAt: null,
  subscriberCount: 2,
  maxLag: 3,
  publishers,
})
const subscriber = (instanceId: string, workflowName: string, lag: number) => ({
  instanceId,
  workflowName,
  status: null,
  cursor: 1,
  lag,
})

describe('the map of channels', () => {
  it('draws a publisher of two channels once, and subscribers of one workflow as one', () => {
    const details = new Map([
      [
        'a',
        {
          ...channel('a', []),
          subscribers: [subscriber('1', 'w', 3), subscriber('2', 'w', 1)],
          waits: [],
          publishRate: null,
        } as ChannelDetails,
      ],
    ])
    const { nodes, edges } = buildChannelMap([channel('a', ['p']), channel('b', ['p'])], details)
    expect(nodes.map(({ id, note }) => `${id} (${note})`)).toEqual([
      'channel:a (competing · 3 unread)',
      'publisher:p (publishes)',
      'subscriber:w (2 instances)',
      'channel:b (competing · 3 unread)',
    ])
    expect(edges.map(({ id, label }) => `${id}${label ? ` ${label}` : ''}`)).toEqual([
      'publisher:p→channel:a',
      'channel:a→subscriber:w 3 behind',
      'publisher:p→channel:b',
    ])
  })

  it('never puts two nodes in one place', () => {
    const { nodes } = buildChannelMap(
      ['a', 'b', 'c'].map((name) => channel(name, [`p-${name}`, 'q'])),
      new Map(),
    )
    expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length)
  })
})
