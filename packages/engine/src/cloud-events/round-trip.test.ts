/** Properties: what is encoded comes back, nothing hostile gets further than a CloudEventError. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../model/json'
import { encodeBinary } from './binary'
import type { AttributeValue, CloudEvent } from './cloud-event'
import { CloudEventError } from './errors'
import { decodeHeaderValue, encodeHeaderValue } from './header-value'
import { type DecodedRequest, decodeRequest, encodeBatch, encodeStructured } from './http'
import { isJsonMediaType, isTextMediaType, parseMediaType } from './media-type'
import { isTimestamp } from './timestamp'
import { isUriReference } from './uri'

/** Any text of CloudEvents' String type. */
const anyText = fc
  .string({ unit: 'binary' })
  .map((text) => text.replace(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu, ''))
const someText = anyText.filter((text) => text !== '')
const source = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.constantFrom('/shop', 'urn:uuid:1', 'a/b:c', '?q', '../x', '//host:1/p', 'http://[::1]/'),
)
const time = fc
  .tuple(
    fc.date({ noInvalidDate: true, min: new Date('0000-01-01'), max: new Date('9999-12-31') }),
    fc.constantFrom('Z', 'z', '+00:00', '-23:59'),
  )
  .map(([date, zone]) => date.toISOString().replace('Z', zone))
const extensions = fc.dictionary(
  fc
    .stringMatching(/^[a-z0-9]{1,25}$/)
    .filter((name) => !/^(data|id|source|type|time|subject|specversion|dataschema|datacontenttype)$/.test(name)),
  fc.oneof(anyText, fc.integer(), fc.boolean()) satisfies fc.Arbitrary<AttributeValue>,
  { maxKeys: 5, noNullPrototype: true },
)

/** As `JSON.parse` would make it, without what the codec refuses on purpose. */
const json = fc
  .jsonValue({ maxDepth: 5 })
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('__proto__') && !text.includes('"prototype"'))
  .map((text): JsonValue => JSON.parse(text))

const jsonType = fc.constantFrom('application/json', 'application/geo+json; a=b', 'TEXT/JSON; charset="UTF-8"')
const textType = fc.constantFrom(
  'text/plain',
  'application/xml; charset=Utf-8',
  'image/svg+xml',
  'text/markdown;variant="a;b"',
)
const opaqueType = fc.constantFrom('image/png', 'application/octet-stream', 'application/x-protobuf; q=1')
const bytes = fc.uint8Array({ maxLength: 64 })

const payload = fc.oneof(
  fc.record({ datacontenttype: fc.option(fc.oneof(jsonType, textType, opaqueType), { nil: undefined }) }),
  fc.record({ datacontenttype: fc.option(jsonType, { nil: undefined }), data: json }),
  fc.record({ datacontenttype: fc.oneof(textType, opaqueType), data: fc.string({ unit: 'grapheme' }) }),
  fc.record({ datacontenttype: fc.option(fc.oneof(jsonType, textType, opaqueType), { nil: undefined }), data: bytes }),
)

const cloudEvent: fc.Arbitrary<CloudEvent> = fc
  .tuple(
    fc.record({ specversion: fc.constant('1.0' as const), id: someText, source, type: someText, extensions }),
    fc.record({ time, subject: someText, dataschema: fc.webUrl() }, { requiredKeys: [] }),
    payload,
  )
  .map(([required, optional, { datacontenttype, ...data }]) => ({
    ...required,
    ...optional,
    ...data,
    ...(datacontenttype === undefined ? {} : { datacontenttype }),
  }))

/** What binary mode cannot tell apart: see binary.ts, rules 2 and 3. */
function afterBinaryMode(event: CloudEvent): CloudEvent {
  const { data, ...attributes } = event
  const strings = Object.fromEntries(Object.entries(event.extensions).map(([name, value]) => [name, String(value)]))
  const base = { ...attributes, extensions: strings }
  const type = event.datacontenttype === undefined ? null : parseMediaType(event.datacontenttype)
  if (data === undefined || (data instanceof Uint8Array && data.length === 0)) return base
  if (data instanceof Uint8Array) return { ...base, data }
  if (type === null) return { ...base, datacontenttype: 'application/json', data }
  if (isJsonMediaType(type)) return { ...base, data }
  if (data === '') return base
  return { ...base, data: isTextMediaType(type) ? data : new TextEncoder().encode(String(data)) }
}

