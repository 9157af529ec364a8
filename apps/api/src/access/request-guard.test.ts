import { describe, expect, test } from 'vitest'
import { apiFixture, ORIGIN } from '../testing/api-fixture'
import { accessSettings } from './access-settings'
import { refuse } from './request-guard'

const settings = accessSettings(
  { EDDA_ALLOWED_HOSTS: 'edda.example.com', EDDA_ALLOWED_ORIGINS: 'https://tools.example.com' },
  '127.0.0.1',
)
const verdictOn = (headers: Record<string, string>, method = 'POST', path = '/trpc/instances.cancel') =>
  refuse(
    new Request(new URL(path, ORIGIN), { method, headers: { 'content-type': 'application/json', ...headers } }),
    settings,
  )?.status ?? 'passes'

describe('the host is one of ours', () => {
  test.each([
    '127.0.0.1:8001',
    'localhost',
    'localhost:3000',
    '[::1]:8001',
    '127.1.2.3',
    'LOCALHOST:1',
    'edda.example.com',
    'EDDA.example.com:443',
  ])('%s passes', (host) => {
    expect(verdictOn({ host })).toBe('passes')
  })
  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:8001',
    'edda.example.com.evil.example',
    'xedda.example.com',
    'example.com',
    'user@127.0.0.1',
    '127.0.0.1:8001:1',
    '127.0.0.1/..',
    '127.0.0.1,evil.example',
    '0.0.0.0',
    '[::1',
    '[::ffff:10.0.0.1]',
    '127.evil',
    ' ',
  ])('%s is refused', (host) => {
    expect(verdictOn({ host })).toBe(421)
    expect(verdictOn({ host: '127.0.0.1', 'x-forwarded-host': host })).toBe(421)
  })
  test('probes may use any', () => {
    expect(verdictOn({ host: '10.1.2.3' }, 'GET', '/health/ready')).toBe('passes')
  })
})

