/** The way of an event through a whole engine: memory storage, commit queue, worker. */
import { CloudEvent as SdkEvent } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { NO_EFFECTS, startEngine } from '../test/events/fixture'
import { CloudEventError } from './cloud-events/errors'
import type { EventInput } from './events'
import { event, workflow } from './model/definition'
import { SerializationError, ValidationError } from './model/errors'

const echo = workflow('echo', { eventHandler: true }, async (_ctx, input: unknown) => ({ got: input }))
const OrderSchema = z.object({ orderId: z.string(), cents: z.number().int() })
const strict = workflow('strict', { input: OrderSchema, eventHandler: 'order.placed' }, async (_ctx, order) => order)
const waiter = workflow('waiter', async (ctx) => ctx.waitEvent('paid'))

let sent = 0
function paid(members: Partial<EventInput> = {}): EventInput {
  return { id: `e-${++sent}`, source: '/bank', type: 'paid', data: { cents: 5 }, ...members }
}

describe('an event whose type is handled by a workflow', () => {
  it('starts it with the data as its input (C04)', async () => {
    const { router, instance } = await startEngine({ workflows: [echo, waiter] })
    const outcome = await router.handleCloudEvent(paid({ type: 'echo', data: { a: [1, 'x', null] } }))
    expect(outcome).toEqual({
      duplicate: false,
      receivers: [],
      started: [expect.stringMatching(/^echo-[0-9a-f-]{36}$/)],
    })
    expect(await instance(outcome.started[0])).toMatchObject({
      ...{ workflowName: 'echo', status: 'completed' },
      ...{ input: { a: [1, 'x', null] }, output: { got: { a: [1, 'x', null] } } },
    })
  })

  it.each<[string, unknown, unknown]>([
    ['no data', undefined, null],
    ['null', null, null],
    ['a number', 42, 42],
    ['a text', 'plain', 'plain'],
    ['a list', [1, 2], [1, 2]],
    ['bytes', Uint8Array.of(0, 255), { data_base64: 'AP8=' }],
  ])('starts it without a crash on %s', async (_, data, input) => {
    const { router, instance } = await startEngine({ workflows: [echo] })
    const { started } = await router.handleCloudEvent(paid({ type: 'echo', data }))
    expect(await instance(started[0])).toMatchObject({ status: 'completed', input, output: { got: input } })
  })

  it('may have another name than the workflow', async () => {
    const { router, instance } = await startEngine({ workflows: [strict] })
    const order = { orderId: 'A1', cents: 100 }
    const { started } = await router.handleCloudEvent(paid({ type: 'order.placed', data: order }))
    expect(await instance(started[0])).toMatchObject({ workflowName: 'strict', output: order })
    expect(await router.handleCloudEvent(paid({ type: 'strict', data: order }))).toMatchObject({ started: [] })
  })

  it('starts every workflow that handles it, and no other', async () => {
    const both = ['one', 'two'].map((name) => workflow(name, { eventHandler: 'both' }, async () => name))
    const { router } = await startEngine({ workflows: [...both, echo, waiter] })
    const { started } = await router.handleCloudEvent(paid({ type: 'both' }))
    expect(started.map((id) => id.slice(0, 3))).toEqual(['one', 'two'])
    expect(await router.handleCloudEvent(paid({ type: 'waiter' }))).toMatchObject({ started: [] })
  })

  it('hands its trace on as tags, beside those of the workflow', async () => {
    const tagged = workflow(
      'tagged',
      { eventHandler: true, tags: (input: { customer: string }) => ({ customer: input.customer }) },
      async () => null,
    )
    const { router, instance } = await startEngine({ workflows: [tagged] })
    const extensions = { traceparent: '00-a-b-01', tracestate: 'v=1' }
    const { started } = await router.handleCloudEvent(paid({ type: 'tagged', data: { customer: 'ada' }, extensions }))
    expect((await instance(started[0])).tags).toEqual({ ...extensions, customer: 'ada' })
  })

  it('is refused before anything is stored when its data is not what the workflow takes', async () => {
    const { router, effects } = await startEngine({ workflows: [strict] })
    const bad = router.handleCloudEvent(paid({ type: 'order.placed', data: { orderId: 7 } }))
    await expect(bad).rejects.toThrow(ValidationError)
    await expect(bad).rejects.toMatchObject({ issues: [{ path: 'orderId' }, { path: 'cents' }] })
    expect(await effects()).toEqual(NO_EFFECTS)
  })
})

