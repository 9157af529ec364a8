import { describe, expect, it } from 'vitest'
import { buildFlow } from '@/components/flow-diagram/flow'
import { layoutColumn, layoutDiagram, layoutLane } from '@/components/flow-diagram/layout'
import type { CompensationRecord, DiagramNode } from '@/lib/api-types'
import type { Operation } from '../model/operations'
import { buildElements, buildSkeleton } from './graph-elements'
import { buildHistoryFlow } from './history-flow'
import { buildOverlay } from './overlay'

function node(id: string, kind: DiagramNode['kind'], extra: Partial<DiagramNode> = {}): DiagramNode {
  return {
    id,
    kind,
    label: id,
    name: null,
    activityPrefix: kind === 'activity' ? id : null,
    line: 1,
    branches: [],
    ...extra,
  }
}
function operation(id: string, state: Operation['state'] = 'done'): Operation {
  return {
    id,
    kind: 'activity',
    name: id.split(':')[0] ?? id,
    state,
    startAt: 0,
    startIsExact: true,
    endAt: 1,
    attempts: 1,
    ticks: [],
    seqs: [1],
    pending: null,
    type: 'ActivityCompleted',
  }
}
const branch = (label: string, ...nodes: DiagramNode[]) => ({ label, nodes })
const start = node('start', 'start')
const end = node('end', 'end')
const edgesOf = (...nodes: DiagramNode[]) =>
  buildFlow([start, ...nodes, end]).edges.map(
    (edge) =>
      `${edge.from}>${edge.to}${edge.label ? ` ${edge.label}` : ''}${edge.kind === 'next' || edge.kind === 'branch' ? '' : ` (${edge.kind})`}`,
  )

describe('the flow of a diagram', () => {
  it('meets again behind a condition, and a missing else is an edge of its own', () => {
    expect(
      edgesOf(node('if', 'condition', { branches: [branch('then', node('a', 'activity'))] }), node('b', 'activity')),
    ).toEqual(['start>if', 'if>a then', 'a>b', 'if>b else', 'b>end'])
  })

  it('goes back from the body of a loop', () => {
    expect(edgesOf(node('for', 'loop', { branches: [branch('body', node('a', 'activity'))] }))).toEqual([
      'start>for',
      'for>a body',
      'a>for (back)',
      'for>end done',
    ])
  })

  it('leads a throw to the nearest catch, and ends the line with one outside', () => {
    const attempt = node('try', 'try', {
      branches: [
        branch('try', node('a', 'activity'), node('t1', 'throw')),
        branch('catch', node('b', 'activity'), node('t2', 'throw')),
      ],
    })
    expect(edgesOf(attempt)).toEqual(['start>try', 'try>a', 'a>t1', 'try>b catch (error)', 't1>b (error)', 'b>t2'])
  })

  it('joins the branches of a parallel', () => {
    expect(
      edgesOf(
        node('all', 'parallel', { branches: [branch('1', node('a', 'activity')), branch('2', node('b', 'activity'))] }),
        node('c', 'activity'),
      ),
    ).toEqual(['start>all', 'all>a 1', 'all>b 2', 'a>c', 'b>c', 'c>end'])
  })

  it('lets nothing pass behind a return', () => {
    expect(
      edgesOf(node('if', 'condition', { branches: [branch('then', node('r', 'return'))] }), node('a', 'activity')),
    ).toContain('if>a else')
    expect(edgesOf(node('r', 'return'))).toEqual(['start>r', 'r>end'])
  })
})

