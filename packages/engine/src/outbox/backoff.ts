/** How long to wait after the n-th failed delivery: exponential, bounded, and scattered so that events that failed together do not return together. */

export interface Backoff {
  /** Milliseconds after the first failure. Default 1,000. */
  readonly baseMs: number
  /** Longest delay in milliseconds. Default 300,000. */
  readonly maxMs: number
  /** Factor from one delay to the next, ≥ 1. Default 2. */
  readonly factor: number
  /** 0–1: each delay is shortened by up to this share. Default 0.3. */
  readonly jitter: number
}

export const DEFAULT_BACKOFF: Backoff = Object.freeze({ baseMs: 1_000, maxMs: 300_000, factor: 2, jitter: 0.3 })

/**
 * @param attempt the attempt that failed, from 1
 * @param random 0 ≤ random < 1, given by the caller
 * @returns whole milliseconds in (delay · (1 − jitter), delay]
 * @example backoffMs(3, 0) // 4_000
 */
export function backoffMs(attempt: number, random: number, backoff: Backoff = DEFAULT_BACKOFF): number {
  const delay = Math.min(backoff.baseMs * backoff.factor ** (attempt - 1), backoff.maxMs)
  return Math.ceil(delay * (1 - backoff.jitter * random))
}
