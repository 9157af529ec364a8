/**
 * `cloudevents` 10.0.0 as a second opinion. Its verdict and ours are brought to one comparable form: refused, or the events with `time` as an
 * instant and bytes as base64. A `time` that we have not is left out, for the SDK always invents one.
 */
import { HTTP, type CloudEvent as SdkEvent } from 'cloudevents'
import type { CloudEvent } from '../cloud-event'
import type { DecodedRequest } from '../http'
import type { DecodeCase, Refusal } from './case'

type Comparable = 'refused' | ReadonlyArray<Record<string, unknown>>

export function comparable(expected: DecodedRequest | Refusal): Comparable {
  return 'status' in expected ? 'refused' : expected.events.map(compareOurs)
}

export function sdkVerdict({ headers, body, expected }: DecodeCase): Comparable {
  const times = 'status' in expected ? [] : expected.events.map((event) => event.time !== undefined)
  const mode = 'status' in expected ? 'refused' : expected.mode
  try {
    const decoded: unknown = HTTP.toEvent({
      headers: flatten(headers),
      // frameworks hand the SDK text for JSON and bytes for the rest
      body: typeof body === 'string' ? body : mode === 'binary' ? Buffer.from(body) : Buffer.from(body).toString(),
    })
    const events = (Array.isArray(decoded) ? decoded : [decoded]) as ReadonlyArray<SdkEvent<unknown>>
    if (!events.every((event) => event.validate())) return 'refused'
    return events.map((event, index) => compareTheirs(event, times[index] ?? true, mode))
  } catch {
    return 'refused'
  }
}

function flatten(headers: DecodeCase['headers']): Record<string, string> {
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  // as Node joins repeated headers
  return Object.fromEntries(
    pairs.filter(([, value]) => value !== undefined).map(([name, value]) => [name, [value].flat().join(', ')]),
  )
}

function compareOurs({ extensions, time, data, ...core }: CloudEvent): Record<string, unknown> {
  return withoutUndefined({ ...core, time: instant(time), data: comparableData(data), extensions })
}

function compareTheirs(event: SdkEvent<unknown>, hasTime: boolean, mode: string): Record<string, unknown> {
  const { specversion, id, source, type, subject, datacontenttype, dataschema, time, data, data_base64, ...rest } =
    event
  const { schemaurl: _, datacontentencoding: __, ...extensions } = withoutUndefined(rest)
  // an empty body of binary mode becomes an empty string; ours is no data
  const empty = mode === 'binary' && data === ''
  const payload = data_base64 === undefined ? comparableData(empty ? undefined : data) : { base64: data_base64 }
  return withoutUndefined({
    ...{ specversion, id, source, type, subject, datacontenttype, dataschema, extensions },
    time: hasTime ? instant(time) : undefined,
    data: payload,
  })
}

function comparableData(data: unknown): unknown {
  return ArrayBuffer.isView(data)
    ? { base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') }
    : data
}

function instant(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time)
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}
