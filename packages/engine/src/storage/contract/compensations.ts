/** The compensation stack: rows that ride with transitions, and the verbs that operate one link. */
import { expect, it } from 'vitest'
import type { OperatorVerb } from '../storage'
import { START } from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function compensationsContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const operate = (id: string, verb: OperatorVerb) =>
    fixture.storage.operate(id, verb, { now: fixture.clock.now(), audit: null })
  const error = '{"name":"Error","message":"boom"}'

  it('compensations are pushed in order, filled in, updated, and cleared while registered', async () => {
    const { id } = await fixture.startLeased()
    const none = { push: [], fill: [], clear: false, update: [] }
    const push = ['a', 'b', 'c'].map((name) => ({
      name,
      args: `"${name}"`,
      activityId: name === 'a' ? null : `${name}:1`,
    }))
    await fixture.apply(id, { compensations: { ...none, push } })
    const rows = push.map((pushed, index) => ({
      ...pushed,
      seq: index + 1,
      state: 'registered',
      attempts: 0,
      lastError: null,
      nextAttemptAt: null,
      executedAt: null,
    }))
    expect(await fixture.storage.compensations(id)).toEqual(rows)
    const executed = {
      seq: 3,
      state: 'executed',
      attempts: 2,
      lastError: error,
      nextAttemptAt: START + 5,
      executedAt: START,
    } as const
    await fixture.apply(id, {
      compensations: {
        ...none,
        fill: [
          { activityId: 'b:1', args: '"filled"' },
          { activityId: 'nothing:1', args: '0' },
        ],
        update: [executed],
      },
    })
    const after = [rows[0], { ...rows[1], args: '"filled"' }, { ...rows[2], ...executed }]
    expect(await fixture.storage.compensations(id)).toEqual(after)
    const late = [{ activityId: 'c:1', args: '"too late"' }]
    await fixture.apply(id, { compensations: { ...none, fill: late } })
    expect(await fixture.storage.compensations(id)).toEqual(after)
    await fixture.apply(id, {
      compensations: { ...none, clear: true, push: [{ name: 'd', args: '1', activityId: null }] },
    })
    const [kept, pushed, ...rest] = await fixture.storage.compensations(id)
    expect(kept).toEqual(after[2])
    expect(pushed).toMatchObject({ name: 'd', state: 'registered' })
    expect(pushed?.seq).toBeGreaterThan(3)
    expect(rest).toEqual([])
  })

  const broken = async (status: 'failed' | 'cancelled') => {
    const { id } = await fixture.startLeased()
    const push = ['a', 'b', 'c'].map((name) => ({ name, args: '{}', activityId: null }))
    await fixture.apply(id, { compensations: { push, fill: [], clear: false, update: [] } })
    const gaveUp = (seq: number) =>
      ({ seq, state: 'failed', attempts: 5, lastError: error, nextAttemptAt: null, executedAt: null }) as const
    const done = {
      seq: 2,
      state: 'executed',
      attempts: 1,
      lastError: null,
      nextAttemptAt: null,
      executedAt: START,
    } as const
    return fixture.apply(id, {
      status,
      lease: 'release',
      error,
      compensationState: 'failed',
      compensations: { push: [], fill: [], clear: false, update: [gaveUp(1), done, gaveUp(3)] },
    })
  }
  const compensation = (seq: number, action: 'retry' | 'skip' | 'done'): OperatorVerb => ({
    type: 'compensation',
    seq,
    action,
    by: 'ada',
    reason: null,
  })

  it.each(['failed', 'cancelled'] as const)('a compensation of a %s instance is tried again', async (status) => {
    const row = await broken(status)
    const outcome = await operate(row.id, compensation(3, 'retry'))
    expect(outcome).toMatchObject({
      kind: 'done',
      row: {
        status: 'compensating',
        compensationState: 'pending',
        epoch: row.epoch + 1,
        wakeAt: START,
        completedAt: null,
        error,
      },
      wakes: { ready: [{ instanceId: row.id }] },
    })
    const rows = await fixture.storage.compensations(row.id)
    expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['failed', 5],
      ['executed', 1],
      ['registered', 0],
    ])
    const [claimed] = await fixture.claim()
    expect(claimed?.row).toMatchObject({ id: row.id, status: 'compensating' })
  })

  it('skipped or done by hand: complete when none is left failed', async () => {
    const row = await broken('failed')
    expect(await operate(row.id, compensation(3, 'skip'))).toMatchObject({
      kind: 'done',
      row: { status: 'failed', compensationState: 'failed', epoch: row.epoch + 1, wakeAt: null },
    })
    expect(await operate(row.id, compensation(1, 'done'))).toMatchObject({
      row: { status: 'failed', compensationState: 'completed' },
    })
    const rows = await fixture.storage.compensations(row.id)
    expect(rows.map(({ state }) => state)).toEqual(['done', 'executed', 'skipped'])
  })

  it('a compensation verb waits until the instance has ended', async () => {
    const row = await broken('failed')
    await operate(row.id, compensation(3, 'retry'))
    const live = await fixture.row(row.id)
    for (const action of ['retry', 'skip', 'done'] as const)
      expect(await operate(row.id, compensation(1, action))).toMatchObject({ kind: 'refused', row: live })
  })

  it.each([
    ['one that was executed', 2],
    ['one that does not exist', 9],
  ])('a compensation verb on %s is refused', async (_, seq) => {
    const row = await broken('failed')
    for (const action of ['retry', 'skip', 'done'] as const)
      expect(await operate(row.id, compensation(seq, action))).toEqual({
        kind: 'refused',
        row,
        why: expect.any(String),
      })
    expect(await fixture.row(row.id)).toEqual(row)
  })
}
