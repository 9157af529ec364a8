/**
 * The diagram's tree as a flat flow of nodes and edges, ready for layout. Pure. Containers become a small head from which their branches leave and
 * behind which these meet again. Where `return` and `throw` stand in a branch, the line ends with them: nothing passes.
 */
import type { DiagramNode } from '@/lib/api-types'

export type EdgeKind = 'next' | 'branch' | 'back' | 'error'

export interface FlowNode {
  readonly id: string
  readonly kind: DiagramNode['kind'] | 'group' | 'more'
  readonly label: string
  readonly line: number | null
  readonly prefix: string | null
  /** Set on nodes made from history: the operations they stand for. */
  readonly operationIds: readonly string[]
}

export interface FlowEdge {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly label: string | null
  readonly kind: EdgeKind
}

export interface Flow {
  readonly nodes: readonly FlowNode[]
  readonly edges: readonly FlowEdge[]
}

interface Port {
  readonly id: string
  readonly label: string | null
  readonly kind: EdgeKind
}

class Builder {
  readonly nodes: FlowNode[] = []
  readonly edges: FlowEdge[] = []
  /** What was thrown and waits for its `catch`; outside of any `try` it ends the line. */
  readonly #thrown: Port[] = []
  #depth = 0

  sequence(nodes: readonly DiagramNode[], ins: readonly Port[]): readonly Port[] {
    return nodes.reduce<readonly Port[]>((ports, node) => this.#node(node, ports), ins)
  }

  #node(node: DiagramNode, ins: readonly Port[]): readonly Port[] {
    this.#add(node, ins)
    const here: Port = { id: node.id, label: null, kind: 'next' }
    switch (node.kind) {
      case 'end':
        return []
      case 'return':
      case 'recur':
        return this.#depth === 0 ? [here] : []
      case 'throw':
        this.#thrown.push({ id: node.id, label: null, kind: 'error' })
        return []
      case 'condition':
      case 'switch':
        return this.#choice(node)
      case 'loop':
        return this.#loop(node)
      case 'try':
        return this.#attempt(node)
      case 'parallel':
      case 'race':
      case 'helper':
        return node.branches.length > 0
          ? node.branches.flatMap((branch) => this.#branch(node, branch, 'branch'))
          : [here]
      default:
        return [here]
    }
  }

  #branch(node: DiagramNode, branch: DiagramNode['branches'][number], kind: EdgeKind): readonly Port[] {
    return this.#inside(branch.nodes, [{ id: node.id, label: branch.label, kind }])
  }

  #inside(nodes: readonly DiagramNode[], ins: readonly Port[]): readonly Port[] {
    this.#depth += 1
    const outs = this.sequence(nodes, ins)
    this.#depth -= 1
    return outs
  }

  #choice(node: DiagramNode): readonly Port[] {
    const outs = node.branches.flatMap((branch) => this.#branch(node, branch, 'branch'))
    const isTotal = node.branches.some((branch) => branch.label === 'else' || branch.label === 'default')
    return isTotal ? outs : [...outs, { id: node.id, label: 'else', kind: 'branch' }]
  }

  #loop(node: DiagramNode): readonly Port[] {
    for (const branch of node.branches) {
      for (const port of this.#branch(node, branch, 'branch')) this.#edge({ ...port, kind: 'back' }, node.id)
    }
    return [{ id: node.id, label: 'done', kind: 'next' }]
  }

  #attempt(node: DiagramNode): readonly Port[] {
    const named = (label: string) =>
      node.branches.find((branch) => branch.label === label || branch.label.startsWith(`${label} `))
    const outer = this.#thrown.splice(0)
    const body = named('try') ?? node.branches[0]
    const outs = body ? [...this.#inside(body.nodes, [{ id: node.id, label: null, kind: 'next' }])] : []
    const caught = named('catch')
    if (caught) {
      const thrown = this.#thrown.splice(0)
      outs.push(...this.#inside(caught.nodes, [{ id: node.id, label: 'catch', kind: 'error' }, ...thrown]))
    }
    this.#thrown.unshift(...outer)
    const last = named('finally')
    return last ? this.sequence(last.nodes, outs) : outs
  }

  #add(node: DiagramNode, ins: readonly Port[]): void {
    this.nodes.push({
      id: node.id,
      kind: node.kind,
      label: node.label,
      line: node.line,
      prefix: node.activityPrefix,
      operationIds: [],
    })
    for (const port of ins) this.#edge(port, node.id)
  }

  #edge(port: Port, to: string): void {
    const id = `${port.id}→${to}${port.label ? `:${port.label}` : ''}`
    if (!this.edges.some((edge) => edge.id === id))
      this.edges.push({ id, from: port.id, to, label: port.label, kind: port.kind })
  }
}

export function buildFlow(nodes: readonly DiagramNode[]): Flow {
  const builder = new Builder()
  builder.sequence(nodes, [])
  return { nodes: builder.nodes, edges: builder.edges }
}
