/**
 * Source text to diagram. Walks statements in order and expressions in the order in which they are evaluated; keeps what the engine does and the
 * control flow around it, drops everything else.
 *
 * 1. It never throws: text that is no code becomes a flat list of the calls found in it, with the reason.
 * 2. Ids are positions in the tree, so equal sources give equal diagrams.
 * 3. A helper written inside the workflow is shown where it is called; a recursive one is shown once.
 */
import { type Diagram, type DiagramBranch, type DiagramNode, emptyDiagram } from './diagram'
import { edgesOf } from './edges'
import { flatList } from './fallback'
import { parseSource } from './parse'
import { Walker } from './walker'

const MOST_NODES = 2_000
const MOST_CHARACTERS = 500_000

export function buildDiagram(text: string): Diagram {
  if (text.length > MOST_CHARACTERS) return emptyDiagram(`The source is longer than ${MOST_CHARACTERS} characters`)
  try {
    const source = parseSource(text)
    const body = new Walker(source, MOST_NODES).walkBody()
    const nodes = [terminal('start', 1), ...body, terminal('end', lastLine(text))]
    return {
      nodes,
      edges: edgesOf(nodes),
      exact: source.contextName !== null,
      reason: source.contextName === null ? NO_CONTEXT : null,
    }
  } catch (error) {
    return flatList(text, error instanceof Error ? error.message : String(error))
  }
}

const NO_CONTEXT = 'The context parameter has no name of its own, so calls on it cannot be told from others'

function terminal(kind: 'start' | 'end', line: number): DiagramNode {
  const branches: readonly DiagramBranch[] = []
  return { id: kind, kind, label: kind, name: null, activityPrefix: null, line, branches }
}

function lastLine(text: string): number {
  return text.split('\n').length
}
