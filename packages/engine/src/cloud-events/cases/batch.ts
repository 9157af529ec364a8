/** Batch mode: JSON batch format §4. */
import type { CloudEvent } from '../cloud-event'
import { accepted, BATCH, bytes, type DecodeCase, event, MINIMAL, type Refusal, refused } from './case'
import * as sdk from './sdk-faults'

interface Extra {
  readonly sdk?: string
  readonly maxBatch?: number
}

function batch(name: string, items: unknown, expected: readonly CloudEvent[] | Refusal, extra: Extra = {}): DecodeCase {
  return {
    name,
    headers: BATCH,
    body: typeof items === 'string' ? items : JSON.stringify(items),
    expected: 'status' in expected ? expected : accepted('batch', ...expected),
    ...(extra.sdk === undefined ? {} : { sdk: extra.sdk }),
    ...(extra.maxBatch === undefined ? {} : { limits: { maxBatch: extra.maxBatch } }),
  }
}

const many = (count: number) => Array.from({ length: count }, (_, index) => ({ ...MINIMAL, id: `A-${index}` }))
const manyEvents = (count: number) => many(count).map(({ id }) => event({ id }))

const NOT_ARRAYS = ['{}', 'null', '"x"', '1', JSON.stringify(MINIMAL)]
const NOT_EVENTS: ReadonlyArray<readonly [item: unknown, what: string]> = [
  [null, 'null'],
  [1, 'a number'],
  ['x', 'a string'],
  [[], 'an array'],
  [true, 'a boolean'],
]

export const batchCases: readonly DecodeCase[] = [
  batch('an empty batch is valid', [], []),
  batch('a batch of one', [MINIMAL], [event()]),
  batch(
    'a batch keeps its order',
    [
      { ...MINIMAL, id: 'B' },
      { ...MINIMAL, id: 'A' },
    ],
    [event({ id: 'B' }), event({ id: 'A' })],
  ),
  batch(
    'a batch may mix JSON, text and bytes',
    [
      { ...MINIMAL, data: { a: 1 } },
      { ...MINIMAL, datacontenttype: 'text/plain', data: 'x' },
      { ...MINIMAL, data_base64: 'AAEC' },
    ],
    [event({ data: { a: 1 } }), event({ datacontenttype: 'text/plain', data: 'x' }), event({ data: bytes(0, 1, 2) })],
  ),
  batch('duplicates in a batch are passed on', [MINIMAL, MINIMAL], [event(), event()]),
  batch(
    'attributes of events in a batch are independent',
    [{ ...MINIMAL, ext: 1 }, MINIMAL],
    [event({}, { ext: 1 }), event()],
  ),
  batch('a batch of 100 is accepted', many(100), manyEvents(100)),
  batch('a batch of 101 is refused', many(101), refused('TooLarge', 'the batch has 101 events, more than 100'), {
    sdk: sdk.limitsAbsent,
  }),
  batch(
    'the size of a batch is judged before its events',
    [1, 2],
    refused('TooLarge', 'the batch has 2 events, more than 1'),
    { maxBatch: 1 },
  ),
  batch(
    'a batch can be limited to one event',
    [MINIMAL, MINIMAL],
    refused('TooLarge', 'the batch has 2 events, more than 1'),
    { maxBatch: 1, sdk: sdk.limitsAbsent },
  ),
  ...NOT_ARRAYS.map((body) =>
    batch(`a batch is refused that is no array: ${body}`, body, refused('InvalidData', 'a batch must be a JSON array')),
  ),
  ...NOT_EVENTS.map(([item, what]) =>
    batch(
      `a batch is refused that holds ${what}`,
      [MINIMAL, item],
      refused('InvalidData', `event 1 of the batch: an event must be a JSON object, not ${what}`),
    ),
  ),
  batch(
    'one event without an id refuses the whole batch',
    [MINIMAL, { ...MINIMAL, id: undefined }, MINIMAL],
    refused('MissingAttribute', 'event 1 of the batch: missing required attributes: id'),
    { sdk: sdk.batchInventsId },
  ),
  batch(
    'one event of another version refuses the whole batch',
    [{ ...MINIMAL, specversion: '0.3' }, MINIMAL],
    refused(
      'InvalidAttribute',
      'event 0 of the batch: attribute "specversion" is not the supported version "1.0": "0.3"',
    ),
  ),
  batch(
    'one event with a bad time refuses the whole batch',
    [MINIMAL, MINIMAL, { ...MINIMAL, time: 'now' }],
    refused('InvalidAttribute', 'event 2 of the batch: attribute "time" is not an RFC 3339 timestamp: "now"'),
  ),
  batch(
    'one event with both kinds of data refuses the whole batch',
    [{ ...MINIMAL, data: 1, data_base64: 'AAEC' }],
    refused('InvalidData', 'event 0 of the batch: an event has either "data" or "data_base64"'),
    { sdk: sdk.base64WithData },
  ),
  batch(
    'a batch within a batch is refused',
    [[MINIMAL]],
    refused('InvalidData', 'event 0 of the batch: an event must be a JSON object, not an array'),
  ),
  batch(
    'events one to a line are no batch',
    `${JSON.stringify(MINIMAL)}\n${JSON.stringify(MINIMAL)}`,
    refused('InvalidJson', 'the body is not valid JSON (RFC 8259)'),
  ),
  batch('an empty body is no batch', '', refused('InvalidJson', 'the body is not valid JSON (RFC 8259)')),
]
