/** Which mode a request is in, and which are refused: HTTP binding §3. */
import { BATCH, type DecodeCase, event, MINIMAL, MINIMAL_HEADERS, refused, STRUCTURED } from './case'
import * as sdk from './sdk-faults'

const one = JSON.stringify(MINIMAL)

const STRUCTURED_TYPES: ReadonlyArray<readonly [type: string, sdk?: string]> = [
  ['application/cloudevents+json'],
  ['application/cloudevents+json; charset=utf-8'],
  ['application/cloudevents+json; charset=UTF-8', sdk.contentTypeCase],
  ['application/cloudevents+json;charset=utf-8', sdk.contentTypeCase],
  ['application/cloudevents+json; charset="UTF-8"', sdk.contentTypeCase],
  ['application/cloudevents+json ; charset=utf-8', sdk.contentTypeCase],
  ['application/cloudevents+json; CHARSET=Utf-8', sdk.contentTypeCase],
  ['application/cloudevents+json;', sdk.contentTypeCase],
  ['application/cloudevents+json; profile="https://example.com/p"', sdk.contentTypeCase],
  ['Application/CloudEvents+JSON', sdk.contentTypeCase],
  ['APPLICATION/CLOUDEVENTS+JSON; CHARSET=UTF-8', sdk.contentTypeCase],
]
const BATCH_TYPES: ReadonlyArray<readonly [type: string, sdk?: string]> = [
  ['application/cloudevents-batch+json'],
  ['application/cloudevents-batch+json; charset=UTF-8'],
  ['application/CloudEvents-Batch+JSON', sdk.contentTypeCase],
]
const UNKNOWN_FORMATS: ReadonlyArray<readonly [type: string, sdk?: string]> = [
  ['application/cloudevents'],
  ['application/cloudevents; charset=utf-8'],
  ['application/cloudevents+xml'],
  ['application/cloudevents+avro'],
  ['application/cloudevents+protobuf'],
  ['application/cloudevents+cbor'],
  ['application/CloudEvents+XML', sdk.contentTypeCase],
  ['application/cloudevents-batch'],
  ['application/cloudevents-batch+xml'],
  ['application/cloudevents-batch+protobuf'],
  ['application/cloudevents-stream+json'],
  ['application/cloudeventsjson'],
  ['application/cloudevents+json-seq'],
]
const OTHER_CHARSETS = ['iso-8859-1', 'utf-16', 'us-ascii', 'utf8', '""']
const MALFORMED = [
  'application/cloudevents+json; charset',
  'application/cloudevents+json, text/plain',
  'application/cloudevents+json charset=utf-8',
  'application/cloudevents+json; charset=utf-8; charset=utf-8',
  'application/cloudevents/+json',
]

const formats = 'application/cloudevents+json, application/cloudevents-batch+json'

