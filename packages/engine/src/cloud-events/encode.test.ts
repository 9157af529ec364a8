/** What goes out, byte for byte, and what is refused to go out. */
import { describe, expect, test } from 'vitest'
import { encodeBinary } from './binary'
import { bytes, event, utf8 } from './cases/case'
import type { CloudEvent } from './cloud-event'
import { CloudEventError } from './errors'
import { encodeBatch, encodeStructured } from './http'

const text = (body: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(body)
const envelope = '"specversion":"1.0","id":"A-1","source":"/shop","type":"order.placed"'

const full = event(
  {
    type: 'order.placed',
    time: '2018-04-05T17:31:00.10+02:00',
    subject: 'Euro € 😀',
    datacontenttype: 'application/json',
    dataschema: 'https://example.com/s#/Order',
    data: { sku: 'a', cents: 100 },
  },
  { traceparent: '00-a-b-01', eddainstanceid: 'orders-1', attempt: 3, urgent: false, 7: '' },
)

const STRUCTURED: ReadonlyArray<readonly [name: string, event: CloudEvent, body: string]> = [
  ['the smallest event', event(), `{${envelope}}`],
  [
    'every attribute, in a fixed order, extensions by name',
    full,
    `{${envelope},"time":"2018-04-05T17:31:00.10+02:00","subject":"Euro € 😀","datacontenttype":"application/json",` +
      '"dataschema":"https://example.com/s#/Order","7":"","attempt":3,"eddainstanceid":"orders-1",' +
      '"traceparent":"00-a-b-01","urgent":false,"data":{"sku":"a","cents":100}}',
  ],
  ['JSON null is data', event({ data: null }), `{${envelope},"data":null}`],
  ['undefined is no data', event({ data: undefined }), `{${envelope}}`],
  ['a string of JSON stays a string', event({ data: '{"a":1}' }), `{${envelope},"data":"{\\"a\\":1}"}`],
  [
    'text',
    event({ datacontenttype: 'text/plain', data: 'a\n"b"' }),
    `{${envelope},"datacontenttype":"text/plain","data":"a\\n\\"b\\""}`,
  ],
  [
    'bytes',
    event({ datacontenttype: 'image/png', data: bytes(0, 1, 255) }),
    `{${envelope},"datacontenttype":"image/png","data_base64":"AAH/"}`,
  ],
  ['bytes without a content type', event({ data: bytes(0) }), `{${envelope},"data_base64":"AA=="}`],
  ['no bytes', event({ data: bytes() }), `{${envelope},"data_base64":""}`],
  [
    'a view into a greater buffer',
    event({ data: bytes(9, 0, 1, 9).subarray(1, 3) }),
    `{${envelope},"data_base64":"AAE="}`,
  ],
  ['a lone surrogate in JSON, escaped', event({ data: '\ud800' }), `{${envelope},"data":"\\ud800"}`],
]

describe('structured mode writes', () => {
  test.each(STRUCTURED)('%s', (_, given, body) => {
    const message = encodeStructured(given)
    expect({ headers: message.headers, body: text(message.body) }).toEqual({
      headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
      body,
    })
  })

  test('the same bytes for equal events, whatever the order of their members', () => {
    const { extensions, ...core } = full
    const turned = { extensions: Object.fromEntries(Object.entries(extensions).reverse()), ...core }
    expect(encodeStructured(turned).body).toEqual(encodeStructured(full).body)
  })

  test('a batch as an array of the same texts', () => {
    const message = encodeBatch([event(), full])
    expect(message.headers).toEqual({ 'content-type': 'application/cloudevents-batch+json; charset=utf-8' })
    expect(text(message.body)).toBe(`[${text(encodeStructured(event()).body)},${text(encodeStructured(full).body)}]`)
    expect(text(encodeBatch([]).body)).toBe('[]')
  })
})

const HEADERS = { 'ce-specversion': '1.0', 'ce-id': 'A-1', 'ce-source': '/shop', 'ce-type': 'order.placed' }

const BINARY: ReadonlyArray<
  readonly [name: string, event: CloudEvent, headers: Record<string, string>, body: Uint8Array]
> = [
  ['the smallest event', event(), HEADERS, bytes()],
  [
    'every attribute',
    full,
    {
      ...HEADERS,
      'ce-time': '2018-04-05T17:31:00.10+02:00',
      'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80',
      'content-type': 'application/json',
      'ce-dataschema': 'https://example.com/s#/Order',
      'ce-7': '',
      'ce-attempt': '3',
      'ce-eddainstanceid': 'orders-1',
      'ce-traceparent': '00-a-b-01',
      'ce-urgent': 'false',
    },
    utf8('{"sku":"a","cents":100}'),
  ],
  [
    'quotes, percent signs and blanks, encoded',
    event({ subject: '"100%" ok' }),
    { ...HEADERS, 'ce-subject': '%22100%25%22%20ok' },
    bytes(),
  ],
  [
    'nothing that needs no encoding, encoded',
    event({ subject: "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~" }),
    { ...HEADERS, 'ce-subject': "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~" },
    bytes(),
  ],
  [
    'JSON without a content type, as application/json',
    event({ data: 'x' }),
    { ...HEADERS, 'content-type': 'application/json' },
    utf8('"x"'),
  ],
  ['bytes without a content type, without one', event({ data: bytes(1, 2) }), HEADERS, bytes(1, 2)],
  [
    'text',
    event({ datacontenttype: 'text/plain', data: '€' }),
    { ...HEADERS, 'content-type': 'text/plain' },
    utf8('€'),
  ],
  [
    'a content type without data',
    event({ datacontenttype: 'image/png' }),
    { ...HEADERS, 'content-type': 'image/png' },
    bytes(),
  ],
  [
    'text of an opaque type, as UTF-8',
    event({ datacontenttype: 'image/png', data: '€' }),
    { ...HEADERS, 'content-type': 'image/png' },
    utf8('€'),
  ],
]

describe('binary mode writes', () => {
  test.each(BINARY)('%s', (_, given, headers, body) => {
    expect(encodeBinary(given)).toEqual({ headers, body })
  })
})

const as = (members: Record<string, unknown>) => ({ ...event(), ...members }) as CloudEvent

const INVALID: ReadonlyArray<readonly [name: string, event: CloudEvent, errorType: string, message: string]> = [
  ['without an id', as({ id: undefined }), 'MissingAttribute', 'missing required attributes: id'],
  ['with an empty type', as({ type: '' }), 'InvalidAttribute', 'attribute "type" is empty'],
  [
    'with a bad source',
    as({ source: 'a b' }),
    'InvalidAttribute',
    'attribute "source" is not a URI-reference (RFC 3986): "a b"',
  ],
  ['with a bad time', as({ time: 'now' }), 'InvalidAttribute', 'attribute "time" is not an RFC 3339 timestamp: "now"'],
  [
    'with a number as subject',
    as({ subject: 1 }),
    'InvalidAttribute',
    'attribute "subject" must be a string, not a number',
  ],
  [
    'with a bad extension name',
    as({ extensions: { traceId: 'x' } }),
    'InvalidAttribute',
    'the attribute name "traceId" does not consist of a-z and 0-9',
  ],
  [
    'with a core attribute as extension',
    as({ extensions: { id: 'x' } }),
    'InvalidAttribute',
    'extension "id" is a core attribute',
  ],
  [
    'with an extension called data',
    as({ extensions: { data: 'x' } }),
    'InvalidAttribute',
    'the attribute name "data" is reserved',
  ],
  ['with a fraction', as({ extensions: { n: 0.5 } }), 'InvalidAttribute', 'attribute "n" is not a 32-bit integer: 0.5'],
  ['with NaN', as({ extensions: { n: Number.NaN } }), 'InvalidAttribute', 'attribute "n" is not a 32-bit integer: NaN'],
  [
    'with a Date',
    as({ extensions: { at: new Date(0) } }),
    'InvalidAttribute',
    'attribute "at" has no CloudEvents type: an object',
  ],
  [
    'with an object as text',
    as({ datacontenttype: 'text/plain', data: {} }),
    'InvalidData',
    'data must be a string or bytes when the content type is "text/plain"',
  ],
  [
    'with a bad content type',
    as({ datacontenttype: 'json', data: 'x' }),
    'InvalidAttribute',
    'attribute "datacontenttype" is not a media type (RFC 2046): "json"',
  ],
]

describe('neither mode writes an event', () => {
  test.each(INVALID)('%s', (_, given, errorType, message) => {
    for (const encode of [encodeStructured, encodeBinary]) {
      expect(() => encode(given)).toThrow(expect.objectContaining({ errorType, message }))
    }
  })

  test('with circular data, and says where', () => {
    const data: Record<string, unknown> = { a: {} }
    data.a = { b: data }
    for (const encode of [encodeStructured, encodeBinary]) {
      expect(() => encode(as({ data }))).toThrow('Cannot store data of event A-1 at $.a.b: circular reference')
    }
  })
})

describe('binary mode cannot carry', () => {
  test('text in another charset', () => {
    const latin = event({ datacontenttype: 'text/plain; charset=iso-8859-1', data: 'é' })
    expect(() => encodeBinary(latin)).toThrow(
      new CloudEventError('UnsupportedMediaType', 'only UTF-8 is supported, not "text/plain; charset=iso-8859-1"'),
    )
    expect(text(encodeStructured(latin).body)).toContain('"data":"é"')
  })

  test('text with an unpaired surrogate', () => {
    expect(() => encodeBinary(event({ datacontenttype: 'text/plain', data: 'a\ud800' }))).toThrow(
      new CloudEventError('InvalidData', 'data has an unpaired surrogate and no UTF-8 form'),
    )
  })
})
