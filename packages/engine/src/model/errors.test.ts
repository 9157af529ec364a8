/** Texts that users read, word by word where the contract gives them. */
import { expect, test } from 'vitest'
import * as errors from './errors'

test.each<[errors.EddaError, string, object]>([
  [
    new errors.EventTimeoutError({ eventType: 'paid', timeoutSeconds: 5 }),
    "Event 'paid' did not arrive within 5 s",
    { eventType: 'paid', timeoutSeconds: 5 },
  ],
  [
    new errors.ReceiveTimeoutError({ channel: 'jobs', timeoutSeconds: 0.5 }),
    "Message on channel 'jobs' did not arrive within 0.5 s",
    { channel: 'jobs', timeoutSeconds: 0.5 },
  ],
  [
    new errors.ValidationError({
      what: 'input',
      issues: [
        { path: 'a.b', message: 'no' },
        { path: '', message: 'at all' },
      ],
    }),
    'Invalid input: a.b: no; at all',
    {
      issues: [
        { path: 'a.b', message: 'no' },
        { path: '', message: 'at all' },
      ],
    },
  ],
  [
    new errors.SerializationError({ what: 'result', path: '$.a', reason: 'circular' }),
    'Cannot store result at $.a: circular',
    { path: '$.a', bytes: undefined, limit: undefined },
  ],
  [
    new errors.ChannelModeConflictError({ channel: 'c', existingMode: 'broadcast', requestedMode: 'competing' }),
    "Channel 'c' is already configured as 'broadcast' mode. Cannot subscribe with 'competing' mode.",
    { channel: 'c', existingMode: 'broadcast', requestedMode: 'competing' },
  ],
  [
    new errors.NonDeterminismError({ message: 'differs', expected: null, actual: [], cause: new Error('x') }),
    'differs',
    { expected: null, actual: [], cause: new Error('x') },
  ],
  [
    new errors.NotSubscribedError('jobs'),
    "Not subscribed to channel 'jobs': call ctx.subscribe('jobs', { mode }) before ctx.receive('jobs')",
    { channel: 'jobs' },
  ],
  [
    new errors.WorkflowCancelledError({ instanceId: 'a', by: 'ann', reason: 'late' }),
    'Workflow a was cancelled by ann: late',
    { instanceId: 'a', by: 'ann', reason: 'late' },
  ],
  [
    new errors.WorkflowCancelledError({ instanceId: 'a', by: null, reason: null }),
    'Workflow a was cancelled',
    { by: null, reason: null },
  ],
  [
    new errors.WorkflowFailedError({ instanceId: 'a', cause: new Error('x') }),
    'Workflow a failed: x',
    { instanceId: 'a', cause: new Error('x') },
  ],
  [new errors.UnknownWorkflowError('a', ['b', 'c']), "This worker knows no workflow 'a'. It knows: b, c", {}],
  [
    new errors.UnknownWorkflowError('a', []),
    "This worker knows no workflow 'a'. It knows none: pass them in EddaApp({ workflows })",
    {},
  ],
])('%s', (error, message, fields) => {
  expect(error.message).toBe(message)
  expect(error).toMatchObject(fields)
  expect(error).toBeInstanceOf(errors.EddaError)
  expect(error.name).toBe(error.constructor.name)
})
