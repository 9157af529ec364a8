/**
 * Sign-in by an OpenID Connect provider: authorization code flow with PKCE, state and nonce; the ID token's signature, issuer, audience and times are
 * checked by openid-client. What the provider says becomes a role, and a session of our own; its tokens are not kept.
 *
 * 1. A sign-in under way is known by a random id in a short-lived cookie; everything else stays here, for ten minutes, and is used once.
 * 2. A provider that does not answer, or a person without a role, gets no session: there is no fall-back.
 * 3. Afterwards the browser goes to a path of ours, never to an address from the request.
 */
import { randomBytes } from 'node:crypto'
import * as oidc from 'openid-client'
import type { AccessSettings, OidcSettings } from './access-settings'
import { isLoopback } from './access-settings'
import { cookieName, readCookie, writeCookie } from './cookies'
import type { Role } from './principal'
import type { SignIn } from './sign-in'

export interface OidcSignIn {
  handle(request: Request, requestId: string): Promise<Response>
}

export interface OidcDeps {
  readonly settings: AccessSettings & { readonly oidc: OidcSettings; readonly publicUrl: URL }
  readonly signIn: SignIn
  readonly onError: (error: unknown) => void
  /** Replaced in tests. */
  readonly fetch?: oidc.CustomFetch
  readonly now?: () => number
}

interface UnderWay {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly returnTo: string
  readonly expiresAt: number
}

const PENDING_MS = 10 * 60_000
const MOST_PENDING = 1_000
const ANSWER_SECONDS = 10

export function createOidcSignIn(deps: OidcDeps): OidcSignIn {
  const { settings, signIn, now = Date.now } = deps
  const { publicUrl } = settings
  const cookie = cookieName('edda-oidc', settings)
  const redirectUri = new URL('/auth/oidc/callback', publicUrl).href
  const underWay = new Map<string, UnderWay>()
  let discovered: Promise<oidc.Configuration> | null = null

  const configuration = (): Promise<oidc.Configuration> => {
    discovered ??= discover(settings.oidc, deps.fetch).catch((error: unknown) => {
      // the provider may be back for the next one
      discovered = null
      throw error
    })
    return discovered
  }
  const forgetOld = (): void => {
    for (const [id, { expiresAt }] of underWay)
      if (expiresAt <= now() || underWay.size >= MOST_PENDING) underWay.delete(id)
  }

  const start = async (request: Request): Promise<Response> => {
    const config = await configuration()
    forgetOld()
    const id = randomBytes(16).toString('hex')
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()]
    const returnTo = ownPath(new URL(request.url).searchParams.get('returnTo'))
    underWay.set(id, { state, nonce, verifier, returnTo, expiresAt: now() + PENDING_MS })
    const location = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    return redirect(
      location.href,
      writeCookie({ name: cookie, value: id, maxAgeSeconds: PENDING_MS / 1_000, sameSite: 'Lax' }),
    )
  }

  const callback = async (request: Request, requestId: string): Promise<Response> => {
    const id = readCookie(request.headers.get('cookie'), cookie) ?? ''
    const pending = underWay.get(id)
    underWay.delete(id)
    if (!pending || pending.expiresAt <= now())
      return answer(400, 'This sign-in was not started here, or took too long: start again')
    const current = new URL(redirectUri)
    current.search = new URL(request.url).search
    const tokens = await oidc.authorizationCodeGrant(await configuration(), current, {
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.verifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (!claims) return answer(400, 'The identity provider sent no ID token')
    const role = roleOf(claims, settings.oidc)
    if (!role)
      return answer(
        403,
        `You are signed in, but have no role here: ask for one of ${Object.values(settings.oidc.roles).join(', ')}`,
      )
    const session = await signIn.begin({ actor: actorOf(claims), role }, requestId)
    return redirect(
      pending.returnTo,
      session,
      writeCookie({ name: cookie, value: '', maxAgeSeconds: 0, sameSite: 'Lax' }),
    )
  }

  return {
    async handle(request, requestId) {
      const { pathname } = new URL(request.url)
      if (request.method !== 'GET') return answer(405, 'Use GET')
      try {
        if (pathname === '/auth/oidc/start') return await start(request)
        if (pathname === '/auth/oidc/callback') return await callback(request, requestId)
        return answer(404, 'Not found')
      } catch (error) {
        deps.onError(error)
        if (isRefusal(error)) return answer(400, 'The identity provider did not confirm this sign-in: start again')
        return answer(503, 'The identity provider does not answer: try again later')
      }
    },
  }
}

function discover(
  { issuer, clientId, clientSecret }: OidcSettings,
  fetch: oidc.CustomFetch | undefined,
): Promise<oidc.Configuration> {
  const insecure = issuer.protocol === 'http:' && isLoopback(issuer.hostname)
  const authentication = clientSecret === null ? oidc.None() : oidc.ClientSecretPost(clientSecret)
  return oidc.discovery(issuer, clientId, undefined, authentication, {
    execute: [oidc.enableNonRepudiationChecks, ...(insecure ? [oidc.allowInsecureRequests] : [])],
    timeout: ANSWER_SECONDS,
    ...(fetch ? { [oidc.customFetch]: fetch } : {}),
  })
}

/** The highest role that the claim names; it may be a text, a list, or nested. Own members only. */
export function roleOf(claims: object, { roleClaim, roles }: Pick<OidcSettings, 'roleClaim' | 'roles'>): Role | null {
  let value: unknown = claims
  for (const name of Object.hasOwn(claims, roleClaim) ? [roleClaim] : roleClaim.split('.')) {
    value =
      value !== null && typeof value === 'object' && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined
  }
  const named = new Set(Array.isArray(value) ? value : [value])
  return (['admin', 'operator', 'viewer'] as const).find((role) => named.has(roles[role])) ?? null
}

function actorOf(claims: { readonly sub: string; readonly [claim: string]: unknown }): string {
  const { email, email_verified: verified } = claims
  return (typeof email === 'string' && verified !== false ? email : claims.sub).slice(0, 191)
}

/** Only a path of this site: `//host` and `/\host` would lead elsewhere. */
export function ownPath(text: string | null): string {
  return text !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.includes('\\') ? text : '/'
}

/** The provider answered, and the answer is no: as opposed to no answer. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof oidc.AuthorizationResponseError ||
    error instanceof oidc.ResponseBodyError ||
    (error instanceof oidc.ClientError && error.code !== 'OAUTH_TIMEOUT')
  )
}

function redirect(location: string, ...cookies: readonly string[]): Response {
  const headers = new Headers({ location })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 302, headers })
}

function answer(status: number, error: string): Response {
  return Response.json({ error }, { status })
}
