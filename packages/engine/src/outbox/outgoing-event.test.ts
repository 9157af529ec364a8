import { describe, expect, test } from 'vitest'
import { encodeStructured } from '../cloud-events/http'
import { type OutgoingRow, outgoingEvent } from './outgoing-event'

const row: OutgoingRow = {
  id: 'e-1',
  type: 'order.shipped',
  source: '/orders',
  data: '{"b":1,"a":2}',
  binary: null,
  contentType: 'application/json',
  subject: null,
  extensions: null,
  partitionKey: null,
  createdAt: Date.parse('2026-01-01T00:00:00.5Z'),
}

describe('a row becomes the event', () => {
  test('with JSON', () => {
    expect(outgoingEvent(row)).toEqual({
      specversion: '1.0',
      id: 'e-1',
      source: '/orders',
      type: 'order.shipped',
      time: '2026-01-01T00:00:00.500Z',
      datacontenttype: 'application/json',
      data: { b: 1, a: 2 },
      extensions: {},
    })
  })

  test('with bytes, subject, extensions and a partition key', () => {
    const binary = Uint8Array.from([0, 255])
    const given = {
      ...row,
      data: null,
      binary,
      contentType: 'image/png',
      subject: 's',
      extensions: '{"n":1,"t":true}',
      partitionKey: 'o-1',
    }
    expect(outgoingEvent(given)).toEqual({
      specversion: '1.0',
      id: 'e-1',
      source: '/orders',
      type: 'order.shipped',
      time: '2026-01-01T00:00:00.500Z',
      subject: 's',
      datacontenttype: 'image/png',
      data: binary,
      extensions: { n: 1, t: true, partitionkey: 'o-1' },
    })
  })

  test('without data', () => {
    expect(outgoingEvent({ ...row, data: null })).not.toHaveProperty('data')
  })

  test('with JSON null, which is data', () => {
    expect(outgoingEvent({ ...row, data: 'null' }).data).toBeNull()
  })

  test('and every copy of it is byte-equal', () => {
    const copies = [row, { ...row }, structuredClone(row)].map((copy) => encodeStructured(outgoingEvent(copy)).body)
    expect(copies[1]).toEqual(copies[0])
    expect(copies[2]).toEqual(copies[0])
  })
})
