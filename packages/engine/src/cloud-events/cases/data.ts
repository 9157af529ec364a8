/** `data` and `data_base64` of the JSON format, §3.1. */
import type { JsonValue } from '../../model/json'
import { bytes, type DecodeCase, event, refused, structured, structuredText, utf8 } from './case'
import * as sdk from './sdk-faults'

const invalid = (message: string) => refused('InvalidData', message)

const JSON_VALUES: ReadonlyArray<readonly [what: string, data: JsonValue, sdk?: string]> = [
  ['an object', { sku: 'a', cents: 100 }],
  ['an empty object', {}],
  ['an array', [1, 'two', null, { three: 3 }]],
  ['an empty array', []],
  ['a string', 'hello'],
  ['an empty string', '', sdk.falsyDropped],
  ['a string that holds JSON, unparsed', '{"a":1}'],
  ['a string that holds a number, unparsed', '42'],
  ['a string that looks like base64', 'Zm9vYg=='],
  ['a number', 1.5],
  ['zero', 0, sdk.falsyDropped],
  ['a great number', 1.7976931348623157e308],
  ['true', true],
  ['false', false, sdk.falsyDropped],
  ['null, which is a value here', null, sdk.nullData],
  ['a string with U+0000 and a lone surrogate', 'a\u0000\ud800'],
  ['an object with an empty key', { '': 1 }],
  ['an object with a key called data', { data: 1, data_base64: 'x' }],
]

const JSON_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON',
  'text/json',
  'application/geo+json',
  'application/vnd.example.v1+JSON;profile="a b"',
  'application/json; charset=iso-8859-1', // the text was decoded with the envelope: the parameter has no effect
]

const TEXT_TYPES = [
  'text/plain',
  'application/xml',
  'text/plain; charset=utf-8',
  'TEXT/PLAIN',
  'application/jsonp',
  'application/octet-stream',
  'application/json-seq',
]

const jsonData: readonly DecodeCase[] = [
  ...JSON_VALUES.map(([what, data, reason]) =>
    structured(`data without a content type may be ${what}`, { data }, event({ data }), reason ? { sdk: reason } : {}),
  ),
  ...JSON_TYPES.map((datacontenttype) =>
    structured(
      `data of ${datacontenttype} is a JSON value`,
      { datacontenttype, data: { a: [1] } },
      event({ datacontenttype, data: { a: [1] } }),
    ),
  ),
  structured(
    'data that is a string stays one when the content type is JSON',
    { datacontenttype: 'application/json', data: '{"a":1}' },
    event({ datacontenttype: 'application/json', data: '{"a":1}' }),
  ),
  structured(
    'a content type may stand without data',
    { datacontenttype: 'application/json' },
    event({ datacontenttype: 'application/json' }),
  ),
  structuredText(
    'of duplicate keys the last one wins',
    '{"specversion":"1.0","id":"first","id":"A-1","source":"/shop","type":"order.placed","data":{"a":1,"a":2}}',
    event({ data: { a: 2 } }),
  ),
  structuredText(
    'blanks around the JSON are allowed',
    ' \r\n\t{ "specversion" : "1.0" , "id" : "A-1", "source" : "/shop", "type" : "order.placed" } \n',
    event(),
    { sdk: sdk.stringParsedTwice },
  ),
  structuredText(
    'escaped names of attributes are their names',
    '{"specversion":"1.0","\\u0069d":"A-1","source":"/shop","type":"order.placed"}',
    event(),
  ),
]

const textData: readonly DecodeCase[] = [
  ...TEXT_TYPES.map((datacontenttype) =>
    structured(
      `data of ${datacontenttype} is text`,
      { datacontenttype, data: '<much wow="xml"/>' },
      event({ datacontenttype, data: '<much wow="xml"/>' }),
    ),
  ),
  ...[{ a: 1 }, [1], 42, true, null].map((data) =>
    structured(
      `data of text/plain is refused when it is ${JSON.stringify(data)}`,
      { datacontenttype: 'text/plain', data },
      invalid('"data" must be a string when the content type is "text/plain"'),
      { sdk: sdk.textNotChecked },
    ),
  ),
  structured(
    'text may be empty',
    { datacontenttype: 'text/plain', data: '' },
    event({ datacontenttype: 'text/plain', data: '' }),
    { sdk: sdk.falsyDropped },
  ),
]

