/** Static diagrams of the canned workflows, in the form the API makes from their source. */
import type { DiagramNode, WorkflowDiagram } from '../src/lib/api-types'

type Kind = DiagramNode['kind']

function node(id: string, kind: Kind, label: string, extra: Partial<DiagramNode> = {}): DiagramNode {
  return { id, kind, label, name: null, activityPrefix: null, line: 1, branches: [], ...extra }
}
function act(id: string, name: string, line: number): DiagramNode {
  return node(id, 'activity', name, { name, activityPrefix: name, line })
}

const ORDER: readonly DiagramNode[] = [
  node('start', 'start', 'start'),
  act('root/0', 'reserveInventory', 2),
  act('root/1', 'chargeCard', 3),
  node('root/2', 'race', 'race', {
    line: 4,
    branches: [
      {
        label: 'approved',
        nodes: [
          node('root/2/approved/0', 'wait-event', 'order.approved', {
            activityPrefix: 'receive_order.approved',
            line: 5,
          }),
        ],
      },
      { label: 'late', nodes: [node('root/2/late/0', 'sleep', '1d', { activityPrefix: 'sleep', line: 6 })] },
    ],
  }),
  node('root/3', 'condition', "win.key === 'late'", {
    line: 8,
    branches: [
      { label: 'then', nodes: [node('root/3/then/0', 'throw', 'TerminalError', { line: 9 })] },
      { label: 'else', nodes: [] },
    ],
  }),
  node('root/4', 'loop', 'for item of order.items', {
    line: 11,
    branches: [{ label: 'body', nodes: [act('root/4/body/0', 'pickItem', 12)] }],
  }),
  node('root/5', 'parallel', 'Promise.all', {
    line: 14,
    branches: [
      { label: '1', nodes: [act('root/5/1/0', 'printLabel', 14)] },
      { label: '2', nodes: [act('root/5/2/0', 'sendReceipt', 14)] },
    ],
  }),
  node('root/6', 'return', 'return', { line: 15 }),
  node('end', 'end', 'end'),
]

const PAYMENT: readonly DiagramNode[] = [
  node('start', 'start', 'start'),
  node('root/0', 'try', 'try', {
    line: 2,
    branches: [
      {
        label: 'try',
        nodes: [act('root/0/try/0', 'charge', 3), node('root/0/try/1', 'return', 'return', { line: 3 })],
      },
      {
        label: 'catch',
        nodes: [act('root/0/catch/0', 'notifySupport', 5), node('root/0/catch/1', 'throw', 'error', { line: 6 })],
      },
    ],
  }),
  node('end', 'end', 'end'),
]

const REPORT: readonly DiagramNode[] = [
  node('start', 'start', 'start'),
  node('root/0', 'run', 'list shards', { activityPrefix: 'list shards', line: 2 }),
  node('root/1', 'parallel', 'Promise.all', {
    line: 3,
    branches: [{ label: 'each', nodes: [act('root/1/each/0', 'exportShard', 3)] }],
  }),
  act('root/2', 'publishReport', 4),
  node('root/3', 'sleep', '1d', { activityPrefix: 'sleep', line: 5 }),
  node('root/4', 'recur', 'recur', { line: 6 }),
  node('end', 'end', 'end'),
]

const JOBS: readonly DiagramNode[] = [
  node('start', 'start', 'start'),
  node('root/0', 'receive', 'subscribe jobs', { activityPrefix: 'subscribe_jobs', line: 2 }),
  node('root/1', 'loop', 'for done < 100', {
    line: 3,
    branches: [
      {
        label: 'body',
        nodes: [
          node('root/1/body/0', 'receive', 'jobs', { activityPrefix: 'receive_jobs', line: 4 }),
          act('root/1/body/1', 'resizeImage', 5),
        ],
      },
    ],
  }),
  node('root/2', 'recur', 'recur', { line: 7 }),
  node('end', 'end', 'end'),
]

const NODES: Readonly<Record<string, readonly DiagramNode[]>> = {
  orderWorkflow: ORDER,
  flakyPayment: PAYMENT,
  nightlyReport: REPORT,
  imageJobs: JOBS,
}

export function diagramOf(workflowName: string, sourceHash: string): WorkflowDiagram {
  const nodes = NODES[workflowName] ?? []
  return {
    workflowName,
    sourceHash,
    nodes,
    edges: [],
    exact: nodes.length > 0,
    reason: nodes.length > 0 ? null : 'The source is not known here',
  }
}
