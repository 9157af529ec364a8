/** [C09]–[C13] of the reference, with its figures and texts. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holds } from '../testing/arbitraries'
import { CloudEventError, RetryExhaustedError, SerializationError, TerminalError, ValidationError } from './errors'
import {
  AGGRESSIVE_RETRY,
  afterFailedAttempt,
  CONSERVATIVE_RETRY,
  calculateDelay,
  checkRetryPolicy,
  DEFAULT_RETRY,
  type FailedAttempt,
  type FullRetryPolicy,
  INFINITE_RETRY,
  isRetryable,
  type RetryPolicy,
  resolveRetryPolicy,
} from './retry-policy'

class Declined extends Error {}
class Stolen extends Declined {}

const NOW = 1_700_000_000_000

function failed(given: Partial<FailedAttempt> = {}): FailedAttempt {
  return {
    activityName: 'charge',
    attempt: 1,
    firstAttemptAt: NOW,
    now: NOW,
    error: new Error('busy'),
    random: 0,
    ...given,
  }
}
const decide = (policy: RetryPolicy, given: Partial<FailedAttempt> = {}) =>
  afterFailedAttempt(resolveRetryPolicy(policy), failed(given))

/** The delays in seconds between the attempts that this policy makes of an error that stays. */
function delays(policy: FullRetryPolicy, most = 12): number[] {
  const found: number[] = []
  let now = NOW
  for (let attempt = 1; found.length < most; attempt++) {
    const decision = afterFailedAttempt(policy, failed({ attempt, now }))
    if (decision.kind === 'fail') break
    found.push(decision.delayMs / 1_000)
    now += decision.delayMs
  }
  return found
}

const policyArbitrary: fc.Arbitrary<FullRetryPolicy> = fc.record({
  initialInterval: fc.double({ min: 0, max: 1_000, noNaN: true }),
  backoffCoefficient: fc.double({ min: 1, max: 10, noNaN: true }),
  maxInterval: fc.double({ min: 0, max: 10_000, noNaN: true }),
  maxAttempts: fc.option(fc.integer({ min: 1, max: 50 })),
  maxDuration: fc.option(fc.double({ min: 0.001, max: 10_000, noNaN: true })),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  retryableErrors: fc.constant([Error]),
  nonRetryableErrors: fc.constant([]),
})
const attempts = fc.integer({ min: 1, max: 5_000 })
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('delays', () => {
  test.each<[string, FullRetryPolicy, number[]]>([
    ['the default: five attempts', DEFAULT_RETRY, [1, 2, 4, 8]],
    ['aggressive: ten attempts', AGGRESSIVE_RETRY, [0.1, 0.15, 0.225, 0.338, 0.506, 0.759, 1.139, 1.709, 2.563]],
    ['conservative: three attempts', CONSERVATIVE_RETRY, [5, 10]],
    ['infinite: capped at a minute', INFINITE_RETRY, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]],
    ['custom', resolveRetryPolicy({ maxAttempts: 4, initialInterval: 2, backoffCoefficient: 3 }), [2, 6, 18]],
    ['a cap', resolveRetryPolicy({ maxInterval: 3 }), [1, 2, 3, 3]],
    ['an interval of 0: at once', resolveRetryPolicy({ initialInterval: 0 }), [0, 0, 0, 0]],
    ['a coefficient of 1: constant', resolveRetryPolicy({ backoffCoefficient: 1 }), [1, 1, 1, 1]],
    ['one attempt', resolveRetryPolicy({ maxAttempts: 1 }), []],
    ['half a minute in all', resolveRetryPolicy({ maxDuration: 30, maxAttempts: null }), [1, 2, 4, 8, 16]],
  ])('of %s', (_, policy, expected) => {
    expect(delays(policy)).toEqual(expected)
  })

  test('presets are the reference’s', () => {
    const figures = ({
      initialInterval,
      backoffCoefficient,
      maxInterval,
      maxAttempts,
      maxDuration,
      jitter,
    }: FullRetryPolicy) => [initialInterval, backoffCoefficient, maxInterval, maxAttempts, maxDuration, jitter]
    expect([DEFAULT_RETRY, AGGRESSIVE_RETRY, CONSERVATIVE_RETRY, INFINITE_RETRY].map(figures)).toEqual([
      [1, 2, 60, 5, 300, 0],
      [0.1, 1.5, 10, 10, 60, 0],
      [5, 2, 300, 3, 900, 0],
      [1, 2, 60, null, null, 0],
    ])
    for (const preset of [DEFAULT_RETRY, AGGRESSIVE_RETRY, CONSERVATIVE_RETRY, INFINITE_RETRY])
      expect(() => checkRetryPolicy(preset)).not.toThrow()
  })

  test('follow the formula', () => {
    holds([policyArbitrary, fc.integer({ min: 1, max: 40 })], (policy, attempt) => {
      const { initialInterval, backoffCoefficient, maxInterval } = policy
      expect(calculateDelay(policy, attempt)).toBe(
        Math.min(initialInterval * backoffCoefficient ** (attempt - 1), maxInterval),
      )
    })
  })

  test('never shrink from one attempt to the next and never pass the cap', () => {
    holds([policyArbitrary, attempts], (policy, attempt) => {
      const [delay, next] = [calculateDelay(policy, attempt), calculateDelay(policy, attempt + 1)]
      expect(delay).toBeLessThanOrEqual(next)
      expect(next).toBeLessThanOrEqual(policy.maxInterval)
    })
  })

  test('are whole milliseconds, shortened by jitter by at most its share', () => {
    holds([policyArbitrary, attempts, chance], (policy, attempt, random) => {
      const decision = decide({ ...policy, maxAttempts: null, maxDuration: null }, { attempt, random })
      if (decision.kind !== 'retry') throw new Error('it gave up')
      const full = calculateDelay(policy, attempt) * 1_000
      expect(Number.isInteger(decision.delayMs)).toBe(true)
      expect(decision.delayMs).toBeLessThanOrEqual(Math.round(full))
      expect(decision.delayMs).toBeGreaterThanOrEqual(Math.round(full * (1 - policy.jitter)))
    })
  })
})

