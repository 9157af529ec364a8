import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holds } from '../testing/arbitraries'
import { decodePending, earliestDue, encodePending, type PendingOperation } from './pending'

const id = fc.stringMatching(/^[a-z]{1,5}:[1-9]$/)
const at = fc.integer({ min: 0, max: 2_000_000_000_000 })
const operation = fc.oneof<fc.Arbitrary<PendingOperation>[]>(
  fc.record(
    {
      kind: fc.constant('activity' as const),
      id,
      name: fc.string(),
      attempt: fc.integer({ min: 1, max: 9 }),
      firstAttemptAt: at,
      nextAttemptAt: at,
    },
    { requiredKeys: ['kind', 'id', 'name', 'attempt', 'firstAttemptAt'] },
  ),
  fc.record({ kind: fc.constant('timer' as const), id, dueAt: at }),
  fc.record(
    { kind: fc.constant('message' as const), id, channel: fc.string(), timeoutAt: at },
    { requiredKeys: ['kind', 'id', 'channel'] },
  ),
  fc.record(
    { kind: fc.constant('event' as const), id, eventType: fc.string(), timeoutAt: at },
    { requiredKeys: ['kind', 'id', 'eventType'] },
  ),
  fc.record({ kind: fc.constant('child' as const), id, childId: fc.string() }),
)
const operations = fc.array(operation, { maxLength: 6 })

function dueTimes(given: readonly PendingOperation[]): number[] {
  return given.flatMap((one) => {
    const due = { activity: 'nextAttemptAt', timer: 'dueAt', message: 'timeoutAt', event: 'timeoutAt', child: '' }[
      one.kind
    ]
    const time = (one as unknown as Record<string, number | undefined>)[due]
    return time === undefined ? [] : [time]
  })
}

describe('pending operations', () => {
  test('survive the database', () => {
    holds([operations], (given) => expect(decodePending(encodePending(given))).toEqual(given))
  })

  test('that are none take no room', () => {
    expect([encodePending([]), decodePending(null), decodePending('')]).toEqual([null, [], []])
  })

  test('need a look at the earliest of their times, never if none has one', () => {
    holds([operations], (given) => {
      const times = dueTimes(given)
      expect(earliestDue(given)).toBe(times.length === 0 ? null : Math.min(...times))
    })
  })

  test('need no earlier look when one more is added that is later', () => {
    holds([operations, operation], (given, more) => {
      const before = earliestDue(given)
      const after = earliestDue([...given, more])
      expect(after).toBe(
        Math.min(before ?? Number.POSITIVE_INFINITY, ...dueTimes([more])) === Number.POSITIVE_INFINITY
          ? null
          : Math.min(before ?? Number.POSITIVE_INFINITY, ...dueTimes([more])),
      )
    })
  })
})
