/**
 * RFC 3339 timestamps, checked field by field. `Date.parse` is no judge: it takes `2024-02-30` for the first of March and reads forms that
 * RFC 3339 does not know. The text itself is kept verbatim by the caller.
 */

const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/
const MINUTES_A_DAY = 1_440

/**
 * @returns whether the text is a date-time of RFC 3339 §5.6: a real calendar day, an offset, and a leap second only where one can be, in the
 *   last minute (UTC) of a month
 * @example isTimestamp('1990-12-31T15:59:60-08:00') // true
 */
export function isTimestamp(text: string): boolean {
  const match = TIMESTAMP.exec(text)
  if (match === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const [offsetHour, offsetMinute] = [Number(match[8] ?? 0), Number(match[9] ?? 0)]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false
  if (second < 60) return true
  // The next minute, counted from local midnight, must be midnight UTC on the first of a month.
  const offset = (offsetHour * 60 + offsetMinute) * (match[7] === '-' ? -1 : 1)
  const days = (hour * 60 + minute + 1 - offset) / MINUTES_A_DAY
  return day + days === 1 || day + days === daysIn(year, month) + 1
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
