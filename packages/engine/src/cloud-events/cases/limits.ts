/** Limits at their edges, UTF-8, and keys that reach prototypes. */
import type { JsonValue } from '../../model/json'
import {
  BATCH,
  binary,
  bytes,
  type DecodeCase,
  event,
  MINIMAL,
  refused,
  STRUCTURED,
  structured,
  structuredText,
  utf8,
} from './case'
import * as sdk from './sdk-faults'

const one = JSON.stringify(MINIMAL)
const JSON_TYPE = { 'content-type': 'application/json' }

function nested(levels: number): JsonValue {
  return levels === 0 ? 0 : levels % 2 === 0 ? { a: nested(levels - 1) } : [nested(levels - 1)]
}
function withKeys(count: number): JsonValue {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]))
}
const tooDeep = refused('TooLarge', 'the data is nested deeper than 64 levels')
const tooManyKeys = refused('TooLarge', 'the body has more than 10000 object members')
const withData = (data: string) =>
  `{"specversion":"1.0","id":"A-1","source":"/shop","type":"order.placed","data":${data}}`

const tooLong = (name: string, limit: number) =>
  refused('TooLarge', `attribute "${name}" is longer than ${limit} characters`)

const sizes: readonly DecodeCase[] = [
  structuredText('a body of exactly the limit is accepted', one, event(), { limits: { maxBodyBytes: one.length } }),
  structuredText(
    'a body of one byte more is refused',
    one,
    refused('TooLarge', `the body has ${one.length} bytes, more than ${one.length - 1}`),
    { limits: { maxBodyBytes: one.length - 1 }, sdk: sdk.limitsAbsent },
  ),
  structuredText(
    'a body of 1 MiB is accepted by default',
    withData(`"${'x'.repeat(1_048_576 - withData('""').length)}"`),
    event({ data: 'x'.repeat(1_048_576 - withData('""').length) }),
  ),
  structuredText(
    'a body of 1 MiB and a byte is refused by default',
    withData(`"${'x'.repeat(1_048_577 - withData('""').length)}"`),
    refused('TooLarge', 'the body has 1048577 bytes, more than 1048576'),
    { sdk: sdk.limitsAbsent },
  ),
  structuredText(
    'the limit counts bytes, not characters',
    withData('"€"'),
    refused('TooLarge', `the body has ${utf8(withData('"€"')).length} bytes, more than ${withData('"€"').length}`),
    { limits: { maxBodyBytes: withData('"€"').length }, sdk: sdk.limitsAbsent },
  ),
  {
    name: 'the size is judged before the content type',
    headers: { 'content-type': 'application/cloudevents+xml' },
    body: 'xx',
    limits: { maxBodyBytes: 1 },
    expected: refused('TooLarge', 'the body has 2 bytes, more than 1'),
  },
  structured(
    'an attribute of 8,192 characters is accepted',
    { ext: 'x'.repeat(8_192) },
    event({}, { ext: 'x'.repeat(8_192) }),
  ),
  structured(
    'an attribute of 8,193 characters is refused',
    { ext: 'x'.repeat(8_193) },
    refused('TooLarge', 'attribute "ext" is longer than 8192 characters'),
    { sdk: sdk.limitsAbsent },
  ),
  structured('an id of 250 characters is accepted', { id: 'x'.repeat(250) }, event({ id: 'x'.repeat(250) })),
  structured('an id of 251 characters is refused', { id: 'x'.repeat(251) }, tooLong('id', 250), {
    sdk: sdk.limitsAbsent,
  }),
  structured('a source of 500 characters is accepted', { source: 'x'.repeat(500) }, event({ source: 'x'.repeat(500) })),
  structured('a source of 501 characters is refused', { source: 'x'.repeat(501) }, tooLong('source', 500), {
    sdk: sdk.limitsAbsent,
  }),
  structured('a type of 255 characters is accepted', { type: 'x'.repeat(255) }, event({ type: 'x'.repeat(255) })),
  structured('a type of 256 characters is refused', { type: 'x'.repeat(256) }, tooLong('type', 255), {
    sdk: sdk.limitsAbsent,
  }),
  structured(
    'an extension name of 100 characters is accepted',
    { ['x'.repeat(100)]: 1 },
    event({}, { ['x'.repeat(100)]: 1 }),
  ),
  structured(
    'an extension name of 101 characters is refused',
    { ['x'.repeat(101)]: 1 },
    refused('TooLarge', `the attribute name "${'x'.repeat(80)}…" is longer than 100 characters`),
    { sdk: sdk.limitsAbsent },
  ),
  structured(
    'the length of an attribute is judged before its format',
    { source: ' '.repeat(9_000) },
    refused('TooLarge', 'attribute "source" is longer than 500 characters'),
  ),
]

const depths: readonly DecodeCase[] = [
  structured('data of 64 levels is accepted', { data: nested(64) }, event({ data: nested(64) })),
  structured('data of 65 levels is refused', { data: nested(65) }, tooDeep, { sdk: sdk.limitsAbsent }),
  structuredText(
    'data of 200,000 levels is refused without overflowing the stack',
    withData('['.repeat(200_000) + ']'.repeat(200_000)),
    tooDeep,
    { sdk: sdk.limitsAbsent },
  ),
  binary(
    'data of 64 levels is accepted in binary mode',
    JSON_TYPE,
    JSON.stringify(nested(64)),
    event({ datacontenttype: 'application/json', data: nested(64) }),
  ),
  binary('data of 65 levels is refused in binary mode', JSON_TYPE, JSON.stringify(nested(65)), tooDeep, {
    sdk: sdk.limitsAbsent,
  }),
  {
    name: 'data of 64 levels is accepted in a batch',
    headers: BATCH,
    body: JSON.stringify([{ ...MINIMAL, data: nested(64) }]),
    expected: { mode: 'batch', events: [event({ data: nested(64) })] },
  },
  {
    name: 'data of 65 levels is refused in a batch',
    headers: BATCH,
    body: JSON.stringify([{ ...MINIMAL, data: nested(65) }]),
    expected: tooDeep,
    sdk: sdk.limitsAbsent,
  },
  binary(
    'the depth can be limited to scalars',
    JSON_TYPE,
    '[]',
    refused('TooLarge', 'the data is nested deeper than 0 levels'),
    { limits: { maxDepth: 0 }, sdk: sdk.limitsAbsent },
  ),
]