describe('an error that asks for its own delay', () => {
  const asking = (retryAfter: unknown) => Object.assign(new Error('busy'), { retryAfter })

  test('in seconds gets it, to the millisecond, whatever the policy says', () => {
    holds([policyArbitrary, fc.double({ min: 0, max: 1_000_000, noNaN: true })], (policy, seconds) => {
      const decision = decide({ ...policy, maxAttempts: null, maxDuration: null }, { error: asking(seconds) })
      expect(decision).toEqual({ kind: 'retry', delayMs: Math.round(seconds * 1_000) })
    })
  })

  test('by a date gets it, at once when that is past', () => {
    holds([fc.integer({ min: -1_000_000, max: 1_000_000 })], (ms) => {
      const decision = decide({}, { error: asking(new Date(NOW + ms)) })
      expect(decision).toEqual({ kind: 'retry', delayMs: Math.max(0, ms) })
    })
  })

  test.each([
    ['a negative number', -1],
    ['no number', Number.NaN],
    ['no date', new Date(Number.NaN)],
    ['text', '5'],
    ['nothing', null],
  ])('by %s gets the policy’s', (_, retryAfter) => {
    expect(decide({}, { error: asking(retryAfter) })).toEqual({ kind: 'retry', delayMs: 1_000 })
  })

  test('by something endless waits a hundred years, which a column can hold', () => {
    expect(decide({}, { error: asking(Number.POSITIVE_INFINITY) })).toEqual({
      kind: 'retry',
      delayMs: 3_153_600_000_000,
    })
  })

  test('is still bound by attempts', () => {
    expect(decide({ maxAttempts: 1 }, { error: asking(5) }).kind).toBe('fail')
  })

  test.each([['text'], [null], [undefined], [7]])('is not needed: %s may be thrown too', (error) => {
    expect(decide({}, { error })).toEqual({ kind: 'retry', delayMs: 1_000 })
  })
})

describe('giving up', () => {
  test.each<[string, RetryPolicy, Partial<FailedAttempt>, string]>([
    ['after the last attempt', {}, { attempt: 5 }, 'Activity charge failed after 5 attempts: Max attempts (5) reached'],
    ['after the only one', { maxAttempts: 1 }, {}, 'Activity charge failed after 1 attempt: Max attempts (1) reached'],
    [
      'after the time',
      { maxDuration: 10 },
      { attempt: 2, now: NOW + 10_500 },
      'Activity charge failed after 2 attempts: Max duration (10s) exceeded (elapsed: 10.5s)',
    ],
    [
      'at the very end of the time',
      { maxDuration: 10 },
      { now: NOW + 10_000 },
      'Activity charge failed after 1 attempt: Max duration (10s) exceeded (elapsed: 10.0s)',
    ],
    [
      'of another type',
      { retryableErrors: [Declined] },
      {},
      'Activity charge failed after 1 attempt: Error type Error is not retryable',
    ],
    [
      'of a type that is excluded',
      { nonRetryableErrors: [Declined] },
      { error: new Stolen('x') },
      'Activity charge failed after 1 attempt: Error type Stolen is not retryable',
    ],
    [
      'what retryIf refuses',
      { retryIf: () => false },
      { error: 'text' },
      'Activity charge failed after 1 attempt: Error type string is not retryable',
    ],
    [
      'attempts before time',
      { maxAttempts: 1, maxDuration: 1 },
      { now: NOW + 5_000 },
      'Activity charge failed after 1 attempt: Max attempts (1) reached',
    ],
  ])('%s says why and keeps the cause', (_, policy, given, message) => {
    const attempt = failed(given)
    const decision = afterFailedAttempt(resolveRetryPolicy(policy), attempt)
    expect(decision).toMatchObject({ kind: 'fail', exhausted: true, error: { message, cause: attempt.error } })
    expect((decision as { error: unknown }).error).toBeInstanceOf(RetryExhaustedError)
  })

  test('a retryIf that throws ends the activity with both errors told', () => {
    const thrower = (thrown: unknown): RetryPolicy => ({
      retryIf: () => {
        throw thrown
      },
    })
    const error = new Error('busy')
    expect(decide(thrower(new TypeError('oops')), { error })).toMatchObject({
      error: { message: 'Activity charge failed after 1 attempt: retryIf threw TypeError: oops', cause: error },
    })
    expect(decide(thrower('oops'), { error })).toMatchObject({
      error: { message: 'Activity charge failed after 1 attempt: retryIf threw string: oops', cause: error },
    })
  })

  test('an error that is never retried passes unchanged, whatever the policy', () => {
    const never = fc.constantFrom(
      new TerminalError('stop'),
      new ValidationError({ what: 'input', issues: [] }),
      new CloudEventError('InvalidAttribute', 'attribute "id" is empty'),
      new SerializationError({ what: 'result', path: '$', reason: 'x' }),
    )
    holds([policyArbitrary, never, attempts], (policy, error, attempt) => {
      const always = { ...policy, retryIf: () => true }
      expect(afterFailedAttempt(always, failed({ error, attempt }))).toEqual({ kind: 'fail', error, exhausted: false })
      expect(isRetryable(always, error)).toBe(false)
    })
  })

  test('happens exactly when attempts or time are used up', () => {
    holds(
      [policyArbitrary, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 20_000_000 })],
      (policy, attempt, elapsed) => {
        const decision = afterFailedAttempt(policy, failed({ attempt, now: NOW + elapsed }))
        const isOver =
          (policy.maxAttempts !== null && attempt >= policy.maxAttempts) ||
          (policy.maxDuration !== null && elapsed / 1_000 >= policy.maxDuration)
        expect(decision.kind).toBe(isOver ? 'fail' : 'retry')
      },
    )
  })
})

