/** How often and how long an activity is tried again. Pure: the caller says what time it is. Figures and presets are the reference's. */

import { LONGEST_MS } from './duration'
import { CloudEventError, RetryExhaustedError, SerializationError, TerminalError, ValidationError } from './errors'
import { errorName } from './failure'

export type ErrorClass = abstract new (...args: never[]) => Error

export interface RetryPolicy {
  /** Seconds before the second attempt. Default 1. */
  readonly initialInterval?: number
  /** Factor from one delay to the next. Default 2. */
  readonly backoffCoefficient?: number
  /** Longest delay in seconds. Default 60. */
  readonly maxInterval?: number
  /** Attempts in all, the first included; `null` = no limit. Default 5. */
  readonly maxAttempts?: number | null
  /** Seconds from the first attempt's start; `null` = no limit. Default 300. */
  readonly maxDuration?: number | null
  /** 0–1: each delay is shortened by up to this share, at random. Default 0. */
  readonly jitter?: number
  readonly retryableErrors?: readonly ErrorClass[]
  readonly nonRetryableErrors?: readonly ErrorClass[]
  readonly retryIf?: (error: unknown) => boolean
}

export type FullRetryPolicy = Required<Omit<RetryPolicy, 'retryIf'>> & Pick<RetryPolicy, 'retryIf'>

export const DEFAULT_RETRY: FullRetryPolicy = Object.freeze({
  initialInterval: 1,
  backoffCoefficient: 2,
  maxInterval: 60,
  maxAttempts: 5,
  maxDuration: 300,
  jitter: 0,
  retryableErrors: [Error],
  nonRetryableErrors: [],
})
const preset = (
  initialInterval: number,
  backoffCoefficient: number,
  maxInterval: number,
  maxAttempts: number | null,
  maxDuration: number | null,
): FullRetryPolicy =>
  Object.freeze({ ...DEFAULT_RETRY, initialInterval, backoffCoefficient, maxInterval, maxAttempts, maxDuration })
export const AGGRESSIVE_RETRY: FullRetryPolicy = preset(0.1, 1.5, 10, 10, 60)
export const CONSERVATIVE_RETRY: FullRetryPolicy = preset(5, 2, 300, 3, 900)
export const INFINITE_RETRY: FullRetryPolicy = preset(1, 2, 60, null, null)

/** First policy given wins as a whole; what it leaves out comes from {@link DEFAULT_RETRY}. */
export function resolveRetryPolicy(...policies: readonly (RetryPolicy | undefined)[]): FullRetryPolicy {
  const chosen = policies.find((policy) => policy !== undefined)
  return chosen ? { ...DEFAULT_RETRY, ...chosen } : DEFAULT_RETRY
}

/**
 * @param attempt the attempt that failed, from 1
 * @returns seconds until the next one, without jitter
 */
export function calculateDelay(policy: RetryPolicy, attempt: number): number {
  const { initialInterval, backoffCoefficient, maxInterval } = { ...DEFAULT_RETRY, ...policy }
  // After a thousand attempts the power is Infinity, and 0 · Infinity is no number.
  return initialInterval === 0 ? 0 : Math.min(initialInterval * backoffCoefficient ** (attempt - 1), maxInterval)
}

/** Thrown to stop, or said of what would be the same the next time. */
const FINAL = [TerminalError, ValidationError, SerializationError, CloudEventError]

function isFinal(error: unknown): boolean {
  return FINAL.some((kind) => error instanceof kind)
}

/** Whether the policy would try again after this error; says nothing about attempts or time. */
export function isRetryable(policy: RetryPolicy, error: unknown): boolean {
  const { retryableErrors, nonRetryableErrors, retryIf } = { ...DEFAULT_RETRY, ...policy }
  if (isFinal(error)) return false
  if (nonRetryableErrors.some((kind) => error instanceof kind)) return false
  if (retryIf) return retryIf(error)
  return retryableErrors.some((kind) => kind === Error || error instanceof kind)
}

