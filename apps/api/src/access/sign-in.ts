/**
 * Who a request is, and how a session begins and ends. Tokens come in `Authorization: Bearer`, sessions in a cookie; both are credentials of the admin
 * surface, which checks expiry, idleness and revocation.
 *
 * 1. A credential that is given and not valid is an error, never a fall-back to something weaker.
 * 2. Without configuration whoever reaches the server on loopback is admin; that is the only way to be somebody without a credential.
 */
import type { TokenRecord } from '@edda/engine'
import type { EngineApp } from '../engine'
import type { AccessSettings } from './access-settings'
import { cookieName, readCookie, writeCookie } from './cookies'
import type { Principal } from './principal'

const SESSION_IDLE_MS = 30 * 60_000
const SESSION_LENGTH_MS = 12 * 3_600_000

export interface SessionState {
  readonly principal: Principal | null
  /** `open`: nothing is configured, loopback only, whoever reaches it is admin. */
  readonly mode: 'open' | 'protected'
  /** The explicit override is on: say so on every page. */
  readonly insecure: boolean
  /** Where to send the browser for OIDC sign-in; null when it is not configured. */
  readonly oidcUrl: string | null
  readonly may: { readonly seePayloads: boolean; readonly operate: boolean; readonly administer: boolean }
}

/** What sign-in needs of a request, and where its cookie goes. */
interface Answering {
  readonly headers: Headers
  readonly requestId: string
  readonly request: { readonly cookie: string | null; readonly address: string }
}

export interface SignIn {
  /** @returns `invalid` for a credential that is given and not valid */
  principalOf(headers: Headers): Promise<Principal | null | 'invalid'>
  state(principal: Principal | null): SessionState
  /** @returns null when the token is not valid */
  withToken(secret: string, answering: Answering): Promise<Principal | null>
  /** Begins a session for somebody an identity provider vouches for. @returns the cookie */
  begin(who: { readonly actor: string; readonly role: Principal['role'] }, requestId: string): Promise<string>
  out(answering: Answering): Promise<void>
}

const LOCAL: Principal = { actor: 'local', role: 'admin', via: 'open', tokenId: null, expiresAt: null }
const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/

export function createSignIn(
  tokens: EngineApp['admin']['tokens'],
  audit: EngineApp['admin']['audit'],
  settings: AccessSettings,
): SignIn {
  const cookie = cookieName('edda', settings)

  const startSession = async ({ actor, role }: { actor: string; role: Principal['role'] }, requestId: string) => {
    const expiresAt = new Date(Date.now() + SESSION_LENGTH_MS)
    const operator = { actor, reason: null, requestId }
    const { secret, record } = await tokens.create({ name: actor, role, expiresAt, kind: 'session' }, operator)
    const header = writeCookie({ name: cookie, value: secret, maxAgeSeconds: SESSION_LENGTH_MS / 1_000 })
    return { header, principal: toPrincipal(record, 'session') }
  }

  return {
    async principalOf(headers) {
      const authorization = headers.get('authorization')
      if (authorization !== null) {
        const secret = BEARER.exec(authorization)?.[1]
        const record = secret?.startsWith('edda_tok_') ? await tokens.authenticate(secret) : null
        return record ? toPrincipal(record, 'token') : 'invalid'
      }
      const secret = readCookie(headers.get('cookie'), cookie)
      if (secret !== null && secret !== '' && settings.mode === 'protected') {
        const record = secret.startsWith('edda_ses_')
          ? await tokens.authenticate(secret, { idleMs: SESSION_IDLE_MS })
          : null
        // an expired cookie is no attack: the page asks for a new sign-in
        return record ? toPrincipal(record, 'session') : null
      }
      return settings.mode === 'open' ? LOCAL : null
    },
    state: (principal) => ({
      principal,
      mode: settings.mode,
      insecure: settings.insecure,
      oidcUrl: settings.oidc ? '/auth/oidc/start' : null,
      may: {
        seePayloads: principal !== null && principal.role !== 'viewer',
        operate: principal !== null && principal.role !== 'viewer',
        administer: principal?.role === 'admin',
      },
    }),
    async withToken(secret, { headers, requestId, request }) {
      const record = secret.startsWith('edda_tok_') ? await tokens.authenticate(secret) : null
      if (!record) {
        await audit.record(
          { action: 'session.refused', target: request.address },
          { actor: 'nobody', reason: null, requestId },
        )
        return null
      }
      const { header, principal } = await startSession({ actor: record.name, role: record.role }, requestId)
      headers.append('set-cookie', header)
      return principal
    },
    async begin(who, requestId) {
      return (await startSession(who, requestId)).header
    },
    async out({ headers, requestId, request }) {
      const secret = readCookie(request.cookie, cookie)
      const record = secret?.startsWith('edda_ses_') ? await tokens.authenticate(secret) : null
      if (record) await tokens.revoke(record.id, { actor: record.name, reason: null, requestId })
      headers.append('set-cookie', writeCookie({ name: cookie, value: '', maxAgeSeconds: 0 }))
    },
  }
}

function toPrincipal({ id, name, role, expiresAt }: TokenRecord, via: 'token' | 'session'): Principal {
  return { actor: name, role, via, tokenId: id, expiresAt }
}
