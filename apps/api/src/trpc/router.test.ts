import { beforeEach, describe, expect, test } from 'vitest'
import { apiFixture, breakSwitch } from '../testing/api-fixture'

beforeEach(() => breakSwitch(true))

describe('instances', () => {
  test('start, run, read: list, details, history, counts', async () => {
    const { client, test: engine } = await apiFixture()
    const api = client()
    const { instanceId } = await api.instances.start.mutate({
      workflowName: 'plain',
      input: { secret: 's3' },
      instanceId: 'p1',
      tags: { a: 'b' },
    })
    await engine.settle()
    const page = await api.instances.find.query({ inputFilters: { secret: 's3' }, status: 'completed' })
    expect(page.instances).toMatchObject([
      { instanceId: 'p1', workflowName: 'plain', status: 'completed', tags: { a: 'b' }, startedAt: expect.any(Date) },
    ])
    const details = await api.instances.get.query({ id: instanceId })
    expect(details).toMatchObject({
      redacted: false,
      instance: { input: { secret: 's3' }, output: 'second' },
      verdict: { headline: 'Completed' },
      now: expect.any(Date),
    })
    const history = await api.instances.history.query({ id: instanceId })
    expect(history).toMatchObject({
      total: 1,
      nextAfter: null,
      events: [{ seq: 1, type: 'ActivityCompleted', name: 'second', activityId: 'second:1' }],
    })
    expect(await api.instances.counts.query()).toMatchObject({ byStatus: { completed: 1 }, total: 1 })
    expect((await api.audit.list.query({ target: 'p1' })).entries).toMatchObject([
      { actor: 'local', action: 'instance.start', after: { workflowName: 'plain' } },
    ])
  })

  test('bad input names its fields; an unknown workflow, a taken and an unknown id have their codes', async () => {
    const { client } = await apiFixture()
    const api = client()
    await expect(api.instances.start.mutate({ workflowName: 'plain', input: { secret: 5 } })).rejects.toMatchObject({
      data: {
        code: 'BAD_REQUEST',
        engineCode: 'VALIDATION',
        issues: [{ path: 'secret', message: expect.any(String) }],
      },
    })
    await expect(api.instances.start.mutate({ workflowName: 'nope', input: 1 })).rejects.toMatchObject({
      data: { code: 'NOT_FOUND', engineCode: 'UNKNOWN_WORKFLOW' },
    })
    await api.instances.start.mutate({ workflowName: 'plain', input: {}, instanceId: 'x' })
    await expect(
      api.instances.start.mutate({ workflowName: 'plain', input: {}, instanceId: 'x' }),
    ).rejects.toMatchObject({ data: { code: 'CONFLICT', engineCode: 'INSTANCE_EXISTS' } })
    await expect(api.instances.get.query({ id: 'nobody' })).rejects.toMatchObject({
      data: { code: 'NOT_FOUND', engineCode: 'INSTANCE_NOT_FOUND' },
    })
    await expect(api.instances.history.query({ id: 'nobody' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } })
    await expect(api.instances.dryReplay.query({ id: 'nobody' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } })
    await expect(api.instances.find.query({ limit: 500 })).rejects.toMatchObject({
      data: { code: 'BAD_REQUEST', issues: [{ path: 'limit' }] },
    })
    await expect(api.instances.find.query({ pageToken: 'forged' })).rejects.toMatchObject({
      data: { code: 'BAD_REQUEST', engineCode: 'INVALID_PAGE_TOKEN' },
    })
    expect((await api.audit.list.query()).entries.map(({ action }) => action)).toEqual(['instance.start'])
  })

  test('a failed one is retried in place once its cause is mended, and replayed as a fork', async () => {
    const { client, test: engine } = await apiFixture()
    const api = client()
    await api.instances.start.mutate({ workflowName: 'plain', input: { fails: 'switch' }, instanceId: 'f' })
    await engine.settle()
    expect(await api.instances.get.query({ id: 'f' })).toMatchObject({
      verdict: { headline: 'Failed', severity: 'critical' },
    })
    breakSwitch(false)
    expect(await api.instances.dryReplay.query({ id: 'f' })).toMatchObject({ ok: true })
    await api.instances.retry.mutate({ id: 'f', reason: 'mended' })
    await engine.settle()
    expect((await api.instances.get.query({ id: 'f' })).instance.status).toBe('completed')
    const { instanceId } = await api.instances.replay.mutate({ id: 'f', input: { secret: 'other' }, instanceId: 'g' })
    await engine.settle()
    expect(await api.instances.get.query({ id: instanceId })).toMatchObject({
      instance: { forkedFrom: 'f', input: { secret: 'other' } },
      relations: { forkedFrom: { instanceId: 'f' } },
    })
    await expect(api.instances.retry.mutate({ id: 'f' })).rejects.toMatchObject({
      data: { code: 'PRECONDITION_FAILED', engineCode: 'INVALID_STATE' },
    })
    const { entries } = await api.audit.list.query({})
    expect(entries.map(({ action, target, reason }) => [action, target, reason])).toEqual([
      ['instance.replay', 'g', null],
      ['instance.retry', 'f', 'mended'],
      ['instance.start', 'f', null],
    ])
  })

  test('a waiting one is suspended, resumed, and cancelled', async () => {
    const { client, test: engine } = await apiFixture()
    const api = client()
    await api.instances.start.mutate({ workflowName: 'waiting', input: { order: 'A1' }, instanceId: 'w' })
    await engine.settle()
    await api.instances.suspend.mutate({ id: 'w', reason: 'wait a moment' })
    expect(await api.instances.get.query({ id: 'w' })).toMatchObject({
      instance: { status: 'suspended', suspendReason: 'Suspended by local: wait a moment' },
      verdict: { headline: 'Suspended' },
    })
    await api.instances.resume.mutate({ id: 'w' })
    await engine.settle()
    expect(await api.instances.cancel.mutate({ id: 'w' })).toEqual({ instanceId: 'w', cancelled: true })
    await engine.settle()
    expect((await api.instances.get.query({ id: 'w' })).instance.status).toBe('cancelled')
    expect(await api.instances.cancel.mutate({ id: 'w' })).toEqual({ instanceId: 'w', cancelled: false })
  })
})

