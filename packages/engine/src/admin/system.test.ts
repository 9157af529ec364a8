import { describe, expect, test } from 'vitest'
import { completed, failed, startLeased, transition } from '../storage/contract/builders'
import { adminOverMemory, ann, START } from './fixture'
import { durationsOf, seriesOf } from './overview'

const definition = {
  name: 'order',
  sourceHash: 'h1',
  source: 'async (ctx) => {}',
  inputSchema: '{"type":"object"}',
  outputSchema: null,
  description: 'buys',
  version: 1,
  eventType: null,
  createdAt: START,
}

test('definitions: the newest revision leads, with live counts, failure rate and whether a worker knows it', async () => {
  const { admin, storage, commit, worker } = adminOverMemory()
  await storage.saveDefinitions([definition, { ...definition, sourceHash: 'h2', version: 2, createdAt: START + 1 }])
  await worker('worker-1')
  await commit(
    startLeased({ input: '{"n":1}' }, completed()),
    startLeased({ input: '{"n":1}' }, failed()),
    startLeased({ input: '{"n":2}' }),
  )
  expect(await admin.workflows.list()).toEqual([
    {
      name: 'order',
      description: 'buys',
      version: 2,
      eventType: null,
      revisions: 2,
      sourceHash: 'h2',
      registeredAt: new Date(START + 1),
      runnable: true,
      counts: { completed: 1, failed: 1, running: 1 },
      failureRate: 0.5,
    },
  ])
  expect(await admin.workflows.get('order', { sourceHash: 'h1' })).toMatchObject({
    version: 1,
    inputSchema: { type: 'object' },
    recentInputs: [{ n: 2 }, { n: 1 }],
    sources: [{ sourceHash: 'h2' }, { sourceHash: 'h1' }],
  })
  expect(await admin.workflows.get('order', { redact: true })).toMatchObject({ recentInputs: [], redacted: true })
  expect([await admin.workflows.get('nope'), await admin.workflows.get('order', { sourceHash: 'nope' })]).toEqual([
    null,
    null,
  ])
})

test('workers: who lives, what they run, and who leads', async () => {
  const { admin, storage, worker, advance } = adminOverMemory()
  await worker('old')
  advance(50_000)
  await worker('new')
  await storage.acquireLock('edda_leader', 'new', 10_000)
  const list = await admin.workers.list()
  expect(
    list.workers.map(({ id, alive, leader, workflows, activeInstances }) => ({
      id,
      alive,
      leader,
      workflows,
      activeInstances,
    })),
  ).toEqual([
    { id: 'new', alive: true, leader: true, workflows: ['order'], activeInstances: 2 },
    { id: 'old', alive: false, leader: false, workflows: ['order'], activeInstances: 2 },
  ])
  expect(list.leader).toEqual({ workerId: 'new', term: 1, until: new Date(START + 60_000) })
})

test('error groups: largest first, with the newest instances of each', async () => {
  const { admin, commit } = adminOverMemory()
  const error = (name: string, message: string) => JSON.stringify({ name, message })
  await commit(startLeased({ id: 'a' }, failed(error('PayError', 'order 1 refused'))))
  await commit(startLeased({ id: 'b', workflowName: 'invoice' }, failed(error('PayError', 'order 22 refused'))))
  await commit(startLeased({ id: 'c' }, failed(error('StockError', 'none left'))))
  const { groups, examined, truncated } = await admin.errors.groups()
  expect(
    groups.map(({ name, message, count, workflows, instanceIds }) => ({
      name,
      message,
      count,
      workflows,
      instanceIds,
    })),
  ).toEqual([
    {
      name: 'PayError',
      message: 'order <n> refused',
      count: 2,
      workflows: ['invoice', 'order'],
      instanceIds: ['b', 'a'],
    },
    { name: 'StockError', message: 'none left', count: 1, workflows: ['order'], instanceIds: ['c'] },
  ])
  expect([examined, truncated]).toEqual([3, false])
  expect((await admin.errors.groups({ workflowName: 'invoice' })).groups).toHaveLength(1)
})

