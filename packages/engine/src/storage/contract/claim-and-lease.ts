/** Who runs an instance: due times, claims, takeovers, renewals, releases, nudges. */
import { expect, it } from 'vitest'
import {
  activityCompleted,
  completed,
  delivery,
  LEASE_MS,
  message,
  messageWait,
  parked,
  publish,
  START,
  start,
  subscribeTo,
  transition,
} from './builders'
import { demand, ids, type MakeStorage, useStorage } from './fixture'

export function claimAndLeaseContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const rowsOf = async (...options: Parameters<typeof fixture.claim>) =>
    (await fixture.claim(...options)).map((claimed) => claimed.row)

  it('a claim raises the epoch, sets the lease and leaves the status', async () => {
    const { instance } = start()
    await fixture.commit({ kind: 'start', instance, first: null }, 'accepted')
    const before = await fixture.row(instance.id)
    fixture.clock.advance(10)
    const result = await fixture.storage.claim({ workerId: 'worker-7', workflowNames: ['order'], limit: 10 })
    const leaseUntil = START + 10 + LEASE_MS
    const row = { ...before, epoch: 1, leaseOwner: 'worker-7', leaseUntil, wakeAt: leaseUntil }
    expect(result.now).toBe(START + 10)
    expect(result.instances).toEqual([{ row, takenOver: false }])
    expect(await fixture.row(instance.id)).toEqual(row)
  })

  it('a claimed instance is not claimed again while its lease lasts', async () => {
    await fixture.commit(start(), 'accepted')
    expect(await fixture.claim()).toHaveLength(1)
    fixture.clock.advance(LEASE_MS - 1)
    expect(await fixture.claim({ workerId: 'worker-2' })).toEqual([])
  })

  it('what is due later waits for its time, to the millisecond', async () => {
    const { instance } = start({ wakeAt: START + 100 })
    await fixture.commit({ kind: 'start', instance, first: null }, 'accepted')
    fixture.clock.advance(99)
    expect(await fixture.claim()).toEqual([])
    fixture.clock.advance(1)
    expect(ids(await rowsOf())).toEqual([instance.id])
  })

  it('the longest due come first, ties by id, at most the limit', async () => {
    const units = [
      start({ wakeAt: START }),
      start({ wakeAt: START - 5 }),
      start({ wakeAt: START }),
      start({ wakeAt: START - 9 }),
    ]
    await fixture.storage.commit(units)
    const [a, b, c, d] = units.map((unit) => unit.instance.id)
    const first = await fixture.storage.claim({ workerId: 'worker-1', workflowNames: ['order'], limit: 3 })
    expect(ids(first.instances.map(({ row }) => row))).toEqual([d, b, a])
    expect(ids(await rowsOf())).toEqual([c])
  })

  it('a flood of one workflow leaves the others their share, and takes what they do not need', async () => {
    const flood = Array.from({ length: 30 }, (_, n) => start({ wakeAt: START - 1_000 + n }))
    const other = start({ workflowName: 'billing' })
    const two = [start({ workflowName: 'mail', wakeAt: START - 2 }), start({ workflowName: 'mail', wakeAt: START - 1 })]
    await fixture.storage.commit([...flood, other, ...two, start({ workflowName: 'unknown' })])
    const claimed = await rowsOf({ workflowNames: ['order', 'billing', 'mail', 'idle'], limit: 10 })
    const expected = [...flood.slice(0, 7), ...two, other]
    expect(ids(claimed)).toEqual(expected.map((unit) => unit.instance.id))
  })

  it('workflows that are more than the places take turns', async () => {
    const workflowNames = Array.from({ length: 12 }, (_, n) => `flow-${n}`)
    for (const [n, workflowName] of workflowNames.entries())
      await fixture.storage.commit(Array.from({ length: 4 }, () => start({ workflowName, wakeAt: START - 100 + n })))
    const served: string[] = []
    for (let claim = 0; claim < 3; claim++)
      served.push(...(await rowsOf({ workflowNames, limit: 4 })).map((row) => row.workflowName))
    expect(served.toSorted()).toEqual(workflowNames.toSorted())
  })

  it('when all that is due fits, the shares are of no matter', async () => {
    const units = [start(), start(), start(), start({ workflowName: 'billing', wakeAt: START - 1 })]
    await fixture.storage.commit(units)
    const [a, b, c, d] = units.map((unit) => unit.instance.id)
    expect(ids(await rowsOf({ workflowNames: ['order', 'billing'], limit: 4 }))).toEqual([d, a, b, c])
  })

  it('a worker leaves alone what it does not know', async () => {
    await fixture.commit(start({ workflowName: 'other' }), 'accepted')
    const known = start()
    await fixture.commit(known, 'accepted')
    expect(await fixture.claim({ workflowNames: [] })).toEqual([])
    expect(ids(await rowsOf({ workflowNames: ['order', 'nothing'] }))).toEqual([known.instance.id])
  })

  it('a hint claims only the ids it names, and only if they are due', async () => {
    const units = [start(), start(), start({ wakeAt: START + 1_000 })]
    await fixture.storage.commit(units)
    const [, second, later] = units.map((unit) => unit.instance.id)
    const instanceIds = [second ?? '', later ?? '', 'nobody']
    expect(ids(await rowsOf({ instanceIds }))).toEqual([second])
  })

  it('two workers never get the same instance', async () => {
    const units = Array.from({ length: 40 }, () => start())
    await fixture.storage.commit(units)
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((workerId) => rowsOf({ workerId, limit: 20 })))
    const claimed = claims.flat()
    const rest = await rowsOf({ limit: 100 })
    expect(ids([...claimed, ...rest]).toSorted()).toEqual(units.map((unit) => unit.instance.id))
  })

  it('an expired lease is taken over and says so', async () => {
    const { id } = await fixture.startLeased()
    fixture.clock.advance(LEASE_MS)
    const [first] = await fixture.claim({ workerId: 'worker-2' })
    expect(first).toMatchObject({
      takenOver: true,
      row: { id, epoch: 2, takeovers: 1, leaseOwner: 'worker-2', status: 'running' },
    })
    fixture.clock.advance(LEASE_MS)
    const [second] = await fixture.claim({ workerId: 'worker-3' })
    expect(second).toMatchObject({ takenOver: true, row: { epoch: 3, takeovers: 2 } })
  })

  it('a transition forgets earlier takeovers', async () => {
    const { id } = await fixture.startLeased()
    fixture.clock.advance(LEASE_MS)
    await fixture.claim()
    const row = await fixture.apply(id, { now: fixture.clock.now(), events: [activityCompleted()] })
    expect(row.takeovers).toBe(0)
  })

  it('whoever was taken over writes nothing more', async () => {
    const row = await fixture.startLeased()
    fixture.clock.advance(LEASE_MS)
    await fixture.claim({ workerId: 'worker-2' })
    await fixture.commit(transition(row, { events: [activityCompleted()], ...completed() }), 'lost')
    expect(await fixture.events(row.id)).toEqual([])
    expect((await fixture.row(row.id)).leaseOwner).toBe('worker-2')
  })

  it('a parked instance is due at its time and was not taken over', async () => {
    const { id } = await fixture.startLeased()
    await fixture.apply(id, parked({ status: 'waiting_for_timer', wakeAt: START + 500 }))
    fixture.clock.advance(500)
    const [claimed] = await fixture.claim()
    expect(claimed).toMatchObject({
      takenOver: false,
      row: { id, status: 'waiting_for_timer', epoch: 2, takeovers: 0 },
    })
  })

  it('what ended or waits for a message only is never due', async () => {
    const [ended, waiting] = [await fixture.startLeased(), await fixture.startLeased()]
    await fixture.apply(ended.id, completed())
    await fixture.apply(waiting.id, parked())
    fixture.clock.advance(100 * LEASE_MS)
    expect(await fixture.claim()).toEqual([])
  })

  it('the next due time is the earliest one to come among the given workflows', async () => {
    const at = (wakeAt: number, workflowName = 'order') => start({ wakeAt: START + wakeAt, workflowName })
    await fixture.storage.commit([at(300), at(200), at(100, 'other')])
    const next = async (...workflowNames: string[]) =>
      (await fixture.storage.claim({ workerId: 'worker-1', workflowNames, limit: 10 })).nextWakeAt
    expect(await next('order')).toBe(START + 200)
    expect(await next('order', 'other')).toBe(START + 100)
    expect(await next('nothing')).toBeNull()
  })

  it('the next due time counts the end of a lease', async () => {
    await fixture.startLeased()
    const { nextWakeAt } = await fixture.storage.claim({ workerId: 'worker-2', workflowNames: ['order'], limit: 10 })
    expect(nextWakeAt).toBe(START + LEASE_MS)
  })

  it('a renewal moves the end of the lease', async () => {
    const row = await fixture.startLeased()
    fixture.clock.advance(10_000)
    expect(await fixture.storage.renew('worker-1', [{ instanceId: row.id, epoch: 1, leaseMs: 60_000 }])).toEqual([])
    const leaseUntil = START + 70_000
    expect(await fixture.row(row.id)).toMatchObject({ leaseUntil, wakeAt: leaseUntil, epoch: 1 })
  })

  it('a renewal names the leases that are lost and leaves them alone', async () => {
    const [kept, stolen, ended, foreign] = [
      await fixture.startLeased(),
      await fixture.startLeased({ workflowName: 'stolen' }),
      await fixture.startLeased(),
      await fixture.startLeased(),
    ]
    await fixture.storage.renew(
      'worker-1',
      [kept, ended, foreign].map(({ id }) => ({ instanceId: id, epoch: 1, leaseMs: 10 * LEASE_MS })),
    )
    await fixture.apply(ended.id, completed())
    fixture.clock.advance(LEASE_MS)
    await fixture.claim({ workerId: 'worker-2', workflowNames: ['stolen'] })
    const leases = [kept.id, stolen.id, ended.id, 'nobody'].map((instanceId) => ({
      instanceId,
      epoch: 1,
      leaseMs: LEASE_MS,
    }))
    expect([...(await fixture.storage.renew('worker-1', leases))].toSorted()).toEqual(
      [stolen.id, ended.id, 'nobody'].toSorted(),
    )
    expect(await fixture.storage.renew('worker-9', [{ instanceId: foreign.id, epoch: 1, leaseMs: 1 }])).toEqual([
      foreign.id,
    ])
    expect(await fixture.row(stolen.id)).toMatchObject({
      leaseOwner: 'worker-2',
      leaseUntil: fixture.clock.now() + LEASE_MS,
    })
    expect(await fixture.storage.renew('worker-1', [])).toEqual([])
  })

  it('a released instance is due at once, its epoch as before', async () => {
    const row = await fixture.startLeased()
    await fixture.storage.release('worker-1', [{ instanceId: row.id, epoch: 1 }])
    expect(await fixture.row(row.id)).toEqual({ ...row, leaseOwner: null, leaseUntil: null, wakeAt: START })
    const [claimed] = await fixture.claim({ workerId: 'worker-2' })
    expect(claimed).toMatchObject({ takenOver: false, row: { id: row.id, epoch: 2, takeovers: 0 } })
  })

  it('nobody releases what he does not hold', async () => {
    const row = await fixture.startLeased()
    await fixture.storage.release('worker-2', [{ instanceId: row.id, epoch: 1 }])
    await fixture.storage.release('worker-1', [{ instanceId: row.id, epoch: 7 }])
    expect(await fixture.row(row.id)).toEqual(row)
  })

  it('the leases of a dead worker end at once and count as interrupted', async () => {
    const [mine, also] = [await fixture.startLeased(), await fixture.startLeased()]
    await fixture.commit(start(), 'accepted')
    const [others] = await fixture.claim({ workerId: 'worker-2' })
    expect(await fixture.storage.expireLeases('worker-1')).toBe(2)
    expect(await fixture.storage.expireLeases('nobody')).toBe(0)
    const claimed = await fixture.claim({ workerId: 'worker-3' })
    expect(claimed.map(({ row, takenOver }) => [row.id, takenOver])).toEqual([
      [mine.id, true],
      [also.id, true],
    ])
    expect(await fixture.row(others?.row.id ?? '')).toEqual(others?.row)
  })

  it('a worker is nudged about a cancel request until its owner has seen it', async () => {
    const { id } = await fixture.startLeased()
    const nudges = async (workerId = 'worker-1') =>
      (await fixture.storage.claim({ workerId, workflowNames: ['order'], limit: 10 })).nudges
    expect(await nudges()).toEqual([])
    await fixture.storage.operate(id, { type: 'cancel', by: null, reason: null }, { now: START, audit: null })
    expect(await nudges()).toEqual([id])
    expect(await nudges('worker-2')).toEqual([])
    await fixture.apply(id, { acknowledgesCancel: true })
    expect(await nudges()).toEqual([])
  })

  it('a worker is nudged about a message that a leased instance waits for', async () => {
    const { id } = await fixture.startLeased({}, { asks: [subscribeTo('news', 'broadcast')] })
    await fixture.apply(id, { waits: [messageWait('news')] })
    const nudges = async () =>
      (await fixture.storage.claim({ workerId: 'worker-1', workflowNames: ['order'], limit: 10 })).nudges
    expect(await nudges()).toEqual([])
    const verdict = await fixture.publish('news', 1)
    expect(verdict.wakes.leased).toEqual([{ instanceId: id, leaseOwner: 'worker-1' }])
    expect(verdict.wakes.ready).toEqual([])
    expect(await nudges()).toEqual([id])
    const wait = { ...messageWait('news'), isNew: false }
    const { answers } = await fixture.commit(
      transition(await fixture.row(id), { waits: [wait], poll: true }),
      'accepted',
    )
    expect(answers.map((answer) => answer.type)).toEqual(['ChannelMessageReceived'])
    expect(await nudges()).toEqual([])
  })

  it('claims, transitions and publishes of many at once lose nothing', async () => {
    const units = Array.from({ length: 10 }, () => start())
    await fixture.storage.commit(units)
    const finished: string[] = []
    const work = async (workerId: string): Promise<void> => {
      for (;;) {
        const claimed = await fixture.claim({ workerId, limit: 2 })
        if (claimed.length === 0) return
        const verdicts = await fixture.storage.commit([
          ...claimed.map(({ row }) => transition(row, { events: [activityCompleted()], ...completed() })),
          publish(delivery([message('log', workerId)])),
        ])
        for (const verdict of verdicts.slice(0, -1)) demand(verdict, 'accepted')
        finished.push(...claimed.map(({ row }) => row.id))
      }
    }
    await Promise.all(['a', 'b', 'c'].map(work))
    await work('d')
    expect(finished.toSorted()).toEqual(units.map((unit) => unit.instance.id))
    for (const id of finished) expect(await fixture.events(id)).toHaveLength(1)
  })
}
