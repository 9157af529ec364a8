/** The edges of a tree of nodes: what follows what, where branches part and join, where loops return, where errors go. */
import type { DiagramEdge, DiagramNode } from './diagram'

interface Exit {
  readonly from: string
  readonly label: string | null
  readonly kind: DiagramEdge['kind']
}
interface Scope {
  readonly edges: Map<string, DiagramEdge>
  /** Where a throw goes: the catch around it, or the end. */
  readonly onThrow: string
}
const END = 'end'

export function edgesOf(nodes: readonly DiagramNode[]): readonly DiagramEdge[] {
  const scope: Scope = { edges: new Map(), onThrow: END }
  connect(nodes, [], scope)
  return [...scope.edges.values()]
}

/** @returns what leaves the last node */
function connect(nodes: readonly DiagramNode[], entries: readonly Exit[], scope: Scope): readonly Exit[] {
  let exits = entries
  for (const node of nodes) {
    for (const exit of exits) add(scope, exit, node.id)
    exits = exitsOf(node, scope)
  }
  return exits
}

function exitsOf(node: DiagramNode, scope: Scope): readonly Exit[] {
  switch (node.kind) {
    case 'end':
      return []
    case 'return':
    case 'recur':
      add(scope, plain(node.id), END)
      return []
    case 'throw':
      add(scope, { from: node.id, label: 'throws', kind: 'error' }, scope.onThrow)
      return []
    case 'loop':
      for (const exit of branchExits(node, 0, scope)) add(scope, { ...exit, kind: 'back' }, node.id)
      return [plain(node.id)]
    case 'try':
      return tryExits(node, scope)
    case 'condition':
    case 'switch':
    case 'parallel':
    case 'race':
    case 'helper':
      return node.branches.flatMap((_, index) => branchExits(node, index, scope))
    default:
      return [plain(node.id)]
  }
}

function branchExits(node: DiagramNode, index: number, scope: Scope): readonly Exit[] {
  const branch = node.branches[index]
  if (!branch) return [plain(node.id)]
  const label = node.kind === 'helper' ? null : branch.label
  return connect(branch.nodes, [{ from: node.id, label, kind: 'branch' }], scope)
}

function tryExits(node: DiagramNode, scope: Scope): readonly Exit[] {
  const branch = (label: string) => node.branches.find((candidate) => candidate.label === label)
  const caught = branch('catch')
  const last = branch('finally')
  const handler = caught?.nodes[0]?.id
  const inner = handler === undefined ? scope : { ...scope, onThrow: handler }
  const entry: Exit = { from: node.id, label: null, kind: 'branch' }
  const exits = [...connect(branch('try')?.nodes ?? [], [entry], inner)]
  if (caught) exits.push(...connect(caught.nodes, [{ from: node.id, label: 'catch', kind: 'error' }], scope))
  return last ? connect(last.nodes, exits, scope) : exits
}

function plain(from: string): Exit {
  return { from, label: null, kind: 'next' }
}

function add(scope: Scope, { from, label, kind }: Exit, to: string): void {
  const id = `${from}>${to}${label === null ? '' : `:${label}`}`
  if (!scope.edges.has(id)) scope.edges.set(id, { id, from, to, label, kind })
}
