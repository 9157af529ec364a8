import { describe, expect, test } from 'vitest'
import { completed, event, failed, parked, startLeased, transition } from '../storage/contract/builders'
import { adminOverMemory, ann, LEASE_MS, START } from './fixture'

const retrying = JSON.stringify([
  {
    kind: 'activity',
    id: 'charge:1',
    name: 'charge',
    attempt: 2,
    firstAttemptAt: START,
    nextAttemptAt: START + 4_000,
    heartbeat: { at: 3 },
  },
])

describe('listing', () => {
  test('a row says what the instance does now and when it goes on', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(startLeased({ id: 'a', input: '{"card":"4111"}', tags: '{"tier":"gold"}' }, { pending: retrying }))
    const page = await admin.instances.find({})
    expect(page).toEqual({
      instances: [
        {
          instanceId: 'a',
          workflowName: 'order',
          status: 'running',
          startedAt: new Date(START),
          updatedAt: new Date(START),
          completedAt: null,
          tags: { tier: 'gold' },
          compensationState: 'none',
          currentStep: 'charge, attempt 2',
          retryAt: new Date(START + 4_000),
          nextAt: new Date(START + 4_000),
          error: null,
          suspendReason: null,
          cancelRequested: false,
          parentId: null,
          continuedFrom: null,
          forkedFrom: null,
          ownerService: 'contract',
          version: null,
          events: 0,
        },
      ],
      hasMore: false,
      nextPageToken: null,
    })
  })

  test('pages meet without gap or overlap, and a token of other filters is refused', async () => {
    const { admin, commit } = adminOverMemory()
    for (const id of ['a', 'b', 'c', 'd', 'e']) await commit(startLeased({ id }))
    const first = await admin.instances.find({ limit: 2 })
    const second = await admin.instances.find({ limit: 2, pageToken: first.nextPageToken ?? '' })
    const third = await admin.instances.find({ limit: 2, pageToken: second.nextPageToken ?? '' })
    const ids = [first, second, third].map(({ instances }) => instances.map(({ instanceId }) => instanceId))
    expect(ids).toEqual([['e', 'd'], ['c', 'b'], ['a']])
    expect(third.nextPageToken).toBeNull()
    const other = admin.instances.find({ workflowName: 'x', pageToken: first.nextPageToken ?? '' })
    await expect(other).rejects.toMatchObject({ code: 'INVALID_PAGE_TOKEN' })
  })

  test('what needs attention can be asked for', async () => {
    const { admin, commit } = adminOverMemory()
    await commit(startLeased({ id: 'retrying' }, { pending: retrying }))
    await commit(startLeased({ id: 'broken' }, { ...failed(), compensationState: 'failed' }))
    await commit(startLeased({ id: 'fine' }, completed()))
    const ids = async (attention: 'retrying' | 'compensation-failed') =>
      (await admin.instances.find({ attention })).instances.map(({ instanceId }) => instanceId)
    expect(await ids('retrying')).toEqual(['retrying'])
    expect(await ids('compensation-failed')).toEqual(['broken'])
    expect(await admin.instances.counts()).toMatchObject({
      total: 3,
      byStatus: { running: 1, failed: 1, completed: 1, suspended: 0 },
      attention: { failed: 1, suspended: 0, compensationFailed: 1, retrying: 1, deadLetters: 0 },
    })
  })

  test('a status that was not counted to the end is said to have at least as many', async () => {
    const { storage, admin } = adminOverMemory()
    storage.counts = async ({ open, ended }) => [
      { status: 'running', count: open - 1 },
      { status: 'waiting_for_event', count: open },
      { status: 'completed', count: ended },
      { status: 'failed', count: ended - 1 },
    ]
    const { byStatus, atLeast } = await admin.instances.counts()
    expect(atLeast).toEqual(['waiting_for_event', 'completed'])
    expect({ waiting: byStatus.waiting_for_event, completed: byStatus.completed }).toEqual({
      waiting: 100_000,
      completed: 10_000,
    })
    expect((await admin.stats.overview()).truncated).toBe(true)
  })

  test.each([{ limit: 0 }, { limit: 201 }, { inputFilters: { '$.a': 1 } }])('%o is refused', async (listing) => {
    await expect(adminOverMemory().admin.instances.find(listing)).rejects.toMatchObject({ code: 'INVALID_FILTER' })
  })
})

