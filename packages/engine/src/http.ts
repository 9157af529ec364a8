/**
 * The engine over HTTP, as one `fetch`: CloudEvents on any path, cancel, health. Knows the protocol and its statuses; what events mean is events.ts.
 *
 *  1. 202 is said only after the commit (R6); until then every answer but 5xx means that nothing was stored.
 *  2. `retryable` is true exactly for what the same bytes may survive: 5xx. Of those, what went wrong inside is logged, never told.
 *  3. A body is read up to the limit and no further, whatever its headers promise.
 *  4. No authentication: whoever mounts this decides who may reach it. A browser's cross-site request never cancels anything.
 */
import { CloudEventError } from './cloud-events/errors'
import { decodeRequest } from './cloud-events/http'
import type { EventRouter } from './events'
import { allowHook } from './http-webhook'
import type { Log } from './model/context'
import { NotInitializedError, SerializationError, ValidationError } from './model/errors'

export interface FetchDeps {
  readonly router: Pick<EventRouter, 'handleBatch'>
  cancel(instanceId: string, options: { readonly by: string }): Promise<boolean>
  /** `null`: ready. Otherwise why not, in words for everybody. Asks the database. */
  readiness(): Promise<string | null>
  readonly maxBodyBytes: number
  readonly log: Pick<Log, 'error'>
  /** Senders that may deliver events as web hooks; `['*']` for all. Default: none is told that it may. */
  readonly allowedOrigins?: readonly string[]
}

/** `Request` to `Response`, as Hono, Next.js, Bun and Deno mount it. Paths count from where it is mounted. */
export type Fetch = (request: Request) => Promise<Response>

const NOT_CANCELLED = 'Cannot cancel workflow (not found or already completed/failed/cancelled)'
const EVENT_METHODS = 'POST, OPTIONS'

export function createFetch(deps: FetchDeps): Fetch {
  return async (request) => {
    try {
      return await route(deps, request)
    } catch (error) {
      return failure(deps, error)
    }
  }
}

function route(deps: FetchDeps, request: Request): Promise<Response> | Response {
  const { method } = request
  const { pathname } = new URL(request.url)
  if (pathname === '/health/live' || pathname === '/health/ready') {
    if (method !== 'GET' && method !== 'HEAD') return notAllowed('GET, HEAD')
    return pathname === '/health/live' ? json(200, { status: 'ok' }) : ready(deps)
  }
  if (pathname === '/cancel' || pathname.startsWith('/cancel/')) {
    if (method !== 'POST') return notAllowed('POST')
    return cancel(deps, request, pathname.slice('/cancel/'.length))
  }
  if (method === 'POST') return receive(deps, request)
  if (method === 'OPTIONS') return allowHook(request.headers, deps.allowedOrigins ?? [], EVENT_METHODS)
  return notAllowed(EVENT_METHODS)
}

async function receive({ router, maxBodyBytes }: FetchDeps, request: Request): Promise<Response> {
  const body = await readBody(request, maxBodyBytes)
  const { events } = decodeRequest(request.headers, body, { maxBodyBytes })
  await router.handleBatch(events)
  return json(202, { status: 'accepted' })
}

async function cancel(deps: FetchDeps, request: Request, segment: string): Promise<Response> {
  // a page elsewhere can make a browser post without asking; the browser says so
  if (/^(cross|same)-site$/.test(request.headers.get('sec-fetch-site') ?? ''))
    return json(403, { error: 'Cross-site requests are refused' })
  if (segment === '') return json(400, { error: 'Missing instance_id' })
  const instanceId = decoded(segment)
  const isCancelled = instanceId !== null && (await deps.cancel(instanceId, { by: 'api_user' }))
  return isCancelled ? json(200, { status: 'cancelled', instance_id: instanceId }) : json(400, { error: NOT_CANCELLED })
}

/** @returns null for what is no text, so that it can be no instance's id */
function decoded(segment: string): string | null {
  try {
    const text = decodeURIComponent(segment)
    // databases disagree about U+0000, and no id has one
    return text.includes('\u0000') ? null : text
  } catch {
    return null
  }
}

async function ready(deps: FetchDeps): Promise<Response> {
  const reason = await deps.readiness()
  return reason === null ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', reason })
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length')) > maxBytes) {
    await request.body?.cancel().catch(() => {})
    throw tooLarge(maxBytes)
  }
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return Buffer.concat(chunks, size)
      size += value.byteLength
      if (size > maxBytes) throw tooLarge(maxBytes)
      chunks.push(value)
    }
  } catch (error) {
    await reader.cancel().catch(() => {})
    if (error instanceof CloudEventError) throw error
    throw new CloudEventError('InvalidData', 'the body broke off', { cause: error })
  }
}

function tooLarge(maxBytes: number): CloudEventError {
  return new CloudEventError('TooLarge', `the body has more than ${maxBytes} bytes`)
}

function failure(deps: FetchDeps, error: unknown): Response {
  if (error instanceof CloudEventError) return refusal(error.status, error.message, error.errorType)
  if (error instanceof ValidationError) return refusal(400, error.message, error.name)
  if (error instanceof SerializationError)
    return refusal(error.limit === undefined ? 400 : 413, error.message, error.name)
  if (error instanceof NotInitializedError) {
    const body = { error: 'The service is starting or stopping', error_type: error.name, retryable: true }
    return json(503, body, { 'retry-after': '1' })
  }
  deps.log.error({ err: error }, 'a request failed')
  return json(500, { error: 'The request could not be processed', error_type: 'InternalError', retryable: true })
}

function refusal(status: number, message: string, type: string): Response {
  return json(status, { error: message, error_type: type, retryable: false })
}

function notAllowed(allow: string): Response {
  const body = { error: `Only ${allow} here`, error_type: 'MethodNotAllowed', retryable: false }
  return json(405, body, { allow })
}

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  })
}
