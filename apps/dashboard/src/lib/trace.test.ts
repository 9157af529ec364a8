import { expect, test } from 'vitest'
import { traceIdOf, traceIdsIn } from './trace'

const ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${ID}-b7ad6b7169203331-01`

test.each([
  ['a traceparent', PARENT, ID],
  ['one of a later version, with more to it', PARENT.replace('00', '01').concat('-more'), ID],
  ['one that names no trace', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, null],
  ['another text', 't-1', null],
  ['no text', 5, null],
])('the trace id of %s', (_, traceparent, expected) => {
  expect(traceIdOf(traceparent)).toBe(expected)
})

test('trace ids are found in extensions, in metadata and beside them, each once', () => {
  const other = 'f'.repeat(32)
  const records = [
    { extensions: { traceparent: PARENT } },
    { metadata: { traceparent: PARENT } },
    { traceparent: `00-${other}-b7ad6b7169203331-00` },
    { extensions: null },
    null,
    'text',
  ]
  expect(traceIdsIn(records)).toEqual([ID, other])
})
