/** Retention and what a deployment keeps about itself: definitions, workers, locks, credentials. */
import { expect, it } from 'vitest'
import type { ApiTokenRow, DefinitionRow, NewInstance, Storage, WorkerRow } from '../storage'
import {
  activityCompleted,
  auditEntry,
  cloudEvent,
  completed,
  delivery,
  message,
  messageWait,
  newInstance,
  outboxRow,
  parked,
  publish,
  START,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

const DAY = 86_400_000

export function maintenanceContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const purge = (overrides: Partial<Parameters<Storage['purge']>[0]> = {}) =>
    fixture.storage.purge({
      now: fixture.clock.now(),
      messageRetentionMs: 7 * DAY,
      historyRetentionMs: 30 * DAY,
      inboxRetentionMs: 2 * DAY,
      limit: 1_000,
      ...overrides,
    })
  const ended = async (instance: Partial<NewInstance> = {}) => {
    const push = [{ name: 'undo', args: '{}', activityId: null }]
    const { id } = await fixture.startLeased(instance, { events: [activityCompleted()] })
    await fixture.apply(id, { compensations: { push, fill: [], clear: false, update: [] }, ...completed() })
    return id
  }

  it('an ended instance goes with all it owns once it is older than the limit', async () => {
    const id = await ended()
    fixture.clock.advance(30 * DAY)
    expect(await purge()).toBe(false)
    expect(await fixture.storage.instance(id)).not.toBeNull()
    fixture.clock.advance(1)
    await purge()
    expect(await fixture.storage.instance(id)).toBeNull()
    expect(await fixture.storage.history(id, { after: 0, limit: 10 })).toEqual([])
    expect(await fixture.storage.compensations(id)).toEqual([])
  })

  it('a retention of its own counts before the general one', async () => {
    const [short, long] = [await ended({ retentionMs: DAY }), await ended({ retentionMs: 99 * DAY })]
    fixture.clock.advance(31 * DAY)
    await purge({ historyRetentionMs: null })
    expect(await fixture.storage.instance(short)).toBeNull()
    await purge()
    expect(await fixture.storage.instance(long)).not.toBeNull()
  })

  it('without a limit ended instances are kept', async () => {
    const id = await ended()
    fixture.clock.advance(1_000 * DAY)
    await purge({ historyRetentionMs: null })
    expect(await fixture.storage.instance(id)).not.toBeNull()
  })

  it('a live instance is never removed, however old', async () => {
    const { id } = await fixture.startLeased({ retentionMs: 1 }, parked({ waits: [] }))
    fixture.clock.advance(1_000 * DAY)
    await purge()
    expect(await fixture.storage.instance(id)).not.toBeNull()
  })

  it('the first id of a chain still leads to its head when retention has removed it', async () => {
    const { id } = await fixture.startLeased()
    const successor = newInstance({ continuedFrom: id })
    await fixture.apply(id, { status: 'recurred', lease: 'release', recur: successor })
    fixture.clock.advance(31 * DAY)
    await purge()
    expect(await fixture.storage.instance(id)).toBeNull()
    expect((await fixture.storage.chainHead(id))?.id).toBe(successor.id)
  })

  it('a message that a live subscriber has not read stays until the limit', async () => {
    const { id } = await fixture.startLeased({}, { asks: [subscribeTo('news', 'broadcast')] })
    await fixture.publish('news', 'unread')
    fixture.clock.advance(7 * DAY)
    await purge()
    expect(await fixture.storage.messages('news', { after: 0, limit: 10 })).toHaveLength(1)
    fixture.clock.advance(1)
    await purge()
    expect(await fixture.storage.messages('news', { after: 0, limit: 10 })).toEqual([])
    await fixture.commit(
      publish(delivery([message('news', 'next', { publishedAt: fixture.clock.now() })])),
      'published',
    )
    const unit = transition(await fixture.row(id), { waits: [messageWait('news')] })
    const { answers } = await fixture.commit(unit, 'accepted')
    expect(answers.map((answer) => JSON.parse(answer.data).data)).toEqual(['next'])
  })

  it('inbox rows and sent outbox rows go by age', async () => {
    await fixture.commit(publish(cloudEvent('x', 1, { id: 'e-1' })), 'published')
    const [sent, waiting] = [outboxRow(), outboxRow()]
    await fixture.startLeased({}, { outbox: [sent, waiting] })
    await fixture.storage.leaseOutbox({ token: 't', limit: 1, leaseMs: 1_000 })
    const result = {
      id: sent.id,
      status: 'published' as const,
      nextAttemptAt: null,
      lastError: null,
      countAttempt: true,
    }
    await fixture.storage.settleOutbox('t', [result])
    fixture.clock.advance(2 * DAY)
    await purge()
    expect(await fixture.storage.inbox({ limit: 10 })).toHaveLength(1)
    fixture.clock.advance(1)
    await purge()
    expect(await fixture.storage.inbox({ limit: 10 })).toEqual([])
    fixture.clock.advance(5 * DAY)
    await purge()
    expect((await fixture.storage.outbox({ limit: 10 })).map((row) => row.id)).toEqual([waiting.id])
  })

  it('a purge takes a bounded bite and says whether there may be more', async () => {
    for (let n = 0; n < 5; n++) await ended()
    fixture.clock.advance(31 * DAY)
    let rounds = 0
    while (await purge({ limit: 2 })) rounds++
    expect(rounds).toBe(2)
    expect(await fixture.storage.instances({ limit: 10 })).toEqual([])
  })

  // ---------------------------------------------------------------- the deployment

  it('definitions are kept per source, and keep the time they were first seen', async () => {
    const row = (overrides: Partial<DefinitionRow>): DefinitionRow => ({
      name: 'order',
      sourceHash: 'h1',
      source: 'async () => {}',
      inputSchema: '{"type":"object"}',
      outputSchema: null,
      description: null,
      version: null,
      eventType: null,
      createdAt: START,
      ...overrides,
    })
    await fixture.storage.saveDefinitions([row({}), row({ name: 'billing' })])
    await fixture.storage.saveDefinitions([
      row({ description: 'ships', version: 2, eventType: 'order.placed', createdAt: START + 9 }),
      row({ sourceHash: 'h2', createdAt: START + 9 }),
    ])
    const expected = [
      row({ name: 'billing' }),
      row({ sourceHash: 'h2', createdAt: START + 9 }),
      row({ description: 'ships', version: 2, eventType: 'order.placed' }),
    ]
    expect(await fixture.storage.definitions()).toEqual(expected)
    await fixture.storage.saveDefinitions([])
    expect(await fixture.storage.definitions()).toEqual(expected)
  })

  it('many workers may save the same definitions at once', async () => {
    const rows = ['b', 'a', 'c'].map((name) => ({
      name,
      sourceHash: 'h',
      source: 's',
      inputSchema: null,
      outputSchema: null,
      description: null,
      version: null,
      eventType: null,
      createdAt: START,
    }))
    await Promise.all([rows, rows.toReversed(), rows].map((saved) => fixture.storage.saveDefinitions(saved)))
    expect((await fixture.storage.definitions()).map((row) => row.name)).toEqual(['a', 'b', 'c'])
  })

  it('a worker shows itself and goes', async () => {
    const worker: WorkerRow = {
      id: 'w-1',
      service: 's',
      host: 'h',
      pid: 7,
      info: '{}',
      startedAt: START,
      heartbeatAt: START,
    }
    await fixture.storage.heartbeat(worker)
    await fixture.storage.heartbeat({ ...worker, id: 'w-2' })
    await fixture.storage.heartbeat({ ...worker, info: '{"busy":3}', heartbeatAt: START + 5 })
    expect(await fixture.storage.workers()).toEqual([
      { ...worker, info: '{"busy":3}', heartbeatAt: START + 5 },
      { ...worker, id: 'w-2' },
    ])
    await fixture.storage.removeWorker('w-2')
    await fixture.storage.removeWorker('nobody')
    expect((await fixture.storage.workers()).map((row) => row.id)).toEqual(['w-1'])
  })

  it('a lock has one holder, and its term rises with every change of holder', async () => {
    const { storage, clock } = fixture
    expect(await storage.lockHolder('leader')).toBeNull()
    const term = await storage.acquireLock('leader', 'a', 1_000)
    expect(term).not.toBeNull()
    expect(await storage.acquireLock('leader', 'b', 1_000)).toBeNull()
    clock.advance(600)
    expect(await storage.acquireLock('leader', 'a', 1_000)).toBe(term)
    expect(await storage.lockHolder('leader')).toEqual({ holder: 'a', term, leaseUntil: START + 1_600 })
    clock.advance(999)
    expect(await storage.acquireLock('leader', 'b', 1_000)).toBeNull()
    clock.advance(1)
    expect(await storage.lockHolder('leader')).toBeNull()
    const next = await storage.acquireLock('leader', 'b', 1_000)
    expect(next).toBeGreaterThan(term ?? 0)
    expect(await storage.acquireLock('leader', 'a', 1_000)).toBeNull()
  })

  it('a released lock is free at once, and only its holder releases it', async () => {
    const { storage } = fixture
    const term = await storage.acquireLock('leader', 'a', 1_000)
    await storage.releaseLock('leader', 'b')
    expect((await storage.lockHolder('leader'))?.holder).toBe('a')
    await storage.releaseLock('leader', 'a')
    expect(await storage.lockHolder('leader')).toBeNull()
    expect(await storage.acquireLock('leader', 'b', 1_000)).toBeGreaterThan(term ?? 0)
    expect(await storage.acquireLock('other', 'a', 1_000)).not.toBeNull()
  })

  it('of many who want a free lock one gets it', async () => {
    const terms = await Promise.all(
      ['a', 'b', 'c', 'd'].map((holder) => fixture.storage.acquireLock('leader', holder, 1_000)),
    )
    expect(terms.filter((term) => term !== null)).toHaveLength(1)
  })

  it('credentials are found by hash, replaced by id, listed newest first', async () => {
    const token: ApiTokenRow = {
      id: 'tok_1',
      name: 'ci',
      hash: 'a'.repeat(64),
      role: 'operator',
      expiresAt: START + 9,
      createdAt: START,
      lastUsedAt: null,
      revokedAt: null,
    }
    await fixture.storage.saveApiToken(token, auditEntry('tok_1'))
    await fixture.storage.saveApiToken({ ...token, id: 'ses_2', hash: 'b'.repeat(64), createdAt: START + 1 }, null)
    expect(await fixture.storage.apiTokenByHash(token.hash)).toEqual(token)
    const revoked = { ...token, revokedAt: START + 5, lastUsedAt: START + 4 }
    await fixture.storage.saveApiToken(revoked, null)
    expect(await fixture.storage.apiTokenByHash(token.hash)).toEqual(revoked)
    expect(await fixture.storage.apiTokenByHash('c'.repeat(64))).toBeNull()
    await fixture.storage.touchApiToken(token.id, START + 8)
    await fixture.storage.touchApiToken('nobody', START + 8)
    expect(await fixture.storage.apiTokenByHash(token.hash)).toEqual({ ...revoked, lastUsedAt: START + 8 })
    expect((await fixture.storage.apiTokens()).map(({ id }) => id)).toEqual(['ses_2', 'tok_1'])
    expect(await fixture.storage.audits({ target: 'tok_1', limit: 10 })).toHaveLength(1)
  })

  it('the clock of the storage is the one that decides', async () => {
    expect(await fixture.storage.now()).toBe(START)
    fixture.clock.advance(123)
    expect(await fixture.storage.now()).toBe(START + 123)
  })
}
