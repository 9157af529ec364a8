/** Diagrams of the registered workflows, each built once for a source hash. */
import type { EngineApp } from '../engine'
import { buildDiagram } from './build'
import type { Diagram, DiagramNode } from './diagram'

interface WorkflowDiagram extends Diagram {
  readonly workflowName: string
  readonly sourceHash: string
}

export interface Diagrams {
  of(workflowName: string, sourceHash?: string): Promise<WorkflowDiagram | null>
  /** Channel or event type → workflows whose newest source publishes to it by a literal name. */
  publishers(): Promise<ReadonlyMap<string, readonly string[]>>
}

/** Sources are few; the bound only keeps a long-lived process from collecting every deployment there ever was. */
const MOST_KEPT = 500

export function createDiagrams(admin: Pick<EngineApp['admin'], 'workflows'>): Diagrams {
  const built = new Map<string, WorkflowDiagram>()

  const of: Diagrams['of'] = async (workflowName, sourceHash) => {
    const known = sourceHash === undefined ? undefined : built.get(`${workflowName} ${sourceHash}`)
    if (known) return known
    const found = await admin.workflows.get(workflowName, {
      redact: true,
      ...(sourceHash === undefined ? {} : { sourceHash }),
    })
    if (!found) return null
    const key = `${workflowName} ${found.sourceHash}`
    const diagram = built.get(key) ?? { ...buildDiagram(found.source), workflowName, sourceHash: found.sourceHash }
    if (built.size >= MOST_KEPT) built.clear()
    built.set(key, diagram)
    return diagram
  }

  return {
    of,
    async publishers() {
      const publishers = new Map<string, string[]>()
      for (const { name, sourceHash } of await admin.workflows.list()) {
        const diagram = await of(name, sourceHash)
        for (const target of new Set(publishedIn(diagram?.nodes ?? [])))
          publishers.set(target, [...(publishers.get(target) ?? []), name])
      }
      return publishers
    },
  }
}

/** The prefix of a publish tells its channel exactly when the source names it by a literal. */
function publishedIn(nodes: readonly DiagramNode[]): readonly string[] {
  return nodes.flatMap(({ kind, name, activityPrefix, branches }) => [
    ...(kind === 'publish' && name !== null && activityPrefix === `publish_${name}` ? [name] : []),
    ...branches.flatMap((branch) => publishedIn(branch.nodes)),
  ])
}
