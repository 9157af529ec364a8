import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../model/errors'
import { createTransport, TRANSPORTS } from './registry'
import type { Transport, TransportOptions } from './transport'

describe('the scheme chooses the transport', () => {
  test.each(['http://h/', 'HTTPS://h/'])('%s is built in', async (url) => {
    const transport = createTransport(url)
    expect(await transport.send([], new AbortController().signal)).toEqual([])
    await transport.close()
  })

  test("a transport of one's own gets URL and options", () => {
    const calls: unknown[] = []
    const own: Transport = { send: async () => [], close: async () => {} }
    const nats = (url: string, options: TransportOptions) => {
      calls.push([url, options])
      return own
    }
    expect(createTransport('nats://h:4222', { timeoutMs: 5 }, new Map([...TRANSPORTS, ['nats', nats]]))).toBe(own)
    expect(calls).toEqual([['nats://h:4222', { timeoutMs: 5 }]])
  })

  test.each([
    ['nats://u:s3cret@h', "brokerUrl: no transport for the scheme 'nats'; known are http, https"],
    ['constructor:s3cret', "brokerUrl: no transport for the scheme 'constructor'; known are http, https"],
    ['//s3cret', 'brokerUrl: no transport for a URL without a scheme; known are http, https'],
    ['', 'brokerUrl: no transport for a URL without a scheme; known are http, https'],
  ])('%s has none, and the error does not repeat the URL', (url, message) => {
    expect(() => createTransport(url)).toThrow(new ConfigurationError(message))
  })

  test.each([
    ['timeoutMs', 0],
    ['timeoutMs', Number.NaN],
    ['maxConcurrency', 0.5],
    ['maxResponseBytes', -1],
    ['failureThreshold', Number.POSITIVE_INFINITY],
  ] as const)('%s = %d is refused', (name, value) => {
    expect(() => createTransport('http://h/', { [name]: value })).toThrow(
      new ConfigurationError(`${name} must be an integer ≥ 1`),
    )
  })
})
