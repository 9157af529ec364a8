/** Real processes over one SQLite file: a relay that is killed between sending and marking loses nothing; what it had sent is sent once more, the same. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { outboxRow, startLeased } from '../../src/storage/contract/builders'
import { createPrismaStorage } from '../../src/storage/prisma/prisma-storage'
import type { Storage } from '../../src/storage/storage'
import { POISON, startFlakyBroker } from '../outbox/flaky-broker'
import { temporaryFolder } from '../temporary'
import { type RelayProcess, spawnRelay } from './relay-spawn'

const EVENTS = 300
const KILL_AT = [20, 80, 140, 200]
const BATCH = 10
const HANGS_MS = 300_000

async function openStorage(dbUrl: string): Promise<Storage> {
  const storage = await createPrismaStorage({ dbUrl })
  await storage.open({ autoMigrate: true })
  onTestFinished(() => storage.close())
  return storage
}

async function allSettled(storage: Storage): Promise<void> {
  while ((await storage.outbox({ status: ['pending'], limit: 1 })).length > 0) await sleep(25)
}

test(
  'a relay killed between send and mark loses nothing',
  async () => {
    const dbUrl = `file:${temporaryFolder()}/edda.db`
    const storage = await openStorage(dbUrl)
    const poison = Array.from({ length: 5 }, () => outboxRow({ type: POISON.failing, createdAt: Date.now() }))
    const healthy = Array.from({ length: EVENTS }, (_, n) => outboxRow({ data: `{"n":${n}}`, createdAt: Date.now() }))
    await storage.commit([startLeased({}, { outbox: [...poison, ...healthy] })])

    let accepted = 0
    const killedAt: string[] = []
    const broker = await startFlakyBroker({
      unavailable: 0.2,
      onAccepted: async (id) => {
        if (!KILL_AT.includes(++accepted)) return
        // the event is here, the sender does not know yet, and never will
        killedAt.push(id)
        await relay.end('SIGKILL')
        relay = start()
      },
    })
    onTestFinished(() => broker.close())
    const start = (): RelayProcess =>
      spawnRelay({
        options: { dbUrl, brokerUrl: broker.url, maxRetries: 20, batchSize: BATCH, pollInterval: 0.1 },
        internals: { leaseMs: 3_000, backoff: { baseMs: 20, maxMs: 200, factor: 2, jitter: 0.3 } },
      })
    let relay = start()
    onTestFinished(async () => void (await relay.end('SIGKILL')))
    await allSettled(storage)
    expect(await relay.end('SIGTERM')).toEqual({ code: 0, signal: null })

    const statuses = (await storage.outbox({ limit: 1_000 })).map(({ id, status }) => [id, status])
    expect(Object.fromEntries(statuses)).toEqual(
      Object.fromEntries([...poison.map(({ id }) => [id, 'failed']), ...healthy.map(({ id }) => [id, 'published'])]),
    )
    const copies = healthy.map(({ id }) => broker.events.get(id))
    expect(copies.filter((one) => !one || one.accepted === 0)).toEqual([])
    expect([...broker.events.values()].filter((one) => !one.areEqual)).toEqual([])
    // the kills hit the moment they were meant for: these were sent again
    expect(killedAt).toHaveLength(KILL_AT.length)
    expect(killedAt.filter((id) => (broker.events.get(id)?.accepted ?? 0) < 2)).toEqual([])
    // and nothing else than what was under way was
    const doubled = copies.filter((one) => (one?.accepted ?? 0) > 1)
    expect(doubled.length).toBeLessThanOrEqual(KILL_AT.length * 2 * BATCH)
  },
  HANGS_MS,
)
