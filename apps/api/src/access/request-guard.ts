/**
 * What a request must be before anything looks at it, whatever it asks for.
 *
 * 1. Its host is one of ours: a page on another name that resolves here (DNS rebinding) is refused. Behind the dashboard's proxy the browser's own host
 *    counts too.
 * 2. A browser's request from another origin is refused unless that origin is listed; a caller that is no browser sends neither header.
 * 3. It changes something only by POST, and tRPC takes only JSON: neither can be made by a plain form.
 */
import type { AccessSettings } from './access-settings'
import { isLoopback } from './access-settings'

export interface Refusal {
  readonly status: 403 | 405 | 415 | 421
  readonly error: string
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS'])

export function refuse(request: Request, settings: AccessSettings): Refusal | null {
  if (!METHODS.has(request.method)) return { status: 405, error: `Method ${request.method} is not used here` }
  const { pathname, host: urlHost } = new URL(request.url)
  // probes address a machine, not a name, and learn nothing
  if (pathname === '/health/live' || pathname === '/health/ready') return null
  const host = request.headers.get('host') ?? urlHost
  const forwarded = request.headers.get('x-forwarded-host')
  for (const name of forwarded === null ? [host] : [host, forwarded]) {
    if (!isOwnHost(name, settings)) {
      return {
        status: 421,
        error: `This server does not answer for host '${name.slice(0, 100)}': list it in EDDA_ALLOWED_HOSTS if it should`,
      }
    }
  }
  return foreign(request, [host, ...(forwarded === null ? [] : [forwarded])], settings) ?? notJson(request, pathname)
}

function isOwnHost(host: string, { allowedHosts }: AccessSettings): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:/?#@\s]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase()
  return name !== undefined && (isLoopback(name) || allowedHosts.has(name))
}

function foreign(request: Request, hosts: readonly string[], { allowedOrigins }: AccessSettings): Refusal | null {
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (origin !== null && allowedOrigins.has(origin)) return null
  const isOwnOrigin =
    origin !== null && hosts.some((host) => origin === `http://${host}` || origin === `https://${host}`)
  if (origin !== null && !isOwnOrigin)
    return { status: 403, error: `Requests from origin '${origin.slice(0, 200)}' are refused` }
  if (site === null || site === 'same-origin' || site === 'none') return null
  // `same-site` is another host of the same domain: not ours. A link that leads here from elsewhere is a navigation, and reads nothing.
  const isNavigation = request.method === 'GET' && request.headers.get('sec-fetch-mode') === 'navigate'
  return isOwnOrigin || isNavigation ? null : { status: 403, error: 'Requests from other sites are refused' }
}

function notJson(request: Request, pathname: string): Refusal | null {
  if (request.method !== 'POST' || !pathname.startsWith('/trpc/')) return null
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  return type === 'application/json' ? null : { status: 415, error: 'Send application/json' }
}

/** On every answer, errors included. */
export function securityHeaders(settings: AccessSettings): Readonly<Record<string, string>> {
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    ...(settings.publicUrl?.protocol === 'https:'
      ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
      : {}),
  }
}

/** For a listed origin only; never reflected, never `*`. */
export function corsHeaders(request: Request, { allowedOrigins }: AccessSettings): Readonly<Record<string, string>> {
  const origin = request.headers.get('origin')
  if (origin === null || !allowedOrigins.has(origin)) return {}
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type, last-event-id',
    'access-control-max-age': '600',
    'cross-origin-resource-policy': 'cross-origin',
    vary: 'origin',
  }
}
