/**
 * Events over HTTP: one POST an event, CloudEvents structured mode, bytes as `data_base64`.
 *
 * 1. The bytes of an event depend on the event alone: every copy that is ever sent is the same (O2).
 * 2. A poison event fails alone: it cannot be encoded, or is answered with 4xx or 5xx, and its neighbours go on (O4).
 * 3. A slow or dead endpoint costs at most `maxConcurrency` connections; while it is known to be dead or has asked for a pause, events are
 *    held and lose no attempt.
 */
import type { CloudEvent } from '../cloud-events/cloud-event'
import { encodeStructured, type StructuredMessage } from '../cloud-events/http'
import { ConfigurationError, EddaError } from '../model/errors'
import { CircuitBreaker } from './circuit-breaker'
import { classifyAnswer } from './classify'
import { type Endpoint, parseEndpoint } from './endpoint'
import { type PostOptions, post } from './http-post'
import { createLimiter, type Limiter } from './limiter'
import type { DeliveryResult, Transport, TransportOptions } from './transport'

/**
 * @param url http or https; user and password become Basic authentication
 * @throws ConfigurationError for a URL or an option that cannot be used
 * @example
 * const transport = createHttpTransport('https://user:secret@broker.example.com/events')
 * const [result] = await transport.send([event], signal)
 */
export function createHttpTransport(url: string, options: TransportOptions = {}): Transport {
  return new HttpTransport(parseEndpoint(url, options.allowedHosts), options)
}

class HttpTransport implements Transport {
  readonly #endpoint: Endpoint
  readonly #post: PostOptions
  readonly #now: () => number
  readonly #limiter: Limiter
  readonly #breaker: CircuitBreaker
  #closed = false

  constructor(endpoint: Endpoint, options: TransportOptions) {
    this.#endpoint = endpoint
    this.#now = options.now ?? Date.now
    this.#post = {
      fetch: options.fetch ?? globalThis.fetch,
      timeoutMs: atLeastOne('timeoutMs', options.timeoutMs, 30_000),
      maxResponseBytes: atLeastOne('maxResponseBytes', options.maxResponseBytes, 65_536),
    }
    this.#limiter = createLimiter(atLeastOne('maxConcurrency', options.maxConcurrency, 8))
    this.#breaker = new CircuitBreaker(atLeastOne('failureThreshold', options.failureThreshold, 5), this.#now)
  }

  send(events: readonly CloudEvent[], signal: AbortSignal): Promise<readonly DeliveryResult[]> {
    return Promise.all(events.map((event) => this.#limiter.run(() => this.#deliver(event, signal))))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#limiter.idle()
  }

  async #deliver(event: CloudEvent, signal: AbortSignal): Promise<DeliveryResult> {
    if (this.#closed) return { kind: 'held', reason: 'the transport is closed' }
    if (signal.aborted) return { kind: 'held', reason: 'aborted before sending' }
    const message = encode(event)
    if ('kind' in message) return message
    const admission = this.#breaker.enter()
    if (!admission.admitted) {
      const reason = `${this.#endpoint.label} is left alone for now`
      return { kind: 'held', reason, retryAfterMs: admission.retryAfterMs }
    }
    const answer = await post(this.#endpoint, message, { ...this.#post, signal })
    switch (answer.kind) {
      case 'aborted':
        admission.done('unknown')
        return { kind: 'held', reason: 'aborted while sending' }
      case 'no-answer':
        admission.done('dead')
        return { kind: 'retry', reason: answer.reason }
      case 'answer': {
        admission.done('alive')
        const result = classifyAnswer(answer, this.#now())
        const asked = result.kind === 'retry' ? (result.retryAfterMs ?? 0) : 0
        // both mean the endpoint, not this one event: nothing else is sent either (web hooks §2.2)
        if (asked > 0 && (answer.status === 429 || answer.status === 503)) this.#breaker.pause(asked)
        return result
      }
    }
  }
}

function encode(event: CloudEvent): StructuredMessage | DeliveryResult {
  try {
    return encodeStructured(event)
  } catch (error) {
    if (error instanceof EddaError) return { kind: 'invalid', reason: error.message }
    return { kind: 'invalid', reason: `cannot be encoded: ${String(error)}` }
  }
}

function atLeastOne(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || value < 1) throw new ConfigurationError(`${name} must be an integer ≥ 1`)
  return value
}
