/** How to connect, and what every connection is set to: binary comparison, READ COMMITTED, UTC, strict. */
import type mariadb from 'mariadb'
import type { ServerUrl } from '../server-url'

/** As migrations and statements name it. It compares exactly but for trailing blanks, so servers that have a better one get that. */
export const PLAIN_COLLATION = 'utf8mb4_bin'

export function connectionConfig({
  host,
  port,
  user,
  password,
  database,
  params,
}: ServerUrl): mariadb.ConnectionConfig {
  const socket = params.get('socket') ?? params.get('socketPath')
  return {
    host,
    port,
    user: user || undefined,
    password: password || undefined,
    database,
    ...(socket ? { socketPath: socket } : {}),
    ...tls(params),
    // a server of version 8 asks for its public key when the connection is not encrypted
    allowPublicKeyRetrieval: true,
    collation: 'UTF8MB4_BIN',
    keepAliveDelay: 10_000,
  } as mariadb.ConnectionConfig
}

/** Said on every connection before anything else. */
export const SET_UP = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION time_zone = '+00:00', sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES'), innodb_lock_wait_timeout = 10`,
  // a process that froze inside a transaction holds its rows no longer than this; MySQL has nothing like it, and sees a comment
  'SET SESSION autocommit = 1 /*M!100300 , idle_transaction_timeout = IF(@@idle_transaction_timeout = 0, 60, @@idle_transaction_timeout) */',
] as const

/** `?ssl=true`, `?sslmode=require` and their like: encrypted; `verify-…` or `sslaccept=strict` also checks the certificate. */
function tls(params: URLSearchParams): { readonly ssl?: boolean | { readonly rejectUnauthorized: boolean } } {
  const mode = (params.get('sslmode') ?? params.get('ssl-mode') ?? '').toLowerCase().replaceAll('_', '-')
  const accept = params.get('sslaccept')
  if (mode.startsWith('verify') || accept === 'strict') return { ssl: { rejectUnauthorized: true } }
  if (mode === 'require' || mode === 'required' || params.get('ssl') === 'true' || accept !== null)
    return { ssl: { rejectUnauthorized: false } }
  return {}
}
