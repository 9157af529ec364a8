/** What is mounted beside tRPC: the engine's own HTTP, behind the same gates. */
import { describe, expect, test } from 'vitest'
import { apiFixture } from './testing/api-fixture'

const event = (type: string, id: string, data: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/cloudevents+json' },
  body: JSON.stringify({ specversion: '1.0', type, source: '/test', id, data }),
})
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test('an event is accepted on any path, starts its workflow, and shows up in the dashboard', async () => {
  const { request, client, test: engine } = await apiFixture()
  const answer = await request('/events', event('thing.made', 'e1', { n: 1 }))
  expect([answer.status, await answer.json()]).toEqual([202, { status: 'accepted' }])
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  await engine.settle()
  expect((await client().events.list.query({})).events).toMatchObject([{ id: 'e1', unmatched: false }])
  expect((await request('/', event('thing.made', 'e1', { n: 1 }))).status).toBe(202)
  await engine.settle()
  expect((await client().instances.counts.query()).total).toBe(1)
  expect(
    (await request('/', { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: '{' }))
      .status,
  ).toBe(400)
})

test('POST /cancel/{id} cancels; a page of another site cannot', async () => {
  const { request, test: engine } = await apiFixture()
  await engine.app.start('waiting', { order: 'A1' }, { instanceId: 'w' })
  await engine.settle()
  expect(
    (
      await request('/cancel/w', {
        method: 'POST',
        headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      })
    ).status,
  ).toBe(403)
  expect((await engine.app.getInstance('w'))?.cancel).toBeNull()
  const answer = await request('/cancel/w', { method: 'POST' })
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'cancelled', instance_id: 'w' }])
})

test('health needs nobody and any host', async () => {
  const { request } = await apiFixture({ EDDA_AUTH: 'token' })
  for (const path of ['/health/live', '/health/ready'])
    expect((await request(path, { headers: { host: '10.1.2.3' } })).status).toBe(200)
})

test('GET /metrics counts what this process did and what the database holds', async () => {
  const { request, test: engine } = await apiFixture()
  await engine.app.start('waiting', { order: 'A1' }, { instanceId: 'w' })
  await engine.settle()
  const answer = await request('/metrics')
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = (await answer.text()).split('\n')
  const { flushes, transitions } = engine.app.metrics
  expect(lines).toEqual(
    expect.arrayContaining([
      '# TYPE edda_flushes_total counter',
      `edda_flushes_total ${flushes}`,
      `edda_transitions_total ${transitions}`,
      '# TYPE edda_instances gauge',
      'edda_instances{status="completed"} 0',
      'edda_instances_at_least{status="completed"} 0',
      'edda_attention{kind="deadLetters"} 0',
    ]),
  )
  const open = lines.filter((line) => /^edda_instances\{status="(waiting_for_\w+|running)"\} 1$/.test(line))
  expect(open).toHaveLength(1)
  const form = /^(# (HELP|TYPE) edda_\w+ .+|edda_\w+(\{\w+="\w+"\})? \d+|)$/
  expect(lines.filter((line) => !form.test(line))).toEqual([])
})

describe('where everything needs a token', () => {
  test.each([
    [null, 401],
    ['viewer', 200],
  ] as const)('%s reads the metrics: %d', async (role, status) => {
    const { request, token } = await apiFixture({ EDDA_AUTH: 'token' })
    const headers = role ? bearer(await token(role)) : {}
    expect((await request('/metrics', { headers })).status).toBe(status)
  })

  test.each<['viewer' | 'operator' | null, number, number]>([
    [null, 401, 401],
    ['viewer', 403, 403],
    ['operator', 202, 400],
  ])('%s sends an event: %d, cancels an unknown instance: %d', async (role, sent, cancelled) => {
    const { request, token, test: engine } = await apiFixture({ EDDA_AUTH: 'token' })
    const headers = role ? bearer(await token(role)) : {}
    const delivery = event('thing.made', 'e1', {})
    expect((await request('/', { ...delivery, headers: { ...delivery.headers, ...headers } })).status).toBe(sent)
    expect((await request('/cancel/x', { method: 'POST', headers })).status).toBe(cancelled)
    await engine.settle()
    expect(await engine.storage.inbox({ limit: 10 })).toHaveLength(sent === 202 ? 1 : 0)
  })
})

test('a database that is away is 503, for a person and for a probe', async () => {
  const { request, token, test: engine } = await apiFixture({ EDDA_AUTH: 'token' })
  const headers = bearer(await token('viewer'))
  const { DatabaseError } = await import('@edda/engine')
  engine.storage.apiTokenByHash = () => Promise.reject(new DatabaseError('connection to 10.0.0.7 refused'))
  const answer = await request('/trpc/instances.counts', { headers })
  expect([answer.status, (await answer.text()).includes('10.0.0.7')]).toEqual([503, false])
})
