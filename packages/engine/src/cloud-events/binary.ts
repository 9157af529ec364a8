/**
 * One event as HTTP headers and body: HTTP binding §3.1.
 *
 * 1. `content-type` is `datacontenttype`; a `ce-datacontenttype` header is forbidden, for there would be two truths.
 * 2. The body is the data: JSON content types are parsed, text types become a string, everything else, and a body without a content type,
 *    stays bytes. An empty body is no data.
 * 3. Header values are strings: numbers and booleans of extensions arrive as their canonical text.
 */
import { encodeJson, type JsonValue } from '../model/json'
import { type Attributes, listAttributes, readAttributes } from './attributes'
import { decodeJsonBody, decodeUtf8 } from './body'
import { type CloudEvent, dataKind } from './cloud-event'
import { CloudEventError, quote } from './errors'
import { decodeHeaderValue, encodeHeaderValue } from './header-value'
import type { HeaderMap } from './headers'
import { type CloudEventLimits, checkJson } from './limits'
import { isJsonMediaType, isTextMediaType, isUtf8, parseMediaType } from './media-type'
import { requireText } from './structured'

/** @throws CloudEventError */
export function decodeBinary(headers: HeaderMap, body: Uint8Array, limits: CloudEventLimits): CloudEvent {
  const members: Array<readonly [string, string]> = []
  for (const [header, value] of headers) {
    if (!header.startsWith('ce-')) continue
    if (header === 'ce-datacontenttype') {
      throw new CloudEventError('InvalidHeader', 'the header "ce-datacontenttype" is forbidden: use content-type')
    }
    members.push([header.slice('ce-'.length), decodeHeaderValue(value, header)])
  }
  if (members.length === 0) {
    const contentType = headers.get('content-type')
    const found = contentType === undefined ? 'no content type' : `content type ${quote(contentType)}`
    throw new CloudEventError('NotACloudEvent', `not a CloudEvent: no ce-* headers and ${found}`)
  }
  const contentType = headers.get('content-type')
  const attributes = readAttributes(
    contentType === undefined ? members : [...members, ['datacontenttype', contentType]],
    limits,
  )
  return body.byteLength === 0 ? attributes : { ...attributes, data: decodeData(attributes, body, limits) }
}

export interface BinaryMessage {
  /** Lower-case names; `content-type` is absent for bytes without one and for an event without data or content type. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * JSON data without a content type is sent as `application/json`, as the JSON format implies (§3.1.2). Bytes whose content type is JSON or
 * text are sent as they are and come back parsed: binary mode cannot tell.
 *
 * @throws CloudEventError when an attribute is invalid, or the content type states a charset other than UTF-8
 * @throws SerializationError when the data has no JSON form
 */
export function encodeBinary(event: CloudEvent): BinaryMessage {
  const headers: Array<readonly [string, string]> = []
  for (const [name, value] of listAttributes(event)) {
    if (name !== 'datacontenttype') headers.push([`ce-${name}`, encodeHeaderValue(String(value))])
  }
  const kind = dataKind(event)
  const contentType = event.datacontenttype ?? (kind === 'json' ? 'application/json' : undefined)
  if (contentType !== undefined) headers.push(['content-type', contentType])
  if (contentType !== undefined && (kind === 'json' || kind === 'text')) requireUtf8(contentType)
  return { headers: Object.fromEntries(headers), body: encodeData(event) }
}

function decodeData(attributes: Attributes, body: Uint8Array, limits: CloudEventLimits): JsonValue | Uint8Array {
  const mediaType = attributes.datacontenttype === undefined ? null : parseMediaType(attributes.datacontenttype)
  if (mediaType !== null && isJsonMediaType(mediaType)) {
    requireUtf8(attributes.datacontenttype)
    const value = decodeJsonBody(body)
    checkJson(value, limits, 0)
    return value as JsonValue // JSON.parse makes nothing else
  }
  if (mediaType !== null && isTextMediaType(mediaType)) {
    requireUtf8(attributes.datacontenttype)
    return decodeUtf8(body)
  }
  return new Uint8Array(body)
}

function encodeData(event: CloudEvent): Uint8Array {
  switch (dataKind(event)) {
    case 'none':
      return new Uint8Array()
    case 'bytes':
      return event.data instanceof Uint8Array ? event.data : new Uint8Array()
    case 'text':
      return encodeText(requireText(event))
    case 'json':
      return encodeText(encodeJson(event.data, `data of event ${event.id}`, Number.POSITIVE_INFINITY))
  }
}

function encodeText(text: string): Uint8Array {
  if (/\p{Cs}/u.test(text)) throw new CloudEventError('InvalidData', 'data has an unpaired surrogate and no UTF-8 form')
  return new TextEncoder().encode(text)
}

function requireUtf8(contentType: string | undefined): void {
  const mediaType = contentType === undefined ? null : parseMediaType(contentType)
  if (mediaType !== null && !isUtf8(mediaType)) {
    throw new CloudEventError('UnsupportedMediaType', `only UTF-8 is supported, not ${quote(contentType)}`)
  }
}