describe('an event for those who wait', () => {
  it('arrives with every attribute (C23)', async () => {
    const { router, start, instance } = await startEngine({ workflows: [waiter] })
    const id = await start(waiter)
    const attributes = {
      ...{ id: 'e-full', source: '/bank', type: 'paid', time: '2026-01-01T00:00:00Z', subject: 'order/1' },
      ...{ datacontenttype: 'application/json', dataschema: 'https://example.com/paid' },
    }
    const extensions = { traceparent: '00-a-b-01', priority: 3, urgent: true }
    const outcome = await router.handleCloudEvent({ ...attributes, extensions, data: { cents: 5 } })
    expect(outcome).toEqual({ duplicate: false, started: [], receivers: [id] })
    expect(await instance(id)).toMatchObject({
      status: 'completed',
      output: { ...attributes, extensions, data: { cents: 5 } },
    })
  })

  it('arrives without data as null, and as bytes when it is bytes', async () => {
    const sizes = workflow('sizes', async (ctx) => {
      const empty = await ctx.waitEvent('paid')
      const bytes = await ctx.waitEvent('paid')
      return { empty: empty.data, bytes: [...(bytes.data as unknown as Uint8Array)] }
    })
    const { router, start, instance, settle } = await startEngine({ workflows: [sizes] })
    const id = await start(sizes)
    await router.handleCloudEvent(paid({ data: undefined }))
    await settle()
    await router.handleCloudEvent(paid({ data: Uint8Array.of(0, 255, 7), datacontenttype: 'image/png' }))
    expect((await instance(id)).output).toEqual({ empty: null, bytes: [0, 255, 7] })
  })

  it('wakes all of them, or the one that eddainstanceid names (C25, C26)', async () => {
    const { router, start, instance } = await startEngine({ workflows: [waiter] })
    const [a, b, c] = [await start(waiter), await start(waiter), await start(waiter)]
    const only = await router.handleCloudEvent(paid({ extensions: { eddainstanceid: b } }))
    expect(only.receivers).toEqual([b])
    expect((await instance(b)).output).toMatchObject({ extensions: { eddainstanceid: b } })
    expect((await instance(a)).status).toBe('waiting_for_event')
    const all = await router.handleCloudEvent(paid())
    expect([...all.receivers].toSorted()).toEqual([a, c].toSorted())
  })

  it.each(['nobody', 'x'.repeat(5_000)])('for an unknown instance is stored and reaches nobody', async (target) => {
    const { router, start, instance, storage } = await startEngine({ workflows: [waiter] })
    const id = await start(waiter)
    const outcome = await router.handleCloudEvent(paid({ extensions: { eddainstanceid: target } }))
    expect(outcome).toEqual({ duplicate: false, started: [], receivers: [] })
    expect((await instance(id)).status).toBe('waiting_for_event')
    expect(await storage.inbox({ limit: 10, unmatchedOnly: true })).toHaveLength(1)
  })

  it('that nobody wants is kept as unmatched, as the JSON text of the event', async () => {
    const { router, storage, clock } = await startEngine()
    await router.handleCloudEvent({
      id: 'e-1',
      source: '/bank',
      type: 'paid',
      data: 'Grüße\u0000',
      extensions: { b: 1 },
    })
    const [row] = await storage.inbox({ limit: 10, unmatchedOnly: true })
    expect(row).toMatchObject({ source: '/bank', id: 'e-1', type: 'paid', receivedAt: clock.now() })
    expect(row?.data).toBe(
      '{"specversion":"1.0","id":"e-1","source":"/bank","type":"paid","b":1,"data":"Grüße\\u0000"}',
    )
  })

  it('that handlers took is no unmatched one', async () => {
    const { router, storage } = await startEngine()
    for (const _ of [1, 2]) router.onEvent('paid', () => {})
    await router.handleBatch([paid({ id: 'handled' }), paid({ id: 'wanted by nobody', type: 'other' })])
    expect((await storage.inbox({ limit: 10, unmatchedOnly: true })).map(({ id }) => id)).toEqual(['wanted by nobody'])
    const [, row] = await storage.inbox({ limit: 10 })
    expect(JSON.parse(row?.routedTo ?? '')).toEqual({ started: [], receivers: [], handlers: 2 })
  })

  it('keeps its attributes for those who receive it as a message', async () => {
    const { router, storage } = await startEngine()
    const long = 'i'.repeat(250)
    await router.handleCloudEvent(paid({ id: long, extensions: { traceparent: 't', tracestate: '' } }))
    const [message] = await storage.messages('paid', { after: 0, limit: 10 })
    expect(JSON.parse(message?.metadata ?? '')).toEqual({
      cloudEvent: { id: long, source: '/bank', type: 'paid', extensions: { traceparent: 't', tracestate: '' } },
      traceparent: 't',
    })
    expect(message?.id).toBe(long)
  })
})

