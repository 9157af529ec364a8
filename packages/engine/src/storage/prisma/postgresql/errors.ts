/** PostgreSQL's SQLSTATE codes, whether they come from the driver or through Prisma. */
import type { Refusal } from '../connecting'
import { driverCode } from '../driver-code'

const RETRYABLE = new Set(['40001', '40P01', '55P03'])
const SOCKET = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
const DOWN_TEXT =
  /connection terminated|connection error and is not queryable|timeout exceeded when trying to connect|client was closed/i

export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(driverCode(error) ?? '')
}

export function isUnique(error: unknown): boolean {
  return driverCode(error) === '23505'
}

/** The connection is gone or cannot be had; whether a COMMIT that was under way took effect is unknown. */
export function isDown(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDown)
  const code = driverCode(error)
  if (code && (SOCKET.has(code) || /^(08|57P0[123]|25P0[34])/.test(code) || code === '53300')) return true
  return error instanceof Error && DOWN_TEXT.test(error.message)
}

export function classify(error: unknown): Refusal['kind'] {
  const code = driverCode(error)
  if (code === '28P01') return 'password'
  if (code === '3D000') return 'no-database'
  if (code === '28000' || code === '42501') return 'forbidden'
  return isDown(error) ? 'later' : 'other'
}
