import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { postgresqlServer, type TestDatabase } from '../../../../test/databases'
import type { Notice, Storage } from '../../storage'
import { createPrismaStorage } from '../prisma-storage'
import { createNotifications } from './notify'
import { decode, encode, Pending } from './payloads'

const server = await postgresqlServer()

/** Notices as they arrive, and a way to wait for them. */
function ear() {
  const heard: Notice[] = []
  let check: () => void = () => undefined
  return {
    heard,
    listen: (notice: Notice) => {
      heard.push(notice)
      check()
    },
    until: (fits: (notice: Notice) => boolean) =>
      new Promise<void>((resolve) => {
        check = () => {
          if (heard.some(fits)) resolve()
        }
        check()
      }),
  }
}

describe.skipIf(server.missing)('PostgreSQL', () => {
  let place: TestDatabase
  beforeAll(async () => {
    place = await server.create()
  })
  afterAll(() => place?.drop())

  const open = async (): Promise<Required<Pick<Storage, 'listen' | 'notify'>>> => {
    const storage = await createPrismaStorage({ dbUrl: place.url, poolSize: 1, maxOverflow: 2 })
    onTestFinished(() => storage.close())
    await storage.open({ autoMigrate: true })
    const { listen, notify } = storage
    if (!listen || !notify) throw new Error('PostgreSQL can notify')
    return { listen, notify }
  }

  test('notices reach other processes, merged, and not the one that sent them', async () => {
    const [sender, receiver] = [await open(), await open()]
    const [own, other] = [ear(), ear()]
    const listening = [await sender.listen(own.listen), await receiver.listen(other.listen)]
    sender.notify({ type: 'ready', workflowNames: ['order', 'invoice'] })
    sender.notify({ type: 'ready', workflowNames: ['order'] })
    sender.notify({ type: 'leased', leaseOwner: 'w', instanceIds: ['a'] })
    sender.notify({ type: 'leased', leaseOwner: 'w', instanceIds: ['b', 'a'] })
    sender.notify({ type: 'ended', instanceIds: ['c'] })
    sender.notify({ type: 'outbox' })
    await other.until((notice) => notice.type === 'outbox')
    expect(other.heard).toEqual([
      { type: 'ready', workflowNames: ['order', 'invoice'] },
      { type: 'leased', leaseOwner: 'w', instanceIds: ['a', 'b'] },
      { type: 'ended', instanceIds: ['c'] },
      { type: 'outbox' },
    ])
    receiver.notify({ type: 'outbox' })
    await own.until((notice) => notice.type === 'outbox')
    expect(own.heard).toEqual([{ type: 'outbox' }])
    for (const one of listening) await one.close()
  })

  test('many ids arrive in several notices, none lost', async () => {
    const [sender, receiver] = [await open(), await open()]
    const other = ear()
    const listening = await receiver.listen(other.listen)
    const ids = Array.from({ length: 2_000 }, (_, index) => `instance-${index}-${'x'.repeat(20)}`)
    sender.notify({ type: 'ended', instanceIds: ids })
    sender.notify({ type: 'outbox' })
    await other.until((notice) => notice.type === 'outbox')
    expect(other.heard.flatMap((notice) => (notice.type === 'ended' ? notice.instanceIds : []))).toEqual(ids)
    await listening.close()
  })

  test('after a cut connection it listens again and says that notices may have been missed', async () => {
    const [sender, receiver] = [await open(), await open()]
    const other = ear()
    const listening = await receiver.listen(other.listen)
    expect(listening.isLive()).toBe(true)
    await place.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()`,
    )
    await other.until((notice) => notice.type === 'reconnected')
    expect(listening.isLive()).toBe(true)
    sender.notify({ type: 'outbox' })
    await other.until((notice) => notice.type === 'outbox')
    await listening.close()
    expect(listening.isLive()).toBe(false)
  })

  test('where notifications do not arrive it is not live, and says so once', async () => {
    const warnings: string[] = []
    const notifications = createNotifications({
      config: { connectionString: place.url },
      // like a pooler that hands every transaction to some connection: what is sent arrives nowhere
      sql: { all: async () => [], run: async () => 0 },
      schema: null,
      selfTestMs: 50,
      warn: (message) => warnings.push(message),
    })
    const listening = await notifications.listen(() => undefined)
    expect(listening.isLive()).toBe(false)
    expect(warnings).toEqual([expect.stringContaining('a test notification did not arrive within 50 ms')])
    expect(warnings[0]).toContain('give the engine a direct connection')
    await listening.close()
  })

  test('where they do not arrive at the start it is tried again, and nothing is said a second time', async () => {
    const warnings: string[] = []
    let isHeard = false
    const notifications = createNotifications({
      config: { connectionString: place.url },
      sql: {
        all: async (_sql, params) => {
          const [channel, payload] = params as [string, string]
          if (isHeard) await place.query(`SELECT pg_notify('${channel}', '${payload}')`)
          isHeard = true
          return []
        },
        run: async () => 0,
      },
      schema: null,
      selfTestMs: 300,
      retryMs: 1,
      warn: (message) => warnings.push(message),
    })
    const other = ear()
    const listening = await notifications.listen(other.listen)
    expect(listening.isLive()).toBe(false)
    await other.until((notice) => notice.type === 'reconnected')
    expect(listening.isLive()).toBe(true)
    expect(warnings).toHaveLength(1)
    await listening.close()
  })
})

describe('payloads', () => {
  test('stay below what PostgreSQL takes, whatever the ids are made of', () => {
    const pending = new Pending()
    const ids = Array.from({ length: 3_000 }, (_, index) => `${index}-äöü😀"\\`)
    pending.add({ type: 'leased', leaseOwner: 'o'.repeat(191), instanceIds: ids })
    const payloads = pending.take().map((notice) => encode('00000000-0000-0000-0000-000000000000', notice))
    expect(Math.max(...payloads.map((payload) => Buffer.byteLength(payload)))).toBeLessThan(8_000)
    const back = payloads.map((payload) => decode(payload)?.notice)
    expect(back.flatMap((notice) => (notice?.type === 'leased' ? notice.instanceIds : []))).toEqual(ids)
    expect(pending.isEmpty).toBe(true)
  })

  test('what is none of ours is nothing', () => {
    expect(['', 'no json', '1', 'null', '{}', '{"sender":"x","notice":{"type":"other"}}'].map(decode)).toEqual(
      Array(6).fill(null),
    )
  })
})
