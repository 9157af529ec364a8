/** Lists and filters, statistics, audit: what people read. */
import { expect, it } from 'vitest'
import type { InstanceQuery, NewInstance, TransitionBody } from '../storage'
import {
  auditEntry,
  cloudEvent,
  completed,
  delivery,
  failed,
  freshId,
  message,
  messageWait,
  outboxRow,
  parked,
  publish,
  START,
  start,
  startLeased,
  subscribeTo,
} from './builders'
import { ids, type MakeStorage, useStorage } from './fixture'

export function readingContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  const found = async (query: Partial<InstanceQuery>) => ids(await fixture.storage.instances({ limit: 100, ...query }))
  const make = async (instance: Partial<NewInstance> = {}, first: Partial<TransitionBody> = {}) => {
    const unit = startLeased({ id: freshId('instance'), ...instance }, first)
    await fixture.commit(unit, 'accepted')
    return unit.instance.id
  }

  it('instances are listed newest first, ties by id, in pages without gaps or repeats', async () => {
    const times = [5, 3, 3, 3, 1, 4]
    const made = []
    for (const time of times) made.push({ id: await make({ startedAt: START + time }), startedAt: START + time })
    const expected = made.toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1)).map(({ id }) => id)
    expect(await found({})).toEqual(expected)
    const pages: string[] = []
    let after: InstanceQuery['after']
    for (;;) {
      const page = await fixture.storage.instances({ limit: 2, ...(after ? { after } : {}) })
      const last = page.at(-1)
      if (!last) break
      pages.push(...ids(page))
      after = { startedAt: last.startedAt, id: last.id }
    }
    expect(pages).toEqual(expected)
  })

  it('names and ids match by part, whatever their case, and literally', async () => {
    const one = await make({ id: 'Order_100%-A', workflowName: 'shipOrder' })
    const two = await make({ id: 'orderX100Y-b', workflowName: 'billing' })
    expect(await found({ instanceId: 'ORDER' })).toHaveLength(2)
    expect(await found({ instanceId: 'r_100%' })).toEqual([one])
    expect(await found({ instanceId: '-B' })).toEqual([two])
    expect(await found({ workflowName: 'ORDER' })).toEqual([one])
    expect(await found({ workflowName: 'order', instanceId: 'b' })).toEqual([])
    expect(await found({ instanceId: `'; DROP TABLE` })).toEqual([])
  })

  it('statuses, any of them', async () => {
    const [running, done, bad] = [await make(), await make({}, completed()), await make({}, failed())]
    expect(await found({ status: ['running'] })).toEqual([running])
    expect(await found({ status: ['failed', 'completed'] })).toEqual([bad, done])
    expect(await found({ status: [] })).toEqual([])
  })

  it('times are inclusive', async () => {
    const made = []
    for (const time of [1, 2, 3]) made.push(await make({ startedAt: START + time }))
    expect(await found({ startedAfter: START + 2 })).toEqual([made[2], made[1]])
    expect(await found({ startedBefore: START + 2 })).toEqual([made[1], made[0]])
    expect(await found({ startedAfter: START + 2, startedBefore: START + 2 })).toEqual([made[1]])
  })

  it('tags: all that are asked for, exactly', async () => {
    const one = await make({ tags: '{"region":"eu","tier":"gold"}' })
    await make({ tags: '{"region":"us"}' })
    await make()
    expect(await found({ tags: { region: 'eu' } })).toEqual([one])
    expect(await found({ tags: { region: 'eu', tier: 'gold' } })).toEqual([one])
    expect(await found({ tags: { region: 'eu', tier: 'silver' } })).toEqual([])
    expect(await found({ tags: { region: 'EU' } })).toEqual([])
    expect(await found({ tags: { 'odd " key': `'` } })).toEqual([])
  })

  it.each<[string, Record<string, string | number | boolean | null>, unknown, readonly unknown[]]>([
    ['text', { sku: 'A1' }, { sku: 'A1' }, [{ sku: 'a1' }, { sku: 'A1 ' }, {}]],
    ['a number', { n: 1 }, { n: 1 }, [{ n: '1' }, { n: true }, { n: 10 }]],
    ['a fraction', { n: 0.5 }, { n: 0.5 }, [{ n: 0.25 }]],
    ['a boolean', { ok: true }, { ok: true }, [{ ok: 1 }, { ok: 'true' }, { ok: false }]],
    ['null', { gone: null }, { gone: null }, [{ gone: 0 }, { gone: '' }, { gone: 'null' }, { gone: false }]],
    [
      'a path',
      { 'order.line.sku': 'x' },
      { order: { line: { sku: 'x' } } },
      [{ order: { line: [{ sku: 'x' }] } }, { 'order.line.sku': 'x' }],
    ],
    [
      'two members',
      { a: 1, b: 'x' },
      { a: 1, b: 'x' },
      [
        { a: 1, b: 'y' },
        { a: 2, b: 'x' },
      ],
    ],
    ['quotes', { who: `O'Neil "x" \\ %` }, { who: `O'Neil "x" \\ %` }, [{ who: 'O' }]],
  ])('input filters match %s exactly', async (_, inputFilters, fits, others) => {
    const one = await make({ input: JSON.stringify(fits) })
    for (const other of [...others, 'text', 7, null, []])
      if (!(other === null && Object.values(inputFilters).includes(null))) await make({ input: JSON.stringify(other) })
    const result = await found({ inputFilters })
    expect(result.filter((id) => id === one)).toEqual([one])
    const inputs = await Promise.all(result.map(async (id) => JSON.parse((await fixture.row(id)).input)))
    for (const other of others) expect(inputs).not.toContainEqual(other)
  })

  it.each(['', 'a b', "a'] = 1 --", 'a..b', '$.a', `a"`, 'a.b.c.d.e.f.g.h.i'])(
    'the filter path %j is refused',
    async (path) => {
      await expect(fixture.storage.instances({ limit: 1, inputFilters: { [path]: 1 } })).rejects.toMatchObject({
        code: 'INVALID_FILTER',
      })
    },
  )

  it('error texts match by part', async () => {
    const one = await make({}, failed('{"name":"TypeError","message":"card DECLINED"}'))
    await make({}, failed('{"name":"Error","message":"other"}'))
    expect(await found({ errorText: 'card declined' })).toEqual([one])
    expect(await found({ errorText: 'typeerror' })).toEqual([one])
  })

  it('families, forks, compensation states, and what is between two attempts', async () => {
    const parent = await make()
    const child = await make({ parentId: parent })
    const fork = await make({ forkedFrom: parent })
    const broken = await make({}, { ...failed(), compensationState: 'failed' })
    const retrying = await make(
      {},
      { pending: '[{"kind":"activity","id":"a:1","name":"a","attempt":2,"firstAttemptAt":1,"nextAttemptAt":9}]' },
    )
    await make(
      {},
      { pending: '[{"kind":"activity","id":"a:1","name":"\\"nextAttemptAt\\":","attempt":1,"firstAttemptAt":1}]' },
    )
    expect(await found({ parentId: parent })).toEqual([child])
    expect(await found({ forkedFrom: parent })).toEqual([fork])
    expect(await found({ chainId: parent })).toEqual([parent])
    expect(await found({ compensationState: 'failed' })).toEqual([broken])
    expect(await found({ retrying: true })).toEqual([retrying])
  })

  it('counts per status, no further than asked, and per workflow what is open', async () => {
    for (const workflowName of ['order', 'order', 'billing']) await make({ workflowName })
    for (let n = 0; n < 3; n++) await make({}, completed())
    await make({}, failed())
    const counts = async (open: number, ended: number) =>
      Object.fromEntries((await fixture.storage.counts({ open, ended })).map(({ status, count }) => [status, count]))
    expect(await counts(10, 10)).toEqual({ running: 3, completed: 3, failed: 1 })
    expect(await counts(10, 2)).toEqual({ running: 3, completed: 2, failed: 1 })
    expect(await counts(2, 10)).toEqual({ running: 2, completed: 3, failed: 1 })
    expect(await fixture.storage.openCounts()).toEqual([
      { status: 'running', workflowName: 'billing', count: 1 },
      { status: 'running', workflowName: 'order', count: 2 },
    ])
  })

  it('a channel says what is unread, since when, and who is behind', async () => {
    const ahead = await make({}, { asks: [subscribeTo('news', 'broadcast')] })
    const behind = await make({}, { asks: [subscribeTo('news', 'broadcast')] })
    const sent = [1, 2, 3].map((n) => message('news', n, { publishedAt: START + n }))
    await fixture.commit(publish(delivery(sent)), 'published')
    for (const n of [1, 2]) await fixture.apply(ahead, { waits: [messageWait('news', `receive_news:${n}`)] })
    await fixture.apply(behind, { waits: [messageWait('news')] })
    expect(await fixture.storage.channelStats('news')).toEqual([
      {
        name: 'news',
        mode: 'broadcast',
        depth: 2,
        nextSeq: 4,
        oldestUnreadAt: START + 2,
        subscribers: [
          { instanceId: ahead, cursor: 2, lag: 1 },
          { instanceId: behind, cursor: 1, lag: 2 },
        ],
      },
    ])
    expect(await fixture.storage.subscriptions(behind)).toEqual([
      { channel: 'news', mode: 'broadcast', cursor: 1, lag: 2 },
    ])
    expect(await fixture.storage.channelStats('unknown')).toEqual([])
  })

  it('the depth of a competing channel is what is not consumed', async () => {
    const id = await make({}, { asks: [subscribeTo('jobs', 'competing')] })
    const sent = [message('jobs', 0, { targetInstanceId: 'somebody' }), message('jobs', 1), message('jobs', 2)]
    await fixture.commit(publish(delivery(sent)), 'published')
    await fixture.apply(id, { waits: [messageWait('jobs')] })
    expect(await fixture.storage.channelStats('jobs')).toMatchObject([{ mode: 'competing', depth: 2, nextSeq: 4 }])
    const all = await fixture.storage.channelStats()
    expect(all.map((stat) => stat.name)).toEqual(['jobs'])
  })

  it('audit rows are read newest first, by target and actor, in pages', async () => {
    const [a, b] = [freshId('target'), freshId('target')]
    await fixture.storage.audit(auditEntry(a))
    await fixture.storage.audit(
      auditEntry(b, { actor: 'bob', before: '{"x":1}', after: '{"x":2}', reason: null, requestId: null }),
    )
    await fixture.storage.audit(auditEntry(a, { actor: 'bob' }))
    const all = await fixture.storage.audits({ limit: 10 })
    expect(all.map(({ target, actor }) => [target, actor])).toEqual([
      [a, 'bob'],
      [b, 'bob'],
      [a, 'ada'],
    ])
    expect(all[1]).toMatchObject({ before: '{"x":1}', after: '{"x":2}', reason: null, requestId: null, at: START })
    expect(await fixture.storage.audits({ target: a, actor: 'bob', limit: 10 })).toEqual([all[0]])
    expect(await fixture.storage.audits({ limit: 1 })).toEqual([all[0]])
    expect(await fixture.storage.audits({ before: all[1]?.id ?? 0, limit: 10 })).toEqual([all[2]])
  })

  it('statistics: starts, ends, failures and the oldest ready instance', async () => {
    const { statistics } = fixture.storage
    const done = await make({ startedAt: START + 1 }, { ...completed(), now: START + 50 })
    const bad = await make(
      { startedAt: START + 2, workflowName: 'billing' },
      { ...failed('{"name":"E","message":"m"}'), now: START + 60 },
    )
    await make({ startedAt: START + 3 }, parked({ wakeAt: START + 9 }))
    await fixture.commit(start({ startedAt: START + 4, wakeAt: START + 7 }), 'accepted')
    expect(await statistics.starts({ since: START + 2, limit: 10 })).toEqual([START + 4, START + 3, START + 2])
    expect(await statistics.starts({ since: 0, limit: 1 })).toEqual([START + 4])
    expect(await statistics.ends({ since: START, limit: 10 })).toEqual([
      { workflowName: 'billing', status: 'failed', startedAt: START + 2, completedAt: START + 60 },
      { workflowName: 'order', status: 'completed', startedAt: START + 1, completedAt: START + 50 },
    ])
    expect(await statistics.ends({ since: START + 55, limit: 10 })).toHaveLength(1)
    expect(await statistics.failures({ limit: 10 })).toEqual([
      {
        id: bad,
        workflowName: 'billing',
        status: 'failed',
        compensationState: 'none',
        error: '{"name":"E","message":"m"}',
        startedAt: START + 2,
        updatedAt: START + 60,
      },
    ])
    expect(await statistics.failures({ limit: 10, workflowName: 'order' })).toEqual([])
    expect(await statistics.oldestReady(START + 6)).toBeNull()
    expect(await statistics.oldestReady(START + 20)).toMatchObject({ workflowName: 'order', wakeAt: START + 7 })
    expect((await fixture.row(done)).status).toBe('completed')
  })

  it('statistics: the outbox, what needs attention, and the marks of change', async () => {
    const { statistics } = fixture.storage
    const before = await statistics.marks([])
    const pending = '[{"kind":"activity","id":"a:1","name":"a","attempt":2,"firstAttemptAt":1,"nextAttemptAt":9}]'
    const id = await make({}, { pending, outbox: [outboxRow({ createdAt: START - 5 }), outboxRow()] })
    await make({}, { ...failed(), compensationState: 'failed' })
    await fixture.commit(publish(cloudEvent('x', 1)), 'published')
    await fixture.storage.audit(auditEntry(id))
    expect(await statistics.outbox(10)).toEqual({
      counts: { pending: 2, published: 0, failed: 0, invalid: 0, expired: 0 },
      oldestPendingAt: START - 5,
    })
    expect((await statistics.outbox(1)).counts.pending).toBe(1)
    expect(await statistics.attention(10)).toEqual({ compensationFailed: 1, retrying: 1 })
    const { instances, ...marks } = await statistics.marks([id, 'nobody'])
    expect(instances).toEqual([{ id, status: 'running', epoch: 1, nextSeq: 1, updatedAt: START }])
    expect(marks).toMatchObject({ newestEnd: START, newestMessage: START, outboxDue: 2, outboxPublished: null })
    expect(marks.newestStart).not.toBe(before.newestStart)
    for (const key of ['outboxSeq', 'inboxSeq', 'auditId'] as const) expect(marks[key]).toBeGreaterThan(before[key])

    const { rows } = await fixture.storage.leaseOutbox({ token: 'relay', limit: 1, leaseMs: 1_000 })
    const sent = { status: 'published', nextAttemptAt: null, lastError: null, countAttempt: true } as const
    await fixture.storage.settleOutbox(
      'relay',
      rows.map(({ id: event }) => ({ id: event, ...sent })),
    )
    expect((await statistics.marks([])).outboxPublished).toBe(START)
  })
}