test('a failed saga shows its chain; a compensation is skipped with a reason, found in the audit', async () => {
  const { client, test: engine } = await apiFixture()
  const api = client()
  await api.instances.start.mutate({
    workflowName: 'saga',
    input: { fails: 'switch', undoFails: true },
    instanceId: 's',
  })
  await engine.settle()
  await engine.advance('1h')
  expect(await api.compensations.list.query({ id: 's' })).toMatchObject([
    {
      seq: 1,
      name: 'undo',
      state: 'failed',
      lastError: { name: 'RetryExhaustedError', cause: { message: 'cannot be undone' } },
    },
  ])
  expect(await api.instances.get.query({ id: 's' })).toMatchObject({ verdict: { headline: 'Compensation failed' } })
  await api.compensations.skip.mutate({ instanceId: 's', seq: 1, reason: 'refunded by hand' })
  expect(await api.compensations.list.query({ id: 's' })).toMatchObject([{ state: 'skipped' }])
  await expect(api.compensations.markDone.mutate({ instanceId: 's', seq: 1 })).rejects.toMatchObject({
    data: { engineCode: 'INVALID_STATE' },
  })
  expect((await api.audit.list.query({ target: 's' })).entries[0]).toMatchObject({
    action: 'compensation.skip',
    reason: 'refunded by hand',
    before: { name: 'undo', state: 'failed' },
  })
})

