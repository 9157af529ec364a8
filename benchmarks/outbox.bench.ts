/**
 * The outbox under a receiver that fails 30 % of the time, with 100 poison events at the head: `npm run bench -- outbox`. A producer writes at a steady
 * rate into one SQLite file, a relay process of its own reads it, the receiver on loopback keeps every copy. Ends with 1 when a promise is broken.
 *
 * EVENTS (100,000) · RATE events per second (200)
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { outboxRow, startLeased } from '../packages/engine/src/storage/contract/builders'
import { createPrismaStorage } from '../packages/engine/src/storage/prisma/prisma-storage'
import type { OutboxRow, Storage } from '../packages/engine/src/storage/storage'
import { type FlakyBroker, POISON, startFlakyBroker } from '../packages/engine/test/outbox/flaky-broker'
import { spawnRelay } from '../packages/engine/test/processes/relay-spawn'

const EVENTS = Number(process.env.EVENTS ?? 100_000)
const RATE = Number(process.env.RATE ?? 200)
const TICK_MS = 50
const POLICY = { maxRetries: 15, batchSize: 50 }
/** On a busy machine an answer takes long because somebody else is computing: more of them at once make up for it. */
const TRANSPORT = { maxConcurrency: 32 }
const BACKOFF = { baseMs: 250, maxMs: 5_000, factor: 2, jitter: 0.3 }

const folder = mkdtempSync(path.join(os.tmpdir(), 'edda-bench-'))
const dbUrl = `file:${path.join(folder, 'edda.db')}`
const storage = await createPrismaStorage({ dbUrl })
await storage.open({ autoMigrate: true })
const broker = await startFlakyBroker({ unavailable: 0.25, cut: 0.05 })
const poison = await produce(
  storage,
  100,
  (n) => [{ type: POISON.failing }, { type: POISON.refused }, { extensions: '{"Not-A-Name":1}' }][n % 3] ?? {},
)
const relay = spawnRelay({
  options: { dbUrl, brokerUrl: broker.url, ...POLICY },
  internals: { backoff: BACKOFF, transport: TRANSPORT },
})
// the relay has begun, with the poison at its head
while (broker.events.size === 0) await sleep(TICK_MS)
const startedAt = Date.now()
const healthy: OutboxRow[] = []
while (healthy.length < EVENTS) {
  const due = Math.min(EVENTS, Math.floor(((Date.now() - startedAt) / 1_000) * RATE))
  if (due > healthy.length) healthy.push(...(await produce(storage, due - healthy.length, payload)))
  await sleep(TICK_MS)
}
const producedMs = Date.now() - startedAt
while ((await storage.outbox({ status: ['pending'], limit: 1 })).length > 0) await sleep(200)
const totalMs = Date.now() - startedAt
await relay.end('SIGTERM')
const figures = await measure(storage, broker, healthy)
await storage.close()
await broker.close()
rmSync(folder, { recursive: true })
await report(figures)

function payload(n: number): Partial<OutboxRow> {
  return n % 5 === 0
    ? { data: null, binary: Uint8Array.of(n % 256, 0, 255), contentType: 'application/octet-stream' }
    : { data: JSON.stringify({ n, text: 'Grüße 😀' }) }
}

async function produce(
  target: Storage,
  count: number,
  row: (n: number) => Partial<OutboxRow>,
): Promise<readonly OutboxRow[]> {
  const createdAt = Date.now()
  const rows = Array.from({ length: count }, (_, n) => outboxRow({ createdAt, ...row(n) }))
  await target.commit([startLeased({}, { outbox: rows })])
  return rows
}

async function measure(from: Storage, to: FlakyBroker, rows: readonly OutboxRow[]) {
  const statuses: Record<string, number> = {}
  const deadLetters = new Set<string>()
  let before = Number.MAX_SAFE_INTEGER
  for (;;) {
    const page = await from.outbox({ limit: 5_000, before })
    for (const { id, status } of page) {
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status !== 'published' && status !== 'pending') deadLetters.add(id)
    }
    const last = page.at(-1)
    if (!last) break
    before = last.seq
  }
  const copies = rows.map((row) => ({ row, seen: to.events.get(row.id) }))
  const latencies = copies
    .flatMap(({ row, seen }) => (seen && seen.accepted > 0 ? [seen.acceptedAt - row.createdAt] : []))
    .toSorted((a, b) => a - b)
  const quantile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
  const accepted = copies.reduce((sum, { seen }) => sum + (seen?.accepted ?? 0), 0)
  return {
    events: rows.length,
    poison: poison.length,
    ratePerSecond: RATE,
    statuses,
    lost: copies.filter(({ row, seen }) => !seen?.accepted && !deadLetters.has(row.id)).length,
    healthyDeadLetters: rows.filter((row) => deadLetters.has(row.id)).length,
    unequalCopies: [...to.events.values()].filter((seen) => !seen.areEqual).length,
    duplicatePercent: ((accepted - latencies.length) / rows.length) * 100,
    requests: [...to.events.values()].reduce((sum, { received }) => sum + received, 0),
    latencyMs: { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: latencies.at(-1) ?? Number.NaN },
    producedMs,
    totalMs,
  }
}

async function report(measured: Awaited<ReturnType<typeof measure>>): Promise<void> {
  process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`)
  const results = path.join(import.meta.dirname, 'results')
  await mkdir(results, { recursive: true })
  const machine = { cpu: os.cpus()[0]?.model ?? 'unknown', cores: os.cpus().length, node: process.version }
  const json = {
    name: 'outbox',
    date: new Date().toISOString(),
    machine,
    policy: { ...POLICY, ...BACKOFF, ...TRANSPORT },
    ...measured,
  }
  await writeFile(path.join(results, 'outbox.json'), `${JSON.stringify(json, null, 2)}\n`)
  const { lost, unequalCopies, duplicatePercent, latencyMs } = measured
  const broken = [
    lost > 0 && `${lost} events are lost`,
    unequalCopies > 0 && `${unequalCopies} events were sent in different copies`,
    duplicatePercent >= 1 && `${duplicatePercent} % were accepted more than once`,
    !(latencyMs.p99 < 5_000) && `p99 is ${latencyMs.p99} ms`,
  ].filter((fault) => fault !== false)
  for (const fault of broken) process.stderr.write(`broken: ${fault}\n`)
  process.exitCode = broken.length > 0 ? 1 : 0
}
