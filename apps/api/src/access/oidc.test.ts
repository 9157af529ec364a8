/** The sign-in against a provider that exists only in memory: discovery, keys, token endpoint, signed ID tokens. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { apiFixture } from '../testing/api-fixture'
import { ownPath, roleOf } from './oidc'

const ISSUER = 'https://id.example.com'
const env = {
  EDDA_OIDC_ISSUER: ISSUER,
  EDDA_OIDC_CLIENT_ID: 'edda',
  EDDA_OIDC_CLIENT_SECRET: 'hush',
  EDDA_PUBLIC_URL: 'https://edda.example.com',
}

interface Provider {
  claims: Record<string, unknown>
  audience: string
  issuer: string
  isDown: boolean
  signWithOther: boolean
  readonly tokenRequests: URLSearchParams[]
  nonce: string
}

// making keys takes a second: one pair of each kind serves all
const [keys, other] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')])

async function provider() {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  const state: Provider = {
    claims: { roles: ['operator'], email: 'ann@example.com' },
    audience: 'edda',
    issuer: ISSUER,
    isDown: false,
    signWithOther: false,
    tokenRequests: [],
    nonce: '',
  }
  const idToken = () =>
    new SignJWT({ ...state.claims, nonce: state.nonce })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setSubject('user-1')
      .setIssuer(state.issuer)
      .setAudience(state.audience)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(state.signWithOther ? other.privateKey : keys.privateKey)
  const answer = async (url: string, body: unknown): Promise<Response> => {
    if (state.isDown) throw new TypeError('fetch failed')
    if (url === `${ISSUER}/.well-known/openid-configuration`) {
      return Response.json({
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/authorize`,
        token_endpoint: `${ISSUER}/token`,
        jwks_uri: `${ISSUER}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      })
    }
    if (url === `${ISSUER}/keys`) return Response.json({ keys: [jwk] })
    if (url === `${ISSUER}/token`) {
      const request = new URLSearchParams(String(body))
      state.tokenRequests.push(request)
      if (request.get('code') !== 'good') return Response.json({ error: 'invalid_grant' }, { status: 400 })
      return Response.json({ access_token: 'a', token_type: 'bearer', expires_in: 60, id_token: await idToken() })
    }
    return new Response(null, { status: 404 })
  }
  return { state, fetch: (url: string, init: { body?: unknown }) => answer(url, init.body) }
}

type Scene = Awaited<ReturnType<typeof scene>>
async function scene() {
  const idp = await provider()
  const fixture = await apiFixture(env, { oidcFetch: idp.fetch as never })
  const leave = async (path = '/auth/oidc/start') => {
    const answer = await fixture.request(path)
    const location = new URL(answer.headers.get('location') ?? 'none://')
    idp.state.nonce = location.searchParams.get('nonce') ?? ''
    const setCookie = answer.headers.getSetCookie()[0] ?? ''
    return {
      answer,
      location,
      setCookie,
      cookie: setCookie.split(';')[0] ?? '',
      state: location.searchParams.get('state') ?? '',
    }
  }
  const comeBack = (cookie: string, query: Record<string, string>) =>
    fixture.request(`/auth/oidc/callback?${new URLSearchParams(query)}`, {
      headers: { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    })
  return { ...fixture, idp: idp.state, leave, comeBack }
}

test('leads to the provider and back into a session with the role that it vouches for', async () => {
  const { leave, comeBack, client, idp, test: engine } = await scene()
  const { location, setCookie, cookie, state } = await leave('/auth/oidc/start?returnTo=/instances/a')
  expect(`${location.origin}${location.pathname}`).toBe(`${ISSUER}/authorize`)
  expect(Object.fromEntries(location.searchParams)).toMatchObject({
    client_id: 'edda',
    response_type: 'code',
    scope: 'openid profile email',
    redirect_uri: 'https://edda.example.com/auth/oidc/callback',
    code_challenge_method: 'S256',
  })
  expect(setCookie).toMatch(/^__Host-edda-oidc=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/)
  const back = await comeBack(cookie, { code: 'good', state })
  expect([back.status, back.headers.get('location')]).toEqual([302, '/instances/a'])
  expect(idp.tokenRequests[0]?.get('code_verifier')).toMatch(/^[\w-]{43}$/)
  const [session = '', cleared] = back.headers.getSetCookie()
  expect(session).toMatch(/^__Host-edda=edda_ses_.*; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/)
  expect(cleared).toMatch(/^__Host-edda-oidc=; .*Max-Age=0/)
  const me = await client({ cookie: session.split(';')[0] ?? '' }).session.me.query()
  expect(me).toMatchObject({
    principal: { actor: 'ann@example.com', role: 'operator', via: 'session' },
    oidcUrl: '/auth/oidc/start',
  })
  expect((await engine.app.admin.audit.list({})).entries).toMatchObject([
    { actor: 'ann@example.com', action: 'session.create' },
  ])
})

describe('no session comes from', () => {
  const refused: [string, (stage: Scene) => Promise<Response>, number][] = [
    ['a callback that was not begun here', ({ comeBack }) => comeBack('', { code: 'good', state: 'x' }), 400],
    [
      'another state',
      async ({ leave, comeBack }) => comeBack((await leave()).cookie, { code: 'good', state: 'other' }),
      400,
    ],
    [
      'a code that the provider refuses',
      async ({ leave, comeBack }) => {
        const { cookie, state } = await leave()
        return comeBack(cookie, { code: 'bad', state })
      },
      400,
    ],
    [
      'a refusal by the provider',
      async ({ leave, comeBack }) => {
        const { cookie, state } = await leave()
        return comeBack(cookie, { error: 'access_denied', state })
      },
      400,
    ],
    [
      'a token signed by somebody else',
      async ({ leave, comeBack, idp }) => {
        const { cookie, state } = await leave()
        idp.signWithOther = true
        return comeBack(cookie, { code: 'good', state })
      },
      400,
    ],
    [
      'a token for another audience',
      async ({ leave, comeBack, idp }) => {
        const { cookie, state } = await leave()
        idp.audience = 'other'
        return comeBack(cookie, { code: 'good', state })
      },
      400,
    ],
    [
      'a token of another issuer',
      async ({ leave, comeBack, idp }) => {
        const { cookie, state } = await leave()
        idp.issuer = 'https://evil.example'
        return comeBack(cookie, { code: 'good', state })
      },
      400,
    ],
    [
      'another nonce',
      async ({ leave, comeBack, idp }) => {
        const { cookie, state } = await leave()
        idp.nonce = 'other'
        return comeBack(cookie, { code: 'good', state })
      },
      400,
    ],
    [
      'a person without a role',
      async ({ leave, comeBack, idp }) => {
        const { cookie, state } = await leave()
        idp.claims = { roles: ['cook'] }
        return comeBack(cookie, { code: 'good', state })
      },
      403,
    ],
    [
      'a provider that is away',
      async ({ request, idp }) => {
        idp.isDown = true
        return request('/auth/oidc/start')
      },
      503,
    ],
    [
      'a provider that goes away in between',
      async ({ leave, comeBack, idp }) => {
        const { cookie, state } = await leave()
        idp.isDown = true
        return comeBack(cookie, { code: 'good', state })
      },
      503,
    ],
    ['another path', ({ request }) => request('/auth/oidc/else'), 404],
    ['another method', ({ request }) => request('/auth/oidc/start', { method: 'POST' }), 405],
  ]
  test.each(refused)('%s', async (_, act, status) => {
    const stage = await scene()
    const answer = await act(stage)
    expect([answer.status, answer.headers.getSetCookie().some((cookie) => cookie.startsWith('__Host-edda='))]).toEqual([
      status,
      false,
    ])
    expect((await stage.test.app.admin.tokens.list()).length).toBe(0)
  })

  test('a callback used twice', async () => {
    const { leave, comeBack } = await scene()
    const { cookie, state } = await leave()
    const statuses = [
      (await comeBack(cookie, { code: 'good', state })).status,
      (await comeBack(cookie, { code: 'good', state })).status,
    ]
    expect(statuses).toEqual([302, 400])
  })
})

test('a provider that was away is asked again', async () => {
  const { request, idp } = await scene()
  idp.isDown = true
  expect((await request('/auth/oidc/start')).status).toBe(503)
  idp.isDown = false
  expect((await request('/auth/oidc/start')).status).toBe(302)
})

test.each<[unknown, string, string | null]>([
  [{ roles: 'admin' }, 'roles', 'admin'],
  [{ roles: ['viewer', 'ops'] }, 'roles', 'admin'],
  [{ realm: { roles: ['viewer'] } }, 'realm.roles', 'viewer'],
  [{ 'https://edda/roles': ['operator'] }, 'https://edda/roles', 'operator'],
  [{ roles: ['administrator'] }, 'roles', null],
  [{}, 'roles', null],
  [{}, '__proto__.roles', null],
  [{ roles: null }, 'roles', null],
])('the claims %j say by %s: %s', (claims, roleClaim, role) => {
  const roles = {
    viewer: 'viewer',
    operator: 'operator',
    admin: role === 'admin' && JSON.stringify(claims).includes('ops') ? 'ops' : 'admin',
  }
  expect(roleOf(claims as object, { roleClaim, roles })).toBe(role)
})

test.each([
  ['/instances?a=b', '/instances?a=b'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/a\\b', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/a\nb', '/'],
  ['', '/'],
  [null, '/'],
])('afterwards %j leads to %s', (asked, led) => {
  expect(ownPath(asked)).toBe(led)
})
