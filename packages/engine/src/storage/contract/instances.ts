/** Births: what a start brings, and that an id is taken once. */
import { expect, it } from 'vitest'
import {
  activityCompleted,
  auditEntry,
  completed,
  event,
  freshId,
  LEASE_MS,
  newInstance,
  parked,
  START,
  start,
  startLeased,
} from './builders'
import { demand, ids, type MakeStorage, useStorage } from './fixture'

export function instancesContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  it('a start is born pending, due at its time, with an empty history', async () => {
    const instance = newInstance({
      input: '{"b":1,"a":[true,null,"ü"]}',
      version: 3,
      tags: '{"region":"eu"}',
      deadlineAt: START + 5_000,
      retentionMs: 1_000,
      wakeAt: START + 700,
    })
    expect(await fixture.commit({ kind: 'start', instance, first: null }, 'accepted')).toEqual({
      kind: 'accepted',
      answers: [],
      nextSeq: 1,
      wakes: { ready: [], leased: [], outbox: false },
    })
    expect(await fixture.storage.instance(instance.id)).toEqual({
      ...instance,
      status: 'pending',
      output: null,
      error: null,
      epoch: 0,
      nextSeq: 1,
      leaseOwner: null,
      leaseUntil: null,
      pending: null,
      cancelRequestedAt: null,
      cancelRequestedBy: null,
      cancelReason: null,
      compensationState: 'none',
      suspendReason: null,
      state: null,
      takeovers: 0,
      updatedAt: START,
      completedAt: null,
    })
    expect(await fixture.events(instance.id)).toEqual([])
  })

  it('a start that is due at once names itself as ready', async () => {
    const unit = start()
    const { wakes } = await fixture.commit(unit, 'accepted')
    expect(wakes.ready).toEqual([{ instanceId: unit.instance.id, workflowName: 'order' }])
  })

  it('a start with its first transition is born running, leased at epoch 1', async () => {
    const pending = '[{"kind":"activity","id":"charge:1","name":"charge","attempt":1,"firstAttemptAt":0}]'
    const row = await fixture.startLeased({}, { pending })
    expect(row).toMatchObject({
      status: 'running',
      epoch: 1,
      nextSeq: 1,
      leaseOwner: 'worker-1',
      leaseUntil: START + LEASE_MS,
      wakeAt: START + LEASE_MS,
      pending,
    })
  })

  it('a first transition may carry events', async () => {
    const row = await fixture.startLeased({}, { events: [event('PatchMarked', 'patch', { id: 'p' })] })
    expect(row.nextSeq).toBe(2)
    expect(await fixture.events(row.id)).toEqual([
      { seq: 1, activityId: 'patch', type: 'PatchMarked', data: { id: 'p' } },
    ])
  })

  it('a first transition may already park', async () => {
    const row = await fixture.startLeased({}, parked({ status: 'waiting_for_timer', wakeAt: START + 60_000 }))
    expect(row).toMatchObject({
      status: 'waiting_for_timer',
      epoch: 1,
      leaseOwner: null,
      leaseUntil: null,
      wakeAt: START + 60_000,
    })
  })

  it('a first transition may already end', async () => {
    const row = await fixture.startLeased({}, completed('42'))
    expect(row).toMatchObject({
      status: 'completed',
      output: '42',
      leaseOwner: null,
      leaseUntil: null,
      wakeAt: null,
      completedAt: START,
    })
  })

  it('a taken id is answered with the row that has it, and nothing is written', async () => {
    const row = await fixture.startLeased({ input: '"first"' })
    const audit = auditEntry(row.id)
    const again = await fixture.commit({ ...start({ id: row.id, input: '"second"' }), audit }, 'exists')
    expect(again.instance).toEqual(row)
    const leased = startLeased({ id: row.id, input: '"third"' }, { events: [activityCompleted()] })
    expect((await fixture.commit(leased, 'exists')).instance).toEqual(row)
    expect(await fixture.row(row.id)).toEqual(row)
    expect(await fixture.events(row.id)).toEqual([])
    expect(await fixture.storage.audits({ target: row.id, limit: 10 })).toEqual([])
  })

  it('of two starts of one id in one flush the first wins', async () => {
    const id = freshId('instance')
    const [first, second] = await fixture.storage.commit([start({ id, input: '1' }), start({ id, input: '2' })])
    demand(first, 'accepted')
    expect(demand(second, 'exists').instance).toMatchObject({ id, input: '1' })
    expect((await fixture.row(id)).input).toBe('1')
  })

  it('the audit entry of a start is written with it', async () => {
    const unit = start()
    await fixture.commit({ ...unit, audit: auditEntry(unit.instance.id, { action: 'instance.start' }) }, 'accepted')
    const [audit] = await fixture.storage.audits({ target: unit.instance.id, limit: 10 })
    expect(audit).toMatchObject({
      actor: 'ada',
      action: 'instance.start',
      target: unit.instance.id,
      reason: 'because',
      at: START,
    })
  })

  it('an unknown id is null, not an error', async () => {
    expect(await fixture.storage.instance('nobody')).toBeNull()
    expect(await fixture.storage.chainHead('nobody')).toBeNull()
    expect(await fixture.storage.history('nobody', { after: 0, limit: 10 })).toEqual([])
    expect(await fixture.storage.compensations('nobody')).toEqual([])
  })

  it('ids and payloads keep every character', async () => {
    const id = `${freshId('id')}-Ünïcödé-'"\\%_-𝒳`
    const input = JSON.stringify({ text: `quote ' " back \\ slash \u2028 emoji 😀`, big: 'x'.repeat(70_000) })
    await fixture.commit(start({ id, input }), 'accepted')
    expect((await fixture.row(id)).input).toBe(input)
  })

  it('an empty flush is no flush', async () => {
    expect(await fixture.storage.commit([])).toEqual([])
  })

  it('many starts in one flush are all there', async () => {
    const units = Array.from({ length: 200 }, () => start())
    const verdicts = await fixture.storage.commit(units)
    expect(new Set(verdicts.map((verdict) => verdict.kind))).toEqual(new Set(['accepted']))
    const claimed = await fixture.claim({ limit: 500 })
    expect(ids(claimed.map(({ row }) => row))).toEqual(units.map((unit) => unit.instance.id))
  })
}
