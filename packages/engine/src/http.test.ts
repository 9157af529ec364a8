/** The engine's `fetch`, without sockets. What decodes as an event and what does not is cloud-events/cases; here: what is answered and what is stored. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { NO_EFFECTS } from '../test/events/fixture'
import { JSON_EVENT, serve, structured, told } from '../test/events/served'
import { workflow } from './model/definition'
import { NotInitializedError } from './model/errors'

const BASE = 'http://edda.test'
const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const BINARY = { 'ce-specversion': '1.0', 'ce-id': 'A-1', 'ce-source': '/shop', 'ce-type': 'order.placed' }
const ACCEPTED = [202, { status: 'accepted' }] as const
const strict = workflow('strict', { input: z.object({ n: z.number() }), eventHandler: true }, async (_ctx, { n }) => n)
const sleeper = workflow('sleeper', async (ctx) => ctx.waitEvent('never'))

function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = JSON_EVENT,
  path = '/',
): Request {
  return new Request(`${BASE}${path}`, { method: 'POST', headers, body })
}

describe('an event', () => {
  it.each<[string, Request]>([
    ['structured', post(structured({ data: { a: 1 } }))],
    ['binary', post('{"a":1}', { ...BINARY, 'content-type': 'application/json' })],
    ['in a batch', post(`[${structured({ data: { a: 1 } })}]`, BATCH)],
    ['on any path', post(structured({ data: { a: 1 } }), JSON_EVENT, '/some/where?x=1')],
  ])('%s is accepted and stored (C37)', async (_, request) => {
    const { fetch, storage } = await serve()
    const response = await fetch(request)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await told(response)).toEqual(ACCEPTED)
    const stored = await storage.messages('order.placed', { after: 0, limit: 10 })
    expect(stored.map(({ data }) => data)).toEqual(['{"a":1}'])
  })

  it('is answered exactly as the contract says', async () => {
    const { fetch } = await serve()
    expect(await (await fetch(post(structured()))).text()).toBe('{"status":"accepted"}')
  })

  it('sent twice is accepted twice and stored once', async () => {
    const { fetch, effects } = await serve()
    expect(await told(await fetch(post(structured())))).toEqual(ACCEPTED)
    expect(await told(await fetch(post(structured({ data: 'other' }))))).toEqual(ACCEPTED)
    expect(await effects()).toEqual({ inbox: 1, messages: 1, instances: 0 })
  })

  it('is answered only after the commit', async () => {
    let open: () => void = () => {}
    const door = new Promise<void>((resolve) => {
      open = resolve
    })
    const { fetch } = await serve({
      spoil: (storage) => ({
        commit: async (units) => {
          await door
          return storage.commit(units)
        },
      }),
    })
    const order: string[] = []
    const answered = fetch(post(structured())).then(({ status }) => order.push(String(status)))
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    order.push('committed')
    open()
    await answered
    expect(order).toEqual(['committed', '202'])
  })

  it('starts its workflow, and a targeted one reaches its instance', async () => {
    const { fetch, start, instance, storage } = await serve({ workflows: [strict, sleeper] })
    expect(await told(await fetch(post(structured({ type: 'strict', data: { n: 7 } }))))).toEqual(ACCEPTED)
    const [started] = await storage.instances({ limit: 1 })
    expect(await instance(started?.id)).toMatchObject({ status: 'completed', output: 7 })
    const id = await start(sleeper)
    const targeted = post('1', {
      ...BINARY,
      'ce-id': 'A-2',
      'ce-type': 'never',
      'ce-eddainstanceid': id,
      'content-type': 'application/json',
    })
    expect(await told(await fetch(targeted))).toEqual(ACCEPTED)
    expect(await instance(id)).toMatchObject({ status: 'completed', output: { data: 1 } })
  })
})

describe('a batch', () => {
  it('may be empty', async () => {
    const { fetch, effects } = await serve()
    expect(await told(await fetch(post('[]', BATCH)))).toEqual(ACCEPTED)
    expect(await effects()).toEqual(NO_EFFECTS)
  })

  it('of many is stored whole', async () => {
    const { fetch, effects } = await serve()
    const batch = Array.from({ length: 100 }, (_, index) => structured({ id: `b-${index}` }))
    expect(await told(await fetch(post(`[${batch.join()}]`, BATCH)))).toEqual(ACCEPTED)
    expect(await effects()).toMatchObject({ inbox: 100, messages: 100 })
  })
})

describe('refused, with nothing stored:', () => {
  const LARGE = 'x'.repeat(100_001)
  it.each<[string, Request, number, string, string]>([
    ['what is no event', post('hello', { 'content-type': 'text/plain' }), 400, 'NotACloudEvent', 'not a CloudEvent'],
    ['an empty body', post('', JSON_EVENT), 400, 'InvalidJson', 'not valid JSON'],
    ['bad JSON', post('{"specversion":"1.0",', JSON_EVENT), 400, 'InvalidJson', 'not valid JSON'],
    ['no id', post(structured({ id: undefined })), 400, 'MissingAttribute', 'missing required attributes: id'],
    ['bytes that are no UTF-8', post(Uint8Array.of(0x7b, 0xff)), 400, 'InvalidUtf8', 'not valid UTF-8'],
    [
      'a batch with one bad member',
      post(`[${structured()},${structured({ id: 'A-2', source: '' })},${structured({ id: 'A-3' })}]`, BATCH),
      400,
      'InvalidAttribute',
      'event 1 of the batch',
    ],
    [
      'a batch of which a workflow refuses one',
      post(`[${structured()},${structured({ id: 'A-2', type: 'strict', data: { n: 'seven' } })}]`, BATCH),
      400,
      'ValidationError',
      'n: ',
    ],
    ['data that the workflow does not take', post(structured({ type: 'strict' })), 400, 'ValidationError', 'strict'],
    [
      'another charset',
      post(structured(), { 'content-type': 'application/cloudevents+json; charset=latin1' }),
      415,
      'UnsupportedMediaType',
      'UTF-8',
    ],
    [
      'another format',
      post('<e/>', { 'content-type': 'application/cloudevents+xml' }),
      415,
      'UnsupportedMediaType',
      'unknown format',
    ],
    [
      'a compressed body',
      post('x', { ...JSON_EVENT, 'content-encoding': 'gzip' }),
      415,
      'UnsupportedMediaType',
      'content encoding',
    ],
    [
      'a body that is too large',
      post(LARGE, { ...BINARY, 'content-type': 'text/plain' }),
      413,
      'TooLarge',
      '100000 bytes',
    ],
    [
      'too deep a nesting',
      post(structured({ data: JSON.parse('['.repeat(65) + ']'.repeat(65)) })),
      413,
      'TooLarge',
      'nested',
    ],
    [
      'data that grows beyond the limit',
      post(`[${Array(19_990).fill('1e21').join()}]`, { ...BINARY, 'content-type': 'application/json' }),
      413,
      'SerializationError',
      'too large',
    ],
    [
      'a key that could change prototypes',
      post('{"__proto__":{"a":1}}', { ...BINARY, 'content-type': 'application/json' }),
      400,
      'InvalidData',
      '__proto__',
    ],
  ])('%s', async (_, request, status, type, message) => {
    const { fetch, effects } = await serve({ workflows: [strict] })
    expect(await told(await fetch(request))).toEqual([
      status,
      { error: expect.stringContaining(message), error_type: type, retryable: false },
    ])
    expect(await effects()).toEqual(NO_EFFECTS)
  })

  it('a body that goes on for ever, of which no more than the limit is read', async () => {
    const { fetch, effects } = await serve()
    let given = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 10_000
        controller.enqueue(new Uint8Array(10_000))
      },
    })
    const request = new Request(BASE, { method: 'POST', headers: JSON_EVENT, body: endless, duplex: 'half' })
    expect((await fetch(request)).status).toBe(413)
    expect(given).toBeLessThanOrEqual(130_000)
    expect(await effects()).toEqual(NO_EFFECTS)
  })

  it('a body that says it is too large, unread', async () => {
    const { fetch } = await serve()
    const request = new Request(BASE, {
      method: 'POST',
      headers: { ...JSON_EVENT, 'content-length': '100001' },
      body: 'x',
    })
    expect((await fetch(request)).status).toBe(413)
  })

  it('a body that breaks off', async () => {
    const { fetch, effects } = await serve()
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(structured()))
        controller.error(new Error('connection reset'))
      },
    })
    const request = new Request(BASE, { method: 'POST', headers: JSON_EVENT, body: broken, duplex: 'half' })
    expect(await told(await fetch(request))).toMatchObject([400, { error: 'the body broke off', retryable: false }])
    expect(await effects()).toEqual(NO_EFFECTS)
  })
})

describe('our own failure', () => {
  it('is 500, may be tried again, and tells nothing but that', async () => {
    const { fetch, errors } = await serve({
      spoil: () => ({ commit: async () => Promise.reject(new Error('password=hunter2 refused')) }),
    })
    expect(await told(await fetch(post(structured())))).toEqual([
      500,
      { error: 'The request could not be processed', error_type: 'InternalError', retryable: true },
    ])
    expect(errors.map(({ message }) => message)).toContain('a request failed')
  })

  it('is 503 before the app is ready and after it has stopped', async () => {
    const router = { handleBatch: async () => Promise.reject(new NotInitializedError('no')) }
    const { fetch } = await serve({ router })
    const response = await fetch(post(structured()))
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await told(response)).toMatchObject([503, { error_type: 'NotInitializedError', retryable: true }])
  })
})

describe('cancel', () => {
  const cancel = (path: string, headers: Record<string, string> = {}): Request =>
    new Request(`${BASE}${path}`, { method: 'POST', headers })
  const NOT_CANCELLED = { error: 'Cannot cancel workflow (not found or already completed/failed/cancelled)' }

  it('of a live instance is recorded as asked for by api_user (C32)', async () => {
    const { fetch, start, instance } = await serve({ workflows: [sleeper] })
    const id = await start(sleeper)
    expect(await told(await fetch(cancel(`/cancel/${id}`)))).toEqual([200, { status: 'cancelled', instance_id: id }])
    expect(await instance(id)).toMatchObject({ status: 'cancelled', cancel: { by: 'api_user', reason: null } })
    expect(await told(await fetch(cancel(`/cancel/${id}`)))).toEqual([400, NOT_CANCELLED])
  })

  it('takes the id decoded', async () => {
    const asked: string[] = []
    const { fetch } = await serve({ cancel: async (id) => asked.push(id) > 0 })
    await fetch(cancel('/cancel/a%2Fb%20%C3%BC'))
    await fetch(cancel('/cancel/x/y'))
    expect(asked).toEqual(['a/b ü', 'x/y'])
  })

  it.each([
    ['/cancel/unknown', NOT_CANCELLED],
    ['/cancel/%FF', NOT_CANCELLED],
    ['/cancel/%00', NOT_CANCELLED],
    [`/cancel/${'x'.repeat(5_000)}`, NOT_CANCELLED],
    ['/cancel/', { error: 'Missing instance_id' }],
    ['/cancel', { error: 'Missing instance_id' }],
  ])('of %.20s is 400 (C33)', async (path, body) => {
    const { fetch } = await serve()
    expect(await told(await fetch(cancel(path)))).toEqual([400, body])
  })

  it('by a page of another site is refused', async () => {
    const { fetch, start, instance } = await serve({ workflows: [sleeper] })
    const id = await start(sleeper)
    for (const site of ['cross-site', 'same-site'])
      expect((await fetch(cancel(`/cancel/${id}`, { 'sec-fetch-site': site }))).status).toBe(403)
    expect((await instance(id)).status).toBe('waiting_for_event')
    expect((await fetch(cancel(`/cancel/${id}`, { 'sec-fetch-site': 'same-origin' }))).status).toBe(200)
  })

  it('that fails inside is 500', async () => {
    const { fetch } = await serve({ cancel: async () => Promise.reject(new Error('away')) })
    expect(await told(await fetch(cancel('/cancel/x')))).toMatchObject([500, { retryable: true }])
  })
})

describe('health', () => {
  it('is live while the process answers', async () => {
    const { fetch } = await serve({ readiness: async () => 'stopping' })
    expect(await told(await fetch(new Request(`${BASE}/health/live`)))).toEqual([200, { status: 'ok' }])
  })

  it('is ready unless there is a reason against it', async () => {
    let reason: string | null = null
    const { fetch } = await serve({ readiness: async () => reason })
    const ask = async () => told(await fetch(new Request(`${BASE}/health/ready`)))
    expect(await ask()).toEqual([200, { status: 'ready' }])
    reason = 'the database does not answer'
    expect(await ask()).toEqual([503, { status: 'not ready', reason }])
  })
})

describe('other methods', () => {
  it.each([
    ['GET', '/', 'POST, OPTIONS'],
    ['PUT', '/events', 'POST, OPTIONS'],
    ['DELETE', '/', 'POST, OPTIONS'],
    ['HEAD', '/', 'POST, OPTIONS'],
    ['GET', '/cancel/x', 'POST'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['DELETE', '/health/ready', 'GET, HEAD'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const { fetch, effects } = await serve()
    const response = await fetch(new Request(`${BASE}${path}`, { method }))
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
    expect(await effects()).toEqual(NO_EFFECTS)
  })
})

describe('the handshake of a web hook', () => {
  const ask = (headers: Record<string, string>): Request => new Request(BASE, { method: 'OPTIONS', headers })
  const answer = ({ status, headers }: Response) => [
    status,
    ...['allow', 'webhook-allowed-origin', 'webhook-allowed-rate'].map((name) => headers.get(name)),
  ]
  const REFUSED = [204, 'POST, OPTIONS', null, null]

  it('promises nothing unless an origin was named', async () => {
    const { fetch } = await serve()
    expect(answer(await fetch(ask({ 'webhook-request-origin': 'sender.example' })))).toEqual(REFUSED)
    expect(answer(await fetch(ask({})))).toEqual(REFUSED)
  })

  it('allows exactly the origins that were named', async () => {
    const { fetch } = await serve({ allowedOrigins: ['sender.example'] })
    const allowed = [200, 'POST, OPTIONS', 'Sender.Example', '*']
    const asked = { 'webhook-request-origin': 'Sender.Example', 'webhook-request-rate': '120' }
    expect(answer(await fetch(ask(asked)))).toEqual(allowed)
    expect(answer(await fetch(ask({ 'webhook-request-origin': 'evil.example' })))).toEqual(REFUSED)
    expect(answer(await fetch(ask({ 'webhook-request-origin': '' })))).toEqual(REFUSED)
  })

  it('allows all when told so', async () => {
    const { fetch } = await serve({ allowedOrigins: ['*'] })
    expect(answer(await fetch(ask({ 'webhook-request-origin': 'any.example' })))[2]).toBe('any.example')
  })
})
