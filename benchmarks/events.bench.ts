/**
 * From event to result: a workflow waits for an event of its own order; timed is from handing the event in until the workflow's result is there. In one
 * process; between two (one hands in and awaits, the other runs; server databases); and among many that wait on the same type with other conditions, which
 * must not cost more than among few. Beside it the two transactions that it takes at least, by hand. `npm run bench -- events -- [sqlite|postgresql|mysql] [waiting]`, default sqlite and 100,000.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { EddaApp } from '@edda/engine'
import { limitChannel } from './lib/channels-limit'
import { type DatabaseKind, temporaryDatabase } from './lib/databases'
import { writeResults } from './lib/report'
import { PAID, waits } from './lib/waits'
import { quantile, timed } from './lib/work'

const kind = (process.argv[2] ?? 'sqlite') as DatabaseKind
const many = Number(process.argv[3] ?? 100_000)
const few = 10
const rounds = 300
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const database = await temporaryDatabase(kind)
const measured: Record<string, { readonly p50: number; readonly p99: number }> = {}
const report = (what: string, latencies: readonly number[]): void => {
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  measured[what] = { p50, p99 }
  say(`| ${what} | ${p50.toFixed(2)} | ${p99.toFixed(2)} |`)
}
say(`\n| ${kind}: event → result | p50 ms | p99 ms |\n|---|---|---|`)

const app = new EddaApp({ serviceName: 'bench', dbUrl: database.url, workflows: [waits] })
await app.initialize()
// rounds after a warm-up that compiles the code
const start = (orderId: string): Promise<unknown> => app.start(waits, { orderId }, { instanceId: `waits-${orderId}` })
report('by hand', await byHand())
report('one process, 10 waiting', await among(few, 'few'))
await inBatches(many, (i) => start(`many-${i}`))
await settled()
report(`one process, ${many} waiting`, await among(few, 'rest'))
const ratio = (measured[`one process, ${many} waiting`]?.p50 ?? 0) / (measured['one process, 10 waiting']?.p50 ?? 1)
say(`\nAmong ${many} it takes ${ratio.toFixed(2)}× as long as among ${few}.`)
await app.shutdown()
if (kind !== 'sqlite') await betweenProcesses()
await database.drop()
await writeResults(`events-${kind}`, { many, few, measured, ratio })

/** The two transactions that it takes at least: the event stored and recorded with its receiver, then the end. */
async function byHand(): Promise<readonly number[]> {
  const limit = await limitChannel(kind, database.url, 'competing')
  const [receiver] = await limit.join(['receiver'])
  if (!receiver) throw new Error('nobody receives')
  const latencies: number[] = []
  for (let i = 0; i < rounds + 100; i++)
    latencies.push(
      await timed(async () => {
        await Promise.all([limit.receive(receiver), limit.publish('{"orderId":"o"}')])
        await Promise.all([limit.receive(receiver), limit.publish('{"status":"completed"}')])
      }),
    )
  await limit.close()
  return latencies.slice(100)
}

/** Always `standing` wait; each round one more begins to wait and is woken. */
async function among(standing: number, name: string): Promise<readonly number[]> {
  await inBatches(standing, (i) => start(`${name}-standing-${i}`))
  const latencies: number[] = []
  for (let i = 0; i < rounds + 100; i++) {
    const orderId = `${name}-${i}`
    await start(orderId)
    await settled()
    latencies.push(await timed(() => handled(app, orderId)))
  }
  return latencies.slice(100)
}

async function handled(by: EddaApp, orderId: string): Promise<void> {
  const ended = by.handle(`waits-${orderId}`).result()
  await by.handleCloudEvent({ id: `event-${orderId}`, source: '/bench', type: PAID, data: { orderId } })
  await ended
}

/** Until the process has nothing more to write. */
async function settled(): Promise<void> {
  for (let before = -1; app.metrics.transitions !== before; ) {
    before = app.metrics.transitions
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function betweenProcesses(): Promise<void> {
  const runs = spawn(
    process.execPath,
    [...process.execArgv, new URL('lib/waits-process.ts', import.meta.url).pathname, database.url],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  await once(runs, 'message')
  const client = new EddaApp({ serviceName: 'bench', dbUrl: database.url, workflows: [waits], worker: false })
  await client.initialize()
  const latencies: number[] = []
  for (let i = 0; i < rounds + 100; i++) {
    const orderId = `apart-${i}`
    await client.start(waits, { orderId }, { instanceId: `waits-${orderId}` })
    while ((await client.handle(`waits-${orderId}`).status()) !== 'waiting_for_event')
      await new Promise((resolve) => setTimeout(resolve, 2))
    latencies.push(await timed(() => handled(client, orderId)))
  }
  report('two processes', latencies.slice(100))
  await client.shutdown()
  await stopped(runs)
}

async function stopped(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.send('stop')
  await exit
}

async function inBatches(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 1_000)
    await Promise.all(Array.from({ length: Math.min(1_000, count - from) }, (_, i) => work(from + i)))
}
