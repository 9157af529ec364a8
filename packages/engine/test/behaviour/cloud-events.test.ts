import { expect, test } from 'vitest'
import { z } from 'zod'
import { event, TerminalError, workflow } from '../../src/index'
import type { TestApp } from '../../src/testing/index'
import { describeEverywhere, recordingLog, rejection } from './fixture'

let count = 0
const ce = (type: string, data: unknown, more: object = {}) => ({
  specversion: '1.0',
  id: `e-${++count}`,
  source: '/test',
  type,
  data,
  ...more,
})

const post = (kit: TestApp, body: unknown, headers: Record<string, string> = {}, path = '/') =>
  kit.app.fetch(
    new Request(`http://localhost${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  )

describeEverywhere('CloudEvents', (makeTest) => {
  test('C04 an event whose type is the name of an event-handler workflow starts it with the data as input', async () => {
    const order = workflow('order.placed', { eventHandler: true }, async (_ctx, input: unknown) => input)
    const named = workflow('namedHandler', { eventHandler: 'order.paid' }, async (_ctx, input: unknown) => input)
    const kit = await makeTest({ workflows: [order, named] })
    const placed = await kit.app.handleCloudEvent(ce('order.placed', { n: 1 }))
    const paid = await kit.app.handleCloudEvent(ce('order.paid', { n: 2 }))
    expect([placed.started.length, paid.started.length]).toEqual([1, 1])
    await kit.settle()
    expect(await kit.handle(placed.started[0] as string).result()).toEqual({ n: 1 })
    expect(await kit.handle(paid.started[0] as string).result()).toEqual({ n: 2 })
  })

  test('C04 data that is no object is handed on as it is; none is null; bytes as base64', async () => {
    const wf = workflow('any', { eventHandler: true }, async (_ctx, input: unknown) => ({ input }))
    const kit = await makeTest({ workflows: [wf] })
    const results: unknown[] = []
    for (const data of ['text', 7, [1], undefined, new Uint8Array([1, 2])]) {
      const { started } = await kit.app.handleCloudEvent(ce('any', data))
      await kit.settle()
      results.push(await kit.handle(started[0] as string).result())
    }
    expect(results).toEqual([
      { input: 'text' },
      { input: 7 },
      { input: [1] },
      { input: null },
      { input: { data_base64: 'AQI=' } },
    ])
  })

  test('C05 only event-handler workflows get a handler, and a manual one takes its place', async () => {
    const automatic = workflow('automatic', { eventHandler: true }, async () => 1)
    const plain = workflow('plain', async () => 1)
    const kit = await makeTest({ workflows: [automatic, plain] })
    expect((await kit.app.handleCloudEvent(ce('plain', null))).started).toEqual([])
    const seen: unknown[] = []
    const remove = kit.app.onEvent('automatic', (received) => seen.push(received.data))
    kit.app.onEvent('automatic', (received) => seen.push(received.type))
    expect((await kit.app.handleCloudEvent(ce('automatic', 'x'), { wait: true })).started).toEqual([])
    expect(seen).toEqual(['x', 'automatic'])
    remove()
    await kit.app.handleCloudEvent(ce('automatic', 'y'), { wait: true })
    expect(seen).toEqual(['x', 'automatic', 'automatic'])
    expect((await kit.app.findInstances()).instances).toEqual([])
  })

  test('a handler that fails is logged and changes nothing; the waiting instances are served', async () => {
    const logger = recordingLog()
    const wf = workflow('waiting', async (ctx, _input: null) => (await ctx.waitEvent('e')).data)
    const kit = await makeTest({ workflows: [wf], logger })
    kit.app.onEvent('e', () => {
      throw new Error('handler')
    })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.handleCloudEvent(ce('e', 1), { wait: true })
    expect(await run.result()).toBe(1)
    expect(logger.lines.join()).toContain('handler')
  })

  test('C23 every attribute and extension reaches the workflow, the same on replay, frozen', async () => {
    const wf = workflow('attributes', async (ctx, _input: null) => {
      const received = await ctx.waitEvent('full')
      await ctx.sleep('1h')
      return { ...received, frozen: Object.isFrozen(received) }
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.handleCloudEvent({
      specversion: '1.0',
      id: 'the-id',
      source: '/the/source',
      type: 'full',
      time: '2026-01-01T00:00:00Z',
      subject: 'the subject',
      datacontenttype: 'application/json',
      data: { n: 1 },
      extensions: { tenant: 'acme', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    })
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual({
      type: 'full',
      source: '/the/source',
      id: 'the-id',
      time: '2026-01-01T00:00:00Z',
      subject: 'the subject',
      datacontenttype: 'application/json',
      data: { n: 1 },
      extensions: { tenant: 'acme', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      frozen: true,
    })
  })

  test('C23 the least event there can be', async () => {
    const wf = workflow('least', async (ctx, _input: null) => ctx.waitEvent('least'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.handleCloudEvent({ id: '1', source: 's', type: 'least' })
    await kit.settle()
    expect(await run.result()).toMatchObject({ type: 'least', source: 's', id: '1', data: null, extensions: {} })
  })

  test('C25 eddainstanceid: only that instance resumes, and the extension itself is kept', async () => {
    const wf = workflow('routed', async (ctx, _input: null) => (await ctx.waitEvent('e')).extensions)
    const kit = await makeTest({ workflows: [wf] })
    const [one, two] = [await kit.start(wf, null), await kit.start(wf, null)]
    await kit.settle()
    const outcome = await kit.app.handleCloudEvent(ce('e', 1, { extensions: { eddainstanceid: two.instanceId } }))
    expect(outcome.receivers).toEqual([two.instanceId])
    await kit.settle()
    expect(await two.result()).toEqual({ eddainstanceid: two.instanceId })
    expect(await one.status()).toBe('waiting_for_event')
  })

  test('C25 an unknown or an ended instance is no error', async () => {
    const done = workflow('done', async () => 1)
    const kit = await makeTest({ workflows: [done] })
    const run = await kit.start(done, null)
    await kit.settle()
    for (const eddainstanceid of ['nobody', run.instanceId])
      expect(await kit.app.handleCloudEvent(ce('e', 1, { extensions: { eddainstanceid } }))).toMatchObject({
        receivers: [],
      })
  })

  test('C26 without it every waiter resumes', async () => {
    const wf = workflow('all', async (ctx, _input: null) => (await ctx.waitEvent('e')).data)
    const kit = await makeTest({ workflows: [wf] })
    const runs = [await kit.start(wf, null), await kit.start(wf, null), await kit.start(wf, null)]
    await kit.settle()
    expect([...(await kit.app.handleCloudEvent(ce('e', 5))).receivers].sort()).toEqual(
      runs.map((run) => run.instanceId).sort(),
    )
    await kit.settle()
    for (const run of runs) expect(await run.result()).toBe(5)
  })

  test('a repeat of (source, id) has no second effect; the same id of another source has', async () => {
    const wf = workflow('once', { eventHandler: true }, async () => 1)
    const kit = await makeTest({ workflows: [wf] })
    const first = await kit.app.handleCloudEvent({ id: 'same', source: '/a', type: 'once' })
    const second = await kit.app.handleCloudEvent({ id: 'same', source: '/a', type: 'once' })
    const third = await kit.app.handleCloudEvent({ id: 'same', source: '/b', type: 'once' })
    await kit.settle()
    expect([first, second, third].map(({ duplicate, started }) => [duplicate, started.length])).toEqual([
      [false, 1],
      [true, 0],
      [false, 1],
    ])
    expect((await kit.app.findInstances()).instances).toHaveLength(2)
  })

  test('repeats that arrive at the same time have one effect', async () => {
    const wf = workflow('once', { eventHandler: true }, async () => 1)
    const kit = await makeTest({ workflows: [wf] })
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => kit.app.handleCloudEvent({ id: 'same', source: '/a', type: 'once' })),
    )
    expect(outcomes.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
    await kit.settle()
    expect((await kit.app.findInstances()).instances).toHaveLength(1)
  })

  test('an event survives a crash after its commit: the workflow it started runs', async () => {
    const wf = workflow('started', { eventHandler: true }, async (ctx, _input: unknown) => ctx.run('step', () => 'ran'))
    const kit = await makeTest({ workflows: [wf] })
    let isArmed = true
    kit.onCommit({
      after: () => {
        if (isArmed) kit.crash()
        isArmed = false
      },
    })
    void kit.app.handleCloudEvent({ id: '1', source: '/a', type: 'started' })
    await kit.settle()
    const [started] = (await kit.app.findInstances()).instances
    expect(started).toMatchObject({ workflowName: 'started', status: 'completed', output: 'ran' })
    expect((await kit.app.handleCloudEvent({ id: '1', source: '/a', type: 'started' })).duplicate).toBe(true)
  })

  test('a typed event whose data its schema refuses is refused before anything is stored', async () => {
    const typed = event('typed', z.object({ n: z.number() }))
    const strict = workflow(
      'strict',
      { eventHandler: true, input: z.object({ n: z.number() }) },
      async (_ctx, { n }) => n,
    )
    const kit = await makeTest({ workflows: [strict] })
    kit.app.onEvent(typed, () => {})
    for (const type of ['typed', 'strict'])
      expect(await rejection(kit.app.handleCloudEvent(ce(type, { n: 'x' })))).toMatchObject({ code: 'VALIDATION' })
    expect(await kit.storage.inbox({ limit: 5 })).toEqual([])
    expect((await kit.app.findInstances()).instances).toEqual([])
  })

  test('C37 over HTTP: 202 after the commit, structured, binary and batch', async () => {
    const wf = workflow('posted', { eventHandler: true }, async (_ctx, input: unknown) => input)
    const kit = await makeTest({ workflows: [wf] })
    const structured = await post(kit, ce('posted', { via: 'structured' }), {}, '/any/path')
    expect([structured.status, await structured.json()]).toEqual([202, { status: 'accepted' }])
    const binary = await post(kit, '{"via":"binary"}', {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'b1',
      'ce-source': '/b',
      'ce-type': 'posted',
    })
    expect(binary.status).toBe(202)
    const batch = await post(kit, [ce('posted', { via: 'batch' }), ce('posted', { via: 'batch' })], {
      'content-type': 'application/cloudevents-batch+json',
    })
    expect(batch.status).toBe(202)
    await kit.settle()
    const { instances } = await kit.app.findInstances({ status: 'completed' })
    expect(instances.map((one) => (one.output as { via: string }).via).sort()).toEqual([
      'batch',
      'batch',
      'binary',
      'structured',
    ])
  })

  test.each<[string, string, Record<string, string>, number]>([
    ['no JSON', 'not json', {}, 400],
    ['no id', '{"specversion":"1.0","source":"/s","type":"t"}', {}, 400],
    ['an empty type', '{"specversion":"1.0","id":"1","source":"/s","type":""}', {}, 400],
    ['another version', '{"specversion":"0.3","id":"1","source":"/s","type":"t"}', {}, 400],
    ['an unknown format', 'x', { 'content-type': 'application/cloudevents+avro' }, 415],
    [
      'a batch with one bad member',
      `[${JSON.stringify(ce('t', 1))},{"id":"2"}]`,
      { 'content-type': 'application/cloudevents-batch+json' },
      400,
    ],
    ['too large', JSON.stringify(ce('t', 'x'.repeat(3_000))), {}, 413],
  ])(
    'C37 refused with error, error_type and retryable false, and nothing stored: %s',
    async (_name, body, headers, status) => {
      const kit = await makeTest({ workflows: [], maxPayloadBytes: 2_048 })
      const response = await post(kit, body, headers)
      expect(response.status).toBe(status)
      expect(await response.json()).toEqual({
        error: expect.any(String),
        error_type: expect.any(String),
        retryable: false,
      })
      expect(await kit.storage.inbox({ limit: 5 })).toEqual([])
    },
  )

  test('C32 cancel over HTTP: 200 for a live one, 400 for all others', async () => {
    const wf = workflow('waiting', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    await kit.start(wf, null, { instanceId: 'live' })
    const first = await post(kit, '', {}, '/cancel/live')
    expect([first.status, await first.json()]).toEqual([200, { status: 'cancelled', instance_id: 'live' }])
    await kit.settle()
    const refused = { error: 'Cannot cancel workflow (not found or already completed/failed/cancelled)' }
    for (const id of ['live', 'nobody']) {
      const response = await post(kit, '', {}, `/cancel/${id}`)
      expect([response.status, await response.json()]).toEqual([400, expect.objectContaining(refused)])
    }
  })

  test('health: alive always, ready between initialize and shutdown', async () => {
    const kit = await makeTest({ workflows: [] })
    const { app } = kit
    const get = async (path: string) => (await app.fetch(new Request(`http://localhost${path}`))).status
    expect([await get('/health/live'), await get('/health/ready')]).toEqual([200, 200])
    await app.shutdown()
    expect([await get('/health/live'), await get('/health/ready')]).toEqual([200, 503])
    expect((await post(kit, ce('t', 1))).status).toBe(503)
  })

  test('a workflow that an event started may fail like any other', async () => {
    const wf = workflow('failing', { eventHandler: true }, async () => {
      throw new TerminalError('no')
    })
    const kit = await makeTest({ workflows: [wf] })
    const { started } = await kit.app.handleCloudEvent(ce('failing', 1))
    await kit.settle()
    expect((await rejection(kit.handle(started[0] as string).result())).cause).toBeInstanceOf(TerminalError)
  })
})
