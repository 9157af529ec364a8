/** Whatever is sent to whatever procedure: an answer, never an error of ours. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../testing/api-fixture'
import { appRouter } from './router'

const RUNS = Number(process.env.EDDA_FUZZ_RUNS ?? 25)
interface Procedure {
  readonly _def: { readonly type: 'query' | 'mutation' | 'subscription' }
}
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>).map(
  ([path, { _def }]) => ({ path, type: _def.type }),
)

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom(
    'w',
    'plain',
    'jobs',
    'order.paid',
    '__proto__',
    'constructor',
    "'; DROP TABLE x--",
    '%',
    '\u0000',
    '\ud800',
    '../../etc',
    'a'.repeat(500),
  ),
)
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(-1, 0, 1, 2 ** 53, 1e308, 200, 201),
)
const names = [
  'id',
  'ids',
  'name',
  'seq',
  'instanceId',
  'workflowName',
  'input',
  'data',
  'type',
  'status',
  'limit',
  'after',
  'before',
  'pageToken',
  'inputFilters',
  'tags',
  'startedAfter',
  'startAt',
  'action',
  'members',
  'filter',
  'fromSeq',
  'reason',
  'metadata',
  'targetInstanceId',
  'token',
  'target',
  'windowMinutes',
  'types',
  'source',
  'subject',
  'maxBytes',
  'newest',
  'attention',
  'errorText',
  'ratePerSecond',
  'sourceHash',
]
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...names), text), tie('value'), { maxKeys: 5 }),
  ),
}))
const input = fc.oneof(value, fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 }))
/** superjson's side channel, as a client that means harm would write it. */
const meta = fc.option(
  fc.record({
    values: fc.dictionary(
      fc.constantFrom('id', 'input', 'startedAfter', 'data', '__proto__', 'a.b'),
      fc.array(
        fc.oneof(
          fc.constantFrom('Date', 'undefined', 'bigint', 'regexp', 'set', 'map', 'Error', 'number', 'URL', 'symbol'),
          scalar,
        ),
        { maxLength: 2 },
      ),
    ),
  }),
  { nil: undefined },
)

async function send({ request }: ApiFixture, path: string, type: string, body: string): Promise<Response> {
  if (type === 'mutation')
    return request(`/trpc/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return request(`/trpc/${path}?input=${encodeURIComponent(Buffer.from(body).toString())}`)
}

test.each(procedures.filter(({ type }) => type !== 'subscription'))(
  '$path answers anything',
  async ({ path, type }) => {
    const fixture = await apiFixture({}, { rate: 1e6 })
    await fixture.test.app.start('waiting', { order: 'A1' }, { instanceId: 'w' })
    await fixture.test.settle()
    await fc.assert(
      fc.asyncProperty(input, meta, async (json, values) => {
        const answer = await send(fixture, path, type, JSON.stringify({ json, ...(values ? { meta: values } : {}) }))
        const said = await answer.text()
        expect({ status: answer.status >= 500 ? said : 'fine' }).toEqual({ status: 'fine' })
      }),
      { numRuns: RUNS },
    )
    await fixture.test.settle()
    expect(Object.keys(Object.prototype)).toEqual([])
  },
)

test('text that is no JSON, and paths that are none, are refused', async () => {
  const fixture = await apiFixture()
  for (const body of ['', '{', 'null', '[]', '"x"', '{"json":', '\u0000', '{"0":{"json":{}}}']) {
    expect((await send(fixture, 'instances.cancel', 'mutation', body)).status).toBe(400)
  }
  for (const path of ['nope', 'instances', 'instances.', 'instances.find.x', '__proto__', 'constructor.constructor']) {
    expect((await fixture.request(`/trpc/${path}`)).status).toBe(404)
  }
})
