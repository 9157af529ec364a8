/** The socket around the application: timeouts, the largest header, and an end that waits for answers under way but not for open subscriptions. */
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { SettingsError } from './access/access-settings'
import type { Api } from './app'

export interface Listening {
  readonly port: number
  /** Accepts no more, ends idle and streaming connections after a moment, resolves when all are closed. */
  close(): Promise<void>
}

const HEADER_BYTES = 16_384
const GRACE_MS = 2_000

export function listen(
  api: Pick<Api, 'fetch'>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: (request, env) => api.fetch(request, env),
        hostname: host,
        port,
        serverOptions: {
          maxHeaderSize: HEADER_BYTES,
          headersTimeout: 10_000,
          requestTimeout: 30_000,
          keepAliveTimeout: 30_000,
        },
      },
      (info) => resolve({ port: info.port, close: () => close(server as Server) }),
    )
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, host, port)))
  })
}

/** The peer's address, as @hono/node-server passes the socket on. */
export function addressOf(_: Request, env: unknown): string {
  const { incoming } = env as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress ?? 'unknown'
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new SettingsError(
      `Port ${port} on ${host} is taken: stop what listens there, or choose another one with EDDA_PORT`,
    )
  if (error.code === 'EACCES')
    return new SettingsError(`No permission to listen on port ${port}: choose one above 1023 with EDDA_PORT`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new SettingsError(`This machine has no address ${host}: correct EDDA_HOST`)
  return error
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
}
