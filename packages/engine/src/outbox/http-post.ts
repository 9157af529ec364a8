/**
 * One POST, and whatever becomes of it as a value. Redirects are never followed (web hooks §2.2: they would let an endpoint send our events
 * and credentials elsewhere), the time is bounded, and the answer's body is read to an end, so that the connection can be used again, but
 * only so far. When it returns, no timer and no listener is left behind.
 */
import type { Endpoint } from './endpoint'

export interface PostOptions {
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds from the start to the end of the answer's body. */
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  readonly signal?: AbortSignal
}

export type PostResult =
  /** The endpoint answered; a body that broke off or ran into the limit is what had arrived by then. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string | null; readonly body: string }
  /** No status arrived: the request may or may not have been received. */
  | { readonly kind: 'no-answer'; readonly reason: string; readonly cause: unknown }
  | { readonly kind: 'aborted' }

export async function post(
  endpoint: Endpoint,
  message: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array<ArrayBuffer> },
  options: PostOptions,
): Promise<PostResult> {
  if (options.signal?.aborted) return { kind: 'aborted' }
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, options.timeoutMs)
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    const response = await options.fetch(endpoint.url, {
      method: 'POST',
      headers: { ...message.headers, ...(endpoint.authorization ? { authorization: endpoint.authorization } : {}) },
      body: message.body,
      redirect: 'manual',
      signal: controller.signal,
    })
    const body = await readCapped(response.body, options.maxResponseBytes)
    return { kind: 'answer', status: response.status, retryAfter: response.headers.get('retry-after'), body }
  } catch (cause) {
    if (options.signal?.aborted) return { kind: 'aborted' }
    const reason = controller.signal.aborted ? `no answer within ${options.timeoutMs} ms` : describe(cause)
    return { kind: 'no-answer', reason, cause }
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', abort)
  }
}

/** The status is known by now and stands, whatever happens to the body: nothing here throws. */
async function readCapped(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
  if (stream === null) return ''
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let room = maxBytes
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value.subarray(0, room))
      room -= value.byteLength
      if (room < 0) {
        await reader.cancel()
        break
      }
    }
  } catch {
    // broken off: what arrived is enough for a reason
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/** `fetch failed` says nothing; its cause does. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const text = typeof code === 'string' ? code : cause instanceof Error ? cause.message : String(cause)
  return `no answer: ${text.slice(0, 200)}`
}
