import { expect, test } from 'vitest'
import type { PendingOperation } from './pending'
import { describeOperation, stepOf } from './verdict-words'

const running: PendingOperation = { kind: 'activity', id: 'charge:1', name: 'charge', attempt: 1, firstAttemptAt: 0 }

test.each<[PendingOperation, string]>([
  [running, 'charge'],
  [{ ...running, attempt: 2, nextAttemptAt: 4_000 }, 'charge, attempt 2'],
  [{ kind: 'timer', id: 'sleep:1', dueAt: 9_000 }, 'timer sleep:1'],
  [{ kind: 'event', id: 'paid:1', eventType: 'paid' }, 'event paid'],
  [{ kind: 'message', id: 'm', channel: 'jobs' }, 'message on jobs'],
  [{ kind: 'child', id: 'c', childId: 'c1' }, 'child c1'],
])('the step column says %o in a few words', (operation, words) => {
  expect(stepOf(operation)).toBe(words)
})

test('the event action carries type and condition, so that a form can be filled in', () => {
  const wait = { kind: 'event' as const, id: 'paid:1', eventType: 'paid', where: { 'order.id': 'A1' } }
  expect(describeOperation(wait, 0).suggestedActions).toEqual([
    { action: 'send-event', label: 'Send the event', target: 'paid', where: { 'order.id': 'A1' } },
  ])
})
