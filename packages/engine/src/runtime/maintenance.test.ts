/** Over the memory storage, on a virtual clock. */
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Log } from '../model/context'
import { START } from '../storage/contract/builders'
import { createMemoryStorage } from '../storage/memory/memory-storage'
import type { Storage } from '../storage/storage'
import { VirtualClock } from '../testing/virtual-clock'
import { type Duty, LEADER_LOCK, Maintenance, type MaintenanceDeps } from './maintenance'

const running: { maintenance: Maintenance; clock: VirtualClock }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ maintenance }) => maintenance.stop()))
})

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}

type Step = readonly [worker: string, term: number, atSeconds: number]

function setUp() {
  const clock = new VirtualClock(START)
  const storage = createMemoryStorage({ clock })
  const steps: Step[] = []
  const logged: string[] = []
  const keep = (_fields: object | string, message?: string): void => void logged.push(message ?? '')
  const log: Log = { debug: () => {}, info: () => {}, warn: keep, error: keep }
  const seconds = (): number => (clock.now() - START) / 1_000
  /** Works in steps of ten seconds for as long as it leads. */
  const busy = (workerId: string): Duty => ({
    name: 'busy',
    everyMs: 10_000,
    run: async ({ term, isHeld, pause }) => {
      while (isHeld()) {
        steps.push([workerId, term, seconds()])
        await pause(10_000)
      }
    },
  })
  const make = (workerId: string, overrides: Partial<MaintenanceDeps> = {}): Maintenance => {
    const duties = [busy(workerId)]
    const maintenance = new Maintenance({
      ...{ storage, clock, log, workerId, duties, heartbeatMs: 15_000, leaseMs: 45_000 },
      ...overrides,
    })
    running.push({ maintenance, clock })
    maintenance.start()
    return maintenance
  }
  return { clock, storage, steps, logged, make, seconds, advance: (ms: number) => clock.advance(ms, settle) }
}

/** The database as one process sees it: reachable or not. */
function behindWire(storage: Storage) {
  const wire = { state: 'up' as 'up' | 'refused' | 'silent' }
  const through = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    if (wire.state === 'refused') throw new Error('connection refused')
    if (wire.state === 'silent') await new Promise(() => {})
    return call()
  }
  const seen: MaintenanceDeps['storage'] = {
    acquireLock: (...given) => through(() => storage.acquireLock(...given)),
    releaseLock: (...given) => through(() => storage.releaseLock(...given)),
    lockHolder: (...given) => through(() => storage.lockHolder(...given)),
  }
  return { wire, seen }
}

