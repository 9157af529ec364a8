/** S8: a cancel is a request. Whoever owns the instance answers it; what had happened is kept, completion and parking are not. */
import { expect, it } from 'vitest'
import type { TransitionBody } from '../storage'
import {
  activityCompleted,
  completed,
  event,
  eventWait,
  failed,
  freshId,
  known,
  message,
  newInstance,
  outboxRow,
  parked,
  START,
  start,
  startChild,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function cancelContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const cancel = (id: string) =>
    fixture.storage.operate(id, { type: 'cancel', by: 'ada', reason: 'mistake' }, { now: START, audit: null })
  const requested = { cancelRequestedAt: START, cancelRequestedBy: 'ada', cancelReason: 'mistake' }
  const cancelling = async () => {
    const { id } = await fixture.startLeased()
    await cancel(id)
    return fixture.row(id)
  }

  it('a request to a leased instance names its owner and leaves lease and epoch', async () => {
    const row = await fixture.startLeased()
    const outcome = await cancel(row.id)
    expect(outcome).toEqual({
      kind: 'done',
      row: { ...row, ...requested },
      wakes: { ready: [], leased: [{ instanceId: row.id, leaseOwner: 'worker-1' }], outbox: false },
    })
    expect(await fixture.row(row.id)).toEqual({ ...row, ...requested })
  })

  it('a request to a suspended instance frees it and makes it due now', async () => {
    const { id } = await fixture.startLeased()
    const error = JSON.stringify({ name: 'NonDeterminismError', message: 'other code' })
    await fixture.apply(id, { status: 'suspended', lease: 'release', suspendReason: 'other code', error })
    expect(await cancel(id)).toMatchObject({
      kind: 'done',
      row: { ...requested, status: 'running', suspendReason: null, error: null, wakeAt: START },
    })
    expect((await fixture.claim()).map(({ row }) => row.id)).toEqual([id])
  })

  it('a request to a parked instance makes it due now', async () => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, parked({ wakeAt: START + 90_000 }))
    const outcome = await cancel(id)
    expect(outcome).toMatchObject({
      kind: 'done',
      wakes: { ready: [{ instanceId: id, workflowName: 'order' }], leased: [] },
    })
    expect(await fixture.row(id)).toEqual({ ...row, ...requested, wakeAt: START })
  })

  it('an instance that never ran goes through an owner too', async () => {
    const unit = start({ wakeAt: START + 60_000 })
    await fixture.commit(unit, 'accepted')
    await cancel(unit.instance.id)
    const [claimed] = await fixture.claim()
    expect(claimed?.row).toMatchObject({ id: unit.instance.id, status: 'pending', ...requested })
  })

  it('a request is made once', async () => {
    const { id } = await cancelling()
    const again = await fixture.storage.operate(
      id,
      { type: 'cancel', by: 'bob', reason: null },
      { now: START + 1, audit: null },
    )
    expect(again).toMatchObject({ kind: 'refused', row: requested, why: expect.any(String) })
    expect(await fixture.row(id)).toMatchObject(requested)
  })

  it.each<[string, Partial<TransitionBody>]>([
    ['completed', completed()],
    ['failed', failed()],
    ['cancelled', { status: 'cancelled', lease: 'release' }],
    ['compensating', { status: 'compensating', compensationState: 'pending' }],
  ])('an instance that is %s refuses it', async (_, end) => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, end)
    expect(await cancel(id)).toMatchObject({ kind: 'refused', row })
    expect(await fixture.row(id)).toEqual(row)
  })

  it('an unknown instance is not found', async () => {
    expect(await cancel('nobody')).toEqual({ kind: 'not-found' })
  })

  it('a completion that met a request keeps its events and nothing else', async () => {
    const row = await cancelling()
    fixture.clock.advance(3)
    const unit = transition(row, { now: START + 3, events: [activityCompleted()], pending: '[9]', ...completed() })
    const verdict = await fixture.commit(unit, 'cancel')
    expect(verdict).toMatchObject({ nextSeq: 2, by: 'ada', reason: 'mistake' })
    expect(await fixture.row(row.id)).toEqual({ ...row, nextSeq: 2, updatedAt: START + 3 })
    expect((await fixture.events(row.id)).map(({ activityId }) => activityId)).toEqual(['charge:1'])
  })

  it('what rides with the events is kept: messages, outbox rows, compensations', async () => {
    const row = await cancelling()
    const unit = transition(row, {
      events: [activityCompleted()],
      messages: [message('log', 'sent')],
      outbox: [outboxRow({ instanceId: row.id })],
      compensations: {
        push: [{ name: 'refund', args: '{}', activityId: 'charge:1' }],
        fill: [],
        clear: false,
        update: [],
      },
    })
    const { wakes } = await fixture.commit(unit, 'cancel')
    expect(wakes.outbox).toBe(true)
    expect(await fixture.storage.messages('log', { after: 0, limit: 10 })).toHaveLength(1)
    expect(await fixture.storage.outbox({ instanceId: row.id, limit: 10 })).toHaveLength(1)
    expect(await fixture.storage.compensations(row.id)).toMatchObject([{ seq: 1, name: 'refund', state: 'registered' }])
  })

  it('what the unit asked for is not done: waits, subscriptions, children, a successor', async () => {
    const row = await cancelling()
    const child = newInstance({ parentId: row.id })
    const successor = newInstance({ continuedFrom: row.id })
    const asks = [subscribeTo('news', 'broadcast'), startChild(child)]
    await fixture.commit(transition(row, parked({ asks, waits: [eventWait('paid')] })), 'cancel')
    await fixture.commit(transition(row, { status: 'recurred', lease: 'release', recur: successor }), 'cancel')
    expect(await fixture.events(row.id)).toEqual([])
    expect(await fixture.storage.subscriptions(row.id)).toEqual([])
    expect(await fixture.storage.waits({ instanceId: row.id, limit: 10 })).toEqual([])
    expect(await fixture.storage.instance(child.id)).toBeNull()
    expect(await fixture.storage.instance(successor.id)).toBeNull()
    expect(await fixture.row(row.id)).toEqual(row)
  })

  it('a message that waited is not consumed by a refused parking', async () => {
    const { id } = await fixture.startLeased({}, { asks: [subscribeTo('jobs', 'competing')] })
    await fixture.publish('jobs', 'kept')
    await cancel(id)
    const wait = { ...eventWait('jobs'), kind: 'message' as const }
    await fixture.commit(transition(await fixture.row(id), parked({ waits: [wait] })), 'cancel')
    expect(await fixture.storage.messages('jobs', { after: 0, limit: 10 })).toHaveLength(1)
  })

  it('every transition is answered with the request until one acknowledges it', async () => {
    const row = await cancelling()
    await fixture.commit(transition(row, { events: [activityCompleted('a:1')] }), 'cancel')
    await fixture.commit(transition({ ...row, nextSeq: 2 }, { events: [activityCompleted('b:1')] }), 'cancel')
    const seen = event('CancelRequested', 'cancel', { by: 'ada', reason: 'mistake' })
    const after = await fixture.apply(row.id, {
      events: [seen],
      status: 'compensating',
      compensationState: 'pending',
      acknowledgesCancel: true,
    })
    expect(after).toMatchObject({ status: 'compensating', compensationState: 'pending', nextSeq: 4, ...requested })
    await fixture.apply(row.id, { status: 'compensating', events: [activityCompleted('c:1')] })
    expect(
      await fixture.apply(row.id, { status: 'cancelled', lease: 'release', compensationState: 'completed' }),
    ).toMatchObject({
      status: 'cancelled',
      compensationState: 'completed',
      wakeAt: null,
    })
  })

  it('a fenced owner hears lost, not cancel', async () => {
    const row = await cancelling()
    await fixture.commit(transition({ ...row, epoch: row.epoch - 1 }, completed()), 'lost')
  })

  it('the request outlives a takeover', async () => {
    const row = await cancelling()
    fixture.clock.advance(row.leaseMs)
    const [claimed] = await fixture.claim({ workerId: 'worker-2' })
    expect(claimed?.row).toMatchObject(requested)
    await fixture.commit(transition(claimed?.row ?? row, completed()), 'cancel')
  })

  it('a request and a completion at the same time: exactly one wins', async () => {
    for (let round = 0; round < 10; round++) {
      const row = await fixture.startLeased({ id: freshId('race') })
      const [outcome, verdicts] = await Promise.all([
        cancel(row.id),
        fixture.storage.commit([transition(row, { events: [activityCompleted()], ...completed() })]),
      ])
      const verdict = verdicts[0]?.kind
      expect([outcome.kind, verdict]).toEqual(outcome.kind === 'done' ? ['done', 'cancel'] : ['refused', 'accepted'])
      const { status } = await fixture.row(row.id)
      expect(status).toBe(outcome.kind === 'done' ? 'running' : 'completed')
      expect(await fixture.events(row.id)).toHaveLength(1)
    }
  })

  it('a request and a parking at the same time: the instance does not sleep on it', async () => {
    for (let round = 0; round < 10; round++) {
      const row = await fixture.startLeased({ id: freshId('race') }, { waits: [eventWait('paid')] })
      const unit = transition(row, parked({ waits: [known(eventWait('paid'))] }))
      const [, verdicts] = await Promise.all([cancel(row.id), fixture.storage.commit([unit])])
      const { wakeAt, leaseOwner } = await fixture.row(row.id)
      if (verdicts[0]?.kind === 'accepted') expect({ wakeAt, leaseOwner }).toEqual({ wakeAt: START, leaseOwner: null })
      else expect({ kind: verdicts[0]?.kind, leaseOwner }).toEqual({ kind: 'cancel', leaseOwner: 'worker-1' })
    }
  })
}