test('a dead letter is found, redriven, and another one discarded', async () => {
  const { client, test: engine } = await apiFixture()
  const api = client()
  for (const order of ['A1', 'A2'])
    await api.instances.start.mutate({ workflowName: 'selling', input: { order }, instanceId: order })
  await engine.settle()
  const { rows } = await engine.storage.leaseOutbox({ token: 't', limit: 10, leaseMs: 1_000 })
  const refused = rows.map(({ id }) => ({
    id,
    status: 'failed' as const,
    nextAttemptAt: null,
    lastError: 'HTTP 503',
    countAttempt: true,
  }))
  await engine.storage.settleOutbox('t', refused)
  const dead = await api.outbox.list.query({ status: ['failed', 'invalid', 'expired'] })
  expect(dead.rows.map(({ instanceId, lastError, data }) => [instanceId, lastError, data])).toEqual([
    ['A2', 'HTTP 503', { order: 'A2' }],
    ['A1', 'HTTP 503', { order: 'A1' }],
  ])
  const [second, first] = dead.rows.map(({ id }) => id)
  expect(await api.outbox.redrive.mutate({ ids: [first ?? ''], reason: 'receiver is back' })).toEqual({ count: 1 })
  expect(await api.outbox.get.query({ id: first ?? '' })).toMatchObject({ status: 'pending', attempts: 0 })
  expect(await api.outbox.discard.mutate({ ids: [second ?? ''] })).toEqual({ count: 1 })
  await expect(api.outbox.get.query({ id: second ?? '' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } })
  expect((await api.audit.list.query({ target: first })).entries).toMatchObject([
    { action: 'outbox.redrive', reason: 'receiver is back' },
  ])
})

describe('events and channels', () => {
  test('why it waits, what would match, the event, and it goes on', async () => {
    const { client, test: engine } = await apiFixture()
    const api = client()
    await api.instances.start.mutate({ workflowName: 'waiting', input: { order: 'A1' }, instanceId: 'w' })
    await engine.settle()
    const { verdict } = await api.instances.get.query({ id: 'w' })
    expect(verdict).toMatchObject({
      headline: 'Waiting for event order.paid',
      suggestedActions: [{ action: 'send-event', target: 'order.paid', where: { order: 'A1' } }, { action: 'cancel' }],
    })
    expect(await api.events.preview.query({ type: 'order.paid', data: { order: 'B2' } })).toMatchObject({
      matches: [],
      misses: [{ instanceId: 'w' }],
    })
    expect(await api.events.preview.query({ type: 'order.paid', data: { order: 'A1' } })).toMatchObject({
      matches: [{ instanceId: 'w' }],
    })
    await api.events.send.mutate({ type: 'order.paid', id: 'e1', data: { order: 'A1' }, reason: 'by hand' })
    await engine.settle()
    expect((await api.instances.get.query({ id: 'w' })).instance).toMatchObject({
      status: 'completed',
      output: { order: 'A1' },
    })
    expect((await api.events.list.query({})).events).toMatchObject([
      { id: 'e1', type: 'order.paid', receivers: ['w'], unmatched: false },
    ])
    expect((await api.audit.list.query({ target: 'order.paid' })).entries).toMatchObject([
      { action: 'event.send', reason: 'by hand' },
    ])
  })

  test('an event starts its workflow; what it would start is previewed', async () => {
    const { client, test: engine } = await apiFixture()
    const api = client()
    expect(await api.events.preview.query({ type: 'thing.made', data: {} })).toMatchObject({ starts: ['started'] })
    await api.events.send.mutate({ type: 'thing.made', data: {} })
    await engine.settle()
    expect((await api.instances.find.query({ workflowName: 'started' })).instances).toMatchObject([
      { status: 'completed' },
    ])
  })

  test('a message is published, read and delivered once more; publishers come from the source', async () => {
    const { client, test: engine } = await apiFixture()
    const api = client()
    await api.channels.publish.mutate({ name: 'done', data: { n: 1 }, metadata: { by: 'hand' } })
    await api.channels.redeliver.mutate({ name: 'done', seq: 1, reason: 'lost downstream' })
    await engine.settle()
    const { messages } = await api.channels.messages.query({ name: 'done', newest: true })
    expect(messages).toMatchObject([
      { seq: 1, data: { n: 1 } },
      { seq: 2, data: { n: 1 }, metadata: { by: 'hand', redeliveryOf: messages[0]?.id } },
    ])
    expect(await api.channels.list.query()).toMatchObject([{ name: 'done', published: 2, publishers: ['waiting'] }])
    expect(await api.channels.get.query({ name: 'done' })).toMatchObject({
      name: 'done',
      subscribers: [],
      publishers: ['waiting'],
    })
    await expect(api.channels.get.query({ name: 'nope' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } })
    await expect(api.channels.redeliver.mutate({ name: 'done', seq: 9 })).rejects.toMatchObject({
      data: { code: 'NOT_FOUND' },
    })
  })

  test('a message is deleted with a reason, once, and the audit keeps which one it was', async () => {
    const { client } = await apiFixture()
    const api = client()
    for (const n of [1, 2]) await api.channels.publish.mutate({ name: 'done', data: { n } })
    const { messageId } = await api.channels.delete.mutate({ name: 'done', seq: 1, reason: 'poison' })
    expect((await api.channels.messages.query({ name: 'done' })).messages).toMatchObject([{ seq: 2 }])
    await expect(api.channels.delete.mutate({ name: 'done', seq: 1 })).rejects.toMatchObject({
      data: { code: 'NOT_FOUND' },
      message: "Channel 'done' does not hold message 1 (any more)",
    })
    const { entries } = await api.audit.list.query({ target: 'done' })
    expect(entries.filter(({ action }) => action === 'channel.delete')).toMatchObject([
      { actor: 'local', reason: 'poison', before: { seq: 1, messageId }, after: null },
    ])
  })
})

