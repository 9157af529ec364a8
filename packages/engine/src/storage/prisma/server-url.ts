/** The URL of a database server, taken apart. Nothing here or in a message ever shows the password. */
import { ConfigurationError } from '../../model/errors'

export interface ServerUrl {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly params: URLSearchParams
  /** `PostgreSQL at db:5432, database "edda"` */
  readonly where: string
}

/** @throws ConfigurationError for a URL that names no database or cannot be read */
export function parseServerUrl(dbUrl: string, product: 'PostgreSQL' | 'MySQL', defaultPort: number): ServerUrl {
  let url: URL
  try {
    url = new URL(dbUrl)
  } catch {
    throw new ConfigurationError(
      `dbUrl is no valid URL: ${maskPassword(dbUrl)}. Write ${product === 'MySQL' ? 'mysql' : 'postgresql'}://user:password@host:${defaultPort}/database, ` +
        'with special characters in user and password percent-encoded.',
    )
  }
  const host = decode(url.hostname.replace(/^\[(.*)\]$/, '$1')) || 'localhost'
  const database = decode(url.pathname.slice(1))
  if (database === '')
    throw new ConfigurationError(`dbUrl ${maskPassword(dbUrl)} names no database: add /name after the host`)
  const port = url.port === '' ? defaultPort : Number(url.port)
  return {
    host,
    port,
    user: decode(url.username),
    password: decode(url.password),
    database,
    params: url.searchParams,
    where: `${product} at ${host}:${port}, database "${database}"`,
  }
}

/** For URLs that cannot be parsed too: whatever stands between the scheme's user and the last `@` is hidden. */
export function maskPassword(dbUrl: string): string {
  return dbUrl
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/]*):(.*)@/i, '$1:***@')
    .replace(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1***')
}

/** Removes the password wherever a driver has put it into its message. */
export function withoutPassword(text: string, password: string): string {
  return password === '' ? text : text.replaceAll(password, '***').replaceAll(encodeURIComponent(password), '***')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