export const contentTypeCases: readonly DecodeCase[] = [
  ...STRUCTURED_TYPES.map(
    ([type, reason]): DecodeCase => ({
      name: `${type} is structured mode`,
      headers: { 'content-type': type },
      body: one,
      expected: { mode: 'structured', events: [event()] },
      ...(reason ? { sdk: reason } : {}),
    }),
  ),
  ...BATCH_TYPES.map(
    ([type, reason]): DecodeCase => ({
      name: `${type} is batch mode`,
      headers: { 'content-type': type },
      body: `[${one}]`,
      expected: { mode: 'batch', events: [event()] },
      ...(reason ? { sdk: reason } : {}),
    }),
  ),
  ...UNKNOWN_FORMATS.map(
    ([type, reason]): DecodeCase => ({
      name: `${type} is an unknown format, also when ce-* headers make it look binary`,
      headers: { ...MINIMAL_HEADERS, 'content-type': type },
      body: type.includes('batch') ? `[${one}]` : one,
      expected: refused('UnsupportedMediaType', `unknown format ${JSON.stringify(type)}; known are ${formats}`),
      ...(reason ? { sdk: reason } : {}),
    }),
  ),
  ...OTHER_CHARSETS.flatMap((charset): DecodeCase[] => [
    {
      name: `structured mode in charset ${charset} is refused`,
      headers: { 'content-type': `application/cloudevents+json; charset=${charset}` },
      body: one,
      expected: refused(
        'UnsupportedMediaType',
        `only UTF-8 is supported, not ${JSON.stringify(`application/cloudevents+json; charset=${charset}`)}`,
      ),
    },
    {
      name: `a batch in charset ${charset} is refused`,
      headers: { 'content-type': `application/cloudevents-batch+json; charset=${charset}` },
      body: `[${one}]`,
      expected: refused(
        'UnsupportedMediaType',
        `only UTF-8 is supported, not ${JSON.stringify(`application/cloudevents-batch+json; charset=${charset}`)}`,
      ),
      sdk: sdk.batchOfAnything,
    },
  ]),
  ...MALFORMED.map(
    (type): DecodeCase => ({
      name: `the content type ${JSON.stringify(type)} is malformed`,
      headers: { 'content-type': type },
      body: one,
      expected: refused('InvalidHeader', `the content type is malformed: ${JSON.stringify(type)}`),
    }),
  ),
  {
    name: 'a header name in another case is still the content type',
    headers: { 'Content-Type': 'application/cloudevents+json' },
    body: one,
    expected: { mode: 'structured', events: [event()] },
  },
  {
    name: 'an ordinary JSON request is no CloudEvent',
    headers: { 'content-type': 'application/json' },
    body: one,
    expected: refused('NotACloudEvent', 'not a CloudEvent: no ce-* headers and content type "application/json"'),
  },
  {
    name: 'a form is no CloudEvent',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=b',
    expected: refused(
      'NotACloudEvent',
      'not a CloudEvent: no ce-* headers and content type "application/x-www-form-urlencoded"',
    ),
  },
  {
    name: 'a request without any header is no CloudEvent',
    headers: {},
    body: '',
    expected: refused('NotACloudEvent', 'not a CloudEvent: no ce-* headers and no content type'),
  },
  {
    name: 'a content type that only begins alike is binary mode',
    headers: { ...MINIMAL_HEADERS, 'content-type': 'application/cloudevent+json' },
    body: '{"a":1}',
    expected: { mode: 'binary', events: [event({ datacontenttype: 'application/cloudevent+json', data: { a: 1 } })] },
    sdk: sdk.binaryDataByExactType,
  },
  {
    name: 'structured mode ignores ce-* headers, even contradicting and malformed ones',
    headers: { ...STRUCTURED, 'ce-id': 'other', 'ce-Bad_Name': '%zz', 'ce-specversion': '0.3' },
    body: one,
    expected: { mode: 'structured', events: [event()] },
  },
  {
    name: 'structured mode takes no missing attribute from headers',
    headers: { ...STRUCTURED, ...MINIMAL_HEADERS },
    body: '{"specversion":"1.0","source":"/shop","type":"order.placed"}',
    expected: refused('MissingAttribute', 'missing required attributes: id'),
    sdk: sdk.binaryNeedsId,
  },
  {
    name: 'batch mode ignores ce-* headers',
    headers: { ...BATCH, 'ce-id': 'other' },
    body: `[${one}]`,
    expected: { mode: 'batch', events: [event()] },
  },
  ...['gzip', 'br', 'deflate', 'zstd', 'gzip, identity'].map(
    (encoding): DecodeCase => ({
      name: `a body in content encoding ${encoding} is refused`,
      headers: { ...STRUCTURED, 'content-encoding': encoding },
      body: one,
      expected: refused('UnsupportedMediaType', `content encoding "${encoding}" is not supported`),
      sdk: sdk.compressionIgnored,
    }),
  ),
  ...['identity', 'Identity', ''].map(
    (encoding): DecodeCase => ({
      name: `content encoding ${JSON.stringify(encoding)} is none`,
      headers: { ...STRUCTURED, 'content-encoding': encoding },
      body: one,
      expected: { mode: 'structured', events: [event()] },
    }),
  ),
]
