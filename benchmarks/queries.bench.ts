/**
 * Finding instances among a million finished ones on PostgreSQL, through `findInstances` and `getInstance`, a page of 50 at a time, each time with other
 * values. `npm run bench -- queries [-- instances]`. Goal: p95 at most 100 ms each.
 */
import { EddaApp } from '@edda/engine'
import { temporaryDatabase } from './lib/databases'
import { fillWithFinished } from './lib/fill'
import { say, sayGoal, sayGoalHead, writeResults } from './lib/report'
import { quantile, timed } from './lib/work'

const instances = Number(process.argv[2] ?? 1_000_000)
const TIMES = 40
/** A query that takes this long is not asked forty times. */
const PATIENCE_MS = 8_000

const database = await temporaryDatabase('postgresql')
const options = { serviceName: 'bench', dbUrl: database.url, workflows: [], worker: false }
const migrating = new EddaApp(options)
await migrating.initialize()
await migrating.shutdown()
say(`${instances} instances written in ${(await fillWithFinished(database.url, instances)).toFixed(1)} s`)
const app = new EddaApp(options)
await app.initialize()
/** Evenly over all of them, the same in every run. */
const nth = (i: number): number => 1 + Math.floor(((i * 0.618033) % 1) * instances)
const idOf = (n: number): string =>
  `flow-${((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')}-${String(n).padStart(10, '0')}`
const hour = 3_600_000
const pageToken = await tokenOfPage(100)

const kinds: readonly [string, (i: number) => Promise<unknown>][] = [
  ['list, newest', () => app.findInstances({})],
  ['list, hundredth page', () => app.findInstances({ pageToken })],
  ['id, whole', (i) => app.getInstance(idOf(nth(i)))],
  ['id, a part that one has', (i) => app.findInstances({ instanceId: idOf(nth(i)).slice(6, 18) })],
  ['id, a part that none has', (i) => app.findInstances({ instanceId: `no-such-${i}` })],
  ['id, two characters', (i) => app.findInstances({ instanceId: (i % 100).toString().padStart(2, '0') })],
  ['name', (i) => app.findInstances({ workflowName: `flow${String(i % 40).padStart(2, '0')}` })],
  ['name, a part that none has', () => app.findInstances({ workflowName: 'nothing' })],
  ['status failed', () => app.findInstances({ status: 'failed' })],
  ['status running, which none is', () => app.findInstances({ status: 'running' })],
  [
    'name and status',
    (i) => app.findInstances({ workflowName: `flow${String(i % 40).padStart(2, '0')}`, status: 'failed' }),
  ],
  [
    'a day of the past',
    (i) =>
      app.findInstances({
        startedAfter: new Date(Date.now() - (24 + i) * hour),
        startedBefore: new Date(Date.now() - i * hour),
      }),
  ],
  ['input path, one has it', (i) => app.findInstances({ inputFilters: { orderId: `order-${nth(i)}` } })],
  ['input path, none has it', (i) => app.findInstances({ inputFilters: { orderId: `nobody-${i}` } })],
  ['input path, one in a thousand', (i) => app.findInstances({ inputFilters: { 'customer.city': `city-${i}` } })],
  ['input path, one in ten', () => app.findInstances({ inputFilters: { 'customer.tier': 'gold' } })],
]
const results: Record<string, { readonly p50: number; readonly p95: number; readonly times: number }> = {}
sayGoalHead()
for (const [kind, ask] of kinds) {
  await ask(0)
  const latencies: number[] = []
  const end = performance.now() + PATIENCE_MS
  for (let i = 1; i <= TIMES && performance.now() < end; i++) latencies.push(await timed(() => ask(i)))
  const [p50, p95] = [quantile(latencies, 0.5), quantile(latencies, 0.95)]
  results[kind] = { p50, p95, times: latencies.length }
  sayGoal(kind, `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`, 'p95 ≤ 100 ms', p95 <= 100)
}
await app.shutdown()
await database.drop()
await writeResults('queries', { instances, results })

async function tokenOfPage(page: number): Promise<string> {
  let pageToken: string | null = null
  for (let before = 1; before < page; before++)
    pageToken = (await app.findInstances(pageToken ? { pageToken } : {})).nextPageToken
  return pageToken ?? ''
}
