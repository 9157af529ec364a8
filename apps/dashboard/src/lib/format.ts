/** Numbers, times and sizes as the dashboard writes them. Pure: the caller says what time it is. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `840 ms`, `12.4 s`, `3m 20s`, `2h 5m`, `4d 6h`: two units at most. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  const value = Math.max(0, ms)
  if (value < 1) return '0 ms'
  if (value < SECOND) return `${Math.round(value)} ms`
  if (value < 10 * SECOND) return `${trimmed(value / SECOND, 2)} s`
  if (value < MINUTE) return `${trimmed(value / SECOND, 1)} s`
  if (value < HOUR) return twoUnits(value, MINUTE, 'm', SECOND, 's')
  if (value < DAY) return twoUnits(value, HOUR, 'h', MINUTE, 'm')
  return twoUnits(value, DAY, 'd', HOUR, 'h')
}

/** `just now`, `42s ago`, `5m ago`, `in 3h`. Coarse on purpose: the absolute time is one hover away. */
export function formatRelative(at: number, now: number): string {
  const distance = at - now
  const size = Math.abs(distance)
  if (size < 2 * SECOND) return distance > 0 ? 'in a moment' : 'just now'
  const text = coarse(size)
  return distance > 0 ? `in ${text}` : `${text} ago`
}

/** Time left, with seconds, for countdowns: `4m 05s`. Past due is `due now`. */
export function formatCountdown(at: number, now: number): string {
  const left = at - now
  if (left <= 0) return 'due now'
  if (left < MINUTE) return `${Math.ceil(left / SECOND)}s`
  return formatDuration(left)
}

export function formatAbsolute(at: number): string {
  return ABSOLUTE.format(at)
}

export function formatClock(at: number): string {
  return `${CLOCK.format(at)}.${String(Math.trunc(at) % 1000).padStart(3, '0')}`
}

export function formatCount(count: number): string {
  if (count < 10_000) return COUNT.format(count)
  return COMPACT.format(count)
}

export function formatExact(count: number): string {
  return COUNT.format(count)
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${trimmed(bytes / 1024, 1)} kB`
  return `${trimmed(bytes / 1024 / 1024, 2)} MB`
}

export function formatPercent(ratio: number): string {
  if (ratio > 0 && ratio < 0.001) return '< 0.1 %'
  return `${trimmed(ratio * 100, ratio < 0.1 ? 1 : 0)} %`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const COUNT = new Intl.NumberFormat('en-GB')
const COMPACT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })
const ABSOLUTE = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
})
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

function coarse(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`
  return `${Math.floor(ms / DAY)}d`
}

function twoUnits(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const bigCount = Math.floor(ms / big)
  const smallCount = Math.floor((ms - bigCount * big) / small)
  return smallCount === 0 ? `${bigCount}${bigName}` : `${bigCount}${bigName} ${smallCount}${smallName}`
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}