const BASE64: ReadonlyArray<readonly [what: string, base64: string, data: Uint8Array, sdk?: string]> = [
  ['without padding', 'AAEC', bytes(0, 1, 2)],
  ['with one padding character', 'AAE=', bytes(0, 1)],
  ['with two padding characters', '/w==', bytes(255)],
  ['with both special characters', '+/+/', bytes(0xfb, 0xff, 0xbf)],
  ['of no bytes', '', bytes(), sdk.falsyDropped],
  ['of bytes that are not UTF-8', 'wKA=', bytes(0xc0, 0xa0)],
]
const NOT_BASE64: ReadonlyArray<readonly [what: string, base64: unknown, sdk?: string]> = [
  ['has the URL alphabet', '-_-_', sdk.base64Lenient],
  ['lacks its padding', 'AAE', sdk.base64Lenient],
  ['has too much padding', 'AAEC====', sdk.base64Lenient],
  ['has unused bits set', 'AAF=', sdk.base64Lenient],
  ['has a line break', 'AAEC\nAAEC', sdk.base64Lenient],
  ['has a blank in front', ' AAEC', sdk.base64Lenient],
  ['has a foreign character', 'AA*C', sdk.base64Lenient],
  ['is cut off', 'A', sdk.base64Lenient],
  ['is a number', 42],
  ['is an object', {}],
  ['is true', true],
]
const describe = (value: unknown) =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : value !== null && typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`

const binaryData: readonly DecodeCase[] = [
  ...BASE64.map(([what, data_base64, data, reason]) =>
    structured(`data_base64 ${what} becomes bytes`, { data_base64 }, event({ data }), reason ? { sdk: reason } : {}),
  ),
  ...NOT_BASE64.map(([what, data_base64, reason]) =>
    structured(
      `data_base64 is refused when it ${what}`,
      { data_base64 },
      invalid(`"data_base64" is not base64 (RFC 4648): ${describe(data_base64)}`),
      reason ? { sdk: reason } : {},
    ),
  ),
  structured('data_base64 that is null is absent', { data_base64: null, data: 1 }, event({ data: 1 })),
  structured(
    'data and data_base64 together are refused',
    { data: 1, data_base64: 'AAEC' },
    invalid('an event has either "data" or "data_base64"'),
    { sdk: sdk.base64WithData },
  ),
  structured(
    'data_base64 beside a data that is null is refused',
    { data: null, data_base64: 'AAEC' },
    invalid('an event has either "data" or "data_base64"'),
    { sdk: sdk.base64WithData },
  ),
  structured(
    'data_base64 of JSON stays bytes',
    { datacontenttype: 'application/json', data_base64: 'eyJhIjoxfQ==' },
    event({ datacontenttype: 'application/json', data: utf8('{"a":1}') }),
  ),
  structured(
    'data_base64 without a content type stays bytes, even when they spell JSON',
    { data_base64: 'eyAieHl6IjogMTIzIH0=' },
    event({ data: utf8('{ "xyz": 123 }') }),
  ),
  structured(
    'datacontentencoding of version 0.3 is an ordinary extension',
    { data: 'AAEC', datacontentencoding: 'base64' },
    event({ data: 'AAEC' }, { datacontentencoding: 'base64' }),
    { sdk: sdk.datacontentencoding },
  ),
]

const MEDIA_TYPES = [
  'json',
  'application/',
  '/json',
  'application json',
  'text/plain;charset',
  'text/plain; a=b; A=c',
  'text/plain; charset="utf-8',
  'text/plain utf-8',
  'text/plain;a =b',
  'tëxt/plain',
  '*',
]
const mediaTypes: readonly DecodeCase[] = [
  ...MEDIA_TYPES.map((datacontenttype) =>
    structured(
      `${JSON.stringify(datacontenttype)} is no content type`,
      { datacontenttype },
      refused(
        'InvalidAttribute',
        `attribute "datacontenttype" is not a media type (RFC 2046): ${JSON.stringify(datacontenttype)}`,
      ),
      { sdk: sdk.mediaTypeUnchecked },
    ),
  ),
  structured(
    'a content type may have quoted and empty parameters',
    { datacontenttype: 'text/plain; a="x;\\"y";; b=c;', data: 'x' },
    event({ datacontenttype: 'text/plain; a="x;\\"y";; b=c;', data: 'x' }),
  ),
]

const NOT_OBJECTS: ReadonlyArray<readonly [body: string, what: string]> = [
  ['[]', 'an array'],
  ['null', 'null'],
  ['"x"', 'a string'],
  ['42', 'a number'],
  ['true', 'a boolean'],
]
const NOT_JSON = [
  '',
  ' ',
  '{',
  '{"id":}',
  '{"id":"1",}',
  "{'id':'1'}",
  '{"a":01}',
  '{"a":NaN}',
  '{"a":"\n"}',
  'specversion=1.0',
  '{}{}',
  '{"a":1}//',
  '\ufeff{}',
  '<event/>',
  'undefined',
]

const bodies: readonly DecodeCase[] = [
  ...NOT_OBJECTS.map(([body, what]) =>
    structuredText(
      `a structured body is refused when it is ${what}`,
      body,
      invalid(`an event must be a JSON object, not ${what}`),
    ),
  ),
  ...NOT_JSON.map((body) =>
    structuredText(
      `a body is refused that is no JSON: ${JSON.stringify(body)}`,
      body,
      refused('InvalidJson', 'the body is not valid JSON (RFC 8259)'),
    ),
  ),
  structuredText(
    'an object without anything lacks everything',
    '{}',
    refused('MissingAttribute', 'missing required attributes: specversion, id, source, type'),
  ),
]

export const dataCases: readonly DecodeCase[] = [...jsonData, ...textData, ...binaryData, ...mediaTypes, ...bodies]
