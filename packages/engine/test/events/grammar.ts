/**
 * Requests from a grammar of what senders do right and wrong: a valid event in one of the three modes, then some mutations of bytes, headers, attributes
 * and path. Every request is repeatable from fast-check's seed.
 */
import fc from 'fast-check'

export interface Shot {
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array<ArrayBuffer>
}

const NASTY = [
  ...['', ' ', '\u0000', '\r\n', '%', '%zz', '%C0%A0', '"', '"open', '\\', '\ud800', '\uffff', '😀', 'x'.repeat(300)],
  ...['x'.repeat(9_000), '__proto__', 'constructor', "'; DROP TABLE inbox_events; --", '{{7*7}}', '../../etc/passwd'],
  ...['null', 'undefined', 'NaN', '-0', '1e999', '0x10', 'true', '[]', '{}', '<!ENTITY x SYSTEM "file:///etc/passwd">'],
] as const
const nasty = fc.constantFrom(...NASTY)
const name = fc.constantFrom(
  ...['id', 'source', 'type', 'specversion', 'time', 'subject', 'datacontenttype', 'dataschema', 'data', 'data_base64'],
  ...['eddainstanceid', 'traceparent', 'partitionkey', 'myext', 'Bad-Name', '__proto__', ''],
)
const json = fc.oneof(fc.jsonValue({ maxDepth: 4 }), nasty, fc.constantFrom(null, 0, 2 ** 53, 1.5, true, [], {}))
const type = fc.constantFrom('order.placed', 'strict', 'echo', 'paid')
const attributes = fc.record({
  specversion: fc.constant('1.0'),
  id: fc.uuid(),
  source: fc.constantFrom('/shop', 'urn:a:b', 'https://example.com/x?y#z'),
  type,
  subject: fc.constantFrom('s', 'Grüße'),
  time: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01t00:00:00.123+05:30'),
})

/** A member replaced, added or removed, and what stands in its place. */
const overlay = fc.array(fc.tuple(name, fc.oneof(json, fc.constant(undefined))), { maxLength: 3 })
const event = fc
  .tuple(
    attributes,
    fc.option(json, { nil: undefined }),
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: overlay }),
  )
  .map(([members, data, changes]) => {
    const whole = new Map<string, unknown>(Object.entries({ ...members, data }))
    for (const [key, value] of changes) whole.set(key, value)
    return whole
  })

const STRUCTURED = [
  ...['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8', 'Application/CloudEvents+JSON'],
  ...['application/cloudevents+json; charset=latin1', 'application/cloudevents', 'application/cloudevents+avro'],
  ...['application/cloudevents+json;;', 'application/cloudevents+json; charset="utf-8"', 'application/json'],
]
const BATCHED = [
  'application/cloudevents-batch+json',
  'application/cloudevents-batch',
  'application/cloudevents-batch+xml',
]
const BINARY = [
  'application/json',
  'text/plain',
  'application/octet-stream',
  'image/png',
  'text/xml; charset=utf-16',
  '/',
  '',
]

const structured = fc
  .tuple(event, fc.constantFrom(...STRUCTURED))
  .map(([members, contentType]) => ({ headers: [['content-type', contentType]] as const, body: text(members) }))
const batch = fc
  .tuple(
    fc.array(fc.oneof({ weight: 8, arbitrary: event.map(text) }, { weight: 1, arbitrary: nasty }), { maxLength: 4 }),
    fc.constantFrom(...BATCHED),
  )
  .map(([events, contentType]) => ({
    headers: [['content-type', contentType]] as const,
    body: `[${events.join()}]`,
  }))
const binary = fc
  .tuple(
    event,
    fc.constantFrom(...BINARY),
    fc.oneof(
      json.map((data) => JSON.stringify(data)),
      fc.string(),
    ),
  )
  .map(([members, contentType, body]) => ({
    headers: [
      ...[...members].filter(([key]) => key !== 'data').map(([key, value]) => [`ce-${key}`, headerOf(value)] as const),
      ['content-type', contentType] as const,
    ],
    body,
  }))

/** Not `String(value)`: an object may bring a `toString` of its own that is no function. */
function headerOf(value: unknown): string {
  return typeof value === 'string' ? value : String(JSON.stringify(value))
}

/** Bytes changed where the sender's memory, a proxy or an attacker would. */
const damage = fc.oneof(
  { weight: 6, arbitrary: fc.constant((bytes: Uint8Array<ArrayBuffer>) => bytes) },
  {
    weight: 1,
    arbitrary: fc.nat().map((at) => (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, at % (bytes.length + 1))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.nat(255)).map(([at, value]) => (bytes: Uint8Array<ArrayBuffer>) => {
      const changed = bytes.slice()
      if (changed.length > 0) changed[at % changed.length] = value
      return changed
    }),
  },
  { weight: 1, arbitrary: fc.constant((bytes: Uint8Array<ArrayBuffer>) => Uint8Array.from([...bytes, ...bytes])) },
)
const extraHeader = fc.tuple(
  fc.constantFrom('content-encoding', 'ce-datacontenttype', 'ce-id', 'accept', 'x-forwarded-for', 'sec-fetch-site'),
  fc.oneof(nasty, fc.constantFrom('gzip', 'identity', 'cross-site')),
)
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/', '/events', '/a/b?c=d') },
  { weight: 1, arbitrary: fc.constantFrom('/health/live', '/health/ready', '/cancel', '/cancel/', '//cancel/x') },
  { weight: 1, arbitrary: nasty.map((id) => `/cancel/${encodeURIComponent(id.replaceAll('\ud800', ''))}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/cancel/%', '/cancel/%00', '/cancel/%FF', '/%', '/\u0000', '/cancel/..%2f..'),
  },
)

export const shot: fc.Arbitrary<Shot> = fc
  .record({
    method: fc.oneof(
      { weight: 9, arbitrary: fc.constant('POST') },
      { weight: 1, arbitrary: fc.constantFrom('GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD') },
    ),
    path,
    message: fc.oneof(structured, batch, binary),
    extra: fc.array(extraHeader, { maxLength: 1 }),
    damage,
  })
  .map(({ method, path: target, message, extra, damage: harm }) => ({
    method,
    path: target,
    headers: [...message.headers, ...extra],
    body: harm(new TextEncoder().encode(message.body)),
  }))

function text(members: ReadonlyMap<string, unknown>): string {
  const pairs = [...members].filter(([, value]) => value !== undefined)
  return `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`
}
