import { describe, expect, it } from 'vitest'
import { cloudEvent, completed, delivery, message, publish, START, startLeased } from '../storage/contract/builders'
import { createMemoryStorage } from '../storage/memory/memory-storage'
import type { Storage } from '../storage/storage'
import type { Leadership } from './maintenance'
import { retention } from './retention'

const DAY_MS = 86_400_000

function leading(heldFor = Number.POSITIVE_INFINITY): Leadership & { readonly pauses: number[] } {
  const pauses: number[] = []
  let asked = 0
  return { term: 1, isHeld: () => asked++ < heldFor, pause: async (ms) => void pauses.push(ms), pauses }
}

function setUp() {
  const clock = {
    at: START,
    now() {
      return this.at
    },
  }
  return { clock, storage: createMemoryStorage({ clock }) }
}

async function fill(storage: Storage, count: number): Promise<void> {
  const sent = Array.from({ length: count }, (_, index) => message('news', index))
  await storage.commit([publish(delivery(sent)), publish(cloudEvent('paid', 1, { id: 'e-1', source: '/bank' }))])
  await storage.commit([
    startLeased({ id: 'ended' }, completed()),
    startLeased({ id: 'own', retentionMs: 1_000 }, completed()),
  ])
}

const left = async (storage: Storage) => ({
  news: (await storage.messages('news', { after: 0, limit: 10_000 })).length,
  inbox: (await storage.inbox({ limit: 10 })).map((row) => row.id),
  instances: (await storage.instances({ limit: 10 })).map((row) => row.id).toSorted(),
})

describe('retention', () => {
  it('removes messages and events by their age, histories only when asked to or when their workflow says so', async () => {
    const { clock, storage } = setUp()
    await fill(storage, 3)
    const policy = { messageRetentionMs: 7 * DAY_MS, historyRetentionMs: null }
    const duty = retention({ storage, clock, policy })
    clock.at = START + 7 * DAY_MS
    await duty.run(leading())
    expect(await left(storage)).toEqual({ news: 3, inbox: ['e-1'], instances: ['ended'] })
    clock.at++
    await duty.run(leading())
    expect(await left(storage)).toEqual({ news: 0, inbox: [], instances: ['ended'] })
    await retention({ storage, clock, policy: { ...policy, historyRetentionMs: DAY_MS } }).run(leading())
    expect(await left(storage)).toEqual({ news: 0, inbox: [], instances: [] })
  })

  it('goes on in small batches with pauses until nothing is left', async () => {
    const { clock, storage } = setUp()
    await fill(storage, 1_700)
    clock.at = START + DAY_MS
    const leadership = leading()
    await retention({ storage, clock, policy: { messageRetentionMs: 1_000, historyRetentionMs: null } }).run(leadership)
    expect((await left(storage)).news).toBe(0)
    expect(leadership.pauses).toEqual([100, 100, 100])
  })

  it('stops between two batches when the leadership is lost', async () => {
    const { clock, storage } = setUp()
    await fill(storage, 1_700)
    clock.at = START + DAY_MS
    const duty = retention({ storage, clock, policy: { messageRetentionMs: 1_000, historyRetentionMs: null } })
    await duty.run(leading(2))
    expect((await left(storage)).news).toBe(700)
  })

  it('may keep incoming events longer than messages, so that repeats stay known', async () => {
    const { clock, storage } = setUp()
    await fill(storage, 1)
    clock.at = START + DAY_MS
    const policy = { messageRetentionMs: 1_000, inboxRetentionMs: 2 * DAY_MS, historyRetentionMs: null }
    await retention({ storage, clock, policy }).run(leading())
    expect(await left(storage)).toMatchObject({ news: 0, inbox: ['e-1'] })
  })
})
