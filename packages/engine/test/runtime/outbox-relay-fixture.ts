/** What the relay's tests share: the memory storage, a virtual clock, a transport that answers by script and remembers what it was given. */
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect } from 'vitest'
import type { CloudEvent } from '../../src/cloud-events/cloud-event'
import { encodeStructured } from '../../src/cloud-events/http'
import type { Log } from '../../src/model/context'
import type { DeliveryResult, Transport } from '../../src/outbox/transport'
import { OutboxRelay, type OutboxRelayDeps, type OutboxRelayPolicy } from '../../src/runtime/outbox-relay'
import { outboxRow, START, startLeased } from '../../src/storage/contract/builders'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage'
import type { OutboxRow } from '../../src/storage/storage'
import { VirtualClock } from '../../src/testing/virtual-clock'

export const PUBLISHED: DeliveryResult = { kind: 'published' }
export const POLICY: OutboxRelayPolicy = { maxRetries: 3, batchSize: 10, pollIntervalMs: 1_000, leaseMs: 60_000 }
export const FOREVER = new Promise<never>(() => {})

export type Answer = (
  event: CloudEvent,
  attempt: number,
  signal: AbortSignal,
) => DeliveryResult | Promise<DeliveryResult>

interface Sent {
  readonly id: string
  /** Milliseconds since the start. */
  readonly at: number
  readonly bytes: string
}

export const running: { relay: OutboxRelay; clock: VirtualClock }[] = []
afterEach(async () => {
  for (const { relay, clock } of running.splice(0)) {
    const stopped = relay.stop(0)
    await advance(clock, 120_000)
    await stopped
  }
})

async function settleEverything(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await setImmediate()
}
const advance = (clock: VirtualClock, ms: number): Promise<void> => clock.advance(ms, settleEverything)

export function setUp(answer: Answer = () => PUBLISHED) {
  const clock = new VirtualClock(START)
  const storage = createMemoryStorage({ clock })
  const sent: Sent[] = []
  const logged: string[] = []
  const keep = (_fields: object | string, message?: string): void => void logged.push(message ?? '')
  const log: Log = { debug: () => {}, info: () => {}, warn: keep, error: keep }
  const isClosed = { value: false }
  const transportOf = (of: Answer): Transport => ({
    send: (events, signal) =>
      Promise.all(
        events.map(async (event) => {
          const bytes = Buffer.from(encodeStructured(event).body).toString()
          sent.push({ id: event.id, at: clock.now() - START, bytes })
          return of(event, sent.filter((one) => one.id === event.id).length, signal)
        }),
      ),
    close: async () => {
      isClosed.value = true
    },
  })
  const makeRelay = (overrides: Partial<OutboxRelayDeps> & { answer?: Answer } = {}): OutboxRelay => {
    const { answer: own = answer, ...deps } = overrides
    const transport = transportOf(own)
    const relay = new OutboxRelay({ storage, transport, clock, log, policy: POLICY, random: () => 0, ...deps })
    running.push({ relay, clock })
    return relay
  }
  return {
    clock,
    storage,
    sent,
    logged,
    isClosed,
    makeRelay,
    advance: (ms: number) => advance(clock, ms),
    queue: async (...rows: readonly Partial<OutboxRow>[]): Promise<readonly string[]> => {
      const outbox = rows.map((row) => outboxRow({ createdAt: clock.now(), ...row }))
      const [verdict] = await storage.commit([startLeased({}, { outbox })])
      expect(verdict?.kind).toBe('accepted')
      return outbox.map((row) => row.id)
    },
    row: async (id: string | undefined) => {
      const [found] = await storage.outbox({ id: id ?? '', limit: 1 })
      if (!found) throw new Error(`No outbox row ${id}`)
      const { status, attempts, lastError, nextAttemptAt } = found
      return { status, attempts, lastError, dueIn: nextAttemptAt === null ? null : nextAttemptAt - clock.now() }
    },
    times: (id: string | undefined) => sent.filter((one) => one.id === id).map((one) => one.at),
  }
}

export function many(count: number, row: Partial<OutboxRow> = {}): Partial<OutboxRow>[] {
  return Array.from({ length: count }, () => row)
}
