import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holds } from '../testing/arbitraries'
import { type Duration, type DurationString, durationMs, LONGEST_MS } from './duration'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]))

describe('a duration', () => {
  test.each<[Duration, number]>([
    [0, 0],
    [1, 1_000],
    [0.25, 250],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['0.5ms', 1],
    [LONGEST_MS / 1_000, LONGEST_MS],
  ])('%j is %d ms', (duration, ms) => {
    expect(durationMs(duration)).toBe(ms)
  })

  test('of a number is seconds', () => {
    holds([fc.integer({ min: 0, max: 1_000_000_000 })], (seconds) => {
      expect(durationMs(seconds)).toBe(seconds * 1_000)
    })
  })

  test('of text is its number times its unit', () => {
    holds([fc.integer({ min: 0, max: 36_000 }), unit], (n, u) => {
      expect(durationMs(`${n}${u}`)).toBe(n * UNITS[u])
    })
  })

  test('is the same as text of seconds and as a number', () => {
    holds([fc.integer({ min: 0, max: 100_000_000 })], (thousandths) => {
      const seconds = thousandths / 1_000
      expect(durationMs(`${seconds}s` as DurationString)).toBe(durationMs(seconds))
    })
  })

  test('is a whole number of milliseconds, whatever fraction was given', () => {
    holds([fc.double({ min: 0, max: 1e9, noNaN: true })], (seconds) => {
      expect(Number.isInteger(durationMs(seconds))).toBe(true)
    })
  })

  test('is refused, naming what was given, when it is negative, not finite or longer than a hundred years', () => {
    const bad = fc.oneof(
      fc.double({ max: -Number.MIN_VALUE, noNaN: true }),
      fc.double({ min: LONGEST_MS / 1_000 + 1, noNaN: true }),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    )
    holds([bad], (duration) => {
      expect(() => durationMs(duration)).toThrow(new RegExp(`^Invalid duration ${escaped(String(duration))}:`))
      expect(() => durationMs(duration)).toThrow(RangeError)
    })
  })

  test('is refused when the text has another form', () => {
    const form = /^\s*\d+(\.\d+)?(ms|s|m|h|d)\s*$/
    holds(
      [
        fc.oneof(
          fc.string(),
          fc.tuple(fc.string({ maxLength: 3 }), unit).map((parts) => parts.join('')),
        ),
      ],
      (text) => {
        fc.pre(!form.test(text))
        expect(() => durationMs(text as DurationString)).toThrow(RangeError)
      },
    )
  })

  test.each([['5 m'], ['-1s'], ['1w'], [''], ['s'], ['1e3s'], [null], [undefined], [{}], [5n], [true]])(
    '%s is none',
    (value) => {
      expect(() => durationMs(value as Duration)).toThrow(RangeError)
    },
  )
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
