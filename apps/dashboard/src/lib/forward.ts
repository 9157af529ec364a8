/**
 * The only way from the browser to the API. The address is read at run time, so one build serves every deployment; bodies are streamed both ways,
 * so that the live subscription (SSE) passes through; an API that is down is an answer (502), never a hanging request.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'proxy-authorization',
  'proxy-authenticate',
])
const REQUEST_HEADERS_KEPT_BACK = new Set([...HOP_BY_HOP, 'host', 'content-length', 'accept-encoding', 'expect'])
const RESPONSE_HEADERS_KEPT_BACK = new Set([...HOP_BY_HOP, 'content-encoding', 'content-length'])

/** @param prefix first segment of the API's path, e.g. `trpc` */
export async function forward(request: Request, prefix: string, path: readonly string[]): Promise<Response> {
  const url = new URL(request.url)
  const rest = path.map(encodeURIComponent).join('/').replaceAll('%2C', ',')
  const target = new URL(`/${prefix}/${rest}${url.search}`, apiUrl())
  try {
    const answer = await fetch(target, {
      method: request.method,
      headers: forwardedHeaders(request, url),
      body: request.method === 'GET' || request.method === 'HEAD' ? null : await request.arrayBuffer(),
      redirect: 'manual',
      cache: 'no-store',
      signal: request.signal,
    })
    const headers = new Headers()
    for (const [name, value] of answer.headers) {
      if (!RESPONSE_HEADERS_KEPT_BACK.has(name) && name !== 'set-cookie') headers.append(name, value)
    }
    for (const cookie of answer.headers.getSetCookie()) headers.append('set-cookie', cookie)
    headers.set('cache-control', 'no-store')
    headers.set('x-accel-buffering', 'no')
    return new Response(answer.body, { status: answer.status, headers })
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 })
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    return Response.json(
      { error: `The API at ${target.origin} does not answer: ${cause}`, code: 'API_UNREACHABLE', retryable: true },
      { status: 502, headers: { 'cache-control': 'no-store', 'retry-after': '2' } },
    )
  }
}

function apiUrl(): string {
  return process.env.EDDA_API_URL ?? 'http://127.0.0.1:8001'
}

function forwardedHeaders(request: Request, url: URL): Headers {
  const headers = new Headers()
  for (const [name, value] of request.headers) {
    if (!REQUEST_HEADERS_KEPT_BACK.has(name)) headers.append(name, value)
  }
  headers.set('x-forwarded-host', request.headers.get('host') ?? url.host)
  headers.set('x-forwarded-proto', url.protocol.replace(':', ''))
  return headers
}
