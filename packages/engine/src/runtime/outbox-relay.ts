/**
 * One of the three loops: takes due events out of the outbox, hands them to the transport, records what came of it. Sleeps exactly until something is
 * due, drains until empty, slows down while there is nothing to do. What a result means is decided in outbox/settlement.ts.
 *
 *  1. At least once: a row is marked published only after the receiver's positive answer; a relay that dies leaves its rows to their leases.
 *  2. Nothing is sent under a lease that may have ended: what is under way at three quarters of the lease is cut off and given back.
 *  3. A slow or poisonous event holds one place of `2 · batchSize`, never a batch: rows are sent and settled one by one, leased and written in groups.
 *  4. Order per partition key is the storage's: one row of a key is out at a time, so whoever settles one looks again at once.
 *  5. While the endpoint wishes to be left alone nothing is leased, so an outage rewrites no backlog; one row then tries whether it is over.
 */
import { randomUUID } from 'node:crypto'
import type { CloudEvent } from '../cloud-events/cloud-event'
import type { Log } from '../model/context'
import type { Backoff } from '../outbox/backoff'
import { outgoingEvent } from '../outbox/outgoing-event'
import { expire, type RelayPolicy, type Settlement, settle } from '../outbox/settlement'
import type { DeliveryResult, Transport } from '../outbox/transport'
import type { Storage, StoredOutboxRow } from '../storage/storage'
import type { Clock } from './clock'
import { Nap } from './nap'
import { OutboxSettler, type Settled } from './outbox-settler'

export interface OutboxRelayPolicy {
  /** Deliveries tried before an event is a dead letter, ≥ 1. */
  readonly maxRetries: number
  /** Older events expire unsent. Default: none does. */
  readonly maxAgeHours?: number
  /** Rows leased at once, ≥ 1. Up to twice as many are under way. */
  readonly batchSize: number
  /** Milliseconds between looks where nothing notifies; while idle up to 16 times as long, at most 30 s, plus up to 30 %. */
  readonly pollIntervalMs: number
  /** Milliseconds after which the rows of a crashed relay return. Must exceed the transport's timeout by a third. */
  readonly leaseMs: number
  /** Between the attempts of one event. */
  readonly backoff?: Backoff
}

export interface OutboxRelayDeps {
  readonly storage: Pick<Storage, 'leaseOutbox' | 'settleOutbox'>
  /** Closed by {@link OutboxRelay.stop}. */
  readonly transport: Transport
  readonly clock: Clock
  readonly log: Log
  readonly policy: OutboxRelayPolicy
  /** 0 ≤ random < 1. */
  readonly random?: () => number
}

const LONGEST_IDLE_MS = 30_000
const LONGEST_SLEEP_MS = 60_000
const HELD_MS = 1_000
const REACTION_MS = 1_000
const HOUR_MS = 3_600_000

export class OutboxRelay {
  /** Rows by what became of them (`pending`: to be tried again), and queries for due ones. */
  readonly metrics = { leases: 0, published: 0, pending: 0, failed: 0, invalid: 0, expired: 0 }
  readonly #deps: OutboxRelayDeps
  readonly #policy: RelayPolicy
  readonly #random: () => number
  readonly #token = randomUUID()
  readonly #nap: Nap
  readonly #settler: OutboxSettler
  readonly #underWay = new Map<string, AbortController>()
  readonly #watchers: (() => void)[] = []
  #unanswered = 0
  #loop: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  #isStopping = false
  /** Epoch milliseconds of the next look for due rows, at the latest. */
  #lookAt = 0
  #emptyLooks = 0
  #failures = 0
  /** The endpoint is left alone until then; in the past: one row tries it. 0: all is well. */
  #heldUntil = 0
  #isFull = false