/** What happened so far in one activity call. Times are epoch milliseconds. */
export interface FailedAttempt {
  readonly activityName: string
  readonly attempt: number
  readonly firstAttemptAt: number
  readonly now: number
  readonly error: unknown
  /** 0 ≤ random < 1, given by the caller. */
  readonly random: number
}

export type RetryDecision =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'fail'; readonly error: unknown; readonly exhausted: boolean }

/** Decides purely what follows a failed attempt. An error's own `retryAfter` (seconds or Date) sets the delay. */
export function afterFailedAttempt(policy: FullRetryPolicy, failed: FailedAttempt): RetryDecision {
  const { error, attempt } = failed
  if (isFinal(error)) return { kind: 'fail', error, exhausted: false }
  const give = (reason: string): RetryDecision => ({
    kind: 'fail',
    exhausted: true,
    error: new RetryExhaustedError(
      `Activity ${failed.activityName} failed after ${attempt} ${attempt === 1 ? 'attempt' : 'attempts'}: ${reason}`,
      { cause: error },
    ),
  })
  try {
    if (!isRetryable(policy, error)) return give(`Error type ${errorName(error)} is not retryable`)
  } catch (thrown) {
    return give(`retryIf threw ${errorName(thrown)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
  if (policy.maxAttempts !== null && attempt >= policy.maxAttempts)
    return give(`Max attempts (${policy.maxAttempts}) reached`)
  const elapsed = (failed.now - failed.firstAttemptAt) / 1_000
  if (policy.maxDuration !== null && elapsed >= policy.maxDuration)
    return give(`Max duration (${policy.maxDuration}s) exceeded (elapsed: ${elapsed.toFixed(1)}s)`)
  return {
    kind: 'retry',
    delayMs:
      requestedDelayMs(error, failed.now) ??
      jittered(calculateDelay(policy, attempt) * 1_000, policy.jitter, failed.random),
  }
}

/** @throws RangeError naming the field */
export function checkRetryPolicy(policy: RetryPolicy): void {
  const full = { ...DEFAULT_RETRY, ...policy }
  const demand = (ok: boolean, field: string, rule: string): void => {
    if (!ok) throw new RangeError(`retry.${field} must be ${rule}`)
  }
  demand(isSeconds(full.initialInterval), 'initialInterval', 'a number of seconds from 0 to a hundred years')
  demand(
    Number.isFinite(full.backoffCoefficient) && full.backoffCoefficient >= 1,
    'backoffCoefficient',
    'a finite number ≥ 1',
  )
  demand(isSeconds(full.maxInterval), 'maxInterval', 'a number of seconds from 0 to a hundred years')
  demand(
    full.maxAttempts === null || (Number.isInteger(full.maxAttempts) && full.maxAttempts >= 1),
    'maxAttempts',
    'an integer ≥ 1 or null',
  )
  demand(
    full.maxDuration === null || (isSeconds(full.maxDuration) && full.maxDuration > 0),
    'maxDuration',
    'a number of seconds > 0 (at most a hundred years) or null',
  )
  demand(Number.isFinite(full.jitter) && full.jitter >= 0 && full.jitter <= 1, 'jitter', 'a number from 0 to 1')
}

/** As long as a duration may be: a delay beyond it would fit no column. */
function isSeconds(value: number): boolean {
  return Number.isFinite(value) && value >= 0 && value * 1_000 <= LONGEST_MS
}

/** Undefined when the error asks for nothing sensible: then the policy decides. */
function requestedDelayMs(error: unknown, now: number): number | undefined {
  const after = (error as { retryAfter?: unknown } | null | undefined)?.retryAfter
  const ms = after instanceof Date ? Math.max(0, after.getTime() - now) : typeof after === 'number' ? after * 1_000 : -1
  return ms >= 0 ? Math.min(Math.round(ms), LONGEST_MS) : undefined
}

function jittered(delayMs: number, jitter: number, random: number): number {
  return Math.round(delayMs * (1 - jitter * random))
}
