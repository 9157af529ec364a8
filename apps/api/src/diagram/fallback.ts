/** What can still be said about text that is no code: the calls that look like the engine's, in order. */
import type { Diagram, DiagramNode } from './diagram'

const CALL = /\b(?:await\s+)?([A-Za-z_$][\w$]{0,80})(?:\.([A-Za-z_$][\w$]{0,80}))?\(\s*(?:(ctx|context)\b)?/g
const VERBS = new Set([
  'sleep',
  'sleepUntil',
  'waitEvent',
  'receive',
  'publish',
  'sendTo',
  'startChild',
  'call',
  'run',
  'recur',
])
const MOST = 200

export function flatList(text: string, reason: string): Diagram {
  const nodes: DiagramNode[] = []
  for (const match of text.matchAll(CALL)) {
    const [, first = '', second, context] = match
    const isVerb = (first === 'ctx' || first === 'context') && second !== undefined && VERBS.has(second)
    if (!isVerb && context === undefined) continue
    const name = second ?? first
    nodes.push({
      id: `flat/${nodes.length}`,
      kind: isVerb ? 'run' : 'activity',
      label: name,
      name,
      activityPrefix: isVerb ? null : name,
      line: text.slice(0, match.index).split('\n').length,
      branches: [],
    })
    if (nodes.length === MOST) break
  }
  const edges = nodes.slice(1).map((node, index) => {
    const from = nodes[index]?.id ?? node.id
    return { id: `${from}>${node.id}`, from, to: node.id, label: null, kind: 'next' as const }
  })
  return { nodes, edges, exact: false, reason }
}