describe('history over the diagram', () => {
  const nodes = [
    start,
    node('a', 'activity'),
    node('if', 'condition', {
      branches: [branch('then', node('b', 'activity')), branch('else', node('c', 'activity'))],
    }),
    node('d', 'activity'),
    node('e', 'activity'),
    end,
  ]
  const states = (operations: Operation[], hasEnded: boolean) =>
    Object.fromEntries([...buildOverlay(nodes, operations, hasEnded).byNode].map(([id, { state }]) => [id, state]))

  it('dims what was not taken and what lies ahead differently', () => {
    expect(states([operation('a:1'), operation('c:1'), operation('d:1', 'running')], false)).toEqual({
      start: 'passed',
      a: 'done',
      b: 'untaken',
      c: 'done',
      if: 'passed',
      d: 'running',
      e: 'ahead',
      end: 'ahead',
    })
    expect(states([operation('a:1')], true)).toMatchObject({ b: 'untaken', e: 'untaken', end: 'passed' })
  })

  it('draws the way past a choice when none of its branches was taken, and only then', () => {
    const diagram = [
      start,
      node('a', 'activity'),
      node('if', 'condition', { branches: [branch('then', node('b', 'activity')), branch('else')] }),
      node('d', 'activity'),
      end,
    ]
    const looks = (...ids: string[]) => {
      const operations = ids.map((id) => operation(id))
      const input = { diagram, operations, compensations: [], hasEnded: true, selected: null }
      const { nodes, edges } = buildElements(buildSkeleton(diagram, operations), input)
      const state = nodes.find(({ id }) => id === 'if')?.data.state
      return [
        state,
        ...edges.filter(({ source }) => source === 'if').map(({ target, className }) => `${target} ${className}`),
      ]
    }
    expect(looks('a:1', 'd:1')).toEqual(['passed', 'b edge-untaken', 'd edge-taken'])
    expect(looks('a:1', 'b:1', 'd:1')).toEqual(['passed', 'b edge-taken', 'd edge-untaken'])
    expect(looks('a:1')).toEqual(['untaken', 'b edge-untaken', 'd edge-untaken'])
  })

  it('gives calls of one name to several nodes in call order, and the rest to the one that repeats', () => {
    const twice = [
      node('x1', 'activity', { activityPrefix: 'x' }),
      node('loop', 'loop', { branches: [branch('body', node('x2', 'activity', { activityPrefix: 'x' }))] }),
      node('x3', 'activity', { activityPrefix: 'x' }),
    ]
    const { byNode } = buildOverlay(
      twice,
      ['x:1', 'x:2', 'x:3', 'x:4'].map((id) => operation(id)),
      false,
    )
    expect(['x1', 'x2', 'x3'].map((id) => byNode.get(id)?.operations.map((one) => one.id))).toEqual([
      ['x:1'],
      ['x:2', 'x:3'],
      ['x:4'],
    ])
  })

  it('gives a hundred thousand calls of a loop to its one node', () => {
    const loop = [node('loop', 'loop', { branches: [branch('body', node('x', 'activity'))] })]
    const calls = Array.from({ length: 100_000 }, (_, index) => operation(`x:${index + 1}`))
    expect(buildOverlay(loop, calls, true).byNode.get('x')?.operations).toHaveLength(100_000)
  })

  it('names what has no node', () => {
    expect(buildOverlay(nodes, [operation('z:1')], false).unplaced.map(({ id }) => id)).toEqual(['z:1'])
  })
})

describe('a flow from history alone', () => {
  it('folds a hundred thousand operations of a loop into one node', () => {
    const operations = Array.from({ length: 100_000 }, (_, i) =>
      operation(`${i % 2 ? 'resize' : 'receive'}:${(i >> 1) + 1}`),
    )
    const { nodes } = buildHistoryFlow(operations)
    expect(nodes.map(({ label }) => label)).toEqual(['start', 'receive → resize'])
    expect(nodes[1]?.operationIds).toHaveLength(100_000)
  })

  it('never draws more than the limit, and loses nothing', () => {
    const operations = Array.from({ length: 5_000 }, (_, i) => operation(`step${(i * 7919) % 4999}:1`))
    const { nodes } = buildHistoryFlow(operations, 600)
    expect(nodes.length).toBeLessThanOrEqual(600)
    expect(nodes.flatMap((one) => one.operationIds)).toHaveLength(5_000)
  })
})

describe('layout', () => {
  const loop = node('for', 'loop', { branches: [branch('body', node('x', 'activity'), node('y', 'activity'))] })
  const choice = node('if', 'condition', { branches: [branch('then', node('b', 'activity')), branch('else', loop)] })
  const all = [
    start,
    node('a', 'activity'),
    choice,
    node('race', 'race', { branches: [branch('1', node('p', 'activity')), branch('2', node('q', 'activity'))] }),
    end,
  ]

  it('puts steps below each other, branches side by side, and never one node over another', () => {
    const places = [...layoutDiagram(all).entries()]
    expect(places.map(([id]) => id).sort()).toEqual(
      buildFlow(all)
        .nodes.map(({ id }) => id)
        .sort(),
    )
    for (const [i, [idA, a]] of places.entries()) {
      for (const [idB, b] of places.slice(i + 1)) {
        const isOver = a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
        expect(isOver, `${idA} over ${idB}`).toBe(false)
      }
    }
    const at = new Map(places)
    expect(at.get('p')?.y).toBe(at.get('q')?.y)
    expect(at.get('a')?.y).toBeLessThan(at.get('if')?.y ?? 0)
  })

  it('puts a long column from history beside itself', () => {
    const operations = Array.from({ length: 130 }, (_, i) => operation(`step${i}:1`))
    const places = [...layoutColumn(buildHistoryFlow(operations)).values()]
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(131)
  })

  it('puts compensations beside their steps, never over each other', () => {
    const places = layoutDiagram([start, node('a', 'activity'), node('b', 'activity'), end])
    const record = (seq: number, activityId: string): CompensationRecord => ({
      seq,
      name: 'undo',
      args: null,
      activityId,
      state: 'registered',
      attempts: 0,
      lastError: null,
      nextAttemptAt: null,
      executedAt: null,
    })
    const lane = layoutLane([record(1, 'a'), record(2, 'a'), record(3, 'b')], places, ({ activityId }) => activityId)
    const ys = [1, 2, 3].map((seq) => lane.get(seq)?.y ?? 0)
    expect(ys[0]).toBe(places.get('a')?.y)
    expect(ys.every((y, i) => i === 0 || y - (ys[i - 1] ?? 0) >= 52)).toBe(true)
  })
})
