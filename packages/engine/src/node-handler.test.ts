/** The engine behind real sockets: Node's `fetch`, the public SDK, raw bytes, and what Express and Fastify hand over. */
import type { IncomingMessage, RequestListener } from 'node:http'
import { CloudEvent, emitterFor, HTTP, httpTransport, Mode } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import { NO_EFFECTS } from '../test/events/fixture'
import { exchange, JSON_EVENT, listen, serve, structured, told } from '../test/events/served'

const ACCEPTED = [202, { status: 'accepted' }] as const

describe("Node's own fetch", () => {
  it('delivers, is answered, and may keep its connection', async () => {
    const { fetch: own, effects } = await serve()
    const { url } = await listen(own)
    for (const id of ['1', '2', '3']) {
      const response = await fetch(url, { method: 'POST', headers: JSON_EVENT, body: structured({ id }) })
      expect(response.headers.get('connection')).toBe('keep-alive')
      expect(await told(response)).toEqual(ACCEPTED)
    }
    expect(await effects()).toMatchObject({ inbox: 3 })
  })

  it('reaches cancel, health and the handshake', async () => {
    const { fetch: own } = await serve({ allowedOrigins: ['a.example'] })
    const { url } = await listen(own)
    expect((await fetch(`${url}/cancel/none`, { method: 'POST' })).status).toBe(400)
    expect((await fetch(`${url}/health/ready`)).status).toBe(200)
    const head = await fetch(`${url}/health/live`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const hello = await fetch(url, { method: 'OPTIONS', headers: { 'webhook-request-origin': 'a.example' } })
    expect(hello.headers.get('webhook-allowed-origin')).toBe('a.example')
  })

  it('is told of a body that is too large, whether its length is known or not', async () => {
    const { fetch: own, effects } = await serve()
    const { url } = await listen(own)
    const large = Buffer.alloc(3_000_000, 'x')
    const known = await fetch(url, { method: 'POST', headers: JSON_EVENT, body: large })
    expect(await told(known)).toMatchObject([413, { error_type: 'TooLarge', retryable: false }])
    const chunks = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < 30; sent++) controller.enqueue(large.subarray(0, 100_000))
        controller.close()
      },
    })
    const unknown = await fetch(url, { method: 'POST', headers: JSON_EVENT, body: chunks, duplex: 'half' })
    expect(await told(unknown)).toMatchObject([413, { error_type: 'TooLarge' }])
    expect(await effects()).toEqual(NO_EFFECTS)
  })
})

describe('the public SDK', () => {
  const sample = { id: 'sdk-1', source: '/sdk', type: 'sdk.tried', time: '2026-01-01T00:00:00.000Z' }
  it.each([
    ['binary', Mode.BINARY],
    ['structured', Mode.STRUCTURED],
  ])('delivers in %s mode', async (_, mode) => {
    const { fetch: own, storage } = await serve()
    const { url } = await listen(own)
    const emit = emitterFor(httpTransport(url), { mode })
    const made = new CloudEvent({ ...sample, subject: 's', traceparent: '00-a-b-01', data: { text: 'Grüße', n: [1] } })
    await emit(made)
    const [row] = await storage.inbox({ limit: 1 })
    expect(JSON.parse(row?.data ?? '')).toMatchObject({ ...sample, subject: 's', traceparent: '00-a-b-01' })
    const [message] = await storage.messages('sdk.tried', { after: 0, limit: 1 })
    expect(message?.data).toBe('{"text":"Grüße","n":[1]}')
  })

  it('delivers a batch by its own encoder', async () => {
    const { fetch: own, effects } = await serve()
    const { url } = await listen(own)
    const events = ['1', '2'].map((id) => HTTP.structured(new CloudEvent({ ...sample, id, data: id })).body as string)
    const headers = { 'content-type': 'application/cloudevents-batch+json' }
    const response = await fetch(url, { method: 'POST', headers, body: `[${events.join()}]` })
    expect(await told(response)).toEqual(ACCEPTED)
    expect(await effects()).toMatchObject({ inbox: 2 })
  })
})

