/** The cookies of this app: reading one, and writing one that scripts cannot read and other sites cannot send. */
import type { AccessSettings } from './access-settings'

export interface CookieOptions {
  readonly name: string
  readonly value: string
  readonly maxAgeSeconds: number
  /** `Lax` only for the moment between leaving for the identity provider and coming back. */
  readonly sameSite?: 'Strict' | 'Lax'
}

function isSecure({ publicUrl }: Pick<AccessSettings, 'publicUrl'>): boolean {
  return publicUrl?.protocol === 'https:'
}

/** `__Host-` binds a cookie to this host and to https; over plain http on loopback browsers would refuse the prefix. */
export function cookieName(base: string, settings: Pick<AccessSettings, 'publicUrl'>): string {
  return isSecure(settings) ? `__Host-${base}` : base
}

export function writeCookie({ name, value, maxAgeSeconds, sameSite = 'Strict' }: CookieOptions): string {
  const secure = name.startsWith('__Host-') ? '; Secure' : ''
  return `${name}=${value}; Path=/; HttpOnly; SameSite=${sameSite}; Max-Age=${maxAgeSeconds}${secure}`
}

export function readCookie(header: string | null, name: string): string | null {
  for (const part of header?.split(';') ?? []) {
    const [key, ...value] = part.split('=')
    if (key?.trim() === name) return value.join('=').trim()
  }
  return null
}
