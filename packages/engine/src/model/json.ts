/**
 * JSON as the engine stores it: text in the database, decoded values in user code. What user code receives is always the decoded *stored*
 * form, live and on replay alike, so that a `Date` that became a string is a string both times.
 */
import { SerializationError } from './errors'

export type JsonPrimitive = string | number | boolean | null
export type JsonValue = JsonPrimitive | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined }

/**
 * Encodes a value to JSON text or says exactly what cannot be stored.
 *
 * @param value what user code returned or passed
 * @param what names the payload in the error, e.g. `result of activity charge:1`
 * @param maxBytes limit in UTF-8 bytes of the encoded text
 * @returns the text; `undefined` is stored as `null`
 * @throws SerializationError with the path of the first offending member, or with size and limit
 */
export function encodeJson(value: unknown, what: string, maxBytes: number): string {
  if (value === undefined) return 'null'
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw new SerializationError({ what, ...(findUnserializable(value) ?? { path: '$', reason: String(error) }) })
  }
  if (text === undefined)
    throw new SerializationError({ what, path: '$', reason: `${describe(value)} has no JSON form` })
  checkSize(text, what, maxBytes)
  return text
}

/** Text of a quarter of the limit cannot exceed it in UTF-8; only longer text is measured. */
function checkSize(text: string, what: string, maxBytes: number): void {
  if (text.length <= maxBytes / 4) return
  const bytes = utf8Length(text)
  if (bytes > maxBytes) throw new SerializationError({ what, path: '$', reason: 'too large', bytes, limit: maxBytes })
}

/** A value as it was when it was given: its JSON text, or, when it has none, the value itself so that whoever stores it can say where it fails. */
export type Given = { readonly text: string } | { readonly unstorable: unknown }

/** Encodes without judging: sizes and faults are reported by {@link encodeGiven}. */
export function given(value: unknown): Given {
  if (value === undefined || value === null) return NULL
  try {
    const text = JSON.stringify(value)
    return text === undefined ? { unstorable: value } : { text }
  } catch {
    return { unstorable: value }
  }
}

/** The text of what was given. @throws SerializationError */
export function encodeGiven(value: Given, what: string, maxBytes: number): string {
  if ('unstorable' in value) return encodeJson(value.unstorable, what, maxBytes)
  checkSize(value.text, what, maxBytes)
  return value.text
}

const NULL: Given = { text: 'null' }

/**
 * Encodes what may be JSON or bytes: a message, an event.
 *
 * @throws SerializationError as {@link encodeJson}; bytes count as they are
 */
export function encodePayload(
  value: unknown,
  what: string,
  maxBytes: number,
): { readonly data: string; readonly binary: null } | { readonly data: null; readonly binary: Uint8Array } {
  if (!(value instanceof Uint8Array)) return { data: encodeJson(value, what, maxBytes), binary: null }
  const bytes = value.byteLength
  if (bytes > maxBytes) throw new SerializationError({ what, path: '$', reason: 'too large', bytes, limit: maxBytes })
  return { data: null, binary: value }
}

/** Decodes stored JSON text; the counterpart of {@link encodeJson}. */
export function decodeJson(text: string): JsonValue {
  return JSON.parse(text) as JsonValue
}

/** Length of a string in UTF-8 bytes, without allocating the bytes. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (isPair(unit, text.charCodeAt(i + 1))) {
      bytes += 4
      i++
    } else bytes += 3
  }
  return bytes
}

/** Past the end of the text the second unit is NaN, which is in no range. */
function isPair(unit: number, next: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000
}

/** Reads a dotted path such as `order.lines.0.sku`; own properties only, so `__proto__` finds nothing. */
export function readPath(value: unknown, path: string): unknown {
  let current = value
  for (const name of path.split('.')) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, name)) return undefined
    current = (current as Record<string, unknown>)[name]
  }
  return current
}

interface Fault {
  readonly path: string
  readonly reason: string
}

/** Walks as JSON.stringify does: own enumerable members, `toJSON` once for each value. */
function findUnserializable(root: unknown): Fault | undefined {
  const ancestors = new Set<object>()
  const visit = (read: () => unknown, path: string): Fault | undefined => {
    let value: unknown
    try {
      value = jsonFormOf(read())
    } catch (error) {
      return { path, reason: error instanceof Error ? error.message : String(error) }
    }
    if (typeof value === 'bigint') return { path, reason: 'a BigInt has no JSON form; convert it to a string' }
    if (value === null || typeof value !== 'object') return undefined
    if (ancestors.has(value)) return { path, reason: 'circular reference' }
    if (ancestors.size > 500) return { path, reason: 'nested deeper than 500 levels' }
    ancestors.add(value)
    const members = value as Readonly<Record<string, unknown>>
    for (const key of Object.keys(members)) {
      const found = visit(() => members[key], Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`)
      if (found) return found
    }
    ancestors.delete(value)
    return undefined
  }
  return visit(() => root, '$')
}

function jsonFormOf(value: unknown): unknown {
  const toJSON = (value as { readonly toJSON?: unknown } | null | undefined)?.toJSON
  return typeof toJSON === 'function' ? (toJSON.call(value) as unknown) : value
}

function describe(value: unknown): string {
  return typeof value === 'function' ? 'a function' : typeof value === 'symbol' ? 'a symbol' : typeof value
}