describe('raw bytes', () => {
  const body = structured()
  const head = (...lines: readonly string[]): string =>
    ['POST /events HTTP/1.1', 'Host: edda', 'Connection: close', ...lines, '', ''].join('\r\n')
  const LENGTH = `Content-Length: ${body.length}`
  const TYPE = 'Content-Type: application/cloudevents+json'
  const BINARY = ['ce-specversion: 1.0', 'ce-source: /s', 'ce-type: t', 'Content-Length: 0']

  it.each<[string, string, string]>([
    ['header names of any case', head('CONTENT-TYPE: Application/CloudEvents+JSON', LENGTH) + body, '202'],
    ['chunks', head(TYPE, 'Transfer-Encoding: chunked') + chunked(body, 7), '202'],
    ['an absolute target', head(TYPE, LENGTH).replace('/events', 'http://other.example/x?y') + body, '202'],
    ['a target with two slashes', head(TYPE, LENGTH).replace('/events', '//cancel/x') + body, '202'],
  ])('with %s are accepted', async (_, request, status) => {
    const { fetch: own, effects } = await serve()
    const { port } = await listen(own)
    expect(await exchange(port, request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(await effects()).toMatchObject({ inbox: 1 })
  })

  it.each<[string, string | Buffer, string]>([
    ['two ids', head(...BINARY, 'ce-id: 1', 'CE-ID: 2'), '400'],
    ['two content types', head(TYPE, 'Content-Type: text/plain', LENGTH) + body, '400'],
    ['an id that is no ASCII', Buffer.from(head(...BINARY, 'ce-id: ü'), 'utf8'), '400'],
    ['an id that is overlong UTF-8', head(...BINARY, 'ce-id: %C0%A0'), '400'],
    ['two lengths', head(TYPE, LENGTH, `Content-Length: ${body.length + 1}`) + body, '400'],
    ['a length and chunks', head(TYPE, LENGTH, 'Transfer-Encoding: chunked') + chunked(body, 7), '400'],
    ['a header that is none', head('no colon here', TYPE, LENGTH) + body, '400'],
    ['a method that is none', head(TYPE, LENGTH).replace('POST', 'SEND') + body, '400'],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: edda\r\nConnection: close\r\n\r\n', '405'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01', '400'],
    ['headers without end', `${head('x: '.padEnd(20_000, 'y'))}`, '431'],
  ])('with %s are refused, with nothing stored', async (_, request, status) => {
    const { fetch: own, effects } = await serve()
    const { port } = await listen(own)
    expect(await exchange(port, request, { end: true })).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(await effects()).toEqual(NO_EFFECTS)
  })

  it('that break off have no effect, and the next request is served', async () => {
    const { fetch: own, effects, errors } = await serve()
    const { port, url } = await listen(own)
    await exchange(port, head(TYPE, `Content-Length: ${body.length + 100}`) + body, { end: true })
    expect(await effects()).toEqual(NO_EFFECTS)
    expect(errors).toEqual([])
    expect((await fetch(url, { method: 'POST', headers: JSON_EVENT, body })).status).toBe(202)
  })

  it('that keep coming after the answer are cut off', async () => {
    const { fetch: own } = await serve()
    const { port } = await listen(own)
    const endless = Buffer.concat([Buffer.from(head(TYPE, 'Content-Length: 999999999')), Buffer.alloc(200_000, 'x')])
    expect(await exchange(port, endless)).toMatch(/^HTTP\/1.1 413 /)
  })
})

describe('behind a body parser', () => {
  /** What Express does with `express.json()`, `express.raw()` and `express.text()`. */
  const parsing =
    (parse: (text: Buffer) => unknown) =>
    (handler: RequestListener): RequestListener =>
    (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        Object.assign(request, { body: parse(Buffer.concat(chunks)) })
        handler(request, response)
      })
    }
  const delivered = { data: { a: 'Grüße', deep: [{ b: null }] } }

  it.each<[string, (text: Buffer) => unknown]>([
    ['JSON', (text) => JSON.parse(text.toString())],
    ['bytes', (text) => text],
    ['text', (text) => text.toString()],
  ])('that made %s of it, an event arrives whole', async (_, parse) => {
    const { fetch: own, storage } = await serve()
    const { url } = await listen(own, parsing(parse))
    const response = await fetch(url, { method: 'POST', headers: JSON_EVENT, body: structured(delivered) })
    expect(await told(response)).toEqual(ACCEPTED)
    const [message] = await storage.messages('order.placed', { after: 0, limit: 1 })
    expect(JSON.parse(message?.data ?? '')).toEqual(delivered.data)
  })

  it('that left the stream alone and an empty object behind, it arrives as well', async () => {
    const { fetch: own, effects } = await serve()
    const lazy =
      (handler: RequestListener): RequestListener =>
      (request, response) => {
        Object.assign(request, { body: {} })
        handler(request, response)
      }
    const { url } = await listen(own, lazy)
    const response = await fetch(url, { method: 'POST', headers: JSON_EVENT, body: structured() })
    expect(await told(response)).toEqual(ACCEPTED)
    expect(await effects()).toMatchObject({ inbox: 1 })
  })

  it('that kept the bytes beside what it made of them, the bytes count', async () => {
    const { fetch: own, effects } = await serve()
    const keeping =
      (handler: RequestListener): RequestListener =>
      (request, response) =>
        parsing((bytes) => Object.assign(request, { rawBody: bytes }) && { wrong: true })(handler)(request, response)
    const { url } = await listen(own, keeping)
    expect((await fetch(url, { method: 'POST', headers: JSON_EVENT, body: structured() })).status).toBe(202)
    expect(await effects()).toMatchObject({ inbox: 1 })
  })

  it.each<[string, (text: Buffer) => unknown]>([
    ['nothing', () => undefined],
    ['fields of a form', () => ({ a: '1' })],
  ])('that left %s behind, the fault is named', async (_, parse) => {
    const { fetch: own, effects } = await serve()
    const { url } = await listen(own, parsing(parse))
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'ce-id': '1', 'ce-specversion': '1.0' }
    const response = await fetch(url, { method: 'POST', headers, body: 'a=1' })
    expect(await told(response)).toMatchObject([500, { error_type: 'ConsumedBody', retryable: true }])
    expect(await effects()).toEqual(NO_EFFECTS)
  })

  it('prototypes are as safe as without it', async () => {
    const { fetch: own, effects } = await serve()
    const { url } = await listen(
      own,
      parsing((text) => JSON.parse(text.toString())),
    )
    const body = `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"__proto__":{"polluted":true}}}`
    expect((await fetch(url, { method: 'POST', headers: JSON_EVENT, body })).status).toBe(400)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(await effects()).toEqual(NO_EFFECTS)
  })

  it('below a mount path, paths count from there', async () => {
    const { fetch: own } = await serve()
    const mounted =
      (handler: RequestListener): RequestListener =>
      (request: IncomingMessage, response) => {
        request.url = request.url?.replace(/^\/edda/, '') || '/'
        handler(request, response)
      }
    const { url } = await listen(own, mounted)
    expect((await fetch(`${url}/edda/health/live`)).status).toBe(200)
    expect((await fetch(`${url}/edda`, { method: 'POST', headers: JSON_EVENT, body: structured() })).status).toBe(202)
  })
})

describe('a handler that fails', () => {
  it('answers 500 when the app throws', async () => {
    const { url } = await listen(async () => Promise.reject(new Error('secret')))
    const response = await fetch(url, { method: 'POST', headers: JSON_EVENT, body: structured() })
    const [status, body] = await told(response)
    expect([status, body]).toMatchObject([500, { error_type: 'InternalError', retryable: true }])
    expect(JSON.stringify(body)).not.toContain('secret')
  })
})

function chunked(text: string, size: number): string {
  const chunks = text.match(new RegExp(`.{1,${size}}`, 'gs')) ?? []
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`
}
