/**
 * One event as one JSON object: CloudEvents JSON format 1.0, used by structured mode and by each element of a batch.
 *
 * 1. `data` is taken as the JSON value that stands there: a string stays a string and is never parsed a second time (§3.1.2).
 * 2. `data_base64` is bytes. Both members together are an error, because nobody knows which is meant; `"data": null` counts as present.
 * 3. A content type that is not JSON makes `data` text: anything but a string is refused.
 * 4. Output is deterministic: fixed order of attributes, extensions by name, no blanks. Copies of one event are byte-equal.
 */
import { encodeJson, type JsonValue } from '../model/json'
import { listAttributes, readAttributes } from './attributes'
import { decodeBase64, encodeBase64 } from './body'
import { type CloudEvent, dataKind } from './cloud-event'
import { CloudEventError, quote } from './errors'
import type { CloudEventLimits } from './limits'

/**
 * @param value parsed JSON that {@link checkJson} has passed
 * @throws CloudEventError
 */
export function decodeJsonEvent(value: unknown, limits: CloudEventLimits): CloudEvent {
  if (!isJsonObject(value)) {
    throw new CloudEventError('InvalidData', `an event must be a JSON object, not ${describeJson(value)}`)
  }
  const { data, data_base64: base64, ...members } = value
  const attributes = readAttributes(Object.entries(members), limits)
  if (base64 !== undefined && base64 !== null) {
    if (data !== undefined) throw new CloudEventError('InvalidData', 'an event has either "data" or "data_base64"')
    return { ...attributes, data: readBase64(base64) }
  }
  if (data === undefined) return attributes
  const event: CloudEvent = { ...attributes, data }
  if (dataKind(event) === 'text' && typeof data !== 'string') {
    const type = quote(attributes.datacontenttype)
    throw new CloudEventError('InvalidData', `"data" must be a string when the content type is ${type}`)
  }
  return event
}

/**
 * @returns the event's JSON text; equal events give equal text
 * @throws CloudEventError when an attribute is invalid, or the data does not fit the content type
 * @throws SerializationError when the data has no JSON form
 */
export function encodeJsonEvent(event: CloudEvent): string {
  const members = listAttributes(event).map(([name, value]) => `"${name}":${JSON.stringify(value)}`)
  const data = encodeData(event)
  return `{${(data === undefined ? members : [...members, data]).join(',')}}`
}

/**
 * @throws CloudEventError when the content type asks for text and the data is none
 */
export function requireText(event: Pick<CloudEvent, 'data' | 'datacontenttype'>): string {
  if (typeof event.data === 'string') return event.data
  const type = quote(event.datacontenttype)
  throw new CloudEventError('InvalidData', `data must be a string or bytes when the content type is ${type}`)
}

function encodeData(event: CloudEvent): string | undefined {
  switch (dataKind(event)) {
    case 'none':
      return undefined
    case 'bytes':
      return event.data instanceof Uint8Array ? `"data_base64":"${encodeBase64(event.data)}"` : undefined
    case 'text':
      return `"data":${JSON.stringify(requireText(event))}`
    case 'json':
      return `"data":${encodeJson(event.data, `data of event ${event.id}`, Number.POSITIVE_INFINITY)}`
  }
}

function readBase64(value: JsonValue): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : null
  if (bytes === null)
    throw new CloudEventError('InvalidData', `"data_base64" is not base64 (RFC 4648): ${quote(value)}`)
  return bytes
}

function isJsonObject(value: unknown): value is { readonly [key: string]: JsonValue } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function describeJson(value: unknown): string {
  return typeof value === 'string' ? 'a string' : quote(value)
}
