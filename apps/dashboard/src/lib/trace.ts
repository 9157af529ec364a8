/** Trace ids out of `traceparent` (W3C Trace Context): what one pastes into the tracing tool. Pure. */
import { isRecord } from './json'

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/
const NO_TRACE = /^0+$/

/** The trace id, or null for what is no valid `traceparent`. */
export function traceIdOf(traceparent: unknown): string | null {
  const id = typeof traceparent === 'string' ? (TRACEPARENT.exec(traceparent)?.[1] ?? null) : null
  return id === null || NO_TRACE.test(id) ? null : id
}

/** Trace ids that come with these records: beside them, among an event's extensions or in a message's metadata. Each once. */
export function traceIdsIn(records: readonly unknown[]): readonly string[] {
  const found = records.flatMap((record) => {
    if (!isRecord(record)) return []
    const places = [record, record.extensions, record.metadata].filter(isRecord)
    return places.flatMap((place) => traceIdOf(place.traceparent) ?? [])
  })
  return [...new Set(found)]
}
