/**
 * A broker's URL taken apart once, so that its secrets travel in a header and never in a message: user and password become Basic
 * authentication, and `label`, the only form that errors show, has neither them nor the query (tokens live there too).
 */
import { ConfigurationError } from '../model/errors'

export interface Endpoint {
  /** Without user and password. For requests only. */
  readonly url: string
  readonly authorization: string | null
  /** Origin and path: fit for logs and errors. */
  readonly label: string
}

/**
 * @param brokerUrl an http or https URL
 * @param allowedHosts exact `host` (any port) or `host:port` after normalisation, so `127.1` and `0x7f.1` are `127.0.0.1`
 * @throws ConfigurationError whose text shows nothing secret
 */
export function parseEndpoint(brokerUrl: string, allowedHosts?: readonly string[]): Endpoint {
  const url = parseUrl(brokerUrl)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigurationError(`brokerUrl must be an http or https URL, not '${url.protocol}'`)
  }
  const label = `${url.origin}${url.pathname}`
  const hostAndPort = `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
  if (allowedHosts !== undefined && !allowedHosts.some((host) => host === url.hostname || host === hostAndPort)) {
    throw new ConfigurationError(`brokerUrl: the host ${hostAndPort} is not among the allowed ones`)
  }
  const authorization = url.username === '' && url.password === '' ? null : basic(url, label)
  url.username = ''
  url.password = ''
  url.hash = ''
  return { url: url.href, authorization, label }
}

function parseUrl(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new ConfigurationError('brokerUrl is not a URL')
  }
}

/** RFC 7617: a user name with a colon could not be told from the password. */
function basic(url: URL, label: string): string {
  const [user, password] = [decode(url.username, label), decode(url.password, label)]
  if (user.includes(':')) throw new ConfigurationError(`brokerUrl ${label}: the user name must not contain a colon`)
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function decode(text: string, label: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigurationError(`brokerUrl ${label}: user or password is not percent-encoded UTF-8`)
  }
}
