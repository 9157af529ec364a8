/** Against a real HTTP server on loopback. */
import { afterEach, describe, expect, test } from 'vitest'
import { decodeRequest } from '../cloud-events/http'
import { EddaError, HttpError } from '../model/errors'
import { closedPort, type FakeBroker, type Reply, reply, startBroker } from './fake-broker'
import { sendEvent } from './send-event'

const open: FakeBroker[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()))
})

async function broker(...script: [Reply, ...Reply[]]): Promise<FakeBroker> {
  const started = await startBroker(...script)
  open.push(started)
  return started
}

const environment = { newId: () => 'e-1', now: () => Date.parse('2026-01-01T00:00:00Z') }
const base = {
  specversion: '1.0',
  id: 'e-1',
  source: '/orders',
  type: 'order.shipped',
  time: '2026-01-01T00:00:00.000Z',
}

async function failure(promise: Promise<unknown>): Promise<HttpError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof HttpError)) throw new Error(`not an HttpError: ${String(error)}`)
  return error
}

describe('sendEvent posts', () => {
  const CASES: ReadonlyArray<readonly [what: string, data: unknown, type: string | undefined, event: object]> = [
    ['JSON', { orderId: 'o-1' }, undefined, { datacontenttype: 'application/json', data: { orderId: 'o-1' } }],
    [
      'a value that has a JSON form',
      { at: new Date(0), gone: undefined },
      undefined,
      { datacontenttype: 'application/json', data: { at: '1970-01-01T00:00:00.000Z' } },
    ],
    ['null', null, undefined, { datacontenttype: 'application/json', data: null }],
    ['a string, as JSON', 'x', undefined, { datacontenttype: 'application/json', data: 'x' }],
    [
      'JSON of another type',
      { a: 1 },
      'application/vnd.x+json',
      { datacontenttype: 'application/vnd.x+json', data: { a: 1 } },
    ],
    ['text', '<a/>', 'application/xml', { datacontenttype: 'application/xml', data: '<a/>' }],
    [
      'bytes',
      Uint8Array.from([0, 255]),
      'image/png',
      { datacontenttype: 'image/png', data: Uint8Array.from([0, 255]) },
    ],
    ['bytes of no stated type', Uint8Array.from([1]), undefined, { data: Uint8Array.from([1]) }],
    ['nothing', undefined, undefined, {}],
    ['nothing, of a type', undefined, 'text/plain', { datacontenttype: 'text/plain' }],
  ]

  test.each(CASES)('%s', async (_, data, datacontenttype, expected) => {
    const { url, requests } = await broker(reply(202))
    const options = { brokerUrl: url, ...(datacontenttype === undefined ? {} : { datacontenttype }) }
    expect(await sendEvent('order.shipped', '/orders', data, options, environment)).toBe('e-1')
    const request = requests[0]
    expect(request?.method).toBe('POST')
    const body = new TextEncoder().encode(request?.body)
    const decoded = decodeRequest({ 'content-type': String(request?.headers['content-type']) }, body)
    expect(decoded).toEqual({ mode: 'structured', events: [{ ...base, ...expected, extensions: {} }] })
  })

  test('with an id of its own each time', async () => {
    const { url, requests } = await broker(reply(202))
    const ids = [await sendEvent('t', '/s', 1, { brokerUrl: url }), await sendEvent('t', '/s', 1, { brokerUrl: url })]
    expect(requests.map(({ body }) => JSON.parse(body).id)).toEqual(ids)
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(ids[0]).not.toBe(ids[1])
  })
})

describe('sendEvent throws', () => {
  test.each([300, 302, 307, 400, 404, 408, 429, 500, 503])(
    'HttpError with status and body for %i, after one request',
    async (status) => {
      const { url, requests } = await broker(reply(status, { location: '/elsewhere' }, status === 304 ? '' : 'because'))
      const error = await failure(sendEvent('order.shipped', '/orders', 1, { brokerUrl: `${url}/in` }))
      expect(error).toMatchObject({
        name: 'HttpError',
        code: 'HTTP',
        status,
        body: 'because',
        message: `Cannot send event 'order.shipped' to ${url}/in: HTTP ${status}`,
      })
      expect(error).toBeInstanceOf(EddaError)
      expect(requests.length).toBe(1)
    },
  )

  test('HttpError with status 0 and a cause when nobody listens', async () => {
    const url = await closedPort()
    const error = await failure(sendEvent('t', '/s', 1, { brokerUrl: url }))
    expect(error).toMatchObject({
      status: 0,
      body: '',
      message: `Cannot send event 't' to ${url}/: no answer: ECONNREFUSED`,
    })
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('HttpError with status 0 when the answer does not come in time', async () => {
    const { url } = await broker(() => {})
    const error = await failure(sendEvent('t', '/s', 1, { brokerUrl: url }, { timeoutMs: 50 }))
    expect(error).toMatchObject({ status: 0, message: `Cannot send event 't' to ${url}/: no answer within 50 ms` })
  })

  test('nothing that shows user or password', async () => {
    const { host, requests } = await broker(reply(500))
    const error = await failure(sendEvent('t', '/s', 1, { brokerUrl: `http://user:s3cret@${host}/?token=t0p` }))
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:s3cret').toString('base64')}`)
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/s3cret|t0p/)
    const refused = await failure(
      sendEvent('t', '/s', 1, { brokerUrl: (await closedPort()).replace('//', '//user:s3cret@') }),
    )
    expect(`${refused.stack} ${String(refused.cause)} ${JSON.stringify(refused.cause)}`).not.toMatch(/s3cret/)
  })

  test.each([
    ['a bad broker URL', ['t', '/s', 1], 'nats://h', undefined, 'ConfigurationError'],
    ['a bad source', ['t', 'a b', 1], undefined, undefined, 'CloudEventError'],
    ['an empty type', ['', '/s', 1], undefined, undefined, 'CloudEventError'],
    ['a content type that is none', ['t', '/s', 1], undefined, 'json', 'CloudEventError'],
    ['an object as text', ['t', '/s', {}], undefined, 'text/plain', 'CloudEventError'],
    ['data without a JSON form', ['t', '/s', 1n], undefined, undefined, 'SerializationError'],
  ] as const)('for %s, before anything is sent', async (_, [type, source, data], brokerUrl, datacontenttype, name) => {
    const { url, requests } = await broker(reply(200))
    const options = { brokerUrl: brokerUrl ?? url, ...(datacontenttype === undefined ? {} : { datacontenttype }) }
    await expect(sendEvent(type, source, data, options)).rejects.toMatchObject({ name })
    expect(requests).toEqual([])
  })
})
