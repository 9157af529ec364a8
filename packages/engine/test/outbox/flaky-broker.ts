/**
 * A receiver of CloudEvents on loopback that fails a share of the time, refuses what is poison, and remembers every copy it was sent. Its randomness is
 * seeded, so a run can be repeated.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FlakyBrokerOptions {
  /** 0–1: answered with 503. */
  readonly unavailable?: number
  /** 0–1: the connection is cut before anything is kept. */
  readonly cut?: number
  readonly seed?: number
  /** Called when an event was kept, before it is answered. Resolve to answer; never to leave the sender without one. */
  readonly onAccepted?: (id: string) => Promise<void> | void
}

interface Copies {
  /** Requests for this event, accepted or not. */
  received: number
  accepted: number
  /** `Date.now()` of the first acceptance. */
  acceptedAt: number
  readonly body: string
  /** Every copy was this body. */
  areEqual: boolean
}

export interface FlakyBroker {
  readonly url: string
  readonly events: ReadonlyMap<string, Copies>
  close(): Promise<void>
}

/** The event's type says what the receiver thinks of it. */
export const POISON = { refused: 'poison.refused', failing: 'poison.failing' } as const

export async function startFlakyBroker(options: FlakyBrokerOptions = {}): Promise<FlakyBroker> {
  const { unavailable = 0, cut = 0, onAccepted } = options
  const random = seeded(options.seed ?? 1)
  const events = new Map<string, Copies>()
  const server = createServer((request, response) => {
    readBody(request, (body) => void receive(body, response))
  })

  async function receive(body: string, response: ServerResponse): Promise<void> {
    const event = JSON.parse(body) as { readonly id: string; readonly type: string }
    const copies = events.get(event.id) ?? { received: 0, accepted: 0, acceptedAt: 0, body, areEqual: true }
    events.set(event.id, copies)
    copies.received++
    copies.areEqual &&= copies.body === body
    if (event.type === POISON.refused) return answer(response, 400)
    if (event.type === POISON.failing) return answer(response, 500)
    const dice = random()
    if (dice < unavailable) return answer(response, 503)
    if (dice < unavailable + cut) return void response.destroy()
    if (copies.accepted++ === 0) copies.acceptedAt = Date.now()
    await onAccepted?.(event.id)
    answer(response, 202)
  }

  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    events,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end()
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => done(Buffer.concat(chunks).toString()))
  request.on('error', () => {})
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
