/**
 * The outbox relay as a thing of its own: in a process without workers, beside an app that does not relay, or next to another one (relays share the
 * rows by lease, so several never send one row twice while they live). Composes storage, transport and loop; decides nothing.
 */
import { ConfigurationError } from './model/errors'
import { DEFAULT_LOG, type EddaAppOptions } from './options'
import type { Backoff } from './outbox/backoff'
import { createTransport } from './outbox/registry'
import type { Transport, TransportOptions } from './outbox/transport'
import { type Clock, SystemClock } from './runtime/clock'
import { OutboxRelay } from './runtime/outbox-relay'
import type { Storage } from './storage/storage'
import { storageForUrl } from './storage-for-url'

export type OutboxStorage = Pick<Storage, 'leaseOutbox' | 'settleOutbox' | 'now' | 'listen'>

/** Where the rows are: exactly one of the three. */
type OutboxPlace =
  /** An initialized app; its database is used and stays open. */
  | { readonly app: { outboxStorage(): OutboxStorage }; readonly dbUrl?: never; readonly storage?: never }
  /** Opened (and migrated) by `start`, closed by `stop`. */
  | { readonly dbUrl: string; readonly app?: never; readonly storage?: never }
  /** Open already, and stays so. */
  | { readonly storage: OutboxStorage; readonly app?: never; readonly dbUrl?: never }

export type OutboxRelayerOptions = OutboxPlace & {
  /** Its scheme chooses the transport. User and password become Basic authentication. */
  readonly brokerUrl: string
  /** Seconds between looks while nothing notifies. Default 1. */
  readonly pollInterval?: number
  /** Deliveries tried before an event is a dead letter. Default 3. */
  readonly maxRetries?: number
  /** Rows leased at once. Default 10. */
  readonly batchSize?: number
  /** Older events expire unsent. Default: none does. */
  readonly maxAgeHours?: number
  /** Seconds that deliveries under way get at `stop`. Default 10. */
  readonly shutdownGrace?: number
  readonly logger?: EddaAppOptions['logger']
}

/** Ports that tests replace. @internal */
export interface OutboxRelayerInternals {
  readonly clock?: Clock
  readonly leaseMs?: number
  readonly backoff?: Backoff
  readonly transport?: TransportOptions
}

/** Twice the transport's timeout: what is under way ends well before its lease does. */
export const OUTBOX_LEASE_MS = 60_000

const NUMBERS = ['pollInterval', 'maxRetries', 'batchSize', 'maxAgeHours', 'shutdownGrace'] as const
const INTEGERS: ReadonlySet<string> = new Set(['maxRetries', 'batchSize'])
const KNOWN: ReadonlySet<string> = new Set([...NUMBERS, 'app', 'dbUrl', 'storage', 'brokerUrl', 'logger'])

interface Running {
  readonly relay: OutboxRelay
  close(): Promise<void>
}

/**
 * @example
 * const relayer = new OutboxRelayer({ dbUrl: 'postgresql://localhost/shop', brokerUrl: 'https://broker.internal/events' })
 * await relayer.start()
 * process.once('SIGTERM', () => relayer.stop())
 */
export class OutboxRelayer {
  readonly #options: OutboxRelayerOptions
  readonly #internals: OutboxRelayerInternals
  #starting: Promise<Running> | undefined

  /** @throws ConfigurationError naming the option */
  constructor(options: OutboxRelayerOptions, internals: OutboxRelayerInternals = {}) {
    checkOptions(options)
    createTransport(options.brokerUrl)
    this.#options = options
    this.#internals = internals
  }

  /**
   * Resolves once the relay runs. Idempotent; after `stop` it may be started again.
   *
   * @throws DatabaseError, MigrationError, ConfigurationError when the database of `dbUrl` cannot be used
   */
  async start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    await this.#starting
  }

  /** Lets deliveries under way finish within the grace period, gives the rest back, closes what `start` opened. Idempotent. */
  async stop(): Promise<void> {
    const starting = this.#starting
    this.#starting = undefined
    const running = await starting?.catch(() => undefined)
    await running?.close()
  }

  async #start(): Promise<Running> {
    const { logger: log = DEFAULT_LOG, brokerUrl, shutdownGrace = 10 } = this.#options
    const { clock = new SystemClock(), transport } = this.#internals
    const { storage, release } = await this.#openStorage()
    try {
      const sentAt = performance.now()
      clock.synchronize?.(await storage.now(), sentAt)
      const options: TransportOptions = { ...transport, now: () => clock.now() }
      const relay = this.#relay(storage, createTransport(brokerUrl, options), clock, log)
      const listener = await storage.listen?.((notice) => {
        if (notice.type === 'outbox' || notice.type === 'reconnected') relay.wake()
      })
      relay.start()
      const close = async (): Promise<void> => {
        await listener?.close()
        await relay.stop(shutdownGrace * 1_000)
        await release()
      }
      return { relay, close }
    } catch (error) {
      await release()
      throw error
    }
  }

  #relay(storage: OutboxStorage, transport: Transport, clock: Clock, log: NonNullable<EddaAppOptions['logger']>) {
    const { maxRetries = 3, batchSize = 10, pollInterval = 1, maxAgeHours } = this.#options
    const { leaseMs = OUTBOX_LEASE_MS, backoff } = this.#internals
    const policy = {
      maxRetries,
      batchSize,
      pollIntervalMs: pollInterval * 1_000,
      leaseMs,
      ...(backoff ? { backoff } : {}),
      ...(maxAgeHours === undefined ? {} : { maxAgeHours }),
    }
    return new OutboxRelay({ storage, transport, clock, log, policy })
  }

  async #openStorage(): Promise<{ storage: OutboxStorage; release: () => Promise<void> }> {
    const { app, storage, dbUrl, logger } = this.#options
    if (storage) return { storage, release: async () => {} }
    if (app) return { storage: app.outboxStorage(), release: async () => {} }
    const own = await storageForUrl(
      { serviceName: 'outbox-relayer', dbUrl: dbUrl ?? '', ...(logger ? { logger } : {}) },
      this.#internals.clock,
    )
    try {
      await own.open({ autoMigrate: true })
    } catch (error) {
      await own.close().catch(() => {})
      throw error
    }
    return { storage: own, release: () => own.close() }
  }
}

function checkOptions(options: OutboxRelayerOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new ConfigurationError('OutboxRelayer needs an object with brokerUrl and one of app, dbUrl and storage')
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name))
  if (unknown !== undefined)
    throw new ConfigurationError(`OutboxRelayer: unknown option '${unknown}'. Known options: ${[...KNOWN].join(', ')}`)
  const places = [options.app, options.dbUrl, options.storage].filter((place) => place !== undefined)
  if (places.length !== 1)
    throw new ConfigurationError(`OutboxRelayer needs exactly one of app, dbUrl and storage, not ${places.length}`)
  if (typeof options.brokerUrl !== 'string')
    throw new ConfigurationError("OutboxRelayer needs a 'brokerUrl': where shall the events go?")
  for (const name of NUMBERS) {
    const value: unknown = options[name]
    if (value === undefined) continue
    if (INTEGERS.has(name) && !(Number.isInteger(value) && (value as number) >= 1))
      throw new ConfigurationError(`OutboxRelayer: '${name}' must be an integer ≥ 1`)
    const isZeroFine = name === 'shutdownGrace' && value === 0
    if (!isZeroFine && !(typeof value === 'number' && Number.isFinite(value) && value > 0))
      throw new ConfigurationError(`OutboxRelayer: '${name}' must be a number > 0`)
  }
}
