/**
 * The HTTP application without a socket: tests call `fetch`. `/trpc` is ours, `/auth/oidc` the sign-in, everything else the engine's own handler
 * (CloudEvents, cancel, health). Nothing reaches any of them before the guards have passed.
 */
import { EddaError, type Overview } from '@edda/engine'
import { type FetchCreateContextFnOptions, fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { AccessSettings, OidcSettings } from './access/access-settings'
import { type GuardDeps, guarded, identified, type Variables } from './access/middleware'
import { createOidcSignIn, type OidcDeps } from './access/oidc'
import { hasRole } from './access/principal'
import { createSignIn } from './access/sign-in'
import { createBulkOperations } from './bulk/bulk-operations'
import { createDiagrams } from './diagram/diagrams'
import type { EngineApp } from './engine'
import type { ChangeFeed } from './live/change-feed'
import { sharedRead } from './live/shared-read'
import { METRICS_TYPE, metricsText } from './metrics'
import type { Context } from './trpc/init'
import { appRouter } from './trpc/router'

export interface ApiDeps extends GuardDeps {
  readonly engine: EngineApp
  readonly changes: ChangeFeed
  readonly maxBodyBytes?: number
  readonly oidcFetch?: OidcDeps['fetch']
  /** Requests per second and caller. */
  readonly rate?: number
}

export interface Api {
  fetch(request: Request, env?: object): Promise<Response>
  close(): Promise<void>
}

const MOST_BODY = 1_048_576
const MOST_BATCH = 10
const AWAY = new Set<string>(['DATABASE', 'NOT_INITIALIZED', 'MIGRATION'])

export function createApi(deps: ApiDeps): Api {
  const { engine, access, changes, log } = deps
  const onError = (error: unknown): void => log.error({ err: error }, 'failed')
  const signIn = createSignIn(engine.admin.tokens, engine.admin.audit, access)
  const bulk = createBulkOperations({ app: engine, note: changes.note, onError })
  const shared = sharedReads(engine)
  const context = contexts(deps, { bulk, signIn, shared })
  const oidcFetch = deps.oidcFetch ? { fetch: deps.oidcFetch } : {}
  const oidc = hasOidc(access) ? createOidcSignIn({ settings: access, signIn, onError, ...oidcFetch }) : null
  const hono = new Hono<{ Variables: Variables }>()

  hono.use(guarded(deps))
  const maxSize = deps.maxBodyBytes ?? MOST_BODY
  hono.use(bodyLimit({ maxSize, onError: (c) => c.json({ error: `The body is larger than ${maxSize} bytes` }, 413) }))
  hono.use(identified(signIn, deps.rate ?? 200))

  hono.all('/trpc/*', (c) =>
    fetchRequestHandler({
      endpoint: '/trpc',
      req: c.req.raw,
      router: appRouter,
      maxBatchSize: MOST_BATCH,
      createContext: (options) => context(c.var, options),
      onError: ({ error, path, type }) => {
        if (error.code !== 'INTERNAL_SERVER_ERROR') return
        log.error({ err: error.cause ?? error, path, type, requestId: c.get('requestId') }, 'procedure failed')
      },
    }),
  )
  hono.all('/auth/oidc/*', (c) => {
    return oidc?.handle(c.req.raw, c.get('requestId')) ?? c.json({ error: 'OIDC sign-in is not configured' }, 404)
  })
  hono.get('/metrics', async (c) => {
    if (!hasRole(c.get('principal'), 'viewer')) {
      const headers = { 'www-authenticate': 'Bearer' }
      return c.json({ error: 'Metrics need a token, of any role' }, 401, headers)
    }
    return c.text(metricsText(engine.metrics, await shared.counts()), 200, { 'content-type': METRICS_TYPE })
  })
  // CloudEvents, cancel and health are the engine's; they need a token as everything does, unless all is open
  hono.all('*', async (c) => {
    const { path, method } = c.req
    // probes, and the handshake of CloudEvents web hooks, which carries no credential and stores nothing
    const isPublic = path === '/health/live' || path === '/health/ready' || method === 'OPTIONS'
    if (!isPublic && !hasRole(c.get('principal'), 'operator')) {
      const status = c.get('principal') ? 403 : 401
      const error = 'Sending events and cancelling needs a token with the role operator'
      return c.json({ error }, status, { 'www-authenticate': 'Bearer' })
    }
    const answer = await engine.fetch(c.req.raw)
    // headers of an answer made elsewhere may be immutable
    return new Response(answer.body, answer)
  })

  hono.onError((error, c) => {
    const requestId = c.get('requestId')
    log.error({ err: error, path: c.req.path, requestId }, 'request failed')
    if (error instanceof EddaError && AWAY.has(error.code)) {
      return c.json({ error: 'The database does not answer: try again later', requestId }, 503)
    }
    return c.json({ error: 'Something went wrong here, not in your request', requestId }, 500)
  })

  return {
    fetch: async (request, env = {}) => hono.fetch(request, env),
    async close() {
      changes.close()
      await bulk.close()
    },
  }
}

function sharedReads({ admin }: EngineApp): Context['shared'] {
  return {
    counts: sharedRead(() => admin.instances.counts()),
    overview: sharedRead((query: { readonly windowMinutes: number }): Promise<Overview> => admin.stats.overview(query)),
  }
}

function contexts({ engine, changes }: ApiDeps, fixed: Pick<Context, 'bulk' | 'signIn' | 'shared'>) {
  const diagrams = createDiagrams(engine.admin)
  return ({ requestId, principal, address }: Variables, { req, resHeaders }: FetchCreateContextFnOptions): Context => ({
    ...fixed,
    app: engine,
    changes,
    diagrams,
    principal,
    requestId,
    headers: resHeaders,
    request: { cookie: req.headers.get('cookie'), address },
  })
}

function hasOidc(
  access: AccessSettings,
): access is AccessSettings & { readonly oidc: OidcSettings; readonly publicUrl: URL } {
  return access.oidc !== null && access.publicUrl !== null
}