describe('a repeat', () => {
  it('of (source, id) has no second effect', async () => {
    const { router, effects } = await startEngine({ workflows: [echo] })
    const calls: string[] = []
    router.onEvent('seen', ({ id }) => calls.push(id))
    const once = paid({ type: 'echo' })
    const seen = paid({ type: 'seen' })
    await router.handleBatch([once, seen], { wait: true })
    const before = await effects()
    const outcomes = await router.handleBatch([{ ...once, data: 'other' }, seen], { wait: true })
    expect(outcomes).toEqual([1, 2].map(() => ({ duplicate: true, started: [], receivers: [] })))
    expect(await effects()).toEqual(before)
    expect(calls).toEqual([seen.id])
  })

  it('within one batch is one event', async () => {
    const { router } = await startEngine({ workflows: [echo] })
    const once = paid({ type: 'echo' })
    const outcomes = await router.handleBatch([once, once])
    expect(outcomes.map(({ duplicate, started }) => [duplicate, started.length])).toEqual([
      [false, 1],
      [true, 0],
    ])
  })
})

describe('a batch', () => {
  it.each<[string, EventInput, new (...given: never[]) => Error]>([
    ['that is no event', { id: '', source: '/s', type: 'x' }, CloudEventError],
    ['that a workflow refuses', { id: '1', source: '/s', type: 'order.placed', data: 1 }, ValidationError],
    ['that is too large', { id: '1', source: '/s', type: 'x', data: 'x'.repeat(100_000) }, SerializationError],
  ])('with one member %s has no effect', async (_, bad, error) => {
    const { router, effects } = await startEngine({ workflows: [strict, echo] })
    await expect(router.handleBatch([paid({ type: 'echo' }), bad, paid()])).rejects.toThrow(error)
    expect(await effects()).toEqual(NO_EFFECTS)
  })

  it('commits in one transaction, in order', async () => {
    const { router, storage } = await startEngine()
    const before = storage.metrics.transactions
    await router.handleBatch([1, 2, 3].map((n) => paid({ data: n })))
    expect(storage.metrics.transactions).toBe(before + 1)
    const stored = await storage.messages('paid', { after: 0, limit: 10 })
    expect(stored.map(({ data }) => data)).toEqual(['1', '2', '3'])
  })

  it('may be empty', async () => {
    const { router, storage } = await startEngine()
    const before = storage.metrics.transactions
    expect(await router.handleBatch([])).toEqual([])
    expect(storage.metrics.transactions).toBe(before)
  })
})

describe('what is handed over', () => {
  it('may be an event of the public SDK', async () => {
    const { router, start, instance } = await startEngine({ workflows: [waiter] })
    const id = await start(waiter)
    const made = new SdkEvent({
      id: 'sdk-1',
      source: '/sdk',
      type: 'paid',
      subject: 's',
      data: { cents: 1 },
      myext: 'x',
    })
    await router.handleCloudEvent(made)
    expect((await instance(id)).output).toEqual({
      ...{ id: 'sdk-1', source: '/sdk', type: 'paid', subject: 's', time: made.time },
      ...{ extensions: { myext: 'x' }, data: { cents: 1 } },
    })
  })

  it('may carry bytes as base64', async () => {
    const { router, storage } = await startEngine()
    await router.handleCloudEvent(paid({ data: undefined, data_base64: 'AP8=' }))
    const [message] = await storage.messages('paid', { after: 0, limit: 1 })
    expect(message).toMatchObject({ data: null, binary: Uint8Array.of(0, 255) })
  })

  it.each<[string, object, string]>([
    ['an id that is missing', { id: undefined }, 'missing required attributes: id'],
    ['another version', { specversion: '0.3' }, 'attribute "specversion" is not the supported version "1.0"'],
    ['an extension with a bad name', { extensions: { 'Not-A-Name': 1 } }, 'does not consist of a-z and 0-9'],
    ['an object where the type says text', { datacontenttype: 'text/plain' }, 'data must be a string or bytes'],
    ['base64 that is none', { data: undefined, data_base64: '%' }, '"data_base64" is not base64'],
    ['a function', { data: () => 1 }, 'a function has no JSON form'],
    ['bytes beyond the limit', { data: new Uint8Array(100_001) }, 'too large'],
  ])('is refused with %s', async (_, members, message) => {
    const { router, effects } = await startEngine()
    await expect(router.handleCloudEvent(paid(members))).rejects.toThrow(message)
    expect(await effects()).toEqual(NO_EFFECTS)
  })
})

