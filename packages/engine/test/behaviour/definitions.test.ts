import { describe, expect, test } from 'vitest'
import {
  activity,
  ConfigurationError,
  calculateDelay,
  channel,
  compensation,
  DuplicateDefinitionError,
  EddaApp,
  type EddaAppOptions,
  event,
  getAllWorkflows,
  INFINITE_RETRY,
  workflow,
} from '../../src/index'

const wf = workflow('defined', async () => 1)
const app = (options: object) =>
  new EddaApp({ serviceName: 's', dbUrl: ':memory:', workflows: [], ...options } as EddaAppOptions)

describe('definitions', () => {
  test('a workflow insists on an async function', () => {
    expect(() => workflow('sync', (() => 1) as never)).toThrow(/must be an async function/)
    expect(() => workflow('none', undefined as never)).toThrow(TypeError)
    expect(() => workflow('optionsOnly', {} as never)).toThrow(TypeError)
  })

  test.each<[string, () => unknown]>([
    ['an empty name', () => workflow('', async () => 1)],
    ['a name that is too long', () => workflow('x'.repeat(151), async () => 1)],
    ['a control character', () => activity('a\nb', async () => 1)],
    ['an unpaired surrogate', () => event('a\ud800')],
    ['no string', () => channel(7 as never, { mode: 'broadcast' })],
    ['a bad mode', () => channel('c', { mode: 'anycast' as never })],
    ['a version that is no integer', () => workflow('w', { version: 1.5 }, async () => 1)],
    ['a version below 1', () => workflow('w', { version: 0 }, async () => 1)],
    ['a bad deadline', () => workflow('w', { deadline: 'soon' as never }, async () => 1)],
    ['a bad lease', () => workflow('w', { lockTimeoutSeconds: -1 }, async () => 1)],
    ['a bad retry', () => activity('a', { retry: { maxAttempts: 0 } }, async () => 1)],
    ['a bad coefficient', () => compensation('c', { retry: { backoffCoefficient: 0.5 } }, async () => {})],
    ['a bad timeout', () => activity('a', { timeout: -1 }, async () => 1)],
  ])('refused where it is defined: %s', (_name, define) => {
    expect(define).toThrow(/./)
    try {
      define()
    } catch (error) {
      expect(['TypeError', 'RangeError']).toContain((error as Error).name)
    }
  })

  test('two definitions of one name in one app are refused; another app may have its own', () => {
    const one = workflow('twin', async () => 1)
    const two = workflow('twin', async () => 2)
    expect(() => app({ workflows: [one, two] })).toThrow(DuplicateDefinitionError)
    expect(() => [app({ workflows: [one] }), app({ workflows: [two] })]).not.toThrow()
  })

  test('getAllWorkflows is a copy of what was defined in this process, the latest of each name', () => {
    const later = workflow('defined', async () => 2)
    const all = getAllWorkflows() as Map<string, unknown>
    expect(all.get('defined')).toBe(later)
    all.clear()
    expect(getAllWorkflows().size).toBeGreaterThan(0)
    expect(wf.workflowName).toBe('defined')
    expect(wf.name).toBe('defined')
  })

  test('presets delay as they say', () => {
    expect([1, 2, 3, 10].map((attempt) => calculateDelay(INFINITE_RETRY, attempt))).toEqual([1, 2, 4, 60])
  })
})

describe('options of the app', () => {
  test.each<[string, object, string]>([
    ['an unknown key', { colour: 'red' }, "'colour'"],
    ['a misspelt key', { outboxenabled: true }, "did you mean 'outboxEnabled'"],
    ['no service name', { serviceName: '' }, "'serviceName'"],
    ['no url', { dbUrl: undefined }, "'dbUrl'"],
    ['workflows that are none', { workflows: [() => 1] }, "'workflows'"],
    ['a worker that is no boolean', { worker: 'yes' }, "'worker'"],
    ['an outbox without a broker', { outboxEnabled: true }, "'brokerUrl'"],
    ['a broker that is no URL', { brokerUrl: 'nowhere' }, "'brokerUrl'"],
    ['a pool of nothing', { poolSize: 0 }, "'poolSize'"],
    ['a batch of words', { maxWorkflowsPerBatch: 'many' }, "'maxWorkflowsPerBatch'"],
    ['a lease shorter than its heartbeat', { leaderHeartbeatInterval: 50 }, "'leaderLeaseDuration'"],
    ['a retry policy that is none', { defaultRetryPolicy: { maxAttempts: 0 } }, "'defaultRetryPolicy'"],
    ['a logger without levels', { logger: { info() {} } }, "'logger'"],
    ['a payload limit of nothing', { maxPayloadBytes: 10 }, "'maxPayloadBytes'"],
    ['an allowed origin alone', { allowedOrigins: 'events.example.com' }, "'allowedOrigins'"],
    ['an allowed origin that is a URL', { allowedOrigins: ['https://events.example.com'] }, 'an array of DNS names'],
    ['retention of NaN', { messageRetentionDays: Number.NaN }, "'messageRetentionDays'"],
    ['a negative grace', { shutdownGrace: -1 }, "'shutdownGrace'"],
  ])('ConfigurationError for %s', (_name, options, text) => {
    expect(() => app(options)).toThrow(ConfigurationError)
    expect(() => app(options)).toThrow(text)
  })

  test('senders of web hooks that are allowed are told so', async () => {
    const one = app({ allowedOrigins: ['events.example.com:8443', 'localhost'] })
    const ask = async (origin: string) =>
      one.fetch(new Request('http://h/', { method: 'OPTIONS', headers: { 'webhook-request-origin': origin } }))
    expect((await ask('Localhost')).headers.get('webhook-allowed-origin')).toBe('Localhost')
    expect((await ask('other.example')).headers.get('webhook-allowed-origin')).toBeNull()
  })

  test('no options at all', () => {
    expect(() => new EddaApp(undefined as never)).toThrow(ConfigurationError)
  })

  test.each([['mongodb://x/y'], ['nonsense'], ['http://x']])(
    'a database URL of another kind is refused at initialize: %s',
    async (dbUrl) => {
      const bad = app({ dbUrl })
      await expect(bad.initialize()).rejects.toBeInstanceOf(ConfigurationError)
    },
  )

  test('useListenNotify on a database that cannot is a ConfigurationError', async () => {
    const attempt = async () => app({ useListenNotify: true }).initialize()
    await expect(attempt()).rejects.toBeInstanceOf(ConfigurationError)
  })

  test('initialize is idempotent, concurrent calls included; shutdown too', async () => {
    const one = app({})
    await Promise.all([one.initialize(), one.initialize()])
    await one.initialize()
    expect(await one.findInstances()).toEqual({ instances: [], hasMore: false, nextPageToken: null })
    await Promise.all([one.shutdown(), one.shutdown()])
    await one.shutdown()
  })

  test('the same on the real clock, with a database in memory: start, sleep, result', async () => {
    const act = activity('act', async (_ctx, n: number) => n + 1)
    const real = workflow('real', async (ctx, n: number) => {
      await ctx.sleep('20ms')
      return act(ctx, n)
    })
    const one = app({ workflows: [real] })
    await one.initialize()
    expect(await (await one.start(real, 1)).result({ timeout: '20s' })).toBe(2)
    await one.shutdown()
  })
})
