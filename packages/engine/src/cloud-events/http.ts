/**
 * The codec's front door: HTTP messages to events and back, HTTP protocol binding 1.0. Pure: bytes in, values out; it reads no socket, stores
 * nothing and knows no route. Ours, because the public SDK invents missing ids and times, which kills de-duplication.
 *
 * 1. The content type alone chooses the mode: `application/cloudevents…` in any case is structured or batch, all else is binary.
 * 2. A CloudEvents format that is not JSON is 415, never "binary after all".
 * 3. In structured and batch mode `ce-*` headers are hints for routers and are ignored: the body is the event.
 * 4. Limits are checked before parsing, and compressed bodies are refused, so a small request cannot become a large one.
 */
import { decodeJsonBatch, encodeJsonBatch } from './batch'
import { decodeBinary } from './binary'
import { decodeJsonBody } from './body'
import type { CloudEvent } from './cloud-event'
import { CloudEventError, quote } from './errors'
import { type HeadersInput, readHeaders } from './headers'
import { type CloudEventLimits, checkJson, DEFAULT_LIMITS } from './limits'
import { isUtf8, parseMediaType } from './media-type'
import { decodeJsonEvent, encodeJsonEvent } from './structured'

export type ContentMode = 'structured' | 'batch' | 'binary'

export interface DecodedRequest {
  readonly mode: ContentMode
  /** One event, except in a batch: none to `maxBatch`, in order. */
  readonly events: readonly CloudEvent[]
}

export interface StructuredMessage {
  readonly headers: { readonly 'content-type': string }
  readonly body: Uint8Array<ArrayBuffer>
}

/**
 * @param headers of the request, in any of the usual shapes
 * @param body the whole request body as received
 * @param limits overrides single {@link DEFAULT_LIMITS}
 * @throws CloudEventError with `status` 400, 413 or 415; nothing else
 * @example
 * const { events } = decodeRequest(request.headers, new Uint8Array(await request.arrayBuffer()))
 */
export function decodeRequest(
  headers: HeadersInput,
  body: Uint8Array,
  limits: Partial<CloudEventLimits> = {},
): DecodedRequest {
  const bounds = { ...DEFAULT_LIMITS, ...limits }
  if (body.byteLength > bounds.maxBodyBytes) {
    const size = `${body.byteLength} bytes, more than ${bounds.maxBodyBytes}`
    throw new CloudEventError('TooLarge', `the body has ${size}`)
  }
  const received = readHeaders(headers)
  refuseCompression(received.get('content-encoding'))
  const mode = contentMode(received.get('content-type'))
  if (mode === 'binary') return { mode, events: [decodeBinary(received, body, bounds)] }
  const document = decodeJsonBody(body)
  checkJson(document, bounds, mode === 'batch' ? 2 : 1)
  return { mode, events: mode === 'batch' ? decodeJsonBatch(document, bounds) : [decodeJsonEvent(document, bounds)] }
}

/**
 * @returns headers and body of a structured-mode message; the same event gives the same bytes every time
 * @throws CloudEventError when the event is not valid
 * @throws SerializationError when its data has no JSON form
 */
export function encodeStructured(event: CloudEvent): StructuredMessage {
  return {
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    body: new TextEncoder().encode(encodeJsonEvent(event)),
  }
}

/** As {@link encodeStructured}, for several events. Send it only to a receiver that asked for batches (HTTP binding §3). */
export function encodeBatch(events: readonly CloudEvent[]): StructuredMessage {
  return {
    headers: { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' },
    body: new TextEncoder().encode(encodeJsonBatch(events)),
  }
}

const MODES: ReadonlyMap<string, ContentMode> = new Map([
  ['application/cloudevents+json', 'structured'],
  ['application/cloudevents-batch+json', 'batch'],
])

/** From the content type alone. */
function contentMode(contentType: string | undefined): ContentMode {
  if (contentType === undefined || !/^application\/cloudevents/i.test(contentType)) return 'binary'
  const mediaType = parseMediaType(contentType)
  if (mediaType === null) {
    throw new CloudEventError('InvalidHeader', `the content type is malformed: ${quote(contentType)}`)
  }
  const mode = MODES.get(mediaType.essence)
  if (mode === undefined) {
    const known = [...MODES.keys()].join(', ')
    throw new CloudEventError('UnsupportedMediaType', `unknown format ${quote(contentType)}; known are ${known}`)
  }
  if (!isUtf8(mediaType)) {
    throw new CloudEventError('UnsupportedMediaType', `only UTF-8 is supported, not ${quote(contentType)}`)
  }
  return mode
}

function refuseCompression(contentEncoding: string | undefined): void {
  if (contentEncoding !== undefined && contentEncoding !== '' && contentEncoding.toLowerCase() !== 'identity') {
    throw new CloudEventError('UnsupportedMediaType', `content encoding ${quote(contentEncoding)} is not supported`)
  }
}
