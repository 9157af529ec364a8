/**
 * Several worker processes on one PostgreSQL beside one: `npm run bench -- workers [-- processes]`. Twice: each process starts what it runs; and a client
 * that runs nothing itself starts everything, so that all of it is claimed. Then events that a client sends to instances which are parked in another
 * process: every one must arrive. Goals: 4 processes together at least as fast as 1; event → result p50 ≤ 10 ms between processes; none lost.
 */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { EddaApp } from '@edda/engine'
import { temporaryDatabase } from './lib/databases'
import { steps, waits } from './lib/edda'
import { say, sayGoal, sayGoalHead, writeResults } from './lib/report'
import { median, quantile, timed } from './lib/work'

const PROCESSES = Number(process.argv[2] ?? 4)
const WORKFLOWS = 4_000
const ROUNDS = 5
const WARM_UP = 2
const EVENTS = 200

const database = await temporaryDatabase('postgresql')
const client = new EddaApp({ serviceName: 'client', dbUrl: database.url, workflows: [steps, waits], worker: false })
await client.initialize()

type Rates = Readonly<Record<'one' | 'many', number[]>>
const own: Rates = { one: [], many: [] }
const claimed: Rates = { one: [], many: [] }
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const [size, count] of [
    ['one', 1],
    ['many', PROCESSES],
  ] as const) {
    const workers = await Promise.all(Array.from({ length: count }, startWorker))
    // what is compiled and what is cached, of each of them
    await Promise.all(workers.map((worker) => tell(worker, WORKFLOWS / 4)))
    const ownMs = await timed(() => Promise.all(workers.map((worker) => tell(worker, WORKFLOWS / count))))
    const claimedMs = await timed(startFromClient)
    await Promise.all(workers.map(stop))
    if (round < 0) continue
    own[size].push((WORKFLOWS * 5 * 1_000) / ownMs)
    claimed[size].push((WORKFLOWS * 5 * 1_000) / claimedMs)
    say(
      `round ${round + 1} of ${ROUNDS}, ${count} process${count > 1 ? 'es' : ''}: ${own[size].at(-1)?.toFixed(0)} steps/s of their own, ${claimed[size].at(-1)?.toFixed(0)} claimed`,
    )
  }
}
const worker = await startWorker()
const latencies = await eventsToAnotherProcess()
await stop(worker)
await client.shutdown()
await database.drop()

sayGoalHead()
for (const [rates, title] of [
  [own, 'started where they run'],
  [claimed, 'started by a client'],
] as const) {
  const [one, many] = [median(rates.one), median(rates.many)]
  sayGoal(
    `${title}: 1 process : ${PROCESSES}, steps/s`,
    `${one.toFixed(0)} : ${many.toFixed(0)} (${(many / one).toFixed(2)}×)`,
    '≥ 1×',
    many >= one,
  )
}
const p50 = quantile(latencies, 0.5)
sayGoal(
  'event → result between processes',
  `p50 ${p50.toFixed(2)} ms, p99 ${quantile(latencies, 0.99).toFixed(2)} ms`,
  'p50 ≤ 10 ms',
  p50 <= 10,
)
sayGoal('events that arrived', `${latencies.length} of ${EVENTS}`, 'all', latencies.length === EVENTS)
await writeResults('workers', {
  processes: PROCESSES,
  own,
  claimed,
  eventToResultMs: { p50, p99: quantile(latencies, 0.99) },
})

function startWorker(): Promise<ChildProcess> {
  const child = fork(path.join(import.meta.dirname, 'lib', 'worker-process.ts'), [database.url])
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('exit', (code) => reject(new Error(`a worker process ended with ${code}`)))
  })
}

function tell(child: ChildProcess, workflows: number): Promise<void> {
  return new Promise((resolve) => {
    child.once('message', () => resolve())
    child.send({ workflows })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  child.removeAllListeners('exit')
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.disconnect()
  await ended
}

async function startFromClient(): Promise<void> {
  const handles = await Promise.all(Array.from({ length: WORKFLOWS }, () => client.start(steps, { n: 5 })))
  await Promise.all(handles.map((handle) => handle.result()))
}

async function eventsToAnotherProcess(): Promise<readonly number[]> {
  const keys = Array.from({ length: EVENTS }, (_, i) => `between-${process.pid}-${i}`)
  const handles = await Promise.all(keys.map((key) => client.start(waits, { key })))
  for (const handle of handles)
    while ((await handle.status()) !== 'waiting_for_event') await new Promise((resolve) => setTimeout(resolve, 20))
  const times: number[] = []
  for (const [i, key] of keys.entries()) {
    times.push(
      await timed(async () => {
        const event = { specversion: '1.0', id: key, source: 'bench', type: 'bench.go', data: { key } }
        await client.handleCloudEvent(event as never)
        await handles[i]?.result({ timeout: 30 })
      }),
    )
  }
  return times
}