const survivesBinaryMode = (event: CloudEvent) => {
  const type = event.datacontenttype === undefined ? null : parseMediaType(event.datacontenttype)
  return !(event.data instanceof Uint8Array && type !== null && (isJsonMediaType(type) || isTextMediaType(type)))
}

/** A long run: `PROPERTY_RUNS=10000 npx vitest run …`. */
const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) }

describe('round trips', () => {
  test('structured mode gives back every event exactly', () => {
    fc.assert(
      fc.property(cloudEvent, (event) => {
        const { headers, body } = encodeStructured(event)
        expect(decodeRequest(headers, body)).toStrictEqual({ mode: 'structured', events: [event] })
      }),
      runs,
    )
  })

  test('a batch gives back its events exactly', () => {
    fc.assert(
      fc.property(fc.array(cloudEvent, { maxLength: 5 }), (events) => {
        const { headers, body } = encodeBatch(events)
        expect(decodeRequest(headers, body)).toStrictEqual({ mode: 'batch', events })
      }),
      { numRuns: 100 },
    )
  })

  test('binary mode gives back every event but for what it cannot tell apart', () => {
    fc.assert(
      fc.property(cloudEvent.filter(survivesBinaryMode), (event) => {
        const { headers, body } = encodeBinary(event)
        expect(decodeRequest(headers, body)).toStrictEqual({ mode: 'binary', events: [afterBinaryMode(event)] })
      }),
      runs,
    )
  })

  test('binary headers are printable ASCII, so every HTTP client sends them', () => {
    fc.assert(
      fc.property(cloudEvent, (event) => {
        for (const value of Object.values(encodeBinary(event).headers)) expect(value).toMatch(/^[ -~]*$/)
      }),
      runs,
    )
  })

  test('an event that came in is sent on with the same bytes each time', () => {
    fc.assert(
      fc.property(cloudEvent, (event) => {
        const first = encodeStructured(event)
        const [again] = decodeRequest(first.headers, first.body).events
        expect(again && encodeStructured(again).body).toEqual(first.body)
      }),
      runs,
    )
  })

  test('a header value is encoded and decoded to itself, and quoting it changes nothing', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const encoded = encodeHeaderValue(value)
        expect(encoded).toMatch(/^[!#-~]*$/)
        expect(decodeHeaderValue(encoded, 'ce-x')).toBe(value)
        expect(decodeHeaderValue(`"${encoded.replace(/\\/g, '\\\\')}"`, 'ce-x')).toBe(value)
      }),
      runs,
    )
  })

  test('encoding every byte needlessly is still understood', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const encoded = [...new TextEncoder().encode(value)]
          .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
          .join('')
        expect(decodeHeaderValue(encoded, 'ce-x')).toBe(value)
      }),
      runs,
    )
  })
})

/** Decodes anything: an event or a CloudEventError with an HTTP status, never anything else. */
function survives(headers: Record<string, string>, body: Uint8Array): DecodedRequest | null {
  try {
    return decodeRequest(headers, body)
  } catch (error) {
    if (!(error instanceof CloudEventError)) throw error
    expect([400, 413, 415]).toContain(error.status)
    expect(error.message).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u)
    expect(error.message.length).toBeLessThan(1_000)
    return null
  }
}

