/** Against a real HTTP server on loopback. */
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { event } from '../cloud-events/cases/case'
import type { CloudEvent } from '../cloud-events/cloud-event'
import { closedPort, type FakeBroker, type Reply, reply, startBroker } from './fake-broker'
import { createHttpTransport } from './http-transport'
import type { DeliveryResult, TransportOptions } from './transport'

const open: FakeBroker[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()))
})

async function broker(...script: [Reply, ...Reply[]]): Promise<FakeBroker> {
  const started = await startBroker(...script)
  open.push(started)
  return started
}

const never = new AbortController().signal

async function deliver(
  url: string,
  given: CloudEvent = event(),
  options: TransportOptions = {},
): Promise<DeliveryResult> {
  const transport = createHttpTransport(url, options)
  const [result] = await transport.send([given], never)
  await transport.close()
  if (result === undefined) throw new Error('no result')
  return result
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => event({ id: `A-${index}` }))
const idOf = (body: string): string => JSON.parse(body).id

describe('what is sent', () => {
  test('one POST in structured mode', async () => {
    const { url, requests } = await broker(reply(202))
    const given = event({ time: '2026-01-01T00:00:00Z', data: { cents: 100 } }, { partitionkey: 'o-1' })
    expect(await deliver(`${url}/events?a=b`, given)).toEqual({ kind: 'published' })
    expect(requests).toEqual([
      {
        method: 'POST',
        path: '/events?a=b',
        headers: expect.objectContaining({ 'content-type': 'application/cloudevents+json; charset=utf-8' }),
        body:
          '{"specversion":"1.0","id":"A-1","source":"/shop","type":"order.placed","time":"2026-01-01T00:00:00Z",' +
          '"partitionkey":"o-1","data":{"cents":100}}',
      },
    ])
    expect(requests[0]?.headers).not.toHaveProperty('authorization')
  })

  test('bytes as data_base64', async () => {
    const { url, requests } = await broker(reply(202))
    await deliver(url, event({ datacontenttype: 'image/png', data: Uint8Array.from([0, 1, 255]) }))
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ datacontenttype: 'image/png', data_base64: 'AAH/' })
  })

  test('copies of one event are byte-equal', async () => {
    const { url, requests } = await broker(reply(503), reply(503), reply(200))
    const given = event({ data: { b: 1, a: [2] } }, { z: 1, a: 2 })
    const results = [await deliver(url, given), await deliver(url, given), await deliver(url, given)]
    expect(results.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'published'])
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
  })

  test('user and password as Basic authentication, and nowhere else', async () => {
    const { host, requests } = await broker(reply(401, {}, 'who are you?'), reply(500))
    const url = `http://al%C3%AFce:s%3Acret@${host}/in?token=t0p`
    const results = [await deliver(url), await deliver(url)]
    expect(results).toEqual([
      { kind: 'invalid', reason: 'HTTP 401: who are you?' },
      { kind: 'retry', reason: 'HTTP 500' },
    ])
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('alïce:s:cret').toString('base64')}`)
    expect(requests[0]?.path).toBe('/in?token=t0p')
  })
})

describe('what an answer means', () => {
  const published = [200, 201, 202, 204, 299]
  const retried = [300, 301, 302, 303, 304, 307, 308, 408, 425, 429, 500, 501, 502, 503, 504, 599]
  const refused = [400, 401, 403, 404, 405, 409, 410, 411, 413, 415, 422, 431, 451, 499]

  test.each(published)('%i: published', async (status) => {
    expect(await deliver((await broker(reply(status))).url)).toEqual({ kind: 'published' })
  })

  test.each(retried)('%i: to be tried again', async (status) => {
    const result = await deliver((await broker(reply(status))).url)
    expect(result).toEqual({ kind: 'retry', reason: expect.stringContaining(`HTTP ${status}`) })
  })

  test.each(refused)('%i: never', async (status) => {
    expect(await deliver((await broker(reply(status))).url)).toEqual({ kind: 'invalid', reason: `HTTP ${status}` })
  })

  test('a redirect is not followed, not even to the same host', async () => {
    const { url, requests } = await broker(reply(307, { location: '/elsewhere' }), reply(200))
    expect(await deliver(`${url}/in`)).toEqual({ kind: 'retry', reason: 'HTTP 307 (redirects are not followed)' })
    expect(requests.map(({ path }) => path)).toEqual(['/in'])
  })

  test('Retry-After in seconds is honoured', async () => {
    const { url } = await broker(reply(503, { 'retry-after': '7' }))
    expect(await deliver(url)).toEqual({ kind: 'retry', reason: 'HTTP 503', retryAfterMs: 7_000 })
  })

  test('Retry-After as a date is honoured', async () => {
    const { url } = await broker(reply(429, { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }))
    const now = () => Date.parse('2026-01-01T00:00:00Z')
    expect(await deliver(url, event(), { now })).toEqual({ kind: 'retry', reason: 'HTTP 429', retryAfterMs: 60_000 })
  })

  test('the reason holds the beginning of the answer on one line', async () => {
    const { url } = await broker(reply(400, {}, `line\n\tone\u0007 ${'x'.repeat(1_000)}`))
    expect(await deliver(url)).toEqual({ kind: 'invalid', reason: `HTTP 400: line one ${'x'.repeat(291)}…` })
  })
})

describe('when no whole answer comes', () => {
  test('a refused connection is tried again', async () => {
    expect(await deliver(await closedPort())).toEqual({ kind: 'retry', reason: 'no answer: ECONNREFUSED' })
  })

  test('a connection that breaks before the answer is tried again', async () => {
    const { url } = await broker((response) => response.socket?.destroy())
    expect(await deliver(url)).toEqual({ kind: 'retry', reason: expect.stringMatching(/^no answer: /) })
  })

  test('a receiver that never answers is given up after the timeout', async () => {
    const { url } = await broker(() => {})
    expect(await deliver(url, event(), { timeoutMs: 50 })).toEqual({ kind: 'retry', reason: 'no answer within 50 ms' })
  })

  test('an answer that is no HTTP is tried again', async () => {
    const { url } = await broker((response) => response.socket?.end('hello\r\n\r\n'))
    expect(await deliver(url)).toEqual({ kind: 'retry', reason: expect.stringMatching(/^no answer: /) })
  })

  test('a positive status stands when its body breaks off', async () => {
    const { url } = await broker((response) => {
      response.writeHead(202, { 'content-length': '100' }).write('half')
      setImmediate(() => response.socket?.destroy())
    })
    expect(await deliver(url)).toEqual({ kind: 'published' })
  })

  test('a positive status stands when its body never ends', async () => {
    const { url } = await broker((response) => {
      response.writeHead(202).write('to be continued')
    })
    expect(await deliver(url, event(), { timeoutMs: 100 })).toEqual({ kind: 'published' })
  })

  test('an endless body is read up to the limit only', async () => {
    const gone = deferred<void>()
    const { url } = await broker((response) => {
      response.on('close', gone.resolve)
      response.writeHead(400)
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      }
      response.on('drain', write)
      write()
    })
    const result = await deliver(url, event(), { maxResponseBytes: 1_000 })
    expect(result).toEqual({ kind: 'invalid', reason: `HTTP 400: ${'x'.repeat(300)}…` })
    await gone.promise
  })

  test('answers are read to their end, so connections are used again', async () => {
    const { url, connections } = await broker(reply(500, {}, 'x'.repeat(10_000)))
    const transport = createHttpTransport(url)
    for (const given of ids(10)) await transport.send([given], never)
    expect(connections()).toBeLessThanOrEqual(5)
  })
})

describe('many events', () => {
  test('results stand in the order of the events, whoever answers first', async () => {
    const held: Array<() => void> = []
    const { url } = await broker((response, { body }) => {
      const status = { 'A-0': 200, 'A-1': 404, 'A-2': 503 }[idOf(body)] ?? 500
      held.push(() => response.writeHead(status).end())
      if (held.length === 3) for (const answer of held.reverse()) answer()
    })
    expect(await createHttpTransport(url).send(ids(3), never)).toEqual([
      { kind: 'published' },
      { kind: 'invalid', reason: 'HTTP 404' },
      { kind: 'retry', reason: 'HTTP 503' },
    ])
  })

  test('no events, no results, no request', async () => {
    const { url, requests } = await broker(reply(200))
    expect(await createHttpTransport(url).send([], never)).toEqual([])
    expect(requests).toEqual([])
  })

  test('an event that cannot be encoded fails alone', async () => {
    const { url, requests } = await broker(reply(200))
    const circular: Record<string, unknown> = {}
    circular.self = circular
    const poison = [
      event({ source: 'a b' }),
      event({ data: circular as never }),
      { ...event(), extensions: null as never },
    ]
    expect(await createHttpTransport(url).send([...poison, event()], never)).toEqual([
      { kind: 'invalid', reason: 'attribute "source" is not a URI-reference (RFC 3986): "a b"' },
      { kind: 'invalid', reason: 'Cannot store data of event A-1 at $.self: circular reference' },
      { kind: 'invalid', reason: expect.stringMatching(/^cannot be encoded: TypeError/) },
      { kind: 'published' },
    ])
    expect(requests.length).toBe(1)
  })

  test('no more than maxConcurrency are under way, over several sends', async () => {
    const waiting: Array<(response: Response) => void> = []
    let started = 0
    const fetch = () => {
      started++
      return new Promise<Response>((answer) => waiting.push(answer))
    }
    const transport = createHttpTransport('http://127.0.0.1:1', { maxConcurrency: 3, fetch })
    const results = Promise.all([transport.send(ids(4), never), transport.send(ids(4), never)])
    for (const expected of [3, 4, 5, 6, 7, 8]) {
      await new Promise(setImmediate) // whoever could start has started
      expect(started).toBe(expected)
      waiting.shift()?.(new Response(null, { status: 202 }))
    }
    for (const answer of waiting.splice(0)) answer(new Response(null, { status: 202 }))
    expect((await results).flat()).toEqual(Array(8).fill({ kind: 'published' }))
  })
})

describe('abort and close', () => {
  test('an aborted signal holds everything without a request', async () => {
    const { url, requests } = await broker(reply(200))
    const result = await createHttpTransport(url).send([event()], AbortSignal.abort())
    expect(result).toEqual([{ kind: 'held', reason: 'aborted before sending' }])
    expect(requests).toEqual([])
  })

  test('aborting holds what is under way and what is waiting, and leaves no listener', async () => {
    const controller = new AbortController()
    const { url } = await broker(() => controller.abort())
    const transport = createHttpTransport(url, { maxConcurrency: 1 })
    expect(await transport.send(ids(2), controller.signal)).toEqual([
      { kind: 'held', reason: 'aborted while sending' },
      { kind: 'held', reason: 'aborted before sending' },
    ])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('close waits for what is under way; afterwards everything is held', async () => {
    const arrived = deferred<() => void>()
    const { url } = await broker((response) => arrived.resolve(() => response.writeHead(200).end()))
    const transport = createHttpTransport(url)
    const sent = transport.send([event()], never)
    const answer = await arrived.promise
    let closed = false
    const closing = transport.close().then(() => {
      closed = true
    })
    expect(await transport.send([event()], never)).toEqual([{ kind: 'held', reason: 'the transport is closed' }])
    expect(closed).toBe(false)
    answer()
    await closing
    expect(await sent).toEqual([{ kind: 'published' }])
  })
})

describe('an endpoint in trouble', () => {
  test('a dead endpoint costs a few attempts, then events are held without one', async () => {
    const url = await closedPort()
    const transport = createHttpTransport(url, { maxConcurrency: 1, failureThreshold: 2, now: () => 1_000 })
    expect(await transport.send(ids(4), never)).toEqual([
      { kind: 'retry', reason: 'no answer: ECONNREFUSED' },
      { kind: 'retry', reason: 'no answer: ECONNREFUSED' },
      { kind: 'held', reason: `${url}/ is left alone for now`, retryAfterMs: 1_000 },
      { kind: 'held', reason: `${url}/ is left alone for now`, retryAfterMs: 1_000 },
    ])
  })

  test('one probe at a time finds out that it is back', async () => {
    let now = 0
    const { url } = await broker((response) => response.socket?.destroy(), reply(200))
    const transport = createHttpTransport(url, { maxConcurrency: 1, failureThreshold: 1, now: () => now })
    const kinds = async () => (await transport.send(ids(2), never)).map(({ kind }) => kind)
    expect(await kinds()).toEqual(['retry', 'held'])
    now = 1_000
    expect(await kinds()).toEqual(['published', 'published'])
  })

  test.each([429, 503])('%i with Retry-After pauses the endpoint, not only the event', async (status) => {
    let now = 0
    const { url, requests } = await broker(reply(status, { 'retry-after': '5' }), reply(200))
    const transport = createHttpTransport(url, { maxConcurrency: 1, now: () => now })
    expect(await transport.send(ids(2), never)).toEqual([
      { kind: 'retry', reason: `HTTP ${status}`, retryAfterMs: 5_000 },
      { kind: 'held', reason: `${url}/ is left alone for now`, retryAfterMs: 5_000 },
    ])
    expect(requests.length).toBe(1)
    now = 5_000
    expect(await transport.send(ids(2), never)).toEqual([{ kind: 'published' }, { kind: 'published' }])
  })

  test('poison events that are answered with 500 hold up nobody', async () => {
    const { url } = await broker((response, { body }) => response.writeHead(idOf(body) === 'A-99' ? 200 : 500).end())
    const results = await createHttpTransport(url, { failureThreshold: 1 }).send(ids(100), never)
    expect(results.map(({ kind }) => kind)).toEqual([...Array(99).fill('retry'), 'published'])
  })
})
