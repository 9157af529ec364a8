/** The whole API over a real engine in memory, without a socket. */
import { activity, compensation, TerminalError, workflow } from '@edda/engine'
import { createTestApp, type TestApp } from '@edda/engine/testing'
import { createTRPCClient, httpLink } from '@trpc/client'
import superjson from 'superjson'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { type AccessSettings, accessSettings } from '../access/access-settings'
import type { Role } from '../access/principal'
import { type Api, type ApiDeps, createApi } from '../app'
import { createChangeFeed } from '../live/change-feed'
import type { AppRouter } from '../trpc/router'

export const ORIGIN = 'http://127.0.0.1:8001'

const undo = compensation(
  'undo',
  { retry: { maxAttempts: 1 } },
  async (_, { input }: { input: { undoFails?: boolean } }) => {
    if (input.undoFails) throw new Error('cannot be undone')
  },
)
const first = activity('first', { onFailure: undo }, async (_, input: { undoFails?: boolean }) => ({
  did: input.undoFails ?? false,
}))
const broken = new Set(['switch'])
const second = activity('second', { retry: { maxAttempts: 1 } }, async (_, input: { fails?: string | undefined }) => {
  if (input.fails && broken.has(input.fails)) throw new TerminalError(`second failed: ${input.fails}`)
  return 'second'
})
/** What `fails: 'switch'` does; tests turn it off to let a retry succeed. */
export function breakSwitch(isBroken: boolean): void {
  if (isBroken) broken.add('switch')
  else broken.delete('switch')
}

const Input = z.object({
  secret: z.string().optional(),
  fails: z.string().optional(),
  undoFails: z.boolean().optional(),
})
const plain = workflow('plain', { input: Input, description: 'second only' }, async (ctx, input) => second(ctx, input))
const saga = workflow('saga', { input: Input }, async (ctx, input) => {
  await first(ctx, input.undoFails === undefined ? {} : { undoFails: input.undoFails })
  return second(ctx, input)
})
const waiting = workflow('waiting', { input: z.object({ order: z.string() }) }, async (ctx, input) => {
  const { data } = await ctx.waitEvent('order.paid', { where: { order: input.order } })
  await ctx.publish('done', { order: input.order })
  return data
})
const sell = activity('sell', async (ctx, order: string) => {
  ctx.sendEventTransactional('order.sold', '/test', { order })
})
const selling = workflow('selling', async (ctx, input: { order: string }) => sell(ctx, input.order))
const started = workflow('started', { eventHandler: 'thing.made' }, async () => 'made')

export interface ApiFixture {
  readonly test: TestApp
  readonly api: Api
  readonly logged: unknown[]
  request(path: string, init?: RequestInit): Promise<Response>
  client(credential?: { readonly token?: string; readonly cookie?: string }): ReturnType<typeof clientOf>
  token(role: Role, options?: { readonly expiresAt?: Date }): Promise<string>
}

export async function apiFixture(
  env: Readonly<Record<string, string>> = {},
  more: Partial<Pick<ApiDeps, 'rate' | 'oidcFetch' | 'maxBodyBytes'>> & {
    readonly access?: Partial<AccessSettings>
  } = {},
): Promise<ApiFixture> {
  const test = await createTestApp({ workflows: [plain, saga, waiting, started, selling] })
  const { access, ...rest } = more
  const logged: unknown[] = []
  const say = (fields: unknown): void => void logged.push(fields)
  const changes = createChangeFeed({ admin: test.app.admin, onError: say })
  const settings = { ...accessSettings(env, '127.0.0.1'), ...access }
  const log = { debug: say, info: say, warn: say, error: say }
  const api = createApi({ engine: test.app, access: settings, changes, log, addressOf: () => '192.0.2.1', ...rest })
  onTestFinished(async () => {
    await api.close()
    await test.close()
  })
  const request = (path: string, init: RequestInit = {}) => api.fetch(new Request(new URL(path, ORIGIN), init))
  return {
    test,
    api,
    logged,
    request,
    client: (credential = {}) => clientOf(api, credential),
    async token(role, { expiresAt } = {}) {
      const operator = { actor: 'test', reason: null, requestId: null }
      const token = { name: role, role, expiresAt: expiresAt ?? null, kind: 'token' as const }
      return (await test.app.admin.tokens.create(token, operator)).secret
    },
  }
}

function clientOf(api: Api, { token, cookie }: { readonly token?: string; readonly cookie?: string }) {
  const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(cookie ? { cookie } : {}) }
  const options = {
    url: `${ORIGIN}/trpc`,
    transformer: superjson,
    headers,
    fetch: (url: URL | string | Request, init?: object) => api.fetch(new Request(url, init as RequestInit)),
  }
  return createTRPCClient<AppRouter>({ links: [httpLink(options)] })
}