const keys: readonly DecodeCase[] = [
  structured(
    '10,000 members are accepted, envelope included',
    { data: withKeys(9_995) },
    event({ data: withKeys(9_995) }),
  ),
  structured('10,001 members are refused', { data: withKeys(9_996) }, tooManyKeys, { sdk: sdk.limitsAbsent }),
  structured(
    'members are counted over all objects',
    { data: Array.from({ length: 5_000 }, () => ({ a: 1, b: 2 })) },
    tooManyKeys,
    { sdk: sdk.limitsAbsent },
  ),
  structured(
    'extensions are members too',
    Object.fromEntries(Array.from({ length: 9_997 }, (_, index) => [`x${index}`, 1])),
    tooManyKeys,
    { sdk: sdk.limitsAbsent },
  ),
  structured(
    'elements of arrays are not members',
    { data: Array.from({ length: 20_000 }, () => 0) },
    event({ data: Array.from({ length: 20_000 }, () => 0) }),
  ),
  binary(
    '10,000 members are accepted in binary mode',
    JSON_TYPE,
    JSON.stringify(withKeys(10_000)),
    event({ datacontenttype: 'application/json', data: withKeys(10_000) }),
  ),
  binary('10,001 members are refused in binary mode', JSON_TYPE, JSON.stringify(withKeys(10_001)), tooManyKeys, {
    sdk: sdk.limitsAbsent,
  }),
]

const forbidden = (path: string) => refused('InvalidData', `the key "${path}" is refused: it could change prototypes`)
const pollution: readonly DecodeCase[] = [
  structuredText(
    '__proto__ among the attributes is refused',
    '{"__proto__":{"polluted":1},"id":"A-1"}',
    forbidden('__proto__'),
  ),
  structuredText('__proto__ in data is refused', withData('{"__proto__":{"polluted":1}}'), forbidden('__proto__'), {
    sdk: sdk.prototypeKeys,
  }),
  structuredText(
    '__proto__ in data is refused also when escaped',
    withData('{"\\u005f_proto__":1}'),
    forbidden('__proto__'),
    { sdk: sdk.prototypeKeys },
  ),
  structuredText(
    '__proto__ deep in data is refused',
    withData('[{"a":[{"__proto__":null}]}]'),
    forbidden('__proto__'),
    { sdk: sdk.prototypeKeys },
  ),
  structuredText(
    'constructor.prototype in data is refused',
    withData('{"constructor":{"prototype":{"polluted":1}}}'),
    forbidden('constructor.prototype'),
    { sdk: sdk.prototypeKeys },
  ),
  structuredText(
    'constructor and prototype alone are ordinary keys',
    withData('{"constructor":1,"prototype":{"constructor":2}}'),
    event({ data: JSON.parse('{"constructor":1,"prototype":{"constructor":2}}') }),
  ),
  structuredText('the text __proto__ is an ordinary value', withData('"__proto__"'), event({ data: '__proto__' })),
  binary('__proto__ is refused in a binary body', JSON_TYPE, '{"a":{"__proto__":[]}}', forbidden('__proto__'), {
    sdk: sdk.prototypeKeys,
  }),
  binary(
    'a ce-__proto__ header is refused',
    { 'ce-__proto__': 'x' },
    '',
    refused('InvalidAttribute', 'the attribute name "__proto__" does not consist of a-z and 0-9'),
    { sdk: sdk.emptyBinaryExtension },
  ),
]

const splice = (before: string, bad: Uint8Array, after: string) =>
  Uint8Array.from([...utf8(before), ...bad, ...utf8(after)])
const NOT_UTF8: ReadonlyArray<readonly [what: string, bad: Uint8Array]> = [
  ['a lone continuation byte', bytes(0x80)],
  ['an overlong blank', bytes(0xc0, 0xa0)],
  ['an encoded surrogate', bytes(0xed, 0xa0, 0x80)],
  ['a byte that never occurs', bytes(0xff)],
  ['a cut-off sequence', bytes(0xe2, 0x82)],
  ['a letter in Latin-1', bytes(0xe9)],
  ['a code point above U+10FFFF', bytes(0xf4, 0x90, 0x80, 0x80)],
]
const encodings: readonly DecodeCase[] = [
  ...NOT_UTF8.map(
    ([what, bad]): DecodeCase => ({
      name: `a structured body with ${what} is refused`,
      headers: STRUCTURED,
      body: splice(withData('').slice(0, -1).concat('"'), bad, '"}'),
      expected: refused('InvalidUtf8', 'the body is not valid UTF-8'),
      sdk: sdk.utf8Replaced,
    }),
  ),
  structuredText(
    'a body in UTF-16 is refused',
    Uint8Array.from(Buffer.from(`\ufeff${one}`, 'utf16le')),
    refused('InvalidUtf8', 'the body is not valid UTF-8'),
  ),
  structuredText(
    'a body of raw and escaped characters reads the same',
    withData('"€ \\u20ac 😀 \\ud83d\\ude00"'),
    event({ data: '€ € 😀 😀' }),
  ),
]

export const limitCases: readonly DecodeCase[] = [...sizes, ...depths, ...keys, ...pollution, ...encodings]
