/**
 * `sendEvent`: one event, now, without outbox and without durability. From an activity prefer `ctx.sendEventTransactional`: this one is sent
 * again whenever the activity is tried again, and is not sent when the process dies first.
 */
import { randomUUID } from 'node:crypto'
import type { CloudEvent } from '../cloud-events/cloud-event'
import { encodeStructured } from '../cloud-events/http'
import { ConfigurationError, HttpError } from '../model/errors'
import { decodeJson, encodeJson } from '../model/json'
import { parseEndpoint } from './endpoint'
import { post } from './http-post'

const TIMEOUT_MS = 10_000
const MAX_RESPONSE_BYTES = 65_536

export interface SendEventOptions {
  /** http or https; user and password become Basic authentication. */
  readonly brokerUrl: string
  /** Media type of `data`. Default: `application/json` for JSON, none for bytes. */
  readonly datacontenttype?: string
}

/** What is not pure. */
export interface SendEventEnvironment {
  readonly fetch: typeof globalThis.fetch
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly timeoutMs: number
}

/**
 * Posts one event at once, in structured mode, and waits for the answer: 10 seconds, redirects not followed, not tried again.
 *
 * @param data JSON, or bytes; a string is text when `datacontenttype` is not JSON
 * @returns the event's id, a random UUID
 * @throws HttpError with `status` and `body` for any answer but 2xx, and with `status` 0 when no answer came
 * @throws ConfigurationError for a `brokerUrl` that is not http or https
 * @throws CloudEventError when type, source or content type are not valid
 * @throws SerializationError when the data has no JSON form
 * @example
 * await sendEvent('order.shipped', '/orders', { orderId: 'o-1' }, { brokerUrl: 'http://broker.internal/default' })
 */
export async function sendEvent(
  type: string,
  source: string,
  data: unknown,
  options: SendEventOptions,
  environment: Partial<SendEventEnvironment> = {},
): Promise<string> {
  const { fetch = globalThis.fetch, newId = randomUUID, now = Date.now, timeoutMs = TIMEOUT_MS } = environment
  if (!options?.brokerUrl) throw new ConfigurationError("sendEvent needs a 'brokerUrl': where shall the event go?")
  const endpoint = parseEndpoint(options.brokerUrl)
  const id = newId()
  const event: CloudEvent = {
    ...{ specversion: '1.0', id, source, type, time: new Date(now()).toISOString(), extensions: {} },
    ...contentOf(data, id, options.datacontenttype),
  }
  const answer = await post(endpoint, encodeStructured(event), {
    fetch,
    timeoutMs,
    maxResponseBytes: MAX_RESPONSE_BYTES,
  })
  if (answer.kind === 'answer' && answer.status >= 200 && answer.status < 300) return id
  const [status, body] = answer.kind === 'answer' ? [answer.status, answer.body] : [0, '']
  const problem = answer.kind === 'no-answer' ? answer.reason : `HTTP ${status}`
  throw new HttpError(
    { status, body, message: `Cannot send event '${type}' to ${endpoint.label}: ${problem}` },
    answer.kind === 'no-answer' ? { cause: answer.cause } : undefined,
  )
}

function contentOf(data: unknown, id: string, datacontenttype: string | undefined): Partial<CloudEvent> {
  if (data === undefined) return datacontenttype === undefined ? {} : { datacontenttype }
  if (data instanceof Uint8Array) return { data, ...(datacontenttype === undefined ? {} : { datacontenttype }) }
  // through its text, so that what leaves is what a stored event would hold: a Date is a string, undefined members are gone
  const json = decodeJson(encodeJson(data, `data of event ${id}`, Number.POSITIVE_INFINITY))
  return { data: json, datacontenttype: datacontenttype ?? 'application/json' }
}
