/** The engine of the fixture behind its `fetch`, without sockets or with. */
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { createFetch, type Fetch, type FetchDeps } from '../../src/http'
import { toNodeHandler } from '../../src/node-handler'
import { type Engine, type EngineOptions, startEngine } from './fixture'

export interface Served extends Engine {
  readonly fetch: Fetch
}

export async function serve(options: EngineOptions & Partial<FetchDeps> = {}): Promise<Served> {
  const { workflows, maxPayloadBytes, spoil, makeStorage, ...deps } = options
  const engine = await startEngine({
    ...(makeStorage ? { makeStorage } : {}),
    ...(workflows ? { workflows } : {}),
    ...(maxPayloadBytes ? { maxPayloadBytes } : {}),
    ...(spoil ? { spoil } : {}),
  })
  const { router, storage, runtime, clock } = engine
  const fetch = createFetch({
    router,
    maxBodyBytes: maxPayloadBytes ?? 100_000,
    log: { error: (fields, message) => void engine.errors.push({ fields, message }) },
    readiness: async () => null,
    cancel: async (id, { by }) => {
      const verb = { type: 'cancel' as const, by, reason: null }
      const outcome = await storage.operate(id, verb, { now: clock.now(), audit: null })
      if (outcome.kind !== 'done') return false
      runtime.wake(outcome.wakes)
      return true
    },
    ...deps,
  })
  return { ...engine, fetch }
}

/** @returns the base URL of a server on loopback */
export async function listen(fetch: Fetch, wrap: (handler: RequestListener) => RequestListener = (own) => own) {
  const handler = toNodeHandler({ fetch })
  const server = createServer(wrap((request, response) => void handler(request, response)))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(
    () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  )
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port }
}

/** Sends bytes as they are and returns all that comes back until the connection ends. */
export function exchange(
  port: number,
  text: string | Buffer,
  options: { readonly end?: boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
    socket.write(text)
    if (options.end) socket.end()
  })
}

export const JSON_EVENT = { 'content-type': 'application/cloudevents+json' }

export function structured(members: object = {}): string {
  return JSON.stringify({ specversion: '1.0', id: 'A-1', source: '/shop', type: 'order.placed', ...members })
}

/** Status and decoded body. */
export async function told(response: Response): Promise<readonly [number, unknown]> {
  const text = await response.text()
  return [response.status, text === '' ? null : JSON.parse(text)]
}
