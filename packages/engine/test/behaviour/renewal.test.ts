/** Renewals that cross what they renew: their answers are about a lease that was, not about the one that is. */
import { expect, onTestFinished, test } from 'vitest'
import { activity, EddaApp, type Workflow, workflow } from '../../src/index'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage'
import type { Storage } from '../../src/storage/storage'
import { VirtualClock } from '../../src/testing/index'
import { gate, SILENT } from './fixture'

interface Kit {
  readonly app: EddaApp
  readonly storage: Storage
  /** Unlike the kit's own, this does not wait for answers of the database: the test holds them back. */
  advance(ms: number): Promise<void>
}

/** An app over a memory storage some of whose verbs are the test's. */
async function appOver(own: (storage: Storage) => Partial<Storage>, wf: Workflow): Promise<Kit> {
  const clock = new VirtualClock()
  const storage = createMemoryStorage({ clock })
  const app = new EddaApp(
    { serviceName: 'renewal', dbUrl: ':memory:', workflows: [wf], logger: SILENT },
    { clock, storage: async () => ({ ...storage, ...own(storage) }), settings: { pollIntervalMs: 60_000 } },
  )
  await app.initialize()
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 40; turns++) await new Promise((resolve) => setImmediate(resolve))
  }
  onTestFinished(() => app.shutdown())
  return { app, storage, advance: (ms) => clock.advance(ms, settle) }
}

const LEASE = { lockTimeoutSeconds: 3 }
const act = activity('act', async () => 'done')

test('an instance that parks while its lease is renewed is whole when it wakes', async () => {
  const wf = workflow('parking', LEASE, async (ctx, _input: null) => {
    await act(ctx, null)
    await ctx.sleep('1m')
    return await act(ctx, null)
  })
  const answer = gate()
  let renewals = 0
  const kit = await appOver(
    (storage) => ({
      async commit(units, options) {
        const verdicts = await storage.commit(units, options)
        // the database has parked it; the process does not know yet
        if (units.some((unit) => unit.kind === 'transition' && unit.lease === 'release')) await answer.opened
        return verdicts
      },
      async renew(workerId, leases) {
        renewals++
        return await storage.renew(workerId, leases)
      },
    }),
    wf as Workflow,
  )
  await kit.app.start(wf, null, { instanceId: 'i' })
  await kit.advance(2_000)
  expect(renewals).toBe(1)
  answer.open()
  await kit.advance(60_000)
  expect(await kit.storage.instance('i')).toMatchObject({ status: 'completed', output: '"done"' })
})

test('a renewal that found the lease given back does not take the next one away', async () => {
  const first = gate<string>()
  const second = gate<string>()
  const asked = gate()
  const told = gate()
  let signal: AbortSignal | undefined
  const wf = workflow('again', LEASE, async (ctx, _input: null) => {
    await ctx.run('first', () => first.opened)
    await ctx.sleep('10s')
    return await ctx.run('second', (activityCtx) => {
      signal = activityCtx.signal
      return second.opened
    })
  })
  let renewals = 0
  const kit = await appOver(
    (storage) => ({
      async renew(workerId, leases) {
        if (++renewals > 1) return await storage.renew(workerId, leases)
        // on its way until the instance has parked, and back only when it runs again
        await asked.opened
        const lost = await storage.renew(workerId, leases)
        await told.opened
        return lost
      },
    }),
    wf as Workflow,
  )
  await kit.app.start(wf, null, { instanceId: 'i' })
  await kit.advance(1_000)
  expect(renewals).toBe(1)
  first.open('done')
  await kit.advance(0)
  asked.open()
  await kit.advance(10_000)
  expect(signal?.aborted).toBe(false)
  told.open()
  await kit.advance(0)
  expect(signal?.aborted).toBe(false)
  second.open('done')
  await kit.advance(0)
  expect(await kit.storage.instance('i')).toMatchObject({ status: 'completed', output: '"done"' })
})

test('leases that could not be renewed are given up: what ends afterwards is not written, and the instance goes on elsewhere', async () => {
  const door = gate<string>()
  const seen: number[] = []
  const slow = activity('slow', (ctx) => {
    seen.push(ctx.attempt)
    return ctx.attempt === 1 ? door.opened : 'second'
  })
  const wf = workflow('cut off', LEASE, async (ctx, _input: null) => slow(ctx, null))
  let isAway = true
  const kit = await appOver(
    (storage) => ({
      async renew(workerId, leases) {
        if (isAway) throw new Error('the database is away')
        return await storage.renew(workerId, leases)
      },
      async claim(request) {
        if (isAway) throw new Error('the database is away')
        return await storage.claim(request)
      },
    }),
    wf as Workflow,
  )
  await kit.app.start(wf, null, { instanceId: 'i' })
  await kit.advance(4_000)
  door.open('first')
  await kit.advance(0)
  expect(await kit.storage.history('i', { after: 0, limit: 10 })).toEqual([])
  isAway = false
  await kit.advance(60_000)
  expect(await kit.storage.instance('i')).toMatchObject({ status: 'completed', output: '"second"' })
  expect(seen).toEqual([1, 2])
})

test('what was released while the process stood still does not begin when the lease is over', async () => {
  const tokens: number[] = []
  const act = activity('act', async (ctx) => {
    tokens.push(ctx.fencingToken)
    return 'done'
  })
  const wf = workflow('standing still', LEASE, async (ctx, _input: null) => act(ctx, null))
  const answer = gate()
  let isStill = true
  const kit = await appOver(
    (storage) => ({
      async commit(units, options) {
        const verdicts = await storage.commit(units, options)
        if (isStill) await answer.opened
        return verdicts
      },
      renew: (workerId, leases) => (isStill ? new Promise(() => {}) : storage.renew(workerId, leases)),
    }),
    wf as Workflow,
  )
  void kit.app.start(wf, null, { instanceId: 'i' })
  await kit.advance(4_000)
  isStill = false
  answer.open()
  await kit.advance(0)
  expect(tokens).toEqual([])
  await kit.advance(60_000)
  expect(await kit.storage.instance('i')).toMatchObject({ status: 'completed', output: '"done"' })
  expect(tokens).toEqual([2])
})
