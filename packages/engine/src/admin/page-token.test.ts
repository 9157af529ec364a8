import { expect, test } from 'vitest'
import { InvalidPageTokenError } from '../model/errors'
import { decodePageToken, encodePageToken } from './page-token'

const position = { startedAt: 17, id: 'order-ä' }
const filters = { status: ['failed'], startedAfter: new Date(5), tags: { b: '1', a: '2' } }

test('a token leads back to its position, whatever the order of the filters', () => {
  const token = encodePageToken(position, filters)
  expect(decodePageToken(token, { tags: { a: '2', b: '1' }, startedAfter: new Date(5), status: ['failed'] })).toEqual(
    position,
  )
})

const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
test.each([
  ['of other filters', encodePageToken(position, {})],
  ['cut', encodePageToken(position, filters).slice(0, -2)],
  ['empty', ''],
  ['not base64url', '%%%'],
  ['not JSON', Buffer.from('hello').toString('base64url')],
  ['not an array', forged({ startedAt: 1 })],
  ['a number as id', forged([17, 4, 'x'])],
  ['a fraction as time', forged([1.5, 'a', 'x'])],
  ['made up', forged([17, 'order-ä', 'x'])],
  ['with more behind it', forged([17, 'order-ä', 'x', 1])],
])('a token that is %s is refused', (_, token) => {
  expect(() => decodePageToken(token, filters)).toThrow(InvalidPageTokenError)
})
