import { expect, test } from 'vitest'
import { feedHooks } from './feed-hooks'

test('every step of an instance is a change of it; what replay repeats is none', () => {
  const notes: unknown[][] = []
  const hooks = feedHooks((...note) => notes.push(note))
  const error = new Error('no')
  hooks.onWorkflowStart?.('a', 'w', null)
  hooks.onActivityStart?.('a', 'x:1', 'x', false)
  hooks.onActivityStart?.('a', 'x:1', 'x', true)
  hooks.onActivityComplete?.('a', 'x:1', 'x', null, false)
  hooks.onActivityComplete?.('a', 'x:1', 'x', null, true)
  hooks.onActivityRetry?.('a', 'x:1', 'x', error, 1, 1)
  hooks.onActivityFailed?.('a', 'x:1', 'x', error)
  hooks.onWorkflowFailed?.('a', 'w', error)
  hooks.onEventReceived?.('b', 't', null)
  hooks.onEventSent?.('t', 's', null)
  expect(notes).toEqual([
    ...Array.from({ length: 6 }, () => ['instances', 'a']),
    ['events'],
    ['instances', 'b'],
    ['outbox'],
  ])
})
