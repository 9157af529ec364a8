/** What the verdict says where facts are missing or pile up. */
import { expect, test } from 'vitest'
import type { PendingOperation } from './pending'
import { type VerdictFacts, verdict } from './verdict'

const NOW = 1_700_000_000_000
const worker = { id: 'w1', workflows: ['order'] }
const link = { seq: 1, name: 'refund', state: 'registered' as const, attempts: 0, nextAttemptAt: null, lastError: null }
const timer: PendingOperation = { kind: 'timer', id: 'sleep:1', dueAt: NOW + 9_000 }
const activity: PendingOperation = { kind: 'activity', id: 'charge:1', name: 'charge', attempt: 1, firstAttemptAt: NOW }

function facts(given: Partial<VerdictFacts>): VerdictFacts {
  return {
    workflowName: 'order',
    status: 'running',
    pending: [],
    error: null,
    suspendReason: null,
    cancel: null,
    compensationState: 'none',
    compensations: [],
    wakeAt: null,
    lease: null,
    workers: [worker],
    successorId: null,
    deadLetters: 0,
    now: NOW,
    ...given,
  }
}

test.each<[string, Partial<VerdictFacts>, object]>([
  [
    'a recur whose successor is gone',
    { status: 'recurred' },
    { headline: 'Continued in a new instance', suggestedActions: [] },
  ],
  [
    'a cancel that nobody signed, with events that were given up',
    { status: 'cancelled', deadLetters: 1 },
    { why: 'Cancelled. 1 outgoing event could not be delivered.', severity: 'attention' },
  ],
  [
    'a failed rollback whose links are gone',
    { status: 'cancelled', compensationState: 'failed' },
    {
      headline: 'Compensation failed',
      why: 'Cancelled. The rollback is incomplete: a compensation gave up.',
      suggestedActions: [],
    },
  ],
  [
    'a failed rollback of a link without an error',
    { status: 'failed', compensationState: 'failed', compensations: [{ ...link, state: 'failed' }] },
    { why: 'Failed with no error was recorded. The rollback is incomplete: refund gave up.' },
  ],
  [
    'a suspension without a reason',
    { status: 'suspended' },
    { why: 'no reason was recorded. Its history is untouched.' },
  ],
  [
    'a suspension whose reason is a sentence',
    { status: 'suspended', suspendReason: 'Why?' },
    { why: 'Why? Its history is untouched.' },
  ],
  [
    'one other operation',
    { pending: [activity, timer] },
    {
      why: expect.stringContaining('1 other operation is open beside it.'),
      next: { what: 'charge ends, or another open operation is due', at: new Date(NOW + 9_000) },
    },
  ],
  [
    'several others',
    { pending: [activity, timer, { ...timer, id: 'sleep:2' }] },
    { why: expect.stringContaining('2 other operations are open beside it.') },
  ],
  [
    'a rollback without links',
    { status: 'compensating' },
    {
      headline: 'Rolling back',
      next: { what: 'It ends', at: null },
      why: 'It failed; what it had done is undone, last first. 0 compensations to go.',
    },
  ],
  [
    'a rollback of several, the last first',
    {
      status: 'compensating',
      compensations: [{ ...link, seq: 2, name: 'release' }, link],
      cancel: { by: null, reason: null },
    },
    { headline: 'Rolling back: release', next: { what: 'release ends', at: null }, severity: 'info' },
  ],
  [
    'a rollback with broken links that nobody can go on with',
    { status: 'compensating', compensations: [{ ...link, seq: 2, state: 'failed' }, link], workers: [] },
    {
      severity: 'critical',
      why: expect.stringContaining('so it cannot go on even then'),
      suggestedActions: [expect.objectContaining({ action: 'open-workers' })],
    },
  ],
  [
    'a rollback that is tried again',
    {
      status: 'compensating',
      error: { name: 'E', message: 'm' },
      compensations: [{ ...link, attempts: 1, nextAttemptAt: NOW + 5, lastError: { name: 'L', message: 'l' } }],
    },
    {
      headline: 'Rolling back: refund is retried',
      next: { what: 'Attempt 2 of refund', at: new Date(NOW + 5) },
      severity: 'attention',
      why: expect.stringMatching(/^It failed with E: m; .* Last error: L: l\.$/),
    },
  ],
  [
    'a rollback whose next attempt is due',
    { status: 'compensating', compensations: [{ ...link, nextAttemptAt: NOW }] },
    { headline: 'Rolling back: refund' },
  ],
  [
    'a message that is far too long',
    { status: 'failed', error: { name: 'E', message: `${'x'.repeat(300)}\nsecond line` } },
    { why: expect.stringMatching(/^E: x{200}…\. Nothing was compensated/) },
  ],
  [
    'a pending one that is due when nobody knows',
    { status: 'pending', workers: [worker] },
    { headline: 'Starts later', next: { what: 'It starts', at: null } },
  ],
  [
    'one that became due long ago',
    { wakeAt: NOW - 60_000 },
    {
      headline: 'Ready to run',
      severity: 'attention',
      next: { what: 'A worker claims it', at: new Date(NOW - 60_000) },
    },
  ],
  [
    'one whose lease ended with a worker that no other replaces',
    { lease: { workerId: 'gone', until: NOW + 5 }, workers: [] },
    { headline: 'Its worker is gone', next: { what: 'A worker that knows order takes over', at: new Date(NOW + 5) } },
  ],
  [
    'a cancel that waits for a worker',
    { cancel: { by: 'ann', reason: null }, workers: [] },
    { headline: 'Cancelling', next: { what: 'A worker that knows order must start', at: null }, severity: 'attention' },
  ],
  [
    'due, and one worker that knows something else',
    { wakeAt: NOW, workers: [{ id: 'w2', workflows: [] }] },
    { why: expect.stringContaining('1 worker alive, none of which knows this workflow.') },
  ],
])('%s', (_, given, expected) => {
  expect(verdict(facts(given))).toMatchObject(expected)
})
