/**
 * What a delivery's result means for the event's row, decided purely. The relay reads rows, sends, settles; this says with what.
 *
 * 1. A failure sets the *row's* next attempt, so a poison event never holds up its neighbours (O4).
 * 2. Nothing is dropped (O5): what will not be tried again is `invalid`, `failed` or `expired`, visible with its reason and re-drivable.
 * 3. `held` costs no attempt: an outage does not eat the attempts of events that were never sent.
 */
import { type Backoff, backoffMs, DEFAULT_BACKOFF } from './backoff'
import type { DeliveryResult } from './transport'

export interface RelayPolicy {
  /** Deliveries tried before an event is a dead letter, ≥ 1. */
  readonly maxAttempts: number
  /** An event older than this is not sent any more; `null` = no limit. */
  readonly maxAgeMs: number | null
  readonly backoff?: Backoff
}

export interface Settlement {
  readonly status: 'pending' | 'published' | 'failed' | 'invalid' | 'expired'
  /** Epoch milliseconds; `null` unless pending. */
  readonly nextAttemptAt: number | null
  readonly lastError: string | null
  readonly countAttempt: boolean
}

/** A held event without a wish of its own returns after this long. */
const HELD_MS = 1_000

/** @returns the settlement of an event that is too old to be sent, or `null` */
export function expire(row: { readonly createdAt: number }, policy: RelayPolicy, now: number): Settlement | null {
  if (policy.maxAgeMs === null || now - row.createdAt <= policy.maxAgeMs) return null
  return { status: 'expired', nextAttemptAt: null, lastError: `older than ${policy.maxAgeMs} ms`, countAttempt: false }
}

/**
 * @param row with the attempts counted before this one
 * @param now epoch milliseconds
 * @param random 0 ≤ random < 1, given by the caller
 */
export function settle(
  row: { readonly attempts: number },
  result: DeliveryResult,
  policy: RelayPolicy,
  now: number,
  random: number,
): Settlement {
  switch (result.kind) {
    case 'published':
      return { status: 'published', nextAttemptAt: null, lastError: null, countAttempt: true }
    case 'invalid':
      return { status: 'invalid', nextAttemptAt: null, lastError: result.reason, countAttempt: true }
    case 'held':
      return {
        status: 'pending',
        nextAttemptAt: now + (result.retryAfterMs ?? HELD_MS),
        lastError: result.reason,
        countAttempt: false,
      }
    case 'retry': {
      const attempt = row.attempts + 1
      if (attempt >= policy.maxAttempts) {
        const lastError = `Exceeded max retries (${policy.maxAttempts}): ${result.reason}`
        return { status: 'failed', nextAttemptAt: null, lastError, countAttempt: true }
      }
      const delay = Math.max(backoffMs(attempt, random, policy.backoff ?? DEFAULT_BACKOFF), result.retryAfterMs ?? 0)
      return { status: 'pending', nextAttemptAt: now + delay, lastError: result.reason, countAttempt: true }
    }
  }
}
