/**
 * A CloudEvent 1.0 as the engine holds it, the same whatever mode it arrived in. Knows nothing of HTTP.
 *
 * 1. Attributes are verbatim once they are valid: `time` keeps its text, so what was received can be sent on unchanged.
 * 2. Nothing is invented: no id, no time, no content type (the public SDK does, which defeats de-duplication).
 * 3. `data` and `datacontenttype` together say what the data is: see {@link dataKind}.
 */
import type { JsonValue } from '../model/json'
import { isJsonMediaType, parseMediaType } from './media-type'

/** CloudEvents 1.0 §3.2: String, URI, Timestamp and Binary are text here; Integer is 32-bit; Boolean is itself. */
export type AttributeValue = string | number | boolean

export interface CloudEvent {
  readonly specversion: '1.0'
  /** Unique within `source`: together they identify the event for ever. */
  readonly id: string
  /** URI-reference (RFC 3986 §4.1) of the context in which the event happened. */
  readonly source: string
  readonly type: string
  /** RFC 3339, verbatim. Never used for ordering. */
  readonly time?: string
  readonly subject?: string
  /** Media type (RFC 2046) of `data`, verbatim. Absent with JSON data means `application/json`. */
  readonly datacontenttype?: string
  /** Absolute URI. */
  readonly dataschema?: string
  /** Absent or `undefined`: no data. `null`: the JSON value null. Bytes when it is binary. */
  readonly data?: JsonValue | Uint8Array | undefined
  /** By lower-case name. In binary mode every value arrives as its canonical string; JSON keeps numbers and booleans. */
  readonly extensions: Readonly<Record<string, AttributeValue>>
}

export type DataKind = 'none' | 'json' | 'text' | 'bytes'

/**
 * Says how to read `data` (JSON format §3.1). A string is a JSON string when the content type is JSON or absent, and text otherwise.
 *
 * @returns `'bytes'` for a `Uint8Array`, whatever the content type says
 * @example dataKind({ data: '<a/>', datacontenttype: 'application/xml' }) // 'text'
 * @example dataKind({ data: '<a/>' }) // 'json'
 */
export function dataKind(event: Pick<CloudEvent, 'data' | 'datacontenttype'>): DataKind {
  if (event.data === undefined) return 'none'
  if (event.data instanceof Uint8Array) return 'bytes'
  if (event.datacontenttype === undefined) return 'json'
  const mediaType = parseMediaType(event.datacontenttype)
  return mediaType !== null && isJsonMediaType(mediaType) ? 'json' : 'text'
}
