import { describe, expect, test } from 'vitest'
import { fingerprintOf } from './fingerprint'

const stack = (frame: string) =>
  `PaymentError: no\n    at Module.run (node:internal/x:1:2)\n    at go (/app/node_modules/lib/a.js:3:4)\n${frame}`

describe('failures that differ only in what varies are one group', () => {
  test.each([
    ['order 17 failed', 'order 9.5 failed'],
    ['no account f47ac10b-58cc-4372-a567-0e02b2c3d479', 'no account 0e02b2c3-58cc-4372-a567-f47ac10bd479'],
    ["no 'apples' left", "no 'pears' left"],
    ['late since 2025-01-01T00:00:00.000Z', 'late since 2024-12-01T10:11:12Z'],
    ['payment pay_8f2kd93x refused', 'payment pay_1a2b3c4d refused'],
    ['first line\nsecond 1', 'first line\nother'],
  ])('%s | %s', (one, other) => {
    const name = 'PaymentError'
    expect(fingerprintOf({ name, message: one })).toEqual(fingerprintOf({ name, message: other }))
  })

  test('a new build moves lines and folders, not the group', () => {
    const one = fingerprintOf({ name: 'E', message: 'm', stack: stack('    at async charge (/srv/a/pay.mjs:12:5)') })
    const other = fingerprintOf({
      name: 'E',
      message: 'm',
      stack: stack('    at charge (file:///home/b/pay.mjs:99:1)'),
    })
    expect(one.frame).toBe('charge (pay.mjs:12)')
    expect(other.fingerprint).toBe(one.fingerprint)
  })

  test('the wrapper that says "retries exhausted" gives way to its cause', () => {
    const cause = { name: 'PaymentError', message: 'declined' }
    expect(
      fingerprintOf({ name: 'RetryExhaustedError', message: 'Activity a failed after 3 attempts', cause }),
    ).toEqual(fingerprintOf(cause))
  })
})

test.each([
  [
    { name: 'A', message: 'x' },
    { name: 'B', message: 'x' },
  ],
  [
    { name: 'A', message: 'x' },
    { name: 'A', message: 'y' },
  ],
  [
    { name: 'A', message: 'x', stack: stack('    at f (/app/a.mjs:1:1)') },
    { name: 'A', message: 'x', stack: stack('    at g (/app/a.mjs:1:1)') },
  ],
])('%o and %o are two groups', (one, other) => {
  expect(fingerprintOf(one).fingerprint).not.toBe(fingerprintOf(other).fingerprint)
})

test('a frame without a function, and a stack without a frame of the user', () => {
  expect(fingerprintOf({ name: 'A', message: 'x', stack: '    at /app/a.mjs:4:1' }).frame).toBe('<anonymous> (a.mjs:4)')
  expect(fingerprintOf({ name: 'A', message: 'x', stack: 'A: x\n    at node:internal/y:1:1' }).frame).toBeNull()
})
