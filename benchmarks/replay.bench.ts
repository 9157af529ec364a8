/**
 * Rebuilding an instance from its history: n recorded events through the core alone (no database), beside a bare loop of as many turns of the event loop,
 * which rule R1 (one event, one drain) makes the least possible. Three shapes: one activity after the other, ten branches at once, and a loop over
 * messages that sets its state. Goal: 10,000 events ≤ 100 ms, linear to 51,200.
 *
 * `node --conditions=source --import tsx benchmarks/replay.bench.ts`
 */
import { activity, type Workflow, workflow } from '../packages/engine/src/model/definition'
import type { HistoryEvent, HistoryEventType } from '../packages/engine/src/model/history'
import { WorkflowExecution } from '../packages/engine/src/replay/execution'
import { median, timed } from './lib/work'

const ROUNDS = 7
const WARM_UP = 3
const SIZES = [10_000, 51_200]
const BRANCHES = 10

const step = activity<number, number>('step', (_ctx, n) => n)

const sequence = workflow('sequence', async (ctx, events: number) => {
  let sum = 0
  for (let i = 1; i <= events; i++) sum += await step(ctx, i)
  return sum
})
const branches = workflow('branches', async (ctx, events: number) => {
  const branch = async (): Promise<number> => {
    let sum = 0
    for (let i = 1; i <= events / BRANCHES; i++) sum += await step(ctx, i)
    return sum
  }
  return (await Promise.all(Array.from({ length: BRANCHES }, branch))).reduce((a, b) => a + b)
})
const messages = workflow('messages', async (ctx, events: number) => {
  await ctx.subscribe('jobs')
  for (let i = 1; i < events / 2; i++) ctx.setState({ last: (await ctx.receive('jobs')).id })
  return null
})

const shapes: readonly { readonly wf: Workflow; history(events: number): HistoryEvent[] }[] = [
  { wf: sequence, history: (events) => Array.from({ length: events }, (_, i) => completed(i + 1)) },
  // The branches finish their rounds one after the other, so that call n of the code is event n of the history.
  { wf: branches, history: (events) => Array.from({ length: events }, (_, i) => completed(i + 1)) },
  {
    wf: messages,
    history: (events) => [
      event(1, 'subscribe_jobs:1', 'Subscribed', { channel: 'jobs', mode: 'broadcast', cursor: 0 }),
      ...Array.from({ length: events / 2 - 1 }, (_, i) => i + 1).flatMap((n) => [
        event(2 * n, `receive_jobs:${n}`, 'ChannelMessageReceived', {
          id: `m${n}`,
          channel: 'jobs',
          data: { n },
          metadata: {},
          publishedAt: 0,
        }),
        event(2 * n + 1, `state:${n}`, 'StateSet', { state: { last: `m${n}` } }),
      ]),
    ],
  },
]

const rows: { readonly shape: string; readonly events: number; readonly ms: number; readonly turnsMs: number }[] = []
for (const { wf, history } of shapes) {
  for (const events of SIZES) {
    const recorded = history(events)
    const turns = recorded.filter(({ type }) => type !== 'StateSet').length
    const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const ours = await timed(() => replay(wf, events, recorded))
      const bare = await timed(() => bareTurns(turns))
      if (round < 0) continue
      times.ours.push(ours)
      times.bare.push(bare)
    }
    rows.push({ shape: wf.workflowName, events, ms: median(times.ours), turnsMs: median(times.bare) })
  }
}

const heads = ['shape', 'events', 'replay ms', 'bare turns ms', 'ratio']
const cells = rows.map(({ shape, events, ms, turnsMs }) => [
  shape,
  String(events),
  ms.toFixed(1),
  turnsMs.toFixed(1),
  (ms / turnsMs).toFixed(2),
])
for (const line of [heads, heads.map(() => '---'), ...cells]) process.stdout.write(`| ${line.join(' | ')} |\n`)

async function replay(definition: Workflow, input: number, history: readonly HistoryEvent[]): Promise<void> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const execution = new WorkflowExecution({ definition, instanceId: 'i', workerId: 'w', input, startedAt: 0, log })
  await execution.replay(history, [])
  if (execution.outcome?.kind !== 'completed') throw new Error(`it did not end: ${execution.outcome?.kind}`)
}

async function bareTurns(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
}

function completed(n: number): HistoryEvent {
  return event(n, `step:${n}`, 'ActivityCompleted', { activityName: 'step', input: n, result: n })
}

function event(seq: number, activityId: string, type: HistoryEventType, data: object): HistoryEvent {
  return { seq, activityId, type, data, createdAt: seq } as HistoryEvent
}
