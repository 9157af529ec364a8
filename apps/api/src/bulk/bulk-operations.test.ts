import { beforeEach, describe, expect, test, vi } from 'vitest'
import { apiFixture, breakSwitch } from '../testing/api-fixture'
import type { BulkOperation } from './bulk-operation'

/** Only ends what hangs: on a busy machine everything takes its time. */
const WAITS = { timeout: 120_000 }

beforeEach(() => breakSwitch(true))

async function failures(count: number) {
  const fixture = await apiFixture()
  for (let i = 0; i < count; i++) await fixture.test.app.start('plain', { fails: 'switch' }, { instanceId: `f${i}` })
  await fixture.test.app.start('waiting', { order: 'A1' }, { instanceId: 'w' })
  await fixture.test.settle()
  const api = fixture.client()
  const ended = (id: string): Promise<BulkOperation> =>
    vi.waitUntil(async () => {
      const operation = await api.instances.bulk.get.query({ id })
      return operation.endedAt ? operation : undefined
    }, WAITS)
  return { ...fixture, api, ended }
}

test('a filter is listed, its members are worked off, each is audited', async () => {
  const { api, ended, test: engine } = await failures(5)
  breakSwitch(false)
  const { id, state } = await api.instances.bulk.start.mutate({
    action: 'retry',
    members: { filter: { status: 'failed' } },
    ratePerSecond: 200,
    reason: 'mended',
  })
  expect(state).toBe('listing')
  expect(await ended(id)).toMatchObject({
    state: 'completed',
    total: 5,
    done: 5,
    skipped: 0,
    failed: 0,
    errors: [],
    reason: 'mended',
    actor: 'local',
    endedAt: expect.any(Date),
  })
  await engine.settle()
  expect((await api.instances.counts.query()).byStatus).toMatchObject({ failed: 0, completed: 5 })
  const { entries } = await api.audit.list.query({})
  expect(
    entries
      .filter(({ action }) => action === 'instance.retry')
      .map(({ target, reason }) => [target, reason])
      .sort(),
  ).toEqual([0, 1, 2, 3, 4].map((i) => [`f${i}`, `bulk ${id}: mended`]))
  expect(entries.filter(({ target }) => target === id).map(({ action, after }) => [action, after])).toEqual([
    ['bulk.end', { action: 'retry', state: 'completed', total: 5, done: 5, skipped: 0, failed: 0 }],
    ['bulk.start', { action: 'retry', state: 'listing', total: 0, done: 0, skipped: 0, failed: 0 }],
  ])
})

test('a member that the verb does not fit is skipped and told; the others go on', async () => {
  const { api, ended } = await failures(1)
  const { id } = await api.instances.bulk.start.mutate({
    action: 'suspend',
    members: { ids: ['f0', 'w', 'nobody', 'w'] },
    ratePerSecond: 200,
  })
  expect(await ended(id)).toMatchObject({
    total: 3,
    done: 1,
    skipped: 2,
    errors: [
      { instanceId: 'nobody', code: 'INSTANCE_NOT_FOUND' },
      { instanceId: 'f0', code: 'INVALID_STATE' },
    ],
  })
  const resumed = await api.instances.bulk.start.mutate({
    action: 'resume',
    members: { ids: ['w'] },
    ratePerSecond: 200,
  })
  expect(await ended(resumed.id)).toMatchObject({ done: 1 })
  const cancelled = await api.instances.bulk.start.mutate({
    action: 'cancel',
    members: { ids: ['w', 'f0'] },
    ratePerSecond: 200,
  })
  expect(await ended(cancelled.id)).toMatchObject({ done: 1, skipped: 1, errors: [] })
  expect((await api.instances.bulk.list.query()).map(({ action }) => action).sort()).toEqual([
    'cancel',
    'resume',
    'suspend',
  ])
})

test('an abort stops between two members; what was not reached is untouched', async () => {
  const { api, test: engine } = await failures(3)
  const { id } = await api.instances.bulk.start.mutate({
    action: 'retry',
    members: { ids: ['f0', 'f1', 'f2'] },
    ratePerSecond: 0.1,
  })
  await vi.waitUntil(
    async () =>
      (await api.instances.bulk.get.query({ id })).done + (await api.instances.bulk.get.query({ id })).failed > 0,
    WAITS,
  )
  const aborted = await api.instances.bulk.abort.mutate({ id, reason: 'wrong ones' })
  expect(aborted).toMatchObject({ state: 'aborted', total: 3, done: 1 })
  await engine.settle()
  expect((await api.audit.list.query({ target: id })).entries.map(({ action, reason }) => [action, reason])).toEqual([
    ['bulk.end', `bulk ${id}`],
    ['bulk.abort', 'wrong ones'],
    ['bulk.start', `bulk ${id}`],
  ])
  expect((await api.audit.list.query({ target: 'f1' })).entries).toEqual([])
})

test('a largest number of members is kept', async () => {
  const { api, ended } = await failures(5)
  const { id } = await api.instances.bulk.start.mutate({
    action: 'cancel',
    members: { filter: { status: 'failed' }, max: 2 },
    ratePerSecond: 200,
  })
  expect(await ended(id)).toMatchObject({ total: 2, skipped: 2 })
})

describe('an operation', () => {
  test('that cannot list its members says so', async () => {
    const { api, ended, test: engine } = await failures(1)
    engine.storage.instances = () => Promise.reject(new Error('gone'))
    const { id } = await api.instances.bulk.start.mutate({ action: 'cancel', members: { filter: {} } })
    expect(await ended(id)).toMatchObject({
      state: 'failed',
      error: 'The members could not be listed; the log tells more',
    })
  })

  test('beyond five at once must wait; an unknown one is not found', async () => {
    const { api } = await failures(2)
    const members = { ids: ['f0', 'f1'] }
    for (let i = 0; i < 5; i++) await api.instances.bulk.start.mutate({ action: 'cancel', members, ratePerSecond: 0.1 })
    await expect(api.instances.bulk.start.mutate({ action: 'cancel', members })).rejects.toMatchObject({
      data: { code: 'TOO_MANY_REQUESTS' },
    })
    await expect(api.instances.bulk.get.query({ id: 'x' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } })
    await expect(api.instances.bulk.abort.mutate({ id: 'x' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } })
  })
})
