import { describe, expect, it } from 'vitest'
import { formatBytes, formatCountdown, formatDuration, formatPercent, formatRelative, plural } from './format'

describe('format', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '0 ms'],
    [840, '840 ms'],
    [1_230, '1.23 s'],
    [12_440, '12.4 s'],
    [200_000, '3m 20s'],
    [180_000, '3m'],
    [7_500_000, '2h 5m'],
    [367_200_000, '4d 6h'],
    [-5, '0 ms'],
  ])('writes a duration of %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it.each([
    [0, 'just now'],
    [-1_500, 'just now'],
    [1_500, 'in a moment'],
    [-42_000, '42s ago'],
    [-300_000, '5m ago'],
    [3 * 3_600_000, 'in 3h'],
    [-4 * 86_400_000, '4d ago'],
  ])('writes a distance of %d ms as %s', (distance, text) => {
    expect(formatRelative(1_000_000_000 + distance, 1_000_000_000)).toBe(text)
  })

  it('says that a countdown in the past is due, not negative', () => {
    expect(formatCountdown(1_000, 1_001)).toBe('due now')
    expect(formatCountdown(1_900, 1_000)).toBe('1s')
    expect(formatCountdown(246_000, 1_000)).toBe('4m 5s')
  })

  it('writes sizes, shares and counts', () => {
    expect([formatBytes(12), formatBytes(1536), formatBytes(1_048_576)]).toEqual(['12 B', '1.5 kB', '1 MB'])
    expect([formatPercent(0), formatPercent(0.0004), formatPercent(0.034), formatPercent(0.5)]).toEqual([
      '0 %',
      '< 0.1 %',
      '3.4 %',
      '50 %',
    ])
    expect([plural(1, 'event'), plural(2, 'event'), plural(12_300, 'event')]).toEqual([
      '1 event',
      '2 events',
      '12.3k events',
    ])
  })
})
