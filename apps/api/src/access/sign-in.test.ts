import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { apiFixture } from '../testing/api-fixture'
import { cookieName, readCookie, writeCookie } from './cookies'

const json = { 'content-type': 'application/json' }
const login = (token: string) => ({ method: 'POST', headers: json, body: JSON.stringify({ json: { token } }) })

describe('a session', () => {
  test('is made from a token, is a cookie that scripts cannot read, and ends with sign-out on the server too', async () => {
    const { request, token, client } = await apiFixture({ EDDA_AUTH: 'token' })
    const secret = await token('operator')
    const answer = await request('/trpc/session.login', login(secret))
    const [header = ''] = answer.headers.getSetCookie()
    expect(header).toMatch(/^edda=edda_ses_[0-9a-f]{12}_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
    expect(header).not.toContain(secret)
    const cookie = header.split(';')[0] ?? ''
    const signedIn = client({ cookie })
    expect(await signedIn.session.me.query()).toMatchObject({
      principal: { actor: 'operator', role: 'operator', via: 'session' },
      mode: 'protected',
      insecure: false,
      oidcUrl: null,
      may: { seePayloads: true, operate: true, administer: false },
    })
    const out = await request('/trpc/session.logout', { method: 'POST', headers: { ...json, cookie }, body: '{}' })
    expect(out.headers.getSetCookie()).toEqual(['edda=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0'])
    expect((await signedIn.session.me.query()).principal).toBeNull()
    await expect(signedIn.instances.counts.query()).rejects.toMatchObject({ data: { code: 'UNAUTHORIZED' } })
  })

  test('is bound to this host and to https where there is https', async () => {
    const { request, token } = await apiFixture({ EDDA_AUTH: 'token', EDDA_PUBLIC_URL: 'https://edda.example.com' })
    const answer = await request('/trpc/session.login', login(await token('viewer')))
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-edda=edda_ses_.*; Secure$/)
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
  })

  test('ends after half an hour without use, and after twelve hours with it', async () => {
    const { request, token, client, test: engine } = await apiFixture({ EDDA_AUTH: 'token' })
    onTestFinished(() => void vi.useRealTimers())
    vi.setSystemTime(engine.clock.now())
    const begin = async () => {
      const answer = await request('/trpc/session.login', login(await token('viewer')))
      return client({ cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' })
    }
    const idle = await begin()
    await engine.advance('31m')
    expect((await idle.session.me.query()).principal).toBeNull()
    vi.setSystemTime(engine.clock.now())
    const used = await begin()
    for (let i = 0; i < 35; i++) {
      await engine.advance('20m')
      expect((await used.session.me.query()).principal).not.toBeNull()
    }
    await engine.advance('20m')
    expect((await used.session.me.query()).principal).toBeNull()
  })

  test('a revoked, forged or foreign credential is nobody: a session is no token and a token no cookie', async () => {
    const { request, token, client } = await apiFixture({ EDDA_AUTH: 'token' })
    const secret = await token('admin')
    const answer = await request('/trpc/session.login', login(secret))
    const session = answer.headers.getSetCookie()[0]?.split(';')[0]?.slice('edda='.length) ?? ''
    for (const cookie of [
      `edda=${secret}`,
      `edda=${session}x`,
      `other=${session}`,
      'edda=',
      `__Host-edda=${session}`,
    ]) {
      expect((await client({ cookie }).session.me.query()).principal).toBeNull()
    }
    await expect(client({ token: session }).session.me.query()).rejects.toMatchObject({
      message: expect.stringContaining(''),
    })
    expect((await request('/trpc/session.login', login(session))).status).toBe(401)
  })
})

test('a refused sign-in is audited, and the eleventh in a row must wait', async () => {
  const { request, test: engine } = await apiFixture({ EDDA_AUTH: 'token' })
  const statuses = []
  for (let i = 0; i < 11; i++) statuses.push((await request('/trpc/session.login', login('guess'))).status)
  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429])
  const { entries } = await engine.app.admin.audit.list({})
  expect(entries).toHaveLength(10)
  expect(entries[0]).toMatchObject({ actor: 'nobody', action: 'session.refused', target: '192.0.2.1' })
})

test('without configuration whoever reaches the server on loopback is admin, and is told so', async () => {
  const { client } = await apiFixture()
  expect(await client().session.me.query()).toEqual({
    principal: { actor: 'local', role: 'admin', via: 'open', tokenId: null, expiresAt: null },
    mode: 'open',
    insecure: false,
    oidcUrl: null,
    may: { seePayloads: true, operate: true, administer: true },
  })
})

describe('cookies', () => {
  test('are found by their whole name', () => {
    expect(readCookie('a=1; edda=x=y ;edda2=z', 'edda')).toBe('x=y')
    expect([readCookie('xedda=1', 'edda'), readCookie(null, 'edda'), readCookie('', 'edda')]).toEqual([
      null,
      null,
      null,
    ])
  })
  test('carry the host prefix and Secure together', () => {
    const https = { publicUrl: new URL('https://e.example') }
    expect(writeCookie({ name: cookieName('edda', https), value: 'v', maxAgeSeconds: 5, sameSite: 'Lax' })).toBe(
      '__Host-edda=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=5; Secure',
    )
    expect(cookieName('edda', { publicUrl: new URL('http://e.example') })).toBe('edda')
  })
})
