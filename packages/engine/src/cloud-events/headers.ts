/**
 * HTTP headers from whatever holds them (`Headers`, Node's `IncomingHttpHeaders`, a list of pairs) as one map with lower-case names.
 * A header that the codec reads and that was sent twice is refused: two ids are no id.
 */
import { CloudEventError, quote } from './errors'

export type HeadersInput =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>

export type HeaderMap = ReadonlyMap<string, string>

/** @throws CloudEventError `InvalidHeader` when a `ce-*` header, the content type or the content encoding stands there twice */
export function readHeaders(input: HeadersInput): HeaderMap {
  const headers = new Map<string, string>()
  for (const [rawName, values] of entries(input)) {
    const name = rawName.toLowerCase()
    for (const value of typeof values === 'string' ? [values] : (values ?? [])) {
      if (headers.has(name) && matters(name)) {
        throw new CloudEventError('InvalidHeader', `the header ${quote(name)} was sent more than once`)
      }
      headers.set(name, trimBlanks(value))
    }
  }
  return headers
}

function entries(input: HeadersInput): Iterable<readonly [string, string | readonly string[] | undefined]> {
  return isIterable(input) ? input : Object.entries(input)
}

function isIterable(input: HeadersInput): input is Iterable<readonly [string, string]> {
  return Symbol.iterator in input
}

function matters(name: string): boolean {
  return name.startsWith('ce-') || name === 'content-type' || name === 'content-encoding'
}

/** RFC 9110 §5.5: blanks around a value are not part of it. By hand, because `/[ \t]+$/` is quadratic on a long run of blanks. */
function trimBlanks(value: string): string {
  let [start, end] = [0, value.length]
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09
}
