/**
 * Who may reach this server, from the environment. Without any setting it listens on loopback and whoever reaches it there is admin; beyond loopback it
 * refuses to start without authentication.
 */
export interface OidcSettings {
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: string | null
  /** Claim that lists a user's roles or groups; a dotted path. */
  readonly roleClaim: string
  /** Claim value → role. */
  readonly roles: Readonly<Record<'viewer' | 'operator' | 'admin', string>>
}

export interface AccessSettings {
  /** `protected`: every request needs a token or a session. */
  readonly mode: 'open' | 'protected'
  /** The explicit override is on: open beyond loopback. */
  readonly insecure: boolean
  /** Host names accepted in `Host` beside loopback. */
  readonly allowedHosts: ReadonlySet<string>
  /** Other origins that may call with credentials, exact. */
  readonly allowedOrigins: ReadonlySet<string>
  /** Where people reach the dashboard, if not on loopback. */
  readonly publicUrl: URL | null
  readonly oidc: OidcSettings | null
}

/** A setting that cannot work; the message says which and what to do. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

type Env = Readonly<Record<string, string | undefined>>

const INSECURE_OVERRIDE = 'i-understand'
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '::1'])

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** @throws SettingsError */
export function accessSettings(env: Env, host: string): AccessSettings {
  const publicUrl = urlFrom(env, 'EDDA_PUBLIC_URL')
  const oidc = oidcFrom(env, publicUrl)
  const auth = env.EDDA_AUTH ?? 'none'
  if (auth !== 'none' && auth !== 'token')
    throw new SettingsError(`EDDA_AUTH is '${auth}': use 'token', or leave it out`)
  const mode = auth === 'token' || oidc ? 'protected' : 'open'
  const override = env.EDDA_INSECURE_NO_AUTH
  if (override !== undefined && override !== INSECURE_OVERRIDE) {
    throw new SettingsError(`EDDA_INSECURE_NO_AUTH must be '${INSECURE_OVERRIDE}' or absent`)
  }
  const exposed = mode === 'open' && !isLoopback(host)
  if (exposed && override !== INSECURE_OVERRIDE) {
    throw new SettingsError(
      `Refusing to listen on ${host} without authentication: anybody who reaches it could start, cancel and read everything. Set EDDA_AUTH=token (and make a token: node dist/main.mjs token create --role admin), or EDDA_OIDC_ISSUER, or listen on 127.0.0.1. To do it anyway: EDDA_INSECURE_NO_AUTH=${INSECURE_OVERRIDE}`,
    )
  }
  const listed = list(env.EDDA_ALLOWED_HOSTS).map((name) => name.toLowerCase())
  return {
    mode,
    insecure: exposed,
    allowedHosts: new Set([
      ...listed,
      ...(publicUrl ? [publicUrl.hostname] : []),
      ...(isWildcard(host) ? [] : [host.toLowerCase()]),
    ]),
    allowedOrigins: new Set(list(env.EDDA_ALLOWED_ORIGINS).map(originFrom)),
    publicUrl,
    oidc,
  }
}

function oidcFrom(env: Env, publicUrl: URL | null): OidcSettings | null {
  const issuer = urlFrom(env, 'EDDA_OIDC_ISSUER')
  if (!issuer) return null
  const clientId = env.EDDA_OIDC_CLIENT_ID
  if (!clientId) throw new SettingsError('EDDA_OIDC_ISSUER needs EDDA_OIDC_CLIENT_ID')
  if (!publicUrl)
    throw new SettingsError(
      'EDDA_OIDC_ISSUER needs EDDA_PUBLIC_URL: the address under which browsers reach the dashboard',
    )
  if (issuer.protocol !== 'https:' && !isLoopback(issuer.hostname))
    throw new SettingsError('EDDA_OIDC_ISSUER must be an https address')
  return {
    issuer,
    clientId,
    clientSecret: env.EDDA_OIDC_CLIENT_SECRET ?? null,
    roleClaim: env.EDDA_OIDC_ROLE_CLAIM ?? 'roles',
    roles: {
      viewer: env.EDDA_OIDC_VIEWER ?? 'viewer',
      operator: env.EDDA_OIDC_OPERATOR ?? 'operator',
      admin: env.EDDA_OIDC_ADMIN ?? 'admin',
    },
  }
}

function urlFrom(env: Env, name: string): URL | null {
  const text = env[name]
  if (!text) return null
  const url = tryUrl(text)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new SettingsError(`${name} is no http(s) address: '${text}'`)
  return url
}

function tryUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function originFrom(text: string): string {
  const url = tryUrl(text)
  if (!url || url.origin !== text)
    throw new SettingsError(
      `EDDA_ALLOWED_ORIGINS: '${text}' is no origin; write it as https://host:port, nothing behind it`,
    )
  return text
}

function list(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '[::]'
}