describe('the leader', () => {
  it('is one, however many there are', async () => {
    const { make, advance, steps } = setUp()
    const all = ['a', 'b', 'c'].map((id) => make(id))
    await advance(100_000)
    expect(all.map((one) => one.term)).toEqual([1, null, null])
    expect(steps.map(([worker, term]) => `${worker}${term}`)).toEqual(Array(11).fill('a1'))
  })

  it('renews its lease every heartbeat', async () => {
    const { make, advance, storage, clock } = setUp()
    make('a')
    const left: number[] = []
    for (let look = 0; look < 4; look++) {
      await advance(look === 0 ? 0 : 15_000)
      left.push(((await storage.lockHolder(LEADER_LOCK))?.leaseUntil ?? 0) - clock.now())
    }
    expect(left).toEqual([45_000, 45_000, 45_000, 45_000])
  })

  it('that stops is followed within two seconds, under the next term', async () => {
    const { make, advance, steps } = setUp()
    const first = make('a')
    make('b')
    await advance(25_000)
    await first.stop()
    await advance(2_000)
    expect(first.term).toBeNull()
    expect(steps).toEqual([
      ['a', 1, 0],
      ['a', 1, 10],
      ['a', 1, 20],
      ['b', 2, 26],
    ])
  })

  it('that is gone is followed when its lease ends (C38)', async () => {
    const { make, advance, steps, storage } = setUp()
    const { wire, seen } = behindWire(storage)
    make('a', { storage: seen })
    await advance(0)
    wire.state = 'silent'
    running.pop()
    make('b')
    await advance(44_000)
    expect(steps.filter(([worker]) => worker === 'b')).toEqual([])
    await advance(3_000)
    expect(steps.filter(([worker]) => worker === 'b')).toEqual([['b', 2, 46]])
    wire.state = 'up'
  })

  it('that cannot reach the database acts no longer than its lease, so that terms never mix', async () => {
    const { make, advance, steps, storage } = setUp()
    const { wire, seen } = behindWire(storage)
    const first = make('a', { storage: seen })
    await advance(0)
    make('b')
    await advance(20_000)
    wire.state = 'refused'
    await advance(100_000)
    expect(first.term).toBeNull()
    const terms = steps.map(([, term]) => term)
    expect(terms).toEqual(terms.toSorted((a, b) => a - b))
    // last renewed at 15 s: its last step is before 60 s, the other's first is after
    expect(Math.max(...steps.filter(([worker]) => worker === 'a').map(([, , at]) => at))).toBe(50)
    expect(steps.find(([worker]) => worker === 'b')).toEqual(['b', 2, 60])
  })

  it('leads again after an outage that nobody else survived', async () => {
    const { make, advance, storage, logged, steps } = setUp()
    const { wire, seen } = behindWire(storage)
    const only = make('a', { storage: seen })
    await advance(0)
    wire.state = 'refused'
    await advance(60_000)
    expect(only.term).toBeNull()
    wire.state = 'up'
    await advance(5_000)
    expect(only.term).toBe(1)
    expect(steps.at(-1)?.[2]).toBeGreaterThanOrEqual(60)
    expect(logged).toEqual(['the leader lock could not be reached'])
  })

  it('that was replaced stops at its next step', async () => {
    const { make, advance, storage, steps } = setUp()
    const first = make('a')
    await advance(12_000)
    await storage.releaseLock(LEADER_LOCK, 'a')
    await storage.acquireLock(LEADER_LOCK, 'usurper', 3_600_000)
    await advance(30_000)
    expect(first.term).toBeNull()
    expect(steps).toEqual([
      ['a', 1, 0],
      ['a', 1, 10],
    ])
  })

  it('leaves no timer and no lock behind', async () => {
    const { make, advance, storage, clock } = setUp()
    const only = make('a')
    await advance(20_000)
    await Promise.all([only.stop(), only.stop()])
    expect(clock.pending).toBe(0)
    expect(await storage.lockHolder(LEADER_LOCK)).toBeNull()
    only.start()
    await advance(60_000)
    expect(await storage.lockHolder(LEADER_LOCK)).toBeNull()
  })

  it('stops also when the lock cannot be released', async () => {
    const { make, advance, storage, logged } = setUp()
    const { wire, seen } = behindWire(storage)
    const only = make('a', { storage: seen })
    await advance(0)
    wire.state = 'refused'
    await only.stop()
    expect(logged).toEqual(['the leader lock could not be released; it ends by itself'])
  })
})

describe('a duty', () => {
  const counting = (everyMs: number, run: () => Promise<void> = async () => {}) => {
    const at: number[] = []
    const duty = (seconds: () => number): Duty => ({
      name: 'counting',
      everyMs,
      run: async () => {
        at.push(seconds())
        await run()
      },
    })
    return { at, duty }
  }

  it('runs when the leadership begins, and then at its interval', async () => {
    const { make, advance, seconds } = setUp()
    const { at, duty } = counting(60_000)
    make('a', { duties: [duty(seconds)] })
    await advance(200_000)
    expect(at).toEqual([0, 60, 120, 180])
  })

  it('that throws is reported and runs again, and stops no other', async () => {
    const { make, advance, seconds, logged } = setUp()
    const failing = counting(60_000, async () => {
      throw new Error('boom')
    })
    const healthy = counting(90_000)
    make('a', { duties: [failing.duty(seconds), healthy.duty(seconds)] })
    await advance(100_000)
    expect(failing.at).toEqual([0, 60])
    expect(healthy.at).toEqual([0, 90])
    expect(logged).toEqual(['a duty of the leader failed', 'a duty of the leader failed'])
  })

  it('that takes long does not cost the leadership', async () => {
    const { make, advance, seconds, clock } = setUp()
    const slow = counting(1_000, () => new Promise((resolve) => void clock.after(300_000, resolve)))
    const only = make('a', { duties: [slow.duty(seconds)] })
    make('b')
    await advance(290_000)
    expect(only.term).toBe(1)
    await advance(20_000)
    expect(slow.at).toEqual([0, 301])
    const stopped = only.stop()
    await advance(300_000)
    await stopped
  })
})
