/** The two gates in front of every route: what the request is (request-guard.ts), and who makes it (sign-in.ts). Headers and the log come with them. */
import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { AccessSettings } from './access-settings'
import type { Principal } from './principal'
import { createRateLimit } from './rate-limit'
import { corsHeaders, refuse, securityHeaders } from './request-guard'
import type { SignIn } from './sign-in'

interface ApiLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface GuardDeps {
  readonly access: AccessSettings
  readonly log: ApiLog
  /** The caller's address, for rate limits and the audit of refused sign-ins. */
  readonly addressOf?: (request: Request, env: unknown) => string
}

export type Variables = { requestId: string; principal: Principal | null; address: string }
type Middleware = MiddlewareHandler<{ Variables: Variables }>

/** Sign-in attempts: ten at once, then one in six seconds. */
const LOGIN_RATE = { perSecond: 1 / 6, burst: 10 }

export function guarded({ access, log, addressOf }: GuardDeps): Middleware {
  return async (c, next) => {
    const startedAt = performance.now()
    const requestId = randomUUID()
    c.set('requestId', requestId)
    c.set('principal', null)
    c.set('address', addressOf?.(c.req.raw, c.env) ?? 'unknown')
    const refusal = refuse(c.req.raw, access)
    if (refusal) c.res = Response.json({ error: refusal.error }, { status: refusal.status })
    else if (c.req.method === 'OPTIONS' && c.req.path.startsWith('/trpc/')) c.res = new Response(null, { status: 204 })
    else await next()
    const headers = { ...securityHeaders(access), ...corsHeaders(c.req.raw, access), 'x-request-id': requestId }
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value)
    if (c.req.path.startsWith('/health/')) return
    // no query string: it holds inputs
    const { method, path } = c.req
    const ms = Math.round(performance.now() - startedAt)
    const { status } = c.res
    const fields = { method, path, status, ms, requestId, actor: c.get('principal')?.actor ?? null }
    if (method === 'GET' && status < 400) log.debug(fields, 'request')
    else log.info(fields, 'request')
  }
}

/** @param rate requests per second and caller; three times as many pass in a burst */
export function identified(signIn: SignIn, rate: number): Middleware {
  const requests = createRateLimit({ perSecond: rate, burst: rate * 3 })
  const logins = createRateLimit(LOGIN_RATE)
  return async (c, next) => {
    if (c.req.path.startsWith('/health/')) return next()
    const principal = await signIn.principalOf(c.req.raw.headers)
    const known = principal === 'invalid' ? null : principal
    c.set('principal', known)
    const waiting = requests.take(known?.tokenId ?? c.get('address'))
    const seconds = waiting > 0 || !isLogin(c.req.path) ? waiting : logins.take(c.get('address'))
    if (seconds > 0) return c.json({ error: 'Too many requests' }, 429, { 'retry-after': String(seconds) })
    if (principal !== 'invalid') return next()
    return c.json({ error: 'This token is unknown, expired or revoked' }, 401, { 'www-authenticate': 'Bearer' })
  }
}

function isLogin(path: string): boolean {
  return path.startsWith('/auth/oidc/') || (path.startsWith('/trpc/') && path.includes('session.login'))
}
