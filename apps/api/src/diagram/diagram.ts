/**
 * The static diagram of one workflow: a tree of nodes and the edges between them, made from the source text (build.ts). Ids are stable: the path of
 * the construct in the code (`root/2/then/0`), so that the same source gives the same diagram, and an overlay survives a refetch.
 */
export type NodeKind =
  | 'start'
  | 'end'
  | 'activity'
  | 'run'
  | 'sleep'
  | 'wait-event'
  | 'receive'
  | 'publish'
  | 'send'
  | 'child'
  | 'compensation'
  | 'recur'
  | 'return'
  | 'throw'
  /** Containers: their `branches` hold children. */
  | 'condition'
  | 'switch'
  | 'loop'
  | 'try'
  | 'parallel'
  | 'race'
  | 'helper'

export interface DiagramBranch {
  /** `then`, `else`, `case 'paid'`, `body`, `try`, `catch`, `finally`, `1`, a race key … */
  readonly label: string
  readonly nodes: readonly DiagramNode[]
}
export interface DiagramNode {
  readonly id: string
  readonly kind: NodeKind
  /** What to show: activity name, condition text, channel … at most 80 characters. */
  readonly label: string
  /** Callee name as written in the source; an activity's own name may differ from its variable's. */
  readonly name: string | null
  /**
   * Prefix of the history ids this node makes, to overlay history: `charge` matches `charge:1`, `charge:2` …; null when the source does not tell.
   * Calls of one name count in call order, so several nodes may share it.
   */
  readonly activityPrefix: string | null
  /** Line in the stored source, from 1. */
  readonly line: number
  readonly branches: readonly DiagramBranch[]
}
export interface DiagramEdge {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly label: string | null
  readonly kind: 'next' | 'branch' | 'back' | 'error'
}
export interface Diagram {
  /** In order; containers nest. */
  readonly nodes: readonly DiagramNode[]
  /** Between leaf nodes and containers by id, for a flat layout. */
  readonly edges: readonly DiagramEdge[]
  /** False when the source could not be read as code: then `nodes` is a flat list of the calls found, and `reason` says why. */
  readonly exact: boolean
  readonly reason: string | null
}

export function emptyDiagram(reason: string): Diagram {
  return { nodes: [], edges: [], exact: false, reason }
}
