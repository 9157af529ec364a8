/**
 * What carries events out of the engine, behind one small interface, and what can come of it. Knows no database: whoever relays decides what
 * a result means for a row (settlement.ts).
 *
 * 1. Every event given gets exactly one result, in the same order; `send` does not reject for what happens to an event.
 * 2. `published` only after the receiver's positive answer. An answer that did not arrive is `retry`: events leave at least once.
 * 3. `held` says nothing about the event: it was not tried, or its try was cut off by our own shutdown. It costs no attempt.
 */
import type { CloudEvent } from '../cloud-events/cloud-event'

export type DeliveryResult =
  | { readonly kind: 'published' }
  /** Failed for now. `retryAfterMs`: the receiver's own wish (Retry-After), at least to be waited. */
  | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMs?: number }
  /** The receiver will never take it, or it cannot be encoded: a dead letter at once. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** Not tried. `retryAfterMs`: when the endpoint may be tried again. */
  | { readonly kind: 'held'; readonly reason: string; readonly retryAfterMs?: number }

export interface Transport {
  /**
   * @param events a key for ordering and partitioning travels as the extension `partitionkey`
   * @param signal aborts what is under way; those events come back as `held`
   */
  send(events: readonly CloudEvent[], signal: AbortSignal): Promise<readonly DeliveryResult[]>
  /** Waits for what is under way, then frees connections. Afterwards `send` holds everything. */
  close(): Promise<void>
}

export interface TransportOptions {
  /** Milliseconds for one delivery, connection and answer included. Default 30,000. */
  readonly timeoutMs?: number
  /** Deliveries under way at once to this endpoint. Default 8. */
  readonly maxConcurrency?: number
  /** Bytes of an answer that are read; the rest is thrown away. Default 65,536. */
  readonly maxResponseBytes?: number
  /** `host` or `host:port`, compared exactly with the normalised URL. Default: any, for the URL is the operator's. */
  readonly allowedHosts?: readonly string[]
  /** Failures in a row without any answer before the endpoint is left alone for a while. Default 5. */
  readonly failureThreshold?: number
  /** The clock, in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number
  /** Default: the platform's. Give one whose connections check the resolved address when the URL is not wholly trusted. */
  readonly fetch?: typeof globalThis.fetch
}

export type TransportFactory = (url: string, options: TransportOptions) => Transport