describe('the origin is one of ours', () => {
  test.each<[string, Record<string, string>]>([
    ['a caller that is no browser', {}],
    ['the same origin', { origin: 'http://127.0.0.1:8001', 'sec-fetch-site': 'same-origin' }],
    [
      'the dashboard behind its proxy',
      { origin: 'http://localhost:3000', 'x-forwarded-host': 'localhost:3000', 'sec-fetch-site': 'same-origin' },
    ],
    ['a listed one', { origin: 'https://tools.example.com', 'sec-fetch-site': 'cross-site' }],
    ['an address typed in', { 'sec-fetch-site': 'none' }],
  ])('%s passes', (_, headers) => {
    expect(verdictOn({ host: '127.0.0.1:8001', ...headers })).toBe('passes')
  })

  test.each([
    'null',
    'https://evil.example',
    'http://127.0.0.1:8001.evil.example',
    'http://127.0.0.1:9999',
    'http://evil.example:8001',
    'https://tools.example.com.evil.example',
    'https://eviltools.example.com',
    'https://tools.example.com:8443',
    'http://tools.example.com',
    'https://tools.example.com/',
    'https://TOOLS.example.com',
    'file://',
    'chrome-extension://abc',
    '*',
    '',
  ])('%j is refused', (origin) => {
    expect(verdictOn({ host: '127.0.0.1:8001', origin })).toBe(403)
    expect(verdictOn({ host: '127.0.0.1:8001', origin }, 'GET')).toBe(403)
  })

  test.each(['cross-site', 'same-site', 'anything'])('a request that the browser calls %s is refused', (site) => {
    expect(verdictOn({ host: '127.0.0.1:8001', 'sec-fetch-site': site })).toBe(403)
    expect(verdictOn({ host: '127.0.0.1:8001', 'sec-fetch-site': site }, 'GET')).toBe(403)
  })

  test('a link from elsewhere may lead here: it only reads, and its reader sees it', () => {
    expect(
      verdictOn(
        { host: '127.0.0.1:8001', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
        'GET',
        '/auth/oidc/callback',
      ),
    ).toBe('passes')
    expect(verdictOn({ host: '127.0.0.1:8001', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(
      403,
    )
  })
})

test.each(['PUT', 'DELETE', 'PATCH', 'PROPFIND'])('%s is not used', (method) => {
  expect(verdictOn({ host: 'localhost' }, method)).toBe(405)
})

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/json-seq',
  'text/plain; application/json',
])('a call as %s is refused: a form could send it', (type) => {
  expect(verdictOn({ host: 'localhost', 'content-type': type })).toBe(415)
})

describe('over HTTP', () => {
  test('every answer carries the headers, errors included', async () => {
    const { request } = await apiFixture()
    const answers = await Promise.all([
      request('/trpc/session.me'),
      request('/trpc/nope'),
      request('/auth/oidc/start'),
      request('/trpc/session.me', { headers: { host: 'evil.example' } }),
      request('/trpc/session.me', { method: 'PUT' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 421, 405])
    for (const { headers } of answers) {
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cache-control': 'no-store',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      })
      expect([headers.get('access-control-allow-origin'), headers.get('x-powered-by'), headers.get('server')]).toEqual([
        null,
        null,
        null,
      ])
    }
  })

  test('CORS: a listed origin by name, with credentials; nobody else', async () => {
    const { request } = await apiFixture({ EDDA_ALLOWED_ORIGINS: 'https://tools.example.com' })
    const preflight = (origin: string) =>
      request('/trpc/instances.find', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    const [listed, other] = await Promise.all([
      preflight('https://tools.example.com'),
      preflight('https://evil.example'),
    ])
    expect([
      listed.status,
      listed.headers.get('access-control-allow-origin'),
      listed.headers.get('access-control-allow-credentials'),
      listed.headers.get('vary'),
    ]).toEqual([204, 'https://tools.example.com', 'true', 'origin'])
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })

  test('a mutation by GET, a batch of eleven, a body too large: refused without effect', async () => {
    const { request, test: engine } = await apiFixture()
    await engine.app.start('waiting', { order: 'A1' }, { instanceId: 'w' })
    await engine.settle()
    const input = encodeURIComponent(JSON.stringify({ json: { id: 'w' } }))
    expect((await request(`/trpc/instances.cancel?input=${input}`)).status).toBe(405)
    const eleven = Array.from({ length: 11 }, () => 'session.me').join(',')
    expect((await request(`/trpc/${eleven}?batch=1&input={}`)).status).toBe(400)
    expect((await request(`/trpc/${eleven.slice(0, -11)}?batch=1&input={}`)).status).toBe(200)
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ json: { id: 'w', reason: 'x'.repeat(1_100_000) } })
    expect((await request('/trpc/instances.cancel', { method: 'POST', headers, body })).status).toBe(413)
    expect((await engine.app.getInstance('w'))?.cancel).toBeNull()
  })

  test('too many requests wait: 429 says how long', async () => {
    const { request } = await apiFixture({}, { rate: 1 })
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await request('/trpc/session.me')).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    expect((await request('/trpc/session.me')).headers.get('retry-after')).toBe('1')
  })

  test('an error from inside is answered without its text, under the id that the log has', async () => {
    const { request, test: engine, logged } = await apiFixture()
    engine.storage.counts = () => Promise.reject(new Error('password=hunter2 at /srv'))
    const answer = await request('/trpc/instances.counts')
    const text = await answer.text()
    expect([answer.status, text.includes('hunter2'), text.includes('/srv')]).toEqual([500, false, false])
    expect(text).toContain(answer.headers.get('x-request-id'))
    expect(logged).toContainEqual(
      expect.objectContaining({ path: 'instances.counts', requestId: answer.headers.get('x-request-id') }),
    )
  })

  test('keys that reach for prototypes change nothing', async () => {
    const { request, test: engine } = await apiFixture()
    const headers = { 'content-type': 'application/json' }
    const post = (path: string, body: string) => request(`/trpc/${path}`, { method: 'POST', headers, body })
    const inputs = [
      '{"json":{"workflowName":"plain","input":{"__proto__":{"polluted":1}},"instanceId":"a"}}',
      '{"json":{"workflowName":"plain","input":{"constructor":{"prototype":{"polluted":1}}},"instanceId":"b"}}',
      '{"json":{"workflowName":"plain","input":{}},"meta":{"values":{"input.__proto__.polluted":["Date"]}}}',
      '{"json":{"workflowName":"plain","input":{"x":1}},"meta":{"referentialEqualities":{"input.x":["input.__proto__.polluted","constructor.prototype.polluted"]}}}',
      '{"json":{"__proto__":{"workflowName":"plain","polluted":1}}}',
    ]
    for (const body of inputs) expect((await post('instances.start', body)).status).toBeLessThan(501)
    await engine.settle()
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
