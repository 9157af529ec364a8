/**
 * The bridge from `node:http` (and Express, Fastify, Koa, which pass its objects on) to the app's `fetch`. Translates, decides nothing of its own, but
 * for what a `Request` cannot say: headers that were sent twice, methods that it forbids, a body that somebody else has read already.
 *
 *  1. Every request is answered; the handler's promise never rejects.
 *  2. An answer that comes before the body was read is delivered whole: the rest is thrown away for a moment before the connection closes, since
 *     closing at once would take the answer with it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CloudEventError } from './cloud-events/errors'
import { readHeaders } from './cloud-events/headers'
import { isJsonMediaType, parseMediaType } from './cloud-events/media-type'
import { incomingBody } from './node-body'

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** `new Request` refuses them. */
const UNSPEAKABLE: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
const LINGER_MS = 1_000

/**
 * Serves an app from Node's own server, or below a path of Express or Fastify.
 *
 * @example createServer(toNodeHandler(app)).listen(8080)
 * @example express().use('/edda', toNodeHandler(app)) // before or after express.json()
 * @example // Fastify, in a scope of its own whose parsers leave the body alone
 *          await fastify.register(async (scope) => {
 *            scope.removeAllContentTypeParsers()
 *            scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
 *            scope.all('/*', (request, reply) => { reply.hijack(); return handler(request.raw, reply.raw) })
 *          })
 */
export function toNodeHandler(app: { fetch(request: Request): Promise<Response> }): NodeHandler {
  return async (incoming, outgoing) => {
    const response = await answer(app, incoming).catch(() =>
      refusal(500, 'The request could not be processed', 'InternalError'),
    )
    try {
      await write(incoming, outgoing, response)
    } catch {
      // the connection is gone; whoever asked has stopped listening
      outgoing.destroy()
    }
  }
}

function answer(app: { fetch(request: Request): Promise<Response> }, incoming: IncomingMessage): Promise<Response> {
  const method = incoming.method ?? 'GET'
  if (UNSPEAKABLE.has(method))
    return Promise.resolve(refusal(405, `${method} is not allowed`, 'MethodNotAllowed', { allow: 'POST, OPTIONS' }))
  let request: Request
  try {
    const pairs = headerPairs(incoming)
    // a Headers object would join what was sent twice
    if (method === 'POST') readHeaders(pairs)
    request = toRequest(incoming, method, pairs)
  } catch (error) {
    if (error instanceof ConsumedBodyError) return Promise.resolve(refusal(500, error.message, 'ConsumedBody'))
    const type = error instanceof CloudEventError ? error.errorType : 'BadRequest'
    return Promise.resolve(refusal(400, error instanceof Error ? error.message : 'Bad request', type))
  }
  return app.fetch(request)
}

function toRequest(incoming: IncomingMessage, method: string, pairs: [string, string][]): Request {
  const url = urlOf(incoming.url ?? '/')
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(incoming)
  // the type of browsers' Request lacks `duplex`, which Node asks for
  const init: RequestInit & { duplex: 'half' } = { method, headers: pairs, body, duplex: 'half' }
  return new Request(url, init)
}

/** Only the path matters, and it is the sender's: nothing in it may become a host. */
function urlOf(target: string): string {
  if (target.startsWith('/')) return `http://localhost${target}`
  if (!URL.canParse(target)) return 'http://localhost/'
  const { pathname, search } = new URL(target)
  return `http://localhost${pathname.startsWith('/') ? pathname : `/${pathname}`}${search}`
}

function headerPairs({ rawHeaders }: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    // HTTP/2 has its request line among the headers
    if (!name.startsWith(':')) pairs.push([name, value])
  }
  return pairs
}

// ---------------------------------------------------------------- the body

class ConsumedBodyError extends Error {}

/** What a body parser has left behind, or the stream itself. */
function bodyOf(incoming: IncomingMessage): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (!incoming.readableDidRead) return incomingBody(incoming)
  const { body, rawBody } = incoming as IncomingMessage & { readonly body?: unknown; readonly rawBody?: unknown }
  const left = rawBody ?? body
  if (left instanceof Uint8Array) return new Uint8Array(left)
  if (typeof left === 'string') return left
  const mediaType = parseMediaType(incoming.headers['content-type'] ?? '')
  if (left !== undefined && mediaType !== null && isJsonMediaType(mediaType)) return JSON.stringify(left)
  throw new ConsumedBodyError('The body was read before it came here: mount Edda before the body parser')
}

// ---------------------------------------------------------------- the answer

async function write(incoming: IncomingMessage, outgoing: ServerResponse, response: Response): Promise<void> {
  const body = incoming.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(await response.arrayBuffer())
  if (outgoing.headersSent || outgoing.destroyed) return
  const isUnread = !incoming.complete && !incoming.destroyed
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) outgoing.setHeader(name, value)
  if (response.status !== 204) outgoing.setHeader('content-length', body.byteLength)
  if (isUnread && incoming.httpVersionMajor === 1) outgoing.setHeader('connection', 'close')
  if (isUnread) {
    outgoing.flushHeaders()
    outgoing.write(body)
    await drained(incoming)
  }
  await new Promise<void>((resolve) => {
    outgoing.once('close', resolve)
    outgoing.end(isUnread ? undefined : body, resolve)
  })
  if (!incoming.complete) incoming.destroy()
}

/** Throws away what still comes, until it ends or the time is over. */
function drained(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, LINGER_MS)
    incoming.once('end', done).once('close', done).on('error', done)
    incoming.resume()
  })
}

function refusal(
  status: number,
  message: string,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify({ error: message, error_type: type, retryable: status >= 500 }), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
