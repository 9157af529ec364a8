/** The four scenarios of the CloudEvents conformance suite for HTTP, in our words: two modes, two content types each. */
import { binary, type DecodeCase, event, MINIMAL } from './case'

const TIME = '2018-04-05T03:56:24Z'
const MESSAGE = { message: 'Hello World!' }
const PRETTY = JSON.stringify(MESSAGE, null, 4)

export const conformanceCases: readonly DecodeCase[] = [
  ...['application/json', 'application/json; charset=utf-8'].map((type) =>
    binary(
      `conformance scenario: binary content mode (${type})`,
      { 'ce-time': TIME, 'Content-Type': type, 'Content-Length': String(PRETTY.length), Host: 'example.com' },
      PRETTY,
      event({ time: TIME, datacontenttype: type, data: MESSAGE }),
    ),
  ),
  ...['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8'].map(
    (type): DecodeCase => ({
      name: `conformance scenario: structured content mode (${type})`,
      headers: { 'Content-Type': type, Host: 'example.com' },
      body: JSON.stringify({ ...MINIMAL, time: TIME, datacontenttype: 'application/json', data: MESSAGE }, null, 4),
      expected: {
        mode: 'structured',
        events: [event({ time: TIME, datacontenttype: 'application/json', data: MESSAGE })],
      },
    }),
  ),
]
