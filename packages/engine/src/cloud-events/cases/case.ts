/** What a case is, and the few builders that keep the tables readable. */
import type { AttributeValue, CloudEvent } from '../cloud-event'
import type { CloudEventErrorType } from '../errors'
import type { HeadersInput } from '../headers'
import type { ContentMode, DecodedRequest } from '../http'
import type { CloudEventLimits } from '../limits'

export interface Refusal {
  readonly status: 400 | 413 | 415
  readonly errorType: CloudEventErrorType
  readonly message: string
}

export interface DecodeCase {
  /** A sentence. */
  readonly name: string
  readonly headers: HeadersInput
  readonly body: string | Uint8Array
  readonly limits?: Partial<CloudEventLimits>
  readonly expected: DecodedRequest | Refusal
  /** Why the public SDK answers differently. Absent: it must agree. Present: it must differ, so the list cannot rot. */
  readonly sdk?: string
}

export const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
export const BATCH = { 'content-type': 'application/cloudevents-batch+json' }

/** The smallest event. */
export const MINIMAL = { specversion: '1.0', id: 'A-1', source: '/shop', type: 'order.placed' } as const
/** The same as headers. */
export const MINIMAL_HEADERS = {
  'ce-specversion': '1.0',
  'ce-id': 'A-1',
  'ce-source': '/shop',
  'ce-type': 'order.placed',
}

type Members = Partial<Omit<CloudEvent, 'extensions'>>

/** {@link MINIMAL} plus what is given. */
export function event(members: Members = {}, extensions: Record<string, AttributeValue> = {}): CloudEvent {
  return { ...MINIMAL, ...members, extensions }
}

export function accepted(mode: ContentMode, ...events: CloudEvent[]): DecodedRequest {
  return { mode, events }
}

const STATUS: Readonly<Record<string, 400 | 413 | 415>> = { TooLarge: 413, UnsupportedMediaType: 415 }

export function refused(errorType: CloudEventErrorType, message: string): Refusal {
  return { status: STATUS[errorType] ?? 400, errorType, message }
}

interface Extra {
  readonly sdk?: string
  readonly limits?: Partial<CloudEventLimits>
}

/** A structured request holding {@link MINIMAL} overlaid with `members`; a member that is `undefined` is left out. */
export function structured(
  name: string,
  members: Record<string, unknown>,
  expected: CloudEvent | Refusal,
  extra: Extra = {},
): DecodeCase {
  const answer = 'status' in expected ? expected : accepted('structured', expected)
  return { name, headers: STRUCTURED, body: JSON.stringify({ ...MINIMAL, ...members }), expected: answer, ...extra }
}

/** A structured request whose body is given as text. */
export function structuredText(
  name: string,
  body: string | Uint8Array,
  expected: CloudEvent | Refusal,
  extra: Extra = {},
): DecodeCase {
  const answer = 'status' in expected ? expected : accepted('structured', expected)
  return { name, headers: STRUCTURED, body, expected: answer, ...extra }
}

/** A binary request with {@link MINIMAL_HEADERS} overlaid with `headers`; a header that is `undefined` is left out. */
export function binary(
  name: string,
  headers: Record<string, string | undefined>,
  body: string | Uint8Array,
  expected: CloudEvent | Refusal,
  extra: Extra = {},
): DecodeCase {
  const answer = 'status' in expected ? expected : accepted('binary', expected)
  return { name, headers: { ...MINIMAL_HEADERS, ...headers }, body, expected: answer, ...extra }
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