test('workflows: listed with counts, with schema and source, and as a diagram', async () => {
  const { client } = await apiFixture()
  const api = client()
  expect((await api.workflows.list.query()).map(({ name, runnable }) => [name, runnable])).toEqual([
    ['plain', true],
    ['saga', true],
    ['selling', true],
    ['started', true],
    ['waiting', true],
  ])
  const details = await api.workflows.get.query({ name: 'plain' })
  expect(details).toMatchObject({
    description: 'second only',
    inputSchema: { type: 'object' },
    source: expect.stringContaining('second(ctx'),
  })
  const diagram = await api.workflows.diagram.query({ name: 'saga' })
  expect(diagram).toMatchObject({ exact: true, workflowName: 'saga' })
  expect(diagram.nodes.map(({ kind, name }) => [kind, name])).toEqual([
    ['start', null],
    ['activity', 'first'],
    ['activity', 'second'],
    ['return', null],
    ['end', null],
  ])
  await expect(api.workflows.get.query({ name: '__proto__' })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } })
  await expect(api.workflows.diagram.query({ name: 'constructor' })).rejects.toMatchObject({
    data: { code: 'NOT_FOUND' },
  })
})

test('the whole: workers, error groups, overview', async () => {
  const { client, test: engine } = await apiFixture()
  const api = client()
  for (const id of ['a', 'b'])
    await api.instances.start.mutate({ workflowName: 'plain', input: { fails: 'switch' }, instanceId: id })
  await engine.settle()
  expect(await api.workers.list.query()).toMatchObject({
    workers: [{ alive: true, workflows: ['plain', 'saga', 'waiting', 'started', 'selling'] }],
  })
  expect(await api.errors.groups.query()).toMatchObject({
    groups: [{ name: 'TerminalError', message: 'second failed: switch', count: 2 }],
  })
  expect(await api.stats.overview.query()).toMatchObject({
    counts: { byStatus: { failed: 2 } },
    durations: [{ workflowName: 'plain', failed: 2 }],
    workersAlive: 1,
  })
})