describe('one instance', () => {
  test('carries verdict, lease, relations and decoded payloads', async () => {
    const { admin, commit, worker } = adminOverMemory()
    await worker('worker-1')
    await commit(startLeased({ id: 'parent' }))
    await commit(
      startLeased(
        { id: 'a', parentId: 'parent', parentClosePolicy: 'cancel', input: '{"card":"4111"}' },
        { pending: retrying },
      ),
    )
    await commit(startLeased({ id: 'kid', parentId: 'a', parentClosePolicy: 'abandon' }, completed()))
    const details = await admin.instances.get('a')
    expect(details).toMatchObject({
      redacted: false,
      instance: { instanceId: 'a', input: { card: '4111' }, parentId: 'parent' },
      verdict: { headline: 'Retrying charge', next: { what: 'Attempt 2 of charge', at: new Date(START + 4_000) } },
      pending: [{ kind: 'activity', name: 'charge', attempt: 2, heartbeat: { at: 3 } }],
      lease: { workerId: 'worker-1', until: new Date(START + LEASE_MS), workerAlive: true },
      relations: {
        parent: { instanceId: 'parent' },
        children: [{ instanceId: 'kid', status: 'completed' }],
        chain: [],
      },
      now: new Date(START),
    })
  })

  test('a viewer sees its shape and none of its payloads', async () => {
    const { admin, commit } = adminOverMemory()
    const error = JSON.stringify({
      name: 'E',
      message: 'no',
      stack: 'secret',
      fields: { card: 'secret' },
      cause: { name: 'C', message: 'secret' },
    })
    await commit(
      startLeased(
        { id: 'a', input: '"secret"' },
        {
          ...failed(error),
          state: '"secret"',
          compensations: {
            push: [{ name: 'refund', args: '"secret"', activityId: null }],
            fill: [],
            clear: false,
            update: [],
          },
        },
      ),
    )
    const details = await admin.instances.get('a', { redact: true })
    expect(details).toMatchObject({
      redacted: true,
      instance: { input: null, state: null, error: { name: 'E', message: 'no' } },
    })
    expect(details?.compensations).toHaveLength(1)
    expect(JSON.stringify(details)).not.toContain('secret')
  })

  test('a lease whose worker fell silent is told as such', async () => {
    const { admin, commit, worker, advance } = adminOverMemory()
    await worker('worker-1')
    await commit(startLeased({ id: 'a' }, { pending: retrying }))
    advance(60_000)
    expect(await admin.instances.get('a')).toMatchObject({
      verdict: { headline: 'Its worker is gone' },
      lease: { workerAlive: false },
    })
  })

  test('an unknown id is null', async () => {
    const { admin } = adminOverMemory()
    expect([await admin.instances.get('x'), await admin.instances.history('x', {})]).toEqual([null, null])
  })
})

describe('history', () => {
  const activity = (id: string, result: string) =>
    event('ActivityCompleted', id, { activityName: 'charge', input: null, result })

  test('is named, sized and paged; a large payload waits to be asked for', async () => {
    const { admin, commit, storage } = adminOverMemory()
    await commit(
      startLeased({ id: 'a' }, { events: [activity('charge:1', 'ok'), activity('charge:2', 'x'.repeat(500))] }),
    )
    const page = await admin.instances.history('a', { limit: 1 })
    expect(page).toMatchObject({
      nextAfter: 1,
      total: 2,
      events: [{ seq: 1, name: 'charge', cut: false, failed: false, data: { result: 'ok' } }],
    })
    const rest = await admin.instances.history('a', { after: 1, maxBytes: 100 })
    expect(rest).toMatchObject({
      nextAfter: null,
      events: [
        { seq: 2, cut: true, data: null, bytes: (await storage.history('a', { after: 1, limit: 1 }))[0]?.data.length },
      ],
    })
    const hidden = await admin.instances.history('a', {}, { redact: true })
    expect(hidden?.events.map(({ data, cut }) => ({ data, cut }))).toEqual([
      { data: null, cut: false },
      { data: null, cut: false },
    ])
  })

  test('can be narrowed to types, and goes on behind what was looked at', async () => {
    const { admin, commit } = adminOverMemory()
    const failure = event('ActivityFailed', 'pay:1', {
      activityName: 'pay',
      input: null,
      error: { name: 'E', message: 'no' },
    })
    await commit(startLeased({ id: 'a' }, { events: [activity('c:1', 'a'), failure, activity('c:2', 'b'), failure] }))
    const first = await admin.instances.history('a', { types: ['ActivityFailed'], limit: 1 })
    expect(first).toMatchObject({ nextAfter: 2, events: [{ seq: 2, failed: true }] })
    const second = await admin.instances.history('a', { types: ['ActivityFailed'], after: 2 })
    expect(second).toMatchObject({ nextAfter: null, events: [{ seq: 4 }] })
  })
})