describe('a handler', () => {
  it('gets the event after it is stored, as do all others of its type', async () => {
    const { router, storage } = await startEngine()
    const seen: unknown[] = []
    router.onEvent('paid', async (received) => {
      seen.push([received, (await storage.inbox({ limit: 10 })).length])
    })
    router.onEvent('paid', ({ data }) => seen.push(data))
    router.onEvent('other', () => seen.push('never'))
    await router.handleCloudEvent(paid({ id: 'h-1' }), { wait: true })
    expect(seen).toHaveLength(2)
    expect(seen).toContainEqual({ cents: 5 })
    const whole = { specversion: '1.0', id: 'h-1', source: '/bank', type: 'paid', extensions: {}, data: { cents: 5 } }
    expect(seen).toContainEqual([whole, 1])
  })

  it('replaces the workflow of its type until it is removed (C05)', async () => {
    const { router } = await startEngine({ workflows: [echo] })
    const seen: string[] = []
    const remove = router.onEvent('echo', () => seen.push('handled'))
    const removeOther = router.onEvent('echo', () => seen.push('handled, too'))
    expect((await router.handleCloudEvent(paid({ type: 'echo' }), { wait: true })).started).toEqual([])
    expect(seen.toSorted()).toEqual(['handled', 'handled, too'])
    remove()
    removeOther()
    expect((await router.handleCloudEvent(paid({ type: 'echo' }), { wait: true })).started).toHaveLength(1)
    expect(seen).toHaveLength(2)
  })

  it('that throws is logged and disturbs nobody', async () => {
    const { router, errors } = await startEngine()
    const seen: string[] = []
    router.onEvent('paid', () => {
      throw new Error('at once')
    })
    router.onEvent('paid', async () => Promise.reject(new Error('later')))
    router.onEvent('paid', () => seen.push('unharmed'))
    await router.handleCloudEvent(paid({ id: 'bad-1' }), { wait: true })
    expect(seen).toEqual(['unharmed'])
    const reported = errors.map(({ fields, message }) => ({ ...(fields as object), message }))
    const which = { type: 'paid', source: '/bank', id: 'bad-1', message: 'an event handler threw' }
    expect(reported).toEqual(
      expect.arrayContaining(['at once', 'later'].map((text) => ({ ...which, err: new Error(text) }))),
    )
    expect(reported).toHaveLength(2)
  })

  it('is waited for only when asked, and at the latest by drained', async () => {
    const { router } = await startEngine()
    let finish: () => void = () => {}
    let isDone = false
    router.onEvent('paid', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      isDone = true
    })
    await router.handleCloudEvent(paid())
    const drained = router.drained()
    expect(isDone).toBe(false)
    await Promise.resolve()
    finish()
    await drained
    expect(isDone).toBe(true)
  })

  it('with a schema gets what the schema makes of the data; what it refuses is not stored', async () => {
    const { router, effects } = await startEngine()
    const dated = event('dated', z.object({ at: z.coerce.date() }))
    const seen: Date[] = []
    router.onEvent(dated, ({ data }) => seen.push(data.at))
    await router.handleCloudEvent(paid({ type: 'dated', data: { at: '2026-01-01T00:00:00Z' } }), { wait: true })
    expect(seen).toEqual([new Date('2026-01-01T00:00:00Z')])
    await expect(router.handleCloudEvent(paid({ type: 'dated', data: {} }))).rejects.toThrow(ValidationError)
    expect(await effects()).toMatchObject({ inbox: 1 })
  })

  it('must be a function, and its type a name', async () => {
    const { router } = await startEngine()
    expect(() => router.onEvent('', () => {})).toThrow(TypeError)
    expect(() => router.onEvent('x', 'no' as never)).toThrow("onEvent('x') needs a function")
  })
})

describe('the database', () => {
  it('has the event before the promise resolves and before a handler runs', async () => {
    let open: () => void = () => {}
    const door = new Promise<void>((resolve) => {
      open = resolve
    })
    const { router } = await startEngine({
      spoil: (storage) => ({
        commit: async (units) => {
          await door
          return storage.commit(units)
        },
      }),
    })
    const order: string[] = []
    router.onEvent('paid', () => order.push('handler'))
    const handled = router.handleCloudEvent(paid()).then(() => order.push('resolved'))
    await new Promise((resolve) => setImmediate(resolve))
    order.push('committed')
    open()
    await handled
    await router.drained()
    expect(order[0]).toBe('committed')
    expect(order.toSorted()).toEqual(['committed', 'handler', 'resolved'])
  })

  it('that is away is told at once, and nothing runs', async () => {
    const { router } = await startEngine({
      spoil: () => ({ commit: async () => Promise.reject(new Error('connection refused')) }),
    })
    const seen: string[] = []
    router.onEvent('paid', () => seen.push('never'))
    await expect(router.handleCloudEvent(paid(), { wait: true })).rejects.toThrow('connection refused')
    expect(seen).toEqual([])
  })

  it('that cannot write the event says why', async () => {
    const { router } = await startEngine({
      spoil: () => ({ commit: async (units) => units.map(() => ({ kind: 'failed', error: new Error('bad bytes') })) }),
    })
    await expect(router.handleCloudEvent(paid())).rejects.toThrow('bad bytes')
  })
})
