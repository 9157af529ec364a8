/** For tests: a real HTTP server on loopback that records what it gets and answers by script. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ReceivedRequest {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** Answers one request. */
export type Reply = (response: ServerResponse, request: ReceivedRequest) => void

export interface FakeBroker {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly host: string
  readonly requests: readonly ReceivedRequest[]
  /** Sockets opened so far. */
  readonly connections: () => number
  close(): Promise<void>
}

export function reply(status: number, headers: Record<string, string> = {}, body = ''): Reply {
  return (response) => {
    response.writeHead(status, headers).end(body)
  }
}

/** @param script the n-th request gets the n-th reply; the last one answers all that follow */
export async function startBroker(...script: readonly [Reply, ...Reply[]]): Promise<FakeBroker> {
  const requests: ReceivedRequest[] = []
  let connections = 0
  const server = createServer((request, response) => {
    readBody(request, (body) => {
      const received = { method: request.method, path: request.url, headers: request.headers, body }
      requests.push(received)
      const answer = script[Math.min(requests.length, script.length) - 1] ?? script[0]
      answer(response, received)
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** A loopback port that refuses connections: it was just free. */
export async function closedPort(): Promise<string> {
  const broker = await startBroker(reply(200))
  await broker.close()
  return broker.url
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => done(Buffer.concat(chunks).toString()))
}
