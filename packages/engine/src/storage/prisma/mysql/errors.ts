/** Error numbers of MySQL and MariaDB, whether they come from the driver or through Prisma. */
import type { Refusal } from '../connecting'
import { driverCode } from '../driver-code'

/** Deadlock, lock wait timeout, record changed since last read (snapshot isolation). */
const RETRYABLE = new Set(['1213', '1205', '1020'])
/** Too many connections, shutdown under way, connection killed. */
const SERVER_GONE = new Set(['1040', '1053', '1927', '2006', '2013'])
/** To the database, from this host, without a password; to a table, a column, a statement. */
const FORBIDDEN = new Set(['1044', '1130', '1698', '1142', '1143', '1227'])
const SOCKET = /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/

export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(driverCode(error) ?? '')
}

export function isUnique(error: unknown): boolean {
  return driverCode(error) === '1062'
}

/** The connection is gone or cannot be had; whether a COMMIT that was under way took effect is unknown. */
export function isDown(error: unknown): boolean {
  const code = driverCode(error) ?? ''
  // the driver's own numbers: closed, timed out, no connection from the pool
  if (SERVER_GONE.has(code) || /^45\d{3}$/.test(code) || SOCKET.test(code)) return true
  return error instanceof Error && SOCKET.test(error.message)
}

export function classify(error: unknown): Refusal['kind'] {
  const code = driverCode(error)
  if (code === '1045') return 'password'
  if (code === '1049') return 'no-database'
  if (FORBIDDEN.has(code ?? '')) return 'forbidden'
  return isDown(error) ? 'later' : 'other'
}
