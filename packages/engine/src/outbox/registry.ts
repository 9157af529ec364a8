/**
 * Transports by URL scheme. HTTP is built in; a broker's transport joins by a map of one's own, so the engine depends on no client library:
 * `createTransport(url, {}, new Map([...TRANSPORTS, ['nats', natsTransport]]))`.
 */
import { ConfigurationError } from '../model/errors'
import { createHttpTransport } from './http-transport'
import type { Transport, TransportFactory, TransportOptions } from './transport'

export const TRANSPORTS: ReadonlyMap<string, TransportFactory> = new Map([
  ['http', createHttpTransport],
  ['https', createHttpTransport],
])

/**
 * @param url of the broker; its scheme chooses the transport
 * @throws ConfigurationError when no transport has that scheme, or the URL is not one that the transport understands
 */
export function createTransport(
  url: string,
  options: TransportOptions = {},
  transports: ReadonlyMap<string, TransportFactory> = TRANSPORTS,
): Transport {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(url)?.[1]?.toLowerCase()
  const factory = scheme === undefined ? undefined : transports.get(scheme)
  if (factory === undefined) {
    // the URL itself may hold a password and is not repeated
    const given = scheme === undefined ? 'a URL without a scheme' : `the scheme '${scheme}'`
    throw new ConfigurationError(`brokerUrl: no transport for ${given}; known are ${[...transports.keys()].join(', ')}`)
  }
  return factory(url, options)
}
