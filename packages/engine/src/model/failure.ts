/**
 * Errors to their stored form and back. A replayed error has the class name, message, code, fields and cause chain of the live one, because the
 * live one is handed to workflow code in its decoded stored form too.
 *
 * 1. The engine's own classes and the language's come back as themselves, classes derived from them as instances of these under their own name
 *    (`instanceof TerminalError` holds on replay).
 * 2. Any other class comes back as an `Error` whose `name` is the class name, also one that shares a name with a class of the engine.
 * 3. A cause chain is kept to a depth of 8; whatever is not an `Error` becomes one with the value in its message.
 * 4. Storing an error never throws, whatever was thrown; what is stored decodes and stores to the same again.
 */
import * as errors from './errors'
import type { Failure } from './instance'
import type { JsonValue } from './json'

const MAX_DEPTH = 8
const MAX_ERRORS = 10
const MAX_STACK = 8_000
const MAX_MESSAGE = 20_000
const MAX_FIELD = 10_000
const MAX_FIELDS = 50_000

/** @param error anything that was thrown */
export function toFailure(error: unknown, depth = 0): Failure {
  try {
    return error instanceof Error
      ? describe(error, depth)
      : { name: 'Error', message: clip(printable(error), MAX_MESSAGE) }
  } catch {
    return { name: 'Error', message: 'what was thrown cannot be read' }
  }
}

function describe(error: Error, depth: number): Failure {
  const name = className(error)
  const base = knownClassOf(error)
  const fields = ownFields(error)
  const code = (error as { code?: unknown }).code
  const { cause, stack } = error
  const members = error instanceof AggregateError && depth < MAX_DEPTH ? error.errors.slice(0, MAX_ERRORS) : []
  return {
    name,
    message: clip(String(error.message), MAX_MESSAGE),
    ...(base !== undefined && base !== name ? { extends: base } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(stack ? { stack: clip(String(stack), MAX_STACK) } : {}),
    ...(fields ? { fields } : {}),
    ...(cause !== undefined && depth < MAX_DEPTH ? { cause: toFailure(cause, depth + 1) } : {}),
    ...(members.length > 0 ? { errors: members.map((one: unknown) => toFailure(one, depth + 1)) } : {}),
  }
}

/** Rebuilds the error that {@link toFailure} stored. */
export function fromFailure(failure: Failure): Error {
  const error = new Error(failure.message)
  const known = CLASSES.get(failure.extends ?? failure.name)
  if (known && (failure.extends !== undefined || known.hasCode(failure.code)))
    Object.setPrototypeOf(error, known.prototype)
  define(error, 'name', failure.name)
  define(error, 'stack', failure.stack ?? `${failure.name}: ${failure.message}`)
  if (failure.code !== undefined) define(error, 'code', failure.code, true)
  for (const [key, value] of Object.entries(failure.fields ?? {})) define(error, key, value, true)
  if (failure.cause) define(error, 'cause', fromFailure(failure.cause))
  if (failure.errors) define(error, 'errors', failure.errors.map(fromFailure))
  return error
}

interface KnownClass {
  readonly prototype: object
  /** Whether an error of this class has this code: others may have classes of the same name. */
  hasCode(code: string | undefined): boolean
}

const LANGUAGE = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError]

const CLASSES: ReadonlyMap<string, KnownClass> = new Map([
  ...LANGUAGE.map(({ name, prototype }): [string, KnownClass] => [name, { prototype, hasCode: () => true }]),
  ...Object.entries(errors).map(([name, { prototype }]): [string, KnownClass] => [
    name,
    { prototype, hasCode: (code) => name === 'EddaError' || code === codeOf(name) },
  ]),
])
const NAMES: ReadonlyMap<object, string> = new Map([...CLASSES].map(([name, { prototype }]) => [prototype, name]))

/** `TerminalError` has the code `TERMINAL`, and so on for all classes of the engine. */
function codeOf(name: string): string {
  return name
    .slice(0, -'Error'.length)
    .replace(/(?<!^)[A-Z]/g, '_$&')
    .toUpperCase()
}

function knownClassOf(error: Error): string | undefined {
  let prototype: object | null = Object.getPrototypeOf(error)
  while (prototype !== null && !NAMES.has(prototype)) prototype = Object.getPrototypeOf(prototype)
  return prototype === null ? undefined : NAMES.get(prototype)
}

/** The class name of an error also where the class never set `name`; of anything else its type. */
export function errorName(error: unknown): string {
  return error instanceof Error ? className(error) : typeof error
}

function className(error: Error): string {
  const { name } = error
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name
  return error.constructor?.name || 'Error'
}

/** Members with a place of their own in a failure, and one that is no member at all. */
const APART = new Set(['cause', 'errors', 'name', 'message', 'stack', '__proto__'])

function ownFields(error: Error): Record<string, JsonValue> | undefined {
  const fields: Record<string, JsonValue> = {}
  let size = 0
  for (const key of Object.keys(error)) {
    if (APART.has(key)) continue
    try {
      const value = (error as unknown as Record<string, unknown>)[key]
      if (key === 'code' && typeof value === 'string') continue
      const isText = typeof value === 'string'
      const text = JSON.stringify(isText ? clip(value, MAX_FIELD) : value)
      if (text === undefined || (!isText && text.length > MAX_FIELD) || size + text.length > MAX_FIELDS) continue
      size += text.length
      fields[key] = JSON.parse(text) as JsonValue
    } catch {
      // A field that cannot be read or has no JSON form cannot be stored; the rest of the error still can.
    }
  }
  return size > 0 ? fields : undefined
}

function define(target: object, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true })
}

function printable(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value === 'bigint' ? String(value) : Object.prototype.toString.call(value)
  }
}

/** Text within the limit, the remark included, so that clipping it again changes nothing. */
function clip(text: string, limit: number): string {
  if (text.length <= limit) return text
  const kept = limit - 40
  return `${text.slice(0, kept)}… (${text.length - kept} more characters)`
}