describe('overview', () => {
  test('puts the figures of one moment together', async () => {
    const { admin, commit, worker, advance } = adminOverMemory()
    await worker('worker-1')
    await commit(startLeased({ id: 'a' }), startLeased({ id: 'late', startedAt: START }))
    advance(90_000)
    await worker('worker-1')
    await commit(transition({ id: 'a', epoch: 1, nextSeq: 1 }, { ...completed(), now: START + 90_000 }))
    const overview = await admin.stats.overview({ windowMinutes: 5 })
    expect(overview).toMatchObject({
      now: new Date(START + 90_000),
      counts: { total: 2 },
      bucketMs: 60_000,
      truncated: false,
      durations: [{ workflowName: 'order', ended: 1, failed: 0, p50Ms: 90_000, p95Ms: 90_000 }],
      outbox: { pending: 0, deadLetters: 0, oldestPendingAt: null },
      workersAlive: 1,
      errors: [],
    })
    expect(overview.series).toHaveLength(5)
    expect(overview.series.reduce((sum, { started }) => sum + started, 0)).toBe(2)
    expect(overview.series.at(-1)).toMatchObject({ completed: 1, open: 1 })
  })

  test('how many were open is reckoned back from now', () => {
    const end = (completedAt: number) => ({
      workflowName: 'w',
      status: 'completed' as const,
      startedAt: 0,
      completedAt,
    })
    const series = seriesOf({
      now: 35,
      since: 0,
      bucketMs: 10,
      starts: [31, 12, 11, 5],
      ends: [end(33), end(14)],
      open: 7,
    })
    expect(series.map(({ started, completed, open }) => [started, completed, open])).toEqual([
      [1, 0, 6],
      [2, 1, 7],
      [0, 0, 7],
      [1, 1, 7],
    ])
  })

  test('percentiles are of the nearest rank', () => {
    const ends = [1, 2, 3, 4, 100].map((ms) => ({
      workflowName: 'w',
      status: 'failed' as const,
      startedAt: 0,
      completedAt: ms,
    }))
    expect(durationsOf(ends)).toEqual([{ workflowName: 'w', ended: 5, failed: 5, p50Ms: 3, p95Ms: 100 }])
  })
})

describe('credentials', () => {
  const request = { name: 'ci', role: 'operator' as const, expiresAt: new Date(START + 1_000), kind: 'token' as const }

  test('a secret is accepted until it expires; only its hash is stored', async () => {
    const { admin, storage, advance } = adminOverMemory()
    const { secret, record } = await admin.tokens.create(request, ann)
    expect(secret).toMatch(/^edda_tok_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/)
    expect(JSON.stringify(await storage.apiTokens())).not.toContain(secret.slice(-43))
    expect(await admin.tokens.authenticate(secret)).toMatchObject({ id: record.id, role: 'operator', name: 'ci' })
    advance(1_000)
    expect(await admin.tokens.authenticate(secret)).toBeNull()
  })

  test('a revoked one is dead at once, and a use noted beside it does not revive it', async () => {
    const { admin, storage } = adminOverMemory()
    const { secret, record } = await admin.tokens.create(request, ann)
    expect(await admin.tokens.revoke(record.id, ann)).toBe(true)
    await storage.touchApiToken(record.id, START + 5)
    expect(await admin.tokens.authenticate(secret)).toBeNull()
    expect(await admin.tokens.revoke(record.id, ann)).toBe(false)
    expect((await admin.audit.list({})).entries.map(({ action }) => action)).toEqual(['token.revoke', 'token.create'])
  })

  test('two may be valid side by side, so that one can be rotated for the other', async () => {
    const { admin } = adminOverMemory()
    const [one, other] = [await admin.tokens.create(request, ann), await admin.tokens.create(request, ann)]
    expect(await admin.tokens.authenticate(one.secret)).not.toBeNull()
    expect(await admin.tokens.authenticate(other.secret)).not.toBeNull()
    expect((await admin.tokens.list()).map(({ id }) => id).sort()).toEqual([one.record.id, other.record.id].sort())
  })

  test('an idle session ends, a used one goes on', async () => {
    const { admin, advance } = adminOverMemory()
    const { secret } = await admin.tokens.create({ ...request, kind: 'session', expiresAt: null }, ann)
    advance(90_000)
    expect(await admin.tokens.authenticate(secret, { idleMs: 100_000 })).not.toBeNull()
    advance(90_000)
    expect(await admin.tokens.authenticate(secret, { idleMs: 100_000 })).not.toBeNull()
    advance(100_001)
    expect(await admin.tokens.authenticate(secret, { idleMs: 100_000 })).toBeNull()
  })

  test.each([
    '',
    'edda_tok_',
    `edda_tok_000000000000_${'a'.repeat(43)}`,
    `edda_tok_000000000000_${'a'.repeat(43)}\n`,
    'Bearer x',
  ])('%j is nobody', async (secret) => {
    expect(await adminOverMemory().admin.tokens.authenticate(secret)).toBeNull()
  })
})
