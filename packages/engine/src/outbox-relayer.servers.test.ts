/** Several relays over one server database, each with connections of its own: what they share, they share without doubling it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mysqlServer, postgresqlServer } from '../test/databases'
import { POISON, startFlakyBroker } from '../test/outbox/flaky-broker'
import { OutboxRelayer } from './outbox-relayer'
import { outboxRow, startLeased } from './storage/contract/builders'
import { createPrismaStorage } from './storage/prisma/prisma-storage'

const QUICK = { backoff: { baseMs: 5, maxMs: 50, factor: 2, jitter: 0.3 } }

for (const server of [await postgresqlServer(), await mysqlServer()]) {
  describe.skipIf(server.missing)(`three relays over ${server.name}`, () => {
    it('deliver each event once, each key in order, and leave only dead letters (C36)', async () => {
      const database = await server.create()
      onTestFinished(() => database.drop())
      const storage = await createPrismaStorage({ dbUrl: database.url, poolSize: 2 })
      await storage.open({ autoMigrate: true })
      onTestFinished(() => storage.close())
      const accepted: string[] = []
      const broker = await startFlakyBroker({ unavailable: 0.3, onAccepted: (id) => void accepted.push(id) })
      onTestFinished(() => broker.close())
      const poison = Array.from({ length: 5 }, () => outboxRow({ type: POISON.failing, createdAt: Date.now() }))
      const free = Array.from({ length: 150 }, (_, n) => outboxRow({ data: `{"n":${n}}`, createdAt: Date.now() }))
      const keyed = Array.from({ length: 60 }, (_, n) =>
        outboxRow({ data: null, binary: Uint8Array.of(n), partitionKey: `k${n % 3}`, createdAt: Date.now() }),
      )
      await storage.commit([startLeased({}, { outbox: [...poison, ...free, ...keyed] })])

      const options = { dbUrl: database.url, brokerUrl: broker.url, maxRetries: 20, pollInterval: 0.05 }
      const relays = [1, 2, 3].map(() => new OutboxRelayer(options, QUICK))
      onTestFinished(async () => {
        await Promise.all(relays.map((relay) => relay.stop()))
      })
      await Promise.all(relays.map((relay) => relay.start()))
      while ((await storage.outbox({ status: ['pending'], limit: 1 })).length > 0) await sleep(25)

      const once = [...free, ...keyed].map(({ id }) => id)
      expect(accepted.toSorted()).toEqual(once.toSorted())
      expect([...broker.events.values()].filter((copies) => !copies.areEqual)).toEqual([])
      for (const key of ['k0', 'k1', 'k2']) {
        const own = keyed.filter((row) => row.partitionKey === key).map(({ id }) => id)
        expect(accepted.filter((id) => own.includes(id))).toEqual(own)
      }
      const dead = await storage.outbox({ status: ['failed'], limit: 100 })
      expect(dead.map(({ id }) => id).toSorted()).toEqual(poison.map(({ id }) => id).toSorted())
    })
  })
}
