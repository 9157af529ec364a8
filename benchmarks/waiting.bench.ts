/**
 * What waiting costs: memory of a warm instance, CPU and queries of an idle worker, from event to result, timers that fall due together.
 * `npm run bench -- waiting [sqlite|postgresql|mysql] [parked]`, default sqlite and 10,000.
 */
import { EddaApp, event, workflow } from '@edda/engine'
import { type DatabaseKind, temporaryDatabase } from './lib/databases'
import { say, sayGoal, sayGoalHead, writeResults } from './lib/report'
import { quantile, timed } from './lib/work'

const kind = (process.argv[2] ?? 'sqlite') as DatabaseKind
const parked = Number(process.argv[3] ?? 10_000)
/** As many stay warm; the others are rebuilt from their histories when they are woken. */
const warm = Math.min(parked, 10_000)
const paid = event('order.paid')

const waits = workflow('waits', async (ctx, input: { orderId: string }) => {
  const received = await ctx.waitEvent(paid, { where: { orderId: input.orderId } })
  return received.id
})
const due: number[] = []
const sleeps = workflow('sleeps', async (ctx, input: { at: number }) => {
  await ctx.sleepUntil(new Date(input.at))
  due.push(Date.now() - input.at)
  return null
})

const database = await temporaryDatabase(kind)
const app = new EddaApp({ serviceName: 'bench', dbUrl: database.url, workflows: [waits, sleeps] })
await app.initialize()
const collect = (globalThis as { gc?: () => void }).gc

collect?.()
const heapBefore = process.memoryUsage().heapUsed
const startMs = await timed(() =>
  inBatches(parked, (i) => app.start(waits, { orderId: `o${i}` }, { instanceId: `waits-${i}` })),
)
await settle()
collect?.()
const heap = process.memoryUsage().heapUsed - heapBefore
say(
  `${kind}: ${parked} instances parked in ${(startMs / 1_000).toFixed(1)} s; ${(heap / warm / 1_024).toFixed(2)} kB of heap for each of ${warm} that are warm${collect ? '' : ' (run with --expose-gc for a firm figure)'}`,
)

const cpu = process.cpuUsage()
const { statements } = app.metrics
await new Promise((resolve) => setTimeout(resolve, 10_000))
const used = process.cpuUsage(cpu)
const idle = { percent: (used.user + used.system) / 1e5, statements: (app.metrics.statements - statements) / 10 }
say(`idle: ${idle.percent.toFixed(2)} % of a core, ${idle.statements.toFixed(1)} statements/s`)

const latencies: number[] = []
for (let i = 0; i < 200; i++) {
  const n = Math.floor((i * parked) / 200)
  const handle = app.handle(`waits-${n}`)
  latencies.push(
    await timed(async () => {
      await app.handleCloudEvent({
        id: `e${n}`,
        source: 'bench',
        type: 'order.paid',
        data: { orderId: `o${n}` },
      } as never)
      await handle.result()
    }),
  )
}
say(
  `event to result among ${parked} waiting: p50 ${quantile(latencies, 0.5).toFixed(2)} ms, p99 ${quantile(latencies, 0.99).toFixed(2)} ms`,
)

const timers = Math.min(parked, 10_000)
const at = Date.now() + Math.max(15_000, timers * 1.5)
await inBatches(timers, (i) => app.start(sleeps, { at: at + (i % 1_000) }))
while (due.length < timers && Date.now() < at + 60_000) await new Promise((resolve) => setTimeout(resolve, 100))
say(
  `${due.length} of ${timers} timers due within one second: earliest ${Math.min(...due)} ms, p50 ${quantile(due, 0.5)} ms, p99 ${quantile(due, 0.99)} ms late`,
)
await app.shutdown()
await database.drop()

const heapKb = heap / warm / 1_024
const late = { earliest: Math.min(...due), p99: quantile(due, 0.99), arrived: due.length }
const wake = { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
sayGoalHead()
sayGoal(`${parked} parked, idle: statements`, `${idle.statements.toFixed(1)}/s`, '≤ 10/s', idle.statements <= 10)
sayGoal(`${parked} parked, idle: CPU`, `${idle.percent.toFixed(2)} % of a core`, '< 5 %', idle.percent < 5)
sayGoal('memory of a warm one', `${heapKb.toFixed(2)} kB`, '≤ 10 kB', heapKb <= 10)
sayGoal(`event → result among ${parked} waiting`, `p50 ${wake.p50.toFixed(2)} ms`, '≤ 3 ms', wake.p50 <= 3)
sayGoal(
  `${timers} timers due within a second`,
  `${due.filter((ms) => ms < 0).length} early, ${timers - due.length} missing, p99 ${late.p99} ms late`,
  '0 early, p99 ≤ 1 s late',
  late.earliest >= 0 && late.arrived === timers && late.p99 <= 1_000,
)
await writeResults(`waiting-${kind}`, { kind, parked, startMs, heapKb, idle, wake, timers, late })

async function inBatches(count: number, start: (i: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    await Promise.all(Array.from({ length: Math.min(1_000, count - from) }, (_, i) => start(from + i)))
  }
}

async function settle(): Promise<void> {
  let before = -1
  while (app.metrics.transitions !== before) {
    before = app.metrics.transitions
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
