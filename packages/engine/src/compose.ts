/**
 * The composition root: one app's storage, runtime, relay, maintenance and admin surface, opened together and closed in reverse. What each of them does
 * is decided in its own place.
 */
import type { Admin } from './admin/admin'
import { createAdmin } from './admin/create'
import { withCodec } from './codec-storage'
import { definitionRows } from './definition-rows'
import { NotInitializedError } from './model/errors'
import { DEFAULT_LOG, type EddaAppOptions } from './options'
import { createTransport } from './outbox/registry'
import { OUTBOX_LEASE_MS } from './outbox-relayer'
import { type Clock, SystemClock } from './runtime/clock'
import { Maintenance } from './runtime/maintenance'
import { OutboxRelay } from './runtime/outbox-relay'
import type { Registry } from './runtime/registry'
import { retention } from './runtime/retention'
import { Runtime } from './runtime/runtime'
import type { RuntimeSettings } from './runtime/settings'
import type { Storage } from './storage/storage'
import { type StorageFactory, storageForUrl } from './storage-for-url'

export type AppSettings = RuntimeSettings & {
  readonly heartbeatMs: number
  readonly deadAfterMs: number
  readonly retentionEveryMs?: number
}

/** Ports that tests replace. @internal */
export interface AppInternals {
  readonly clock?: Clock
  readonly storage?: StorageFactory
  readonly settings?: Partial<AppSettings>
}

/** What an initialized app consists of. */
export interface Running {
  readonly storage: Storage
  readonly runtime: Runtime
  readonly admin: Admin
  stop(): Promise<void>
}

const DAY_MS = 86_400_000

export async function compose(
  options: EddaAppOptions,
  internals: AppInternals,
  registry: Registry,
  settings: AppSettings,
): Promise<Running> {
  const clock = internals.clock ?? new SystemClock()
  const log = options.logger ?? DEFAULT_LOG
  const plain = await (internals.storage ?? storageForUrl)(options, internals.clock)
  const storage = options.codec ? withCodec(plain, options.codec) : plain
  try {
    await storage.open({ autoMigrate: options.autoMigrate ?? true })
    const relay = createRelay(options, storage, clock)
    const runtime = new Runtime({
      storage,
      clock,
      log,
      settings,
      registry,
      hooks: options.hooks,
      worker: options.worker ?? true,
      onOutbox: () => relay?.wake(),
    })
    await storage.saveDefinitions(definitionRows(registry.values(), clock.now()))
    await runtime.start()
    const maintenance = runtime.worker ? createMaintenance(options, storage, clock, settings) : undefined
    maintenance?.start()
    relay?.start()
    const admin = createAdmin({
      storage,
      registry: new Map(registry.values().map(({ workflow }) => [workflow.workflowName, workflow])),
      notify: (wakes) => runtime.wake(wakes),
      maxPayloadBytes: settings.maxPayloadBytes,
      workerTimeoutMs: settings.deadAfterMs,
    })
    const stop = async (): Promise<void> => {
      await Promise.all([maintenance?.stop(), relay?.stop(settings.graceMs)])
      await runtime.stop()
      runtime.results.close(new NotInitializedError('The app was shut down; the instance goes on elsewhere'))
      await storage.close()
    }
    return { storage, runtime, admin, stop }
  } catch (error) {
    // The first error tells what is wrong; one of closing what is half open would hide it.
    await storage.close().catch(() => {})
    throw error
  }
}

function createRelay(options: EddaAppOptions, storage: Storage, clock: Clock): OutboxRelay | undefined {
  const {
    outboxEnabled,
    brokerUrl,
    outboxMaxRetries = 3,
    outboxBatchSize = 10,
    outboxPollInterval = 1,
    outboxMaxAgeHours,
  } = options
  if (!outboxEnabled || brokerUrl === undefined) return undefined
  return new OutboxRelay({
    storage,
    clock,
    log: options.logger ?? DEFAULT_LOG,
    transport: createTransport(brokerUrl),
    policy: {
      maxRetries: outboxMaxRetries,
      batchSize: outboxBatchSize,
      pollIntervalMs: outboxPollInterval * 1_000,
      leaseMs: OUTBOX_LEASE_MS,
      ...(outboxMaxAgeHours === undefined ? {} : { maxAgeHours: outboxMaxAgeHours }),
    },
  })
}

function createMaintenance(
  options: EddaAppOptions,
  storage: Storage,
  clock: Clock,
  settings: AppSettings,
): Maintenance {
  const { messageRetentionDays = 7, historyRetentionDays } = options
  const every = settings.retentionEveryMs === undefined ? {} : { everyMs: settings.retentionEveryMs }
  const policy = {
    messageRetentionMs: messageRetentionDays * DAY_MS,
    historyRetentionMs: historyRetentionDays === undefined ? null : historyRetentionDays * DAY_MS,
  }
  return new Maintenance({
    storage,
    clock,
    log: options.logger ?? DEFAULT_LOG,
    workerId: settings.workerId,
    duties: [retention({ storage, clock, policy, ...every })],
    heartbeatMs: settings.heartbeatMs,
    leaseMs: settings.deadAfterMs,
  })
}
