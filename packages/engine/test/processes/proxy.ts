/**
 * A TCP proxy in front of a database, which does to connections what networks and poolers do: cuts them at a statement, falls silent without a word (a
 * half-open socket: the other end is there no more, and nobody says so), lets no notification through, lets nobody in.
 */
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { Frames } from './postgresql-frames'

/** Where a connection is cut: the statement has not left, has left by half, or was executed and its answer never came. */
export const CUTS = ['asked', 'half', 'unanswered'] as const
type Cut = (typeof CUTS)[number]

/** The statement, counted from the connection's beginning, at which it is cut, and how. */
interface Plan {
  readonly statement: number
  readonly cut: Cut
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  readonly frames: Frames
  plan: Plan | undefined
  asked: number
  /** Executed, and the answer is not to arrive. */
  isUnanswered: boolean
  /** Whether this connection has asked to be notified. */
  listens: boolean
  isSilent: boolean
}

/** Pools keep connections for long: each is cut at its next statements, in all three ways, and so is the one that takes its place. */
const FARTHEST_STATEMENT = 12

export class TcpProxy {
  readonly cuts: Record<Cut, number> = { asked: 0, half: 0, unanswered: 0 }
  readonly #target: { readonly host: string; readonly port: number }
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #plans = 0
  #isCutting = false
  #isClosed = false
  #isDeaf = false

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target
    this.#server = createServer((client) => this.#accept(client))
  }

  static async before(url: string): Promise<TcpProxy> {
    const { hostname, port, protocol } = new URL(url)
    const proxy = new TcpProxy({ host: hostname, port: Number(port || (protocol.startsWith('mysql') ? 3306 : 5432)) })
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** The same database, by way of this proxy. */
  through(url: string): string {
    const changed = new URL(url)
    changed.hostname = '127.0.0.1'
    changed.port = String((this.#server.address() as { port: number }).port)
    return changed.href
  }

  /** From now on every connection, open or new, is cut at some statement: the next ones at the first, the second, and so on, in each way. */
  cutEach(): void {
    this.#isCutting = true
    for (const pair of this.#pairs) pair.plan = this.#nextPlan(pair.asked)
  }

  heal(): void {
    this.#isCutting = false
    for (const pair of this.#pairs) pair.plan = undefined
  }

  /** Connections that listen for notifications hear nothing any more, and are not told. @returns how many */
  silenceListeners(): number {
    const listeners = [...this.#pairs].filter(({ listens }) => listens)
    for (const pair of listeners) pair.isSilent = true
    return listeners.length
  }

  /** Connections that listen for notifications are gone. @returns how many */
  cutListeners(): number {
    const listeners = [...this.#pairs].filter(({ listens }) => listens)
    for (const pair of listeners) this.#cut(pair)
    return listeners.length
  }

  /** Notifications arrive nowhere, as behind a pooler that gives every transaction another connection. PostgreSQL only. */
  swallowNotifications(): void {
    this.#isDeaf = true
  }

  /** Nobody new is let in; who is in stays. */
  shut(): void {
    this.#isClosed = true
  }

  unshut(): void {
    this.#isClosed = false
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#cut(pair)
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #nextPlan(asked: number): Plan | undefined {
    if (!this.#isCutting) return undefined
    const count = this.#plans++
    const cut = CUTS[count % CUTS.length] as Cut
    return { statement: asked + 1 + (Math.floor(count / CUTS.length) % FARTHEST_STATEMENT), cut }
  }

  #accept(client: Socket): void {
    if (this.#isClosed) {
      client.resetAndDestroy()
      return
    }
    const server = dial(this.#target)
    const frames = new Frames()
    const own = { asked: 0, isUnanswered: false, listens: false, isSilent: false }
    const pair: Pair = { client, server, frames, plan: this.#nextPlan(0), ...own }
    this.#pairs.add(pair)
    client.on('data', (bytes) => this.#ask(pair, bytes))
    server.on('data', (bytes) => this.#answer(pair, bytes))
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => this.#end(pair))
      socket.on('end', () => {
        if (!pair.isSilent) other.end()
      })
      socket.on('close', () => {
        if (!pair.isSilent) this.#end(pair)
      })
    }
  }

  #ask(pair: Pair, bytes: Buffer): void {
    if (pair.isSilent) return
    pair.listens ||= bytes.includes('LISTEN ')
    pair.asked++
    const cut = pair.plan && pair.asked >= pair.plan.statement ? pair.plan.cut : undefined
    if (cut === undefined || cut === 'unanswered') {
      pair.isUnanswered ||= cut !== undefined
      pair.server.write(bytes)
      return
    }
    this.cuts[cut]++
    if (cut === 'asked') {
      this.#cut(pair)
      return
    }
    this.#pairs.delete(pair)
    // the half arrives, and then the connection is gone
    pair.server.end(bytes.subarray(0, bytes.length >> 1))
    pair.client.resetAndDestroy()
  }

  #answer(pair: Pair, bytes: Buffer): void {
    if (pair.isSilent) return
    if (pair.isUnanswered) {
      this.cuts.unanswered++
      this.#cut(pair)
      return
    }
    const passing = this.#isDeaf && pair.listens ? pair.frames.withoutNotifications(bytes) : bytes
    if (passing.length > 0) pair.client.write(passing)
  }

  #cut(pair: Pair): void {
    pair.client.resetAndDestroy()
    pair.server.resetAndDestroy()
    this.#pairs.delete(pair)
  }

  #end(pair: Pair): void {
    pair.client.destroy()
    pair.server.destroy()
    this.#pairs.delete(pair)
  }
}