  constructor(deps: OutboxRelayDeps) {
    const { maxRetries, maxAgeHours, backoff } = deps.policy
    this.#deps = deps
    this.#random = deps.random ?? Math.random
    this.#policy = {
      maxAttempts: maxRetries,
      maxAgeMs: maxAgeHours === undefined ? null : maxAgeHours * HOUR_MS,
      ...(backoff ? { backoff } : {}),
    }
    this.#nap = new Nap(deps.clock)
    this.#settler = new OutboxSettler({
      ...deps,
      token: this.#token,
      onSettled: (results) => this.#onSettled(results),
    })
  }

  /** Idempotent. A relay that was stopped stays so: make another. */
  start(): void {
    if (!this.#isStopping) this.#loop ??= this.#run()
  }

  /** Some row became due. */
  wake(): void {
    this.#emptyLooks = 0
    this.#lookBy(0)
  }

  /**
   * Leases no more and waits for what is under way; what takes longer than the grace period is cut off and given back, due at once. Closes the
   * transport. Idempotent.
   */
  stop(graceMs = 10_000): Promise<void> {
    this.#stopped ??= this.#stop(graceMs)
    return this.#stopped
  }

  async #stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    this.#nap.wake()
    await this.#loop
    this.#settler.flush()
    const cancel = this.#deps.clock.after(graceMs, () => {
      this.#settler.giveUp()
      for (const controller of this.#underWay.values()) controller.abort()
    })
    while (this.#underWay.size > 0) await this.#oneSettled()
    cancel()
    await this.#deps.transport.close()
  }

  // ------------------------------------------------------------ the loop

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const waitMs = Math.max(this.#lookAt, this.#heldUntil) - this.#deps.clock.now()
      if (waitMs > 0) await this.#nap.sleep(Math.min(waitMs, LONGEST_SLEEP_MS))
      else await this.#look()
    }
  }

  /** Leases what is due, sends it, and says when to look again. */
  async #look(): Promise<void> {
    const { storage, clock, log, policy } = this.#deps
    const isProbe = this.#heldUntil > 0
    this.#lookAt = Number.POSITIVE_INFINITY
    this.#isFull = this.#underWay.size > (isProbe ? 0 : policy.batchSize)
    if (this.#isFull) {
      if (this.#makesRoom()) this.#settler.flush()
      return
    }
    const limit = isProbe ? 1 : policy.batchSize
    this.metrics.leases++
    try {
      const leased = await storage.leaseOutbox({ token: this.#token, limit, leaseMs: policy.leaseMs })
      this.#failures = 0
      this.#send(leased.rows)
      this.#emptyLooks = leased.rows.length === 0 ? this.#emptyLooks + 1 : 0
      const isDrained = leased.rows.length < limit
      this.#lookBy(isDrained ? Math.min(clock.now() + this.#idleMs(), leased.nextDueAt ?? Number.POSITIVE_INFINITY) : 0)
    } catch (error) {
      this.#emptyLooks = 0
      if (this.#failures++ === 0) log.error({ err: error }, 'leasing outbox events failed; trying again')
      this.#lookBy(clock.now() + this.#idleMs())
    }
  }

  #lookBy(at: number): void {
    if (at >= this.#lookAt) return
    this.#lookAt = at
    this.#nap.wake()
  }

  #idleMs(): number {
    const idleMs = Math.min(this.#deps.policy.pollIntervalMs * 2 ** Math.min(this.#emptyLooks, 4), LONGEST_IDLE_MS)
    return idleMs * (1 + 0.3 * this.#random())
  }

  // ------------------------------------------------------------ deliveries

  #send(rows: readonly StoredOutboxRow[]): void {
    // one that is ours still has a result on its way into the database
    const deliveries = rows.filter((row) => !this.#underWay.has(row.id)).map((row) => this.#begin(row))
    if (deliveries.length === 0) return
    const { clock, policy } = this.#deps
    const cancel = clock.after((policy.leaseMs * 3) / 4, () => {
      for (const { controller } of deliveries) controller.abort()
    })
    let left = deliveries.length
    for (const { answered } of deliveries)
      void answered.finally(() => {
        if (--left === 0) cancel()
      })
  }

  #begin(row: StoredOutboxRow): { controller: AbortController; answered: Promise<void> } {
    const controller = new AbortController()
    this.#underWay.set(row.id, controller)
    this.#unanswered++
    const answered = this.#deliver(row, controller.signal).then((settlement) => {
      this.#unanswered--
      this.#settler.add({ row, settlement })
      // somebody waits for it, it makes room for a batch, or nothing is left that could join it
      if (row.partitionKey !== null || this.#unanswered === 0 || this.#makesRoom()) this.#settler.flush()
    })
    return { controller, answered }
  }

  async #deliver(row: StoredOutboxRow, signal: AbortSignal): Promise<Settlement> {
    const { clock } = this.#deps
    const tooOld = expire(row, this.#policy, clock.now())
    if (tooOld) return tooOld
    const event = read(row)
    const result = 'kind' in event ? event : await this.#transmit(event, signal)
    const now = clock.now()
    if (result.kind === 'held') {
      if (signal.aborted) return { ...settle(row, result, this.#policy, now, 0), nextAttemptAt: now }
      this.#heldUntil = Math.max(this.#heldUntil, now + (result.retryAfterMs ?? HELD_MS))
    } else if (this.#heldUntil <= now) this.#heldUntil = 0
    return settle(row, result, this.#policy, now, this.#random())
  }

  async #transmit(event: CloudEvent, signal: AbortSignal): Promise<DeliveryResult> {
    const { transport, clock, log } = this.#deps
    let cancel = (): void => {}
    let onAbort = (): void => {}
    // nobody may wait for ever for a transport that does not listen to its signal
    const unheard = new Promise<readonly DeliveryResult[]>((resolve) => {
      const held: DeliveryResult = { kind: 'held', reason: 'aborted; the transport did not react' }
      onAbort = () => {
        cancel = clock.after(REACTION_MS, () => resolve([held]))
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      const [result] = await Promise.race([transport.send([event], signal), unheard])
      return result ?? { kind: 'retry', reason: 'the transport gave no result' }
    } catch (error) {
      log.error({ err: error, event: event.id }, 'the transport threw')
      return { kind: 'retry', reason: `the transport threw: ${String(error)}` }
    } finally {
      cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  #makesRoom(): boolean {
    return this.#isFull && this.#underWay.size - this.#settler.size <= this.#deps.policy.batchSize
  }

  #onSettled(results: readonly Settled[]): void {
    if (this.#isFull) this.#lookBy(0)
    for (const { row, settlement } of results) {
      this.metrics[settlement.status]++
      this.#underWay.delete(row.id)
      if (row.partitionKey !== null) this.#lookBy(0)
      else if (settlement.nextAttemptAt !== null) this.#lookBy(settlement.nextAttemptAt)
    }
    for (const resolve of this.#watchers.splice(0)) resolve()
  }

  #oneSettled(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve))
  }
}

/** A row that cannot even be read is a dead letter of its own, not a fault of the batch. */
function read(row: StoredOutboxRow): CloudEvent | DeliveryResult {
  try {
    return outgoingEvent(row)
  } catch (error) {
    return { kind: 'invalid', reason: `the stored event cannot be read: ${String(error)}` }
  }
}
