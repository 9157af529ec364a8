/** S1–S3: who may write, what a unit is, and that what is recorded stays. */
import { expect, it } from 'vitest'
import type { TransitionBody } from '../storage'
import {
  activityCompleted,
  body,
  completed,
  event,
  eventWait,
  failed,
  freshId,
  LEASE_MS,
  outboxRow,
  parked,
  START,
  sendTo,
  start,
  transition,
} from './builders'
import { demand, type MakeStorage, useStorage } from './fixture'

export function historyAndGuardContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  it('a transition appends its events in order and leaves the lease as it is: renewing is a verb of its own', async () => {
    const row = await fixture.startLeased()
    fixture.clock.advance(1_000)
    const now = fixture.clock.now()
    const events = [activityCompleted('charge:1', 1), activityCompleted('ship:1', 2)]
    const verdict = await fixture.commit(transition(row, { now, events, pending: '[]' }), 'accepted')
    expect(verdict).toEqual({
      kind: 'accepted',
      answers: [],
      nextSeq: 3,
      wakes: { ready: [], leased: [], outbox: false },
    })
    expect(await fixture.row(row.id)).toEqual({
      ...row,
      nextSeq: 3,
      pending: '[]',
      updatedAt: now,
    })
    const history = await fixture.storage.history(row.id, { after: 0, limit: 10 })
    expect(history).toEqual(events.map((recorded, index) => ({ ...recorded, seq: index + 1 })))
  })

  it('history is read in pages', async () => {
    const row = await fixture.startLeased({}, { events: [1, 2, 3, 4, 5].map((n) => activityCompleted(`step:${n}`, n)) })
    const page = await fixture.storage.history(row.id, { after: 2, limit: 2 })
    expect(page.map((recorded) => recorded.seq)).toEqual([3, 4])
    expect(await fixture.storage.history(row.id, { after: 5, limit: 2 })).toEqual([])
  })

  it('histories of several instances come at once', async () => {
    const one = await fixture.startLeased({}, { events: [activityCompleted('a:1'), activityCompleted('a:2')] })
    const two = await fixture.startLeased({}, { events: [activityCompleted('b:1')] })
    const none = await fixture.startLeased()
    const found = await fixture.storage.histories([one.id, two.id, none.id])
    const namesOf = (id: string) => (found.get(id) ?? []).map((recorded) => recorded.activityId)
    expect([one.id, two.id, none.id].map(namesOf)).toEqual([['a:1', 'a:2'], ['b:1'], []])
  })

  it('bytes in an event come back as they were', async () => {
    const binary = Uint8Array.from({ length: 256 }, (_, index) => index)
    const row = await fixture.startLeased({}, { events: [{ ...activityCompleted(), binary }] })
    const [recorded] = await fixture.storage.history(row.id, { after: 0, limit: 1 })
    expect(Uint8Array.from(recorded?.binary ?? [])).toEqual(binary)
  })

  it.each([
    ['an older epoch', { epoch: -1, nextSeq: 0 }],
    ['a newer epoch', { epoch: 1, nextSeq: 0 }],
    ['an older position', { epoch: 0, nextSeq: -1 }],
    ['a newer position', { epoch: 0, nextSeq: 1 }],
  ])('a transition with %s is lost and writes nothing', async (_, off) => {
    const row = await fixture.startLeased({}, { events: [activityCompleted()] })
    const unit = transition(row, {
      events: [activityCompleted('late:1')],
      outbox: [outboxRow({ instanceId: row.id })],
      ...completed(),
    })
    await fixture.commit({ ...unit, epoch: row.epoch + off.epoch, nextSeq: row.nextSeq + off.nextSeq }, 'lost')
    expect(await fixture.row(row.id)).toEqual(row)
    expect(await fixture.events(row.id)).toHaveLength(1)
    expect(await fixture.storage.outbox({ instanceId: row.id, limit: 10 })).toEqual([])
  })

  it('a transition of an unknown instance is lost', async () => {
    await fixture.commit(transition({ id: freshId('nobody'), epoch: 1, nextSeq: 1 }), 'lost')
  })

  it.each([
    ['completed', completed()],
    ['failed', failed()],
    ['cancelled', { status: 'cancelled', lease: 'release' } as const],
  ])('nothing is written after an instance has %s', async (_, end) => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, end)
    await fixture.commit(transition(row, { events: [activityCompleted()] }), 'lost')
    expect(await fixture.row(id)).toEqual(row)
  })

  it('the end of an instance clears the lease and keeps the result', async () => {
    const row = await fixture.startLeased()
    fixture.clock.advance(5)
    const ended = await fixture.apply(row.id, { ...completed('{"total":7}'), now: fixture.clock.now() })
    expect(ended).toMatchObject({
      status: 'completed',
      output: '{"total":7}',
      error: null,
      leaseOwner: null,
      leaseUntil: null,
      wakeAt: null,
      completedAt: START + 5,
      updatedAt: START + 5,
    })
    const failing = await fixture.startLeased()
    const error = '{"name":"TerminalError","message":"no"}'
    expect(await fixture.apply(failing.id, failed(error))).toMatchObject({ status: 'failed', output: null, error })
  })

  it('an error that came with the compensating stays when the end brings none', async () => {
    const error = '{"name":"TerminalError","message":"no"}'
    const { id } = await fixture.startLeased()
    expect(await fixture.apply(id, { status: 'compensating', error })).toMatchObject({ status: 'compensating', error })
    expect(await fixture.apply(id, { status: 'compensating' })).toMatchObject({ error })
    expect(await fixture.apply(id, { status: 'failed', lease: 'release' })).toMatchObject({ status: 'failed', error })
  })

  it('parking gives the lease back and sets the next due time', async () => {
    const { id, epoch } = await fixture.startLeased()
    const row = await fixture.apply(id, parked({ status: 'waiting_for_timer', wakeAt: START + 9_000 }))
    expect(row).toMatchObject({
      status: 'waiting_for_timer',
      epoch,
      leaseOwner: null,
      leaseUntil: null,
      wakeAt: START + 9_000,
    })
  })

  it('an instance may suspend itself with a reason, and is not due any more', async () => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, {
      status: 'suspended',
      lease: 'release',
      suspendReason: 'code changed',
      wakeAt: START,
    })
    expect(row).toMatchObject({ status: 'suspended', suspendReason: 'code changed', leaseOwner: null, wakeAt: null })
    fixture.clock.advance(10 * LEASE_MS)
    expect(await fixture.claim()).toEqual([])
  })

  it.each<[string, Partial<TransitionBody>]>([
    ['ends', completed()],
    ['suspends itself', { status: 'suspended', lease: 'release', suspendReason: 'code changed' }],
  ])('an instance that %s looks for no message any more', async (_, end) => {
    const { id } = await fixture.startLeased({}, { waits: [eventWait('paid')] })
    await fixture.publish('paid', 1)
    const row = await fixture.apply(id, { ...end, waits: [{ ...eventWait('paid'), isNew: false }] })
    expect(row).toMatchObject({ status: end.status, leaseOwner: null, wakeAt: null, nextSeq: 1 })
  })

  it('an answer to an instance that compensates leaves it compensating', async () => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, { status: 'compensating', lease: 'release', asks: [sendTo('nobody', 1)] })
    expect(row).toMatchObject({ status: 'compensating', leaseOwner: 'worker-1', nextSeq: 2 })
  })

  it('tags and state change when given and stay otherwise', async () => {
    const { id } = await fixture.startLeased({ tags: '{"a":"1"}' })
    expect(await fixture.apply(id, { state: '{"step":1}' })).toMatchObject({ tags: '{"a":"1"}', state: '{"step":1}' })
    expect(await fixture.apply(id, { tags: '{"b":"2"}' })).toMatchObject({ tags: '{"b":"2"}', state: '{"step":1}' })
  })

  it('of two transitions of one instance from the same position one is lost', async () => {
    const row = await fixture.startLeased()
    const verdicts = await Promise.all(
      ['a', 'b'].map((name) => fixture.storage.commit([transition(row, { events: [activityCompleted(`${name}:1`)] })])),
    )
    expect(verdicts.map(([verdict]) => verdict?.kind).sort()).toEqual(['accepted', 'lost'])
    expect(await fixture.events(row.id)).toHaveLength(1)
  })

  it('a lost unit leaves its neighbours alone', async () => {
    const [one, two] = [await fixture.startLeased(), await fixture.startLeased()]
    const verdicts = await fixture.storage.commit([
      transition(one, { events: [activityCompleted()] }),
      transition({ ...two, epoch: 99 }, { events: [activityCompleted()] }),
      start(),
    ])
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(['accepted', 'lost', 'accepted'])
    expect(await fixture.events(one.id)).toHaveLength(1)
    expect(await fixture.events(two.id)).toEqual([])
  })

  it('a unit that cannot be written fails as a whole, and its neighbours are written', async () => {
    const [one, bad, two] = [await fixture.startLeased(), await fixture.startLeased(), await fixture.startLeased()]
    const taken = outboxRow({ instanceId: one.id })
    await fixture.apply(one.id, { outbox: [taken] })
    const verdicts = await fixture.storage.commit([
      transition(await fixture.row(one.id), { events: [activityCompleted('one:1')] }),
      transition(bad, {
        events: [activityCompleted('bad:1')],
        state: '"touched"',
        outbox: [outboxRow({ id: taken.id })],
        ...completed(),
      }),
      transition(two, { events: [activityCompleted('two:1')] }),
    ])
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(['accepted', 'failed', 'accepted'])
    expect(demand(verdicts[1], 'failed').error).toBeInstanceOf(Error)
    expect(await fixture.row(bad.id)).toEqual(bad)
    expect(await fixture.events(bad.id)).toEqual([])
    expect((await fixture.events(one.id)).map((recorded) => recorded.activityId)).toEqual(['one:1'])
    expect((await fixture.events(two.id)).map((recorded) => recorded.activityId)).toEqual(['two:1'])
    await fixture.apply(bad.id, completed())
  })

  it.each([
    ['U+0000 in a text', 'a\u0000b'],
    ['a lone surrogate', 'a\ud800b'],
    ['a text longer than a narrow column', 'x'.repeat(3_000)],
  ])('%s is stored as it is or fails its unit, never its neighbours', async (_, text) => {
    const [odd, neighbour] = [await fixture.startLeased(), await fixture.startLeased()]
    const recorded = { ...activityCompleted(), activityId: text }
    const [first, second] = await fixture.storage.commit([
      transition(odd, { events: [recorded] }),
      transition(neighbour, { events: [activityCompleted()] }),
    ])
    demand(second, 'accepted')
    expect(['accepted', 'failed']).toContain(first?.kind)
    const written = (await fixture.events(odd.id)).map((stored) => stored.activityId)
    expect(written).toEqual(first?.kind === 'accepted' ? [text] : [])
    expect((await fixture.row(odd.id)).nextSeq).toBe(1 + written.length)
  })

  it('escaped U+0000 and lone surrogates in JSON text are kept on every database', async () => {
    const data = '{"activityName":"a","input":null,"result":"a\\u0000b\\ud800"}'
    const row = await fixture.startLeased({}, { events: [{ ...activityCompleted(), data }] })
    const [recorded] = await fixture.storage.history(row.id, { after: 0, limit: 1 })
    expect(recorded?.data).toBe(data)
  })

  it('an event keeps its own time', async () => {
    const at = START - 12_345
    const row = await fixture.startLeased(
      {},
      { events: [event('TimerExpired', 'sleep:1', { timerId: 'sleep:1', dueAt: at }, at)] },
    )
    const [recorded] = await fixture.storage.history(row.id, { after: 0, limit: 1 })
    expect(recorded?.createdAt).toBe(at)
  })

  it('a thousand events in one unit keep their order', async () => {
    const events = Array.from({ length: 1_000 }, (_, index) => activityCompleted(`step:${index + 1}`, index))
    const row = await fixture.startLeased({}, { events })
    const history = await fixture.storage.history(row.id, { after: 0, limit: 2_000 })
    expect(history).toEqual(events.map((recorded, index) => ({ ...recorded, seq: index + 1 })))
    expect(row.nextSeq).toBe(1_001)
  })

  it('a session carries one guarded unit', async () => {
    const row = await fixture.startLeased()
    const session = await fixture.storage.openSession({ timeoutMs: 5_000 })
    expect(await session.savepoint(async () => 'inside')).toBe('inside')
    const verdict = await session.commit(transition(row, { events: [activityCompleted()] }))
    expect(demand(verdict, 'accepted').nextSeq).toBe(2)
    const late = await fixture.storage.openSession({ timeoutMs: 5_000 })
    demand(await late.commit(transition(row, { events: [activityCompleted('late:1')] })), 'lost')
    const dropped = await fixture.storage.openSession({ timeoutMs: 5_000 })
    await dropped.rollback()
    expect((await fixture.events(row.id)).map((recorded) => recorded.activityId)).toEqual(['charge:1'])
  })

  it('a unit with nothing to say changes nothing but its time', async () => {
    const row = await fixture.startLeased()
    fixture.clock.advance(7)
    const after = await fixture.apply(row.id, body({ now: fixture.clock.now() }))
    expect(after).toEqual({ ...row, updatedAt: START + 7 })
  })
}