describe('which errors', () => {
  test.each<[string, RetryPolicy, unknown, boolean]>([
    ['any by default', {}, new Error('x'), true],
    ['any value by default', {}, 'text', true],
    ['listed ones', { retryableErrors: [Declined] }, new Declined('x'), true],
    ['derived ones', { retryableErrors: [Declined] }, new Stolen('x'), true],
    ['not others', { retryableErrors: [Declined] }, new TypeError('x'), false],
    ['not excluded ones', { nonRetryableErrors: [Declined] }, new Declined('x'), false],
    ['excluded before listed', { retryableErrors: [Declined], nonRetryableErrors: [Stolen] }, new Stolen('x'), false],
    ['retryIf instead of the list', { retryableErrors: [], retryIf: () => true }, new Error('x'), true],
    ['excluded before retryIf', { nonRetryableErrors: [Declined], retryIf: () => true }, new Declined('x'), false],
    ['retryIf sees the error', { retryIf: (error) => (error as Error).message === 'x' }, new Error('x'), true],
  ])('%s', (_, policy, error, expected) => {
    expect(isRetryable(policy, error)).toBe(expected)
  })
})

describe('the first policy given wins as a whole', () => {
  test('and what it leaves out is the default’s', () => {
    const own = fc.record({ maxAttempts: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] })
    holds([fc.array(fc.option(own, { nil: undefined }), { maxLength: 4 })], (given) => {
      const first = given.find((policy) => policy !== undefined)
      expect(resolveRetryPolicy(...(given as RetryPolicy[]))).toEqual({ ...DEFAULT_RETRY, ...first })
    })
  })

  test('and none is the default', () => {
    expect(resolveRetryPolicy()).toBe(DEFAULT_RETRY)
  })
})

describe('a policy is checked where it is made', () => {
  test('and every sound one passes', () => {
    holds([policyArbitrary], (policy) => expect(() => checkRetryPolicy(policy)).not.toThrow())
  })

  test('and what stands at its limits passes too', () => {
    const limits: RetryPolicy[] = [
      { jitter: 0 },
      { jitter: 1 },
      { backoffCoefficient: 1 },
      { initialInterval: 0 },
      { maxInterval: 0 },
      { maxInterval: 3_153_600_000 },
      { maxAttempts: 1 },
      { maxDuration: 0.001 },
    ]
    for (const policy of limits) expect(() => checkRetryPolicy(policy)).not.toThrow()
  })

  const nonsense = [Number.NaN, Number.POSITIVE_INFINITY, -1, '5', {}]
  test.each<[keyof RetryPolicy, unknown[]]>([
    ['initialInterval', [...nonsense, null, 1e12]],
    ['backoffCoefficient', [...nonsense, null, 0.5]],
    ['maxInterval', [...nonsense, null, 1e12]],
    ['maxAttempts', [...nonsense, 0, 1.5]],
    ['maxDuration', [...nonsense, 0]],
    ['jitter', [...nonsense, null, 1.1]],
  ])('%s is named when it is nonsense', (field, values) => {
    for (const value of values) {
      expect(() => checkRetryPolicy({ [field]: value })).toThrow(RangeError)
      expect(() => checkRetryPolicy({ [field]: value })).toThrow(`retry.${field} must be `)
    }
  })
})
