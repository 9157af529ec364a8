/** Durations as users write them: a plain number is seconds, a string carries its unit. Inside the engine every duration is `…Ms`. */

export type DurationString = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`
/** A number of seconds, or text such as `'500ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`. */
export type Duration = number | DurationString

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A hundred years: anything longer is a mistake in the unit. */
export const LONGEST_MS = 100 * 365 * 86_400_000

/**
 * @param duration seconds, or text with a unit
 * @returns milliseconds, ≥ 0
 * @throws RangeError when it is negative, not finite, longer than 100 years, or not of the form `<number><unit>`
 * @example durationMs('1.5h') // 5_400_000
 */
export function durationMs(duration: Duration): number {
  const ms = typeof duration === 'number' ? duration * 1_000 : parse(duration)
  if (!Number.isFinite(ms) || ms < 0 || ms > LONGEST_MS) {
    throw new RangeError(
      `Invalid duration ${typeof duration === 'string' ? `'${duration}'` : String(duration)}: give seconds ≥ 0, or text such as '500ms', '30s', '5m', '2h', '7d'`,
    )
  }
  return Math.round(ms)
}

function parse(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(text).trim())
  const unit = UNIT_MS[match?.[2] ?? '']
  return match?.[1] !== undefined && unit !== undefined ? Number(match[1]) * unit : Number.NaN
}
