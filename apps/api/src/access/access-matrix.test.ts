/** Role × procedure, generated from the router: a procedure that is added without a role, or with a weaker check than its role, fails here. */
import { describe, expect, test } from 'vitest'
import { apiFixture } from '../testing/api-fixture'
import { appRouter } from '../trpc/router'
import { ROLES, type Role } from './principal'

type Declared = Role | 'anyone'
interface Procedure {
  readonly _def: { readonly type: 'query' | 'mutation' | 'subscription'; readonly meta?: { readonly role?: Declared } }
}
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>).map(
  ([path, { _def }]) => ({ path, ..._def }),
)

/** The decision itself: a change here is a change of policy. */
const POLICY: Readonly<Record<Declared, readonly string[]>> = {
  anyone: ['session.me', 'session.login', 'session.logout'],
  viewer: [
    ...['find', 'get', 'history', 'counts', 'dryReplay', 'bulk.get', 'bulk.list'].map((name) => `instances.${name}`),
    'compensations.list',
    ...['list', 'get', 'messages'].map((name) => `channels.${name}`),
    ...['list', 'get'].map((name) => `outbox.${name}`),
    ...['list', 'get', 'diagram'].map((name) => `workflows.${name}`),
    ...['list', 'preview'].map((name) => `events.${name}`),
    ...['workers.list', 'errors.groups', 'stats.overview', 'audit.list', 'live.changes'],
  ],
  operator: [
    ...['start', 'cancel', 'retry', 'replay', 'suspend', 'resume', 'bulk.start', 'bulk.abort'].map(
      (name) => `instances.${name}`,
    ),
    ...['retry', 'skip', 'markDone'].map((name) => `compensations.${name}`),
    ...['publish', 'redeliver'].map((name) => `channels.${name}`),
    ...['outbox.redrive', 'events.send'],
  ],
  admin: ['outbox.discard', 'channels.delete'],
}

test('every procedure declares its role, as the policy says', () => {
  const declared = Object.fromEntries(procedures.map(({ path, meta }) => [path, meta?.role]))
  const expected = Object.entries(POLICY).flatMap(([role, paths]) => paths.map((path) => [path, role]))
  expect(declared).toEqual(Object.fromEntries(expected))
})

test('whatever changes something needs at least an operator, sign-in aside', () => {
  const weak = procedures.filter(
    ({ path, type, meta }) =>
      type === 'mutation' && !path.startsWith('session.') && !['operator', 'admin'].includes(meta?.role ?? ''),
  )
  expect(weak).toEqual([])
})

describe.each(procedures.filter(({ type }) => type !== 'subscription'))('$path', ({ path, type, meta }) => {
  const needed = meta?.role ?? 'admin'
  const call = (request: (path: string, init?: RequestInit) => Promise<Response>, authorization?: string) => {
    const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }
    return request(`/trpc/${path}`, type === 'mutation' ? { method: 'POST', headers, body: '{}' } : { headers })
  }

  test(`needs ${needed}`, async () => {
    const { request, token } = await apiFixture({ EDDA_AUTH: 'token' })
    const statuses: Record<string, number> = { nobody: (await call(request)).status }
    for (const role of ROLES) statuses[role] = (await call(request, `Bearer ${await token(role)}`)).status
    const denied = (status: number | undefined) => (status === 401 || status === 403 ? status : 'passes')
    expect({
      nobody: denied(statuses.nobody),
      ...Object.fromEntries(ROLES.map((role) => [role, denied(statuses[role])])),
    }).toEqual({
      nobody: needed === 'anyone' ? expect.anything() : 401,
      ...Object.fromEntries(
        ROLES.map((role) => [
          role,
          needed === 'anyone' || ROLES.indexOf(role) >= ROLES.indexOf(needed) ? 'passes' : 403,
        ]),
      ),
    })
  })

  test('refuses what is no valid token, whoever might do without', async () => {
    const { request, token } = await apiFixture()
    const expired = await token('admin', { expiresAt: new Date(0) })
    for (const authorization of [
      `Bearer ${expired}`,
      'Bearer edda_tok_000000000000_x',
      'Bearer ',
      'Basic YTpi',
      `Bearer ${expired}, x`,
      'nonsense',
    ]) {
      expect((await call(request, authorization)).status).toBe(401)
    }
  })
})

test('a subscription needs a viewer too', async () => {
  const { request, token } = await apiFixture({ EDDA_AUTH: 'token' })
  const events = { headers: { accept: 'text/event-stream' } }
  // the stream has begun when the procedure refuses: the refusal is its only event
  const refused = await (await request('/trpc/live.changes', events)).text()
  expect([
    refused.includes('event: serialized-error'),
    refused.includes('UNAUTHORIZED'),
    refused.includes('topics'),
  ]).toEqual([true, true, false])
  const controller = new AbortController()
  const headers = { ...events.headers, authorization: `Bearer ${await token('viewer')}` }
  const answer = await request('/trpc/live.changes', { headers, signal: controller.signal })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  await answer.body?.cancel()
  controller.abort()
})

test('a refused act is in the audit, and changed nothing', async () => {
  const { client, token, test: engine } = await apiFixture({ EDDA_AUTH: 'token' })
  await client({ token: await token('operator') }).instances.start.mutate({
    workflowName: 'waiting',
    input: { order: 'A1' },
    instanceId: 'w',
  })
  await engine.settle()
  const viewer = client({ token: await token('viewer') })
  await expect(viewer.instances.cancel.mutate({ id: 'w' })).rejects.toMatchObject({
    data: { code: 'FORBIDDEN' },
    message: 'This needs the role operator; you have viewer',
  })
  expect((await viewer.instances.get.query({ id: 'w' })).instance.cancel).toBeNull()
  expect((await viewer.audit.list.query({ actor: 'viewer' })).entries).toMatchObject([
    { action: 'refused', target: 'instances.cancel' },
  ])
})

test('a viewer sees no payload anywhere', async () => {
  const { client, token, test: engine } = await apiFixture({ EDDA_AUTH: 'token' })
  const operator = client({ token: await token('operator') })
  const secret = 'canary-4111'
  await operator.instances.start.mutate({ workflowName: 'plain', input: { secret }, instanceId: 'p' })
  await operator.instances.start.mutate({
    workflowName: 'saga',
    input: { secret, fails: 'switch', undoFails: true },
    instanceId: 's',
  })
  await operator.channels.publish.mutate({ name: 'done', data: { secret }, metadata: { secret } })
  await operator.events.send.mutate({ type: 'thing.made', data: { secret } })
  await engine.settle()
  const viewer = client({ token: await token('viewer') })
  const seen = [
    ...(await Promise.all(['p', 's'].map((id) => viewer.instances.get.query({ id })))),
    ...(await Promise.all(['p', 's'].map((id) => viewer.instances.history.query({ id })))),
    await viewer.instances.find.query({}),
    await viewer.compensations.list.query({ id: 's' }),
    await viewer.channels.messages.query({ name: 'done' }),
    await viewer.events.list.query({}),
    await viewer.outbox.list.query({}),
    await viewer.workflows.get.query({ name: 'plain' }),
    await viewer.audit.list.query({}),
  ]
  expect(JSON.stringify(seen)).not.toContain(secret)
  expect(JSON.stringify(await operator.instances.get.query({ id: 'p' }))).toContain(secret)
})
