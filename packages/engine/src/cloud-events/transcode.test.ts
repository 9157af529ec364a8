/** One event in both modes: the pairs of examples in JSON format §3.2, with values of our own. */
import { describe, expect, test } from 'vitest'
import { encodeBinary } from './binary'
import { MINIMAL, MINIMAL_HEADERS, STRUCTURED } from './cases/case'
import { decodeRequest } from './http'

interface Pair {
  readonly name: string
  /** Members beside those of MINIMAL. */
  readonly structured: Record<string, unknown>
  /** Headers beside those of MINIMAL. */
  readonly headers: Record<string, string>
  readonly body: string
}

const PAIRS: readonly Pair[] = [
  {
    name: 'bytes, an extension that is text and one that is a number',
    structured: {
      time: '2018-04-05T17:31:00Z',
      ext1: 'value',
      ext2: 5,
      datacontenttype: 'application/x-thrift',
      data_base64: 'aGk=',
    },
    headers: {
      'ce-time': '2018-04-05T17:31:00Z',
      'ce-ext1': 'value',
      'ce-ext2': '5',
      'content-type': 'application/x-thrift',
    },
    body: 'hi',
  },
  {
    name: 'XML as text, an extension that is null',
    structured: { unset: null, datacontenttype: 'application/xml', data: '<much wow="xml"/>' },
    headers: { 'content-type': 'application/xml' },
    body: '<much wow="xml"/>',
  },
  {
    name: 'a JSON object',
    structured: { subject: null, datacontenttype: 'application/json', data: { a: 'abc', b: 123, c: true } },
    headers: { 'content-type': 'application/json' },
    body: '{"a":"abc","b":123,"c":true}',
  },
  {
    name: 'a JSON number',
    structured: { datacontenttype: 'application/json', data: 1.5 },
    headers: { 'content-type': 'application/json' },
    body: '1.5',
  },
  {
    name: 'a JSON string without a content type, which becomes explicit',
    structured: { data: "I'm just a string" },
    headers: { 'content-type': 'application/json' },
    body: '"I\'m just a string"',
  },
  {
    name: 'bytes without a content type, which stays away',
    structured: { data_base64: 'eyAieHl6IjogMTIzIH0=' },
    headers: {},
    body: '{ "xyz": 123 }',
  },
  {
    name: 'a subject beyond ASCII',
    structured: { subject: 'Euro € 😀' },
    headers: { 'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80' },
    body: '',
  },
]

describe('structured mode re-encoded in binary mode', () => {
  test.each(PAIRS)('$name', ({ structured, headers, body }) => {
    const received = new TextEncoder().encode(JSON.stringify({ ...MINIMAL, ...structured }))
    const sent = decodeRequest(STRUCTURED, received).events.map(encodeBinary)
    expect(sent).toEqual([{ headers: { ...MINIMAL_HEADERS, ...headers }, body: new TextEncoder().encode(body) }])
  })
})