describe('hostile input', () => {
  const contentType = fc.oneof(
    fc.constantFrom(
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
      'application/json',
      'text/plain',
      '',
    ),
    fc.string(),
  )

  test('any bytes under any content type end in an event or a CloudEventError', () => {
    fc.assert(
      fc.property(
        contentType,
        fc.uint8Array({ maxLength: 200 }),
        (type, body) => void survives({ 'content-type': type }, body),
      ),
      runs,
    )
  })

  test('any JSON in structured and batch mode ends in an event or a CloudEventError', () => {
    const name = fc.oneof(
      fc.constantFrom('specversion', 'id', 'source', 'type', 'time', 'data', 'data_base64', '__proto__'),
      fc.string(),
    )
    const near = fc.dictionary(name, fc.oneof(fc.constant('1.0'), fc.jsonValue()))
    fc.assert(
      fc.property(
        contentType,
        fc.oneof(near, fc.array(near), fc.jsonValue()),
        (type, value) => void survives({ 'content-type': type }, new TextEncoder().encode(JSON.stringify(value))),
      ),
      runs,
    )
  })

  test('any headers in binary mode end in an event or a CloudEventError', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^("|%|\\|[0-9a-fA-F]){0,12}$/),
      fc.constant('1.0'),
    )
    const name = fc.oneof(
      fc.constantFrom('ce-id', 'ce-source', 'ce-type', 'ce-specversion', 'ce-time', 'content-type'),
      fc.string().map((text) => `ce-${text}`),
    )
    fc.assert(
      fc.property(
        fc.dictionary(name, value),
        fc.uint8Array({ maxLength: 50 }),
        (headers, body) => void survives(headers, body),
      ),
      runs,
    )
  })

  test('an event with one member changed is refused or keeps all the others', () => {
    const core = fc.constantFrom(
      'id',
      'source',
      'type',
      'time',
      'subject',
      'dataschema',
      'datacontenttype',
      'specversion',
    )
    const without = (event: CloudEvent | undefined, name: string) =>
      Object.fromEntries(Object.entries(event ?? {}).filter(([member]) => member !== name))
    fc.assert(
      fc.property(cloudEvent, core, fc.oneof(fc.jsonValue(), anyText), (event, name, value) => {
        const { headers, body } = encodeStructured(event)
        const changed = { ...JSON.parse(new TextDecoder().decode(body)), [name]: value }
        const decoded = survives(headers, new TextEncoder().encode(JSON.stringify(changed)))
        if (decoded !== null) expect(without(decoded.events[0], name)).toStrictEqual(without(event, name))
      }),
      runs,
    )
  })

  test('syntax checks take any text, quickly or not at all: they are linear', () => {
    for (const text of [
      ':'.repeat(1e5),
      '%41'.repeat(5e4),
      `//${'a@'.repeat(5e4)}`,
      `[${':'.repeat(1e5)}`,
      `${'a'.repeat(1e5)}:`,
    ]) {
      expect(typeof isUriReference(text)).toBe('boolean')
    }
    expect(isTimestamp(`2018-04-05T17:31:00.${'1'.repeat(1e5)}x`)).toBe(false)
    expect(parseMediaType(`a/b${'; '.repeat(1e5)}=`)).toBeNull()
    expect(parseMediaType(`a/b;c="${'\\a'.repeat(1e5)}`)).toBeNull()
    expect(() => decodeHeaderValue(`"${'\\"'.repeat(1e5)}`, 'ce-x')).toThrow(CloudEventError)
  })
})

describe('timestamps', () => {
  test('every instant that JavaScript prints is a timestamp', () => {
    fc.assert(
      fc.property(time, (text) => isTimestamp(text)),
      runs,
    )
  })

  test('a date is real exactly when the calendar gives it back', () => {
    const twoDigits = fc.integer({ min: 0, max: 40 }).map((value) => String(value).padStart(2, '0'))
    fc.assert(
      fc.property(fc.integer({ min: 1800, max: 2400 }), twoDigits, twoDigits, (year, month, day) => {
        const date = new Date(Date.UTC(year, Number(month) - 1, Number(day)))
        const real = date.toISOString().startsWith(`${year}-${month}-${day}`)
        expect(isTimestamp(`${year}-${month}-${day}T00:00:00Z`)).toBe(real)
      }),
      { numRuns: 2_000 },
    )
  })
})
