/**
 * How one event finds its one waiter among a hundred thousand: the `where` of a wait becomes a *shape* (its sorted paths) and a *key* (hash of paths
 * and values). A channel remembers the few shapes in use, so a publisher derives the keys of a message with one look per shape and asks an index.
 *
 * 1. Equal `where` ⇒ equal key; a key match is confirmed by {@link matches} before a message is consumed, so a hash collision costs a look, never a wrong wake.
 * 2. The empty `where` has the empty shape and the empty key: it matches every message.
 */
import { InvalidFilterError } from './errors'
import { readPath } from './json'

export type Where = Readonly<Record<string, string | number | boolean | null>>

const PATH = /^[A-Za-z_][A-Za-z0-9_-]{0,63}(\.[A-Za-z_][A-Za-z0-9_-]{0,63}){0,7}$/

/** @throws InvalidFilterError for a path or a value that no message could match by equality */
export function checkWhere(where: Where): void {
  const entries = Object.entries(where)
  if (entries.length > 10) throw new InvalidFilterError('A where has at most 10 paths')
  for (const [path, value] of entries) {
    if (!PATH.test(path)) throw new InvalidFilterError(`Invalid JSON path: ${path}`)
    const scalar =
      value === null ||
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value))
    if (!scalar) throw new InvalidFilterError(`where['${path}'] must be a string, a finite number, a boolean or null`)
  }
}

/** Whether a dotted path has the form that filters and `where` accept: names of at most 64 characters, at most 8 deep. */
export function isPath(path: string): boolean {
  return PATH.test(path)
}

/** Sorted paths joined by `|`; `''` for no condition. */
export function shapeOf(where: Where | undefined): string {
  return where ? Object.keys(where).sort().join('|') : ''
}

export function keyOf(where: Where | undefined): string {
  if (!where || Object.keys(where).length === 0) return ''
  return keyFrom(Object.keys(where).sort(), (path) => where[path])
}

/** The key that a message with this data has under one shape. */
export function keyOfData(shape: string, data: unknown): string {
  if (shape === '') return ''
  return keyFrom(shape.split('|'), (path) => readPath(data, path) ?? null)
}

export function matches(where: Where | undefined, data: unknown): boolean {
  return !where || Object.entries(where).every(([path, value]) => (readPath(data, path) ?? null) === value)
}

function keyFrom(paths: readonly string[], valueAt: (path: string) => unknown): string {
  return hash(paths.map((path) => `${path}=${JSON.stringify(valueAt(path))}`).join('\u0001'))
}

/** Two rounds of cyrb53 (public domain, by bryc) with different seeds: 106 bits, enough for an index key that is confirmed afterwards. */
export function hash(text: string): string {
  return cyrb53(text, 0x9e3779b9) + cyrb53(text, 0x85ebca6b)
}

function cyrb53(text: string, seed: number): string {
  let a = 0xdeadbeef ^ seed
  let b = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36).padStart(11, '0')
}
