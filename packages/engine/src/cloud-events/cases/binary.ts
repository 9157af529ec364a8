/** Binary mode: HTTP binding §3.1, body and header values. */
import type { JsonValue } from '../../model/json'
import { binary, bytes, type DecodeCase, event, MINIMAL_HEADERS, refused, utf8 } from './case'
import * as sdk from './sdk-faults'

const JSON_TYPE = { 'content-type': 'application/json' }
const withJson = (data: JsonValue) => event({ datacontenttype: 'application/json', data })

const JSON_BODIES: ReadonlyArray<readonly [what: string, body: string, data: JsonValue, sdk?: string]> = [
  ['an object', '{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
  ['an array', '[1]', [1]],
  ['a string', '"hello"', 'hello'],
  ['a string that holds JSON', '"{\\"a\\":1}"', '{"a":1}'],
  ['a number', '42', 42, sdk.jsonScalars],
  ['a negative number', '-1.5e3', -1500, sdk.jsonScalars],
  ['true', 'true', true, sdk.jsonScalars],
  ['false', 'false', false, sdk.jsonScalars],
  ['null', 'null', null, sdk.jsonScalars],
  ['an object behind blanks', ' \n{"a":1}', { a: 1 }, sdk.stringParsedTwice],
]

const JSON_TYPES: ReadonlyArray<readonly [type: string, sdk?: string]> = [
  ['application/json; charset=utf-8'],
  ['application/json;charset=UTF-8', sdk.binaryDataByExactType],
  ['application/json; charset="utf-8"', sdk.binaryDataByExactType],
  ['APPLICATION/JSON', sdk.binaryDataByExactType],
  ['text/json', sdk.binaryDataByExactType],
  ['application/geo+json', sdk.binaryDataByExactType],
  ['application/vnd.example.v1+json; profile=x', sdk.binaryDataByExactType],
]

const TEXT_TYPES = [
  'text/plain',
  'text/plain; charset=UTF-8',
  'text/html',
  'application/xml',
  'image/svg+xml',
  'application/yaml',
  'TEXT/CSV',
]
const OPAQUE_TYPES = [
  'application/octet-stream',
  'image/png',
  'application/protobuf',
  'application/x-www-form-urlencoded',
  'application/json-seq',
  'application/octet-stream; charset=binary',
]

const data: readonly DecodeCase[] = [
  ...JSON_BODIES.map(([what, body, value, reason]) =>
    binary(`a JSON body may be ${what}`, JSON_TYPE, body, withJson(value), reason ? { sdk: reason } : {}),
  ),
  ...JSON_TYPES.map(([type, reason]) =>
    binary(
      `a body of ${type} is parsed as JSON`,
      { 'content-type': type },
      '{"a":1}',
      event({ datacontenttype: type, data: { a: 1 } }),
      reason ? { sdk: reason } : {},
    ),
  ),
  ...TEXT_TYPES.map((type) =>
    binary(
      `a body of ${type} is text`,
      { 'content-type': type },
      '{"a":1} €',
      event({ datacontenttype: type, data: '{"a":1} €' }),
    ),
  ),
  ...OPAQUE_TYPES.map((type) =>
    binary(
      `a body of ${type} stays bytes`,
      { 'content-type': type },
      bytes(0xc0, 0xa0, 0),
      event({ datacontenttype: type, data: bytes(0xc0, 0xa0, 0) }),
    ),
  ),
  binary(
    'a body without a content type stays bytes, even when they spell JSON',
    {},
    utf8('{ "xyz": 123 }'),
    event({ data: utf8('{ "xyz": 123 }') }),
  ),
  binary('an empty body is no data', JSON_TYPE, '', event({ datacontenttype: 'application/json' })),
  binary('an empty body without a content type is no data', {}, '', event()),
  binary(
    'a byte order mark in text is kept',
    { 'content-type': 'text/plain' },
    '\ufeffx',
    event({ datacontenttype: 'text/plain', data: '\ufeffx' }),
  ),
]

const NOT_JSON: ReadonlyArray<readonly [body: string, sdk?: string]> = [
  ['hello', sdk.stringParsedTwice],
  ['{'],
  ['[1,]'],
  ['NaN', sdk.stringParsedTwice],
  ['\ufeff{}', sdk.stringParsedTwice],
  [' ', sdk.stringParsedTwice],
]
const OTHER_CHARSETS = ['iso-8859-1', 'utf-16', 'us-ascii', 'utf8', '"latin1"']

const refusals: readonly DecodeCase[] = [
  ...NOT_JSON.map(([body, reason]) =>
    binary(
      `a JSON body is refused that is none: ${JSON.stringify(body)}`,
      JSON_TYPE,
      body,
      refused('InvalidJson', 'the body is not valid JSON (RFC 8259)'),
      reason ? { sdk: reason } : {},
    ),
  ),
  ...OTHER_CHARSETS.flatMap((charset) => [
    binary(
      `a JSON body in ${charset} is refused`,
      { 'content-type': `application/json; charset=${charset}` },
      '{}',
      refused(
        'UnsupportedMediaType',
        `only UTF-8 is supported, not ${JSON.stringify(`application/json; charset=${charset}`)}`,
      ),
      { sdk: sdk.mediaTypeUnchecked },
    ),
    binary(
      `a text body in ${charset} is refused`,
      { 'content-type': `text/plain; charset=${charset}` },
      'x',
      refused(
        'UnsupportedMediaType',
        `only UTF-8 is supported, not ${JSON.stringify(`text/plain; charset=${charset}`)}`,
      ),
      { sdk: sdk.mediaTypeUnchecked },
    ),
  ]),
  binary(
    'a ce-datacontenttype header is refused',
    { 'ce-datacontenttype': 'application/json' },
    '{}',
    refused('InvalidHeader', 'the header "ce-datacontenttype" is forbidden: use content-type'),
    { sdk: sdk.datacontenttypeHeader },
  ),
  binary(
    'a ce-datacontenttype header is refused also when it agrees',
    { ...JSON_TYPE, 'CE-DataContentType': 'application/json' },
    '{}',
    refused('InvalidHeader', 'the header "ce-datacontenttype" is forbidden: use content-type'),
    { sdk: sdk.datacontenttypeHeader },
  ),
  binary(
    'a content type that is none is refused',
    { 'content-type': 'json' },
    '{}',
    refused('InvalidAttribute', 'attribute "datacontenttype" is not a media type (RFC 2046): "json"'),
    { sdk: sdk.mediaTypeUnchecked },
  ),
  binary(
    'a JSON body that is not UTF-8 is refused',
    JSON_TYPE,
    bytes(0x22, 0xff, 0x22),
    refused('InvalidUtf8', 'the body is not valid UTF-8'),
    { sdk: sdk.utf8Replaced },
  ),
  binary(
    'a text body that is not UTF-8 is refused',
    { 'content-type': 'text/plain' },
    bytes(0xc0, 0xa0),
    refused('InvalidUtf8', 'the body is not valid UTF-8'),
    { sdk: sdk.utf8Replaced },
  ),
  binary(
    'a text body with an encoded surrogate is refused',
    { 'content-type': 'text/plain' },
    bytes(0xed, 0xa0, 0x80),
    refused('InvalidUtf8', 'the body is not valid UTF-8'),
    { sdk: sdk.utf8Replaced },
  ),
]

/** What a header says, and the subject it means. */
const HEADER_VALUES: ReadonlyArray<readonly [why: string, header: string, subject: string]> = [
  ['as the binding spells its example', 'Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
  ['with lower-case hexadecimal digits', 'Euro%20%e2%82%ac', 'Euro €'],
  ['that was encoded needlessly', '%61%62%63', 'abc'],
  ['with an encoded percent sign', '100%25', '100%'],
  ['for exactly one round', '%2520', '%20'],
  ['for exactly one round, of an encoded character too', '%25E2%2582%25AC', '%E2%82%AC'],
  ['with an encoded double quote', '%22x%22', '"x"'],
  ['within a quoted string', '"a%20b"', 'a b'],
]
const PLAIN_VALUES: ReadonlyArray<readonly [why: string, header: string, subject: string]> = [
  ['raw blanks, as older senders write them', 'a b  c', 'a b  c'],
  ['double quotes inside, as older senders write them', 'say "hi"', 'say "hi"'],
  ['a plus sign, which is no blank', 'a+b', 'a+b'],
  ['backslashes outside quotes', 'a\\b', 'a\\b'],
]
const QUOTED_VALUES: ReadonlyArray<readonly [why: string, header: string, subject: string]> = [
  ['plain', '"abc"', 'abc'],
  ['with blanks around', '" a b "', ' a b '],
  ['with an escaped double quote', '"say \\"hi\\""', 'say "hi"'],
  ['with an escaped backslash', '"a\\\\b"', 'a\\b'],
  ['with a needless escape', '"\\a\\b"', 'ab'],
  ['with a comma and a parenthesis, which mean nothing', '"a, (b)"', 'a, (b)'],
  ['whose escape hides a percent sign', '"\\%41"', 'A'],
]
const BAD_VALUES: ReadonlyArray<readonly [what: string, header: string, problem: string]> = [
  ['an overlong encoding', '%C0%A0', 'is percent-encoded but not UTF-8'],
  ['an encoded surrogate', '%ED%A0%80', 'is percent-encoded but not UTF-8'],
  ['a lone continuation byte', '%A0', 'is percent-encoded but not UTF-8'],
  ['a cut-off sequence', '%E2%82', 'is percent-encoded but not UTF-8'],
  ['a code point above U+10FFFF', '%F4%90%80%80', 'is percent-encoded but not UTF-8'],
  ['a stray percent sign', '100%', 'has a "%" without two hexadecimal digits'],
  ['a percent sign before other letters', '%zz', 'has a "%" without two hexadecimal digits'],
  ['a percent sign with one digit', '%4', 'has a "%" without two hexadecimal digits'],
  ['an unclosed quoted string', '"abc', 'begins with a double quote but is no quoted string'],
  ['text behind a quoted string', '"abc" def', 'begins with a double quote but is no quoted string'],
  ['a quoted string that ends in an escape', '"abc\\"', 'begins with a double quote but is no quoted string'],
  ['a raw letter outside ASCII', 'café', 'has characters outside printable ASCII; percent-encode them'],
  ['a raw tab', 'a\tb', 'has characters outside printable ASCII; percent-encode them'],
]

const headerValues: readonly DecodeCase[] = [
  ...HEADER_VALUES.map(([why, header, subject]) =>
    binary(`a header value is percent-decoded ${why}`, { 'ce-subject': header }, '', event({ subject }), {
      sdk: sdk.noPercentDecoding,
    }),
  ),
  ...PLAIN_VALUES.map(([why, header, subject]) =>
    binary(`a header value may hold ${why}`, { 'ce-subject': header }, '', event({ subject })),
  ),
  ...QUOTED_VALUES.map(([why, header, subject]) =>
    binary(`a quoted header value is unquoted: ${why}`, { 'ce-subject': header }, '', event({ subject }), {
      sdk: sdk.noQuotedStrings,
    }),
  ),
  ...BAD_VALUES.map(([what, header, problem]) =>
    binary(
      `a header value with ${what} is refused`,
      { 'ce-subject': header },
      '',
      refused('InvalidHeader', `the header "ce-subject" ${problem}: ${JSON.stringify(header)}`),
      { sdk: sdk.noPercentDecoding },
    ),
  ),
  binary(
    'an encoded control character is refused',
    { 'ce-subject': 'a%0Ab' },
    '',
    refused('InvalidAttribute', 'attribute "subject" has a forbidden character: "a\\nb"'),
    { sdk: sdk.noPercentDecoding },
  ),
  binary(
    'an encoded U+0000 is refused',
    { 'ce-id': 'a%00' },
    '',
    refused('InvalidAttribute', 'attribute "id" has a forbidden character: "a\\u0000"'),
    { sdk: sdk.noPercentDecoding },
  ),
  binary('an empty quoted id is empty', { 'ce-id': '""' }, '', refused('InvalidAttribute', 'attribute "id" is empty'), {
    sdk: sdk.noQuotedStrings,
  }),
  binary(
    'the source is decoded before it is judged',
    { 'ce-source': '%2Fshop%2520a' },
    '',
    event({ source: '/shop%20a' }),
    { sdk: sdk.noPercentDecoding },
  ),
  binary(
    'blanks around a header value are not part of it',
    { 'ce-subject': ' \t x \t ' },
    '',
    event({ subject: 'x' }),
    { sdk: sdk.blanksKept },
  ),
]

const repeated = (name: string) => refused('InvalidHeader', `the header "${name}" was sent more than once`)
const shapes: readonly DecodeCase[] = [
  {
    name: 'headers may come as a Headers object',
    headers: new Headers(MINIMAL_HEADERS),
    body: '',
    expected: { mode: 'binary', events: [event()] },
  },
  {
    name: 'headers may come as pairs',
    headers: Object.entries(MINIMAL_HEADERS),
    body: '',
    expected: { mode: 'binary', events: [event()] },
  },
  {
    name: 'headers may come as lists of one value',
    headers: { ...MINIMAL_HEADERS, 'ce-subject': ['x'], 'ce-ext': [] },
    body: '',
    expected: { mode: 'binary', events: [event({ subject: 'x' })] },
    sdk: sdk.repeatedHeaders,
  },
  {
    name: 'a header repeated in another case is refused',
    headers: { ...MINIMAL_HEADERS, 'CE-ID': 'B-2' },
    body: '',
    expected: repeated('ce-id'),
    sdk: sdk.repeatedHeaders,
  },
  {
    name: 'a header with two values is refused',
    headers: { ...MINIMAL_HEADERS, 'ce-ext': ['x', 'x'] },
    body: '',
    expected: repeated('ce-ext'),
    sdk: sdk.repeatedHeaders,
  },
  {
    name: 'two content types are refused',
    headers: [...Object.entries(MINIMAL_HEADERS), ['content-type', 'text/plain'], ['Content-Type', 'application/json']],
    body: '{}',
    expected: repeated('content-type'),
    sdk: sdk.repeatedHeaders,
  },
  {
    name: 'a header that the codec does not read may repeat',
    headers: { ...MINIMAL_HEADERS, 'set-cookie': ['a', 'b'] },
    body: '',
    expected: { mode: 'binary', events: [event()] },
  },
]

export const binaryCases: readonly DecodeCase[] = [...data, ...refusals, ...headerValues, ...shapes]
