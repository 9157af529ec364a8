/** Events out: leased to one relay at a time, settled by it alone, in order per partition key, never blocked by a dead letter. */
import { expect, it } from 'vitest'
import type { OutboxRow, OutboxStatus } from '../storage'
import { auditEntry, completed, outboxRow, START, transition } from './builders'
import { ids, type MakeStorage, useStorage } from './fixture'

export function outboxContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  /** Rows that commit with a transition, in this order. */
  const queue = async (...rows: readonly Partial<OutboxRow>[]) => {
    const outbox = rows.map(outboxRow)
    await fixture.startLeased({}, { outbox })
    return ids(outbox)
  }
  const lease = async (token = 'relay-1', limit = 10, leaseMs = 1_000) =>
    ids((await fixture.storage.leaseOutbox({ token, limit, leaseMs })).rows)
  const settled = (
    id: string,
    status: OutboxStatus,
    overrides: { nextAttemptAt?: number; lastError?: string } = {},
  ) => ({
    id,
    status,
    nextAttemptAt: overrides.nextAttemptAt ?? null,
    lastError: overrides.lastError ?? null,
    countAttempt: true,
  })
  const one = async (id: string) => (await fixture.storage.outbox({ id, limit: 1 }))[0]

  it('an outbox row commits with its transition, due at once', async () => {
    const { id } = await fixture.startLeased()
    const row = outboxRow({
      instanceId: id,
      data: null,
      binary: Uint8Array.of(1, 0, 255),
      contentType: 'image/png',
      subject: 's',
      extensions: '{"a":1}',
      partitionKey: 'k',
    })
    const { wakes } = await fixture.commit(
      transition(await fixture.row(id), { outbox: [row], ...completed() }),
      'accepted',
    )
    expect(wakes.outbox).toBe(true)
    const [stored] = await fixture.storage.outbox({ instanceId: id, limit: 10 })
    expect({ ...stored, binary: Uint8Array.from(stored?.binary ?? []) }).toEqual({
      ...row,
      seq: expect.any(Number),
      status: 'pending',
      attempts: 0,
      nextAttemptAt: START,
      leaseToken: null,
      lastError: null,
      publishedAt: null,
    })
  })

  it('a lost transition sends nothing', async () => {
    const row = await fixture.startLeased()
    await fixture.commit(transition({ ...row, epoch: 8 }, { outbox: [outboxRow()] }), 'lost')
    expect(await lease()).toEqual([])
  })

  it('due rows are leased in order, to one relay at a time', async () => {
    const [a, b, c] = await queue({}, {}, {})
    expect(await lease('relay-1', 2)).toEqual([a, b])
    expect(await lease('relay-2')).toEqual([c])
    expect(await lease('relay-3')).toEqual([])
    expect(await one(a ?? '')).toMatchObject({
      leaseToken: 'relay-1',
      nextAttemptAt: START + 1_000,
      status: 'pending',
      attempts: 0,
    })
  })

  it('concurrent relays share the rows without overlap', async () => {
    const queued = await queue(...Array.from({ length: 20 }, () => ({})))
    const leased = await Promise.all(['a', 'b', 'c'].map((token) => lease(token, 8)))
    const rest = await lease('d', 20)
    expect([...leased.flat(), ...rest].toSorted()).toEqual([...queued].toSorted())
  })

  it('the rows of a crashed relay come back', async () => {
    const [a] = await queue({})
    await lease('crashed')
    fixture.clock.advance(999)
    expect(await lease('relay-2')).toEqual([])
    fixture.clock.advance(1)
    expect(await lease('relay-2')).toEqual([a])
    await fixture.storage.settleOutbox('crashed', [settled(a ?? '', 'published')])
    expect(await one(a ?? '')).toMatchObject({ status: 'pending', leaseToken: 'relay-2' })
  })

  it('the next due time is known to a sleeping relay', async () => {
    const nextDueAt = async () => (await fixture.storage.leaseOutbox({ token: 'r', limit: 10, leaseMs: 700 })).nextDueAt
    expect(await nextDueAt()).toBeNull()
    const [a] = await queue({})
    expect(await nextDueAt()).toBe(START + 700)
    await fixture.storage.settleOutbox('r', [settled(a ?? '', 'pending', { nextAttemptAt: START + 90 })])
    expect(await nextDueAt()).toBe(START + 90)
    fixture.clock.advance(90)
    await nextDueAt()
    await fixture.storage.settleOutbox('r', [settled(a ?? '', 'published')])
    expect(await nextDueAt()).toBeNull()
  })

  it('a published row is done', async () => {
    const [a] = await queue({})
    await lease()
    fixture.clock.advance(5)
    await fixture.storage.settleOutbox('relay-1', [settled(a ?? '', 'published')])
    expect(await one(a ?? '')).toMatchObject({
      status: 'published',
      attempts: 1,
      nextAttemptAt: null,
      leaseToken: null,
      publishedAt: START + 5,
    })
    fixture.clock.advance(100_000)
    expect(await lease()).toEqual([])
  })

  it('a row to be tried again is due at its time and remembers why', async () => {
    const [a] = await queue({})
    await lease()
    await fixture.storage.settleOutbox('relay-1', [
      settled(a ?? '', 'pending', { nextAttemptAt: START + 300, lastError: '503' }),
    ])
    expect(await lease('relay-2')).toEqual([])
    fixture.clock.advance(300)
    expect(await lease('relay-2')).toEqual([a])
    expect(await one(a ?? '')).toMatchObject({ attempts: 1, lastError: '503' })
  })

  it('an attempt that never reached the broker need not count', async () => {
    const [a] = await queue({})
    await lease()
    const result = { ...settled(a ?? '', 'pending', { nextAttemptAt: START }), countAttempt: false }
    await fixture.storage.settleOutbox('relay-1', [result])
    expect(await one(a ?? '')).toMatchObject({ attempts: 0 })
  })

  it('of one partition key one row is out at a time, in order', async () => {
    const [a1, b1, a2, free] = await queue({ partitionKey: 'a' }, { partitionKey: 'b' }, { partitionKey: 'a' }, {})
    expect(await lease()).toEqual([a1, b1, free])
    expect(await lease('relay-2')).toEqual([])
    await fixture.storage.settleOutbox('relay-1', [settled(a1 ?? '', 'pending', { nextAttemptAt: START + 500 })])
    expect(await lease('relay-2')).toEqual([])
    fixture.clock.advance(500)
    expect(await lease('relay-2')).toEqual([a1])
    await fixture.storage.settleOutbox('relay-2', [settled(a1 ?? '', 'published')])
    expect(await lease('relay-2')).toEqual([a2])
  })

  it.each(['failed', 'invalid', 'expired'] as const)('a row that is %s holds back nobody', async (status) => {
    const [bad, next] = await queue({ partitionKey: 'a' }, { partitionKey: 'a' })
    await lease()
    await fixture.storage.settleOutbox('relay-1', [settled(bad ?? '', status, { lastError: 'no' })])
    expect(await one(bad ?? '')).toMatchObject({ status, lastError: 'no', nextAttemptAt: null })
    expect(await lease()).toEqual([next])
  })

  it('dead letters are driven again from the start', async () => {
    const [failed, invalid, sent] = await queue({}, {}, {})
    await lease()
    const [waiting] = await queue({})
    await lease('relay-2')
    await fixture.storage.settleOutbox('relay-1', [
      settled(failed ?? '', 'failed'),
      settled(invalid ?? '', 'invalid'),
      settled(sent ?? '', 'published'),
    ])
    fixture.clock.advance(50)
    const targets = [failed ?? '', invalid ?? '', sent ?? '', waiting ?? '', 'nobody']
    expect(await fixture.storage.operateOutbox('redrive', targets, auditEntry('outbox'))).toBe(2)
    expect(await one(failed ?? '')).toMatchObject({ status: 'pending', attempts: 0, nextAttemptAt: START + 50 })
    expect(await lease()).toEqual([failed, invalid])
    expect(await fixture.storage.audits({ target: 'outbox', limit: 10 })).toHaveLength(1)
  })

  it('what was not sent can be discarded, what was sent stays', async () => {
    const [waiting, sent] = await queue({}, {})
    await lease()
    await fixture.storage.settleOutbox('relay-1', [settled(sent ?? '', 'published')])
    expect(await fixture.storage.operateOutbox('discard', [waiting ?? '', sent ?? ''], null)).toBe(1)
    expect(await one(waiting ?? '')).toBeUndefined()
    expect(await one(sent ?? '')).toMatchObject({ status: 'published' })
  })

  it('rows are listed newest first, by status, in pages', async () => {
    const [a, b, c] = await queue({}, {}, {})
    await lease('relay-1', 1)
    await fixture.storage.settleOutbox('relay-1', [settled(a ?? '', 'failed')])
    expect(ids(await fixture.storage.outbox({ limit: 10 }))).toEqual([c, b, a])
    expect(ids(await fixture.storage.outbox({ status: ['failed', 'expired'], limit: 10 }))).toEqual([a])
    const [first] = await fixture.storage.outbox({ limit: 1 })
    expect(ids(await fixture.storage.outbox({ before: first?.seq ?? 0, limit: 10 }))).toEqual([b, a])
  })
}
