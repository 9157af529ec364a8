/**
 * What an HTTP answer means for an event, as a table: 2xx published; 408, 425, 429, every 5xx and every 3xx to be tried again; any other 4xx
 * never. Retry-After is honoured wherever it stands (RFC 9110 §10.2.3; web hooks §2.2 makes it a must).
 */
import type { DeliveryResult } from './transport'

const RETRYABLE_4XX: ReadonlySet<number> = new Set([408, 425, 429])
/** An answer that asks for more than a day is a mistake or a joke. */
const LONGEST_RETRY_AFTER_MS = 86_400_000
const LONGEST_EXCERPT = 300

export interface HttpAnswer {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: string
}

/** @param now epoch milliseconds, to read a Retry-After that is a date */
export function classifyAnswer(answer: HttpAnswer, now: number): DeliveryResult {
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'published' }
  const reason = describe(answer)
  if (status >= 400 && status < 500 && !RETRYABLE_4XX.has(status)) return { kind: 'invalid', reason }
  const retryAfterMs = parseRetryAfter(answer.retryAfter, now)
  return retryAfterMs === null ? { kind: 'retry', reason } : { kind: 'retry', reason, retryAfterMs }
}

/**
 * @param text seconds, or an HTTP date
 * @returns milliseconds from `now`, 0 to one day; `null` when there is nothing to be read
 */
export function parseRetryAfter(text: string | null, now: number): number | null {
  const value = text?.trim() ?? ''
  // asctime, the oldest of the three forms of a date, names no zone and means GMT
  const date = value.endsWith('GMT') ? value : `${value} GMT`
  const ms = /^\d+$/.test(value)
    ? Number(value) * 1_000
    : /^[A-Z][a-z]{2}/.test(value)
      ? Date.parse(date) - now
      : Number.NaN
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS)
}

function describe({ status, body }: HttpAnswer): string {
  const excerpt = body.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  const redirect = status >= 300 && status < 400 ? ' (redirects are not followed)' : ''
  if (excerpt === '') return `HTTP ${status}${redirect}`
  return `HTTP ${status}${redirect}: ${excerpt.length > LONGEST_EXCERPT ? `${excerpt.slice(0, LONGEST_EXCERPT)}…` : excerpt}`
}