describe('acts', () => {
  test('cancel is audited with actor, reason, before and after, and wakes the waiting', async () => {
    const { admin, commit, storage, wakes } = adminOverMemory()
    await commit(startLeased({ id: 'a' }, parked()))
    expect(await admin.instances.cancel('a', ann)).toBe(true)
    expect(await admin.instances.cancel('a', ann)).toBe(false)
    expect(wakes.flatMap(({ ready }) => ready.map(({ instanceId }) => instanceId))).toEqual(['a'])
    expect(await admin.audit.list({ target: 'a' })).toEqual({
      entries: [
        {
          id: 1,
          at: new Date(START),
          actor: 'ann',
          action: 'instance.cancel',
          target: 'a',
          reason: 'asked by support',
          requestId: 'req-1',
          before: { status: 'waiting_for_message', compensationState: 'none' },
          after: { status: 'waiting_for_message', compensationState: 'none' },
        },
      ],
      nextBefore: null,
    })
    expect(await storage.instance('a')).toMatchObject({ cancelRequestedBy: 'ann', cancelReason: 'asked by support' })
  })

  test('suspend and resume, with the reason on the instance; a verb that does not fit changes nothing', async () => {
    const { admin, commit, storage } = adminOverMemory()
    await commit(startLeased({ id: 'a' }, parked()))
    await admin.instances.suspend('a', ann)
    expect(await storage.instance('a')).toMatchObject({
      status: 'suspended',
      suspendReason: 'Suspended by ann: asked by support',
    })
    await admin.instances.resume('a', { ...ann, reason: null })
    await expect(admin.instances.resume('a', ann)).rejects.toMatchObject({ code: 'INVALID_STATE' })
    await expect(admin.instances.suspend('nobody', ann)).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' })
    expect((await admin.audit.list({})).entries.map(({ action }) => action)).toEqual([
      'instance.resume',
      'instance.suspend',
    ])
  })

  test('a failed compensation is retried, skipped or marked as done, each audited', async () => {
    const { admin, commit, storage } = adminOverMemory()
    const push = ['release', 'refund', 'notify'].map((name) => ({ name, args: '{}', activityId: null }))
    const [started] = await commit(
      startLeased(
        { id: 'a' },
        {
          compensations: { push, fill: [], clear: false, update: [] },
          compensationState: 'pending',
          status: 'compensating',
        },
      ),
    )
    const nextSeq = started?.kind === 'accepted' ? started.nextSeq : 0
    const update = [1, 2, 3].map((seq) => ({
      seq,
      state: 'failed' as const,
      attempts: 5,
      lastError: '{"name":"E","message":"gone"}',
      nextAttemptAt: null,
      executedAt: null,
    }))
    await commit(
      transition(
        { id: 'a', epoch: 1, nextSeq },
        { ...failed(), compensationState: 'failed', compensations: { push: [], fill: [], clear: false, update } },
      ),
    )
    await admin.compensations.operate('a', 1, 'skip', ann)
    await admin.compensations.operate('a', 2, 'done', ann)
    await admin.compensations.operate('a', 3, 'retry', ann)
    expect((await admin.compensations.list('a')).map(({ state }) => state)).toEqual(['skipped', 'done', 'registered'])
    expect(await storage.instance('a')).toMatchObject({ status: 'compensating' })
    await expect(admin.compensations.operate('a', 1, 'retry', ann)).rejects.toMatchObject({ code: 'INVALID_STATE' })
    await expect(admin.compensations.list('nobody')).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' })
    const { entries } = await admin.audit.list({ target: 'a' })
    expect(entries.map(({ action, before, after }) => [action, before, after])).toEqual([
      [
        'compensation.retry',
        { seq: 3, name: 'notify', state: 'failed', attempts: 5 },
        { seq: 3, name: 'notify', state: 'registered' },
      ],
      [
        'compensation.mark-done',
        { seq: 2, name: 'refund', state: 'failed', attempts: 5 },
        { seq: 2, name: 'refund', state: 'done' },
      ],
      [
        'compensation.skip',
        { seq: 1, name: 'release', state: 'failed', attempts: 5 },
        { seq: 1, name: 'release', state: 'skipped' },
      ],
    ])
  })
})
