/**
 * Page tokens of the instance listing: the position after the last row, bound to the filters it was made for. A token that was made up, cut, or taken
 * from another listing is refused; it could do no more harm than start a page elsewhere, since a listing shows nothing that its filters would not.
 */
import { InvalidPageTokenError } from '../model/errors'
import { hash } from '../model/match'

export interface Position {
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly id: string
}

const TOKEN = /^[A-Za-z0-9_-]{1,1000}$/

export function encodePageToken(position: Position, filters: unknown): string {
  const { startedAt, id } = position
  return Buffer.from(JSON.stringify([startedAt, id, checkOf(position, filters)])).toString('base64url')
}

/** @throws InvalidPageTokenError */
export function decodePageToken(token: string, filters: unknown): Position {
  if (!TOKEN.test(token) || !isWhole(token)) throw new InvalidPageTokenError()
  const [startedAt, id, check, ...rest] = parse(token)
  if (typeof startedAt !== 'number' || !Number.isSafeInteger(startedAt) || typeof id !== 'string' || rest.length > 0) {
    throw new InvalidPageTokenError()
  }
  if (check !== checkOf({ startedAt, id }, filters)) throw new InvalidPageTokenError()
  return { startedAt, id }
}

/** Decoders pass over bits that are too few for a byte. */
function isWhole(token: string): boolean {
  return Buffer.from(token, 'base64url').toString('base64url') === token
}

function parse(token: string): readonly unknown[] {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(token, 'base64url').toString())
    return Array.isArray(decoded) ? decoded : []
  } catch {
    throw new InvalidPageTokenError()
  }
}

function checkOf({ startedAt, id }: Position, filters: unknown): string {
  return hash(`${startedAt}\u0001${id}\u0001${canonical(filters)}`)
}

/** JSON with sorted keys, so that the order in which filters were written does not matter. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (value instanceof Date) return String(value.getTime())
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
    .join(',')}}`
}
