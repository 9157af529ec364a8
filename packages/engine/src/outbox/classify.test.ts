import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classifyAnswer, parseRetryAfter } from './classify'

const NOW = Date.parse('1994-11-06T08:49:00Z')
const DAY = 86_400_000

const RETRY_AFTER: ReadonlyArray<readonly [what: string, text: string | null, ms: number | null]> = [
  ['nothing', null, null],
  ['an empty text', '', null],
  ['seconds', '120', 120_000],
  ['zero seconds', '0', 0],
  ['seconds with blanks around', ' 3 ', 3_000],
  ['more than a day, cut to a day', '99999999999999999999', DAY],
  ['an HTTP date', 'Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['a date of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['a date of asctime, which is GMT', 'Sun Nov  6 08:49:37 1994', 37_000],
  ['a date in the past', 'Sun, 06 Nov 1994 08:48:37 GMT', 0],
  ['a date in the far future, cut to a day', 'Sun, 06 Nov 2094 08:49:37 GMT', DAY],
  ['a negative number', '-5', null],
  ['a fraction', '1.5', null],
  ['an exponent', '1e3', null],
  ['a word', 'Soon', null],
  ['an ISO date', '1994-11-06T08:49:37Z', null],
]

describe('Retry-After may be', () => {
  test.each(RETRY_AFTER)('%s', (_, text, ms) => {
    expect(parseRetryAfter(text, NOW)).toBe(ms)
  })
})

describe('an answer', () => {
  test('of any status has exactly one meaning', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), (status) => {
        const { kind } = classifyAnswer({ status, retryAfter: null, body: '' }, NOW)
        const retried =
          status < 200 || (status >= 300 && status < 400) || status >= 500 || [408, 425, 429].includes(status)
        expect(kind).toBe(status >= 200 && status < 300 ? 'published' : retried ? 'retry' : 'invalid')
      }),
      { numRuns: 2_000 },
    )
  })

  test('never puts control characters or more than a few hundred characters into a reason', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (body) => {
        const result = classifyAnswer({ status: 400, retryAfter: null, body }, NOW)
        expect(result.kind === 'invalid' && result.reason).toMatch(/^HTTP 400(: [^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,301})?$/u)
      }),
      { numRuns: 300 },
    )
  })

  test('that is final has no Retry-After', () => {
    expect(classifyAnswer({ status: 400, retryAfter: '5', body: '' }, NOW)).toEqual({
      kind: 'invalid',
      reason: 'HTTP 400',
    })
    expect(classifyAnswer({ status: 200, retryAfter: '5', body: '' }, NOW)).toEqual({ kind: 'published' })
  })
})
