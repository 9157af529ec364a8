/**
 * Everything that runs in one process for one app, put together: the commit queue, the worker, who waits for results, who is alive. Knows the storage
 * interface only; which storage it is was decided above.
 */
import type { Log } from '../model/context'
import type { AuditEntry, NewInstance } from '../storage/rows'
import type { Notice, Storage } from '../storage/storage'
import type { Verdict, Wakes } from '../storage/units'
import { ActivityRunner } from './activity-runner'
import type { Clock } from './clock'
import { CommitQueue } from './commit-queue'
import type { EndSummary } from './ending'
import { hookCaller, type WorkflowHooks } from './hooks'
import { Liveness } from './liveness'
import { newInstanceRow, type Registry } from './registry'
import { passOverWorkflowRejections } from './rejections'
import { Results } from './results'
import { reviveDivergent } from './revive'
import type { Definition, RuntimeServices } from './services'
import type { RuntimeSettings } from './settings'
import { ThreadPool } from './thread-pool'
import { Worker } from './worker'

export interface RuntimeDeps {
  readonly storage: Storage
  readonly clock: Clock
  readonly settings: RuntimeSettings & { readonly heartbeatMs: number; readonly deadAfterMs: number }
  readonly registry: Registry
  readonly hooks: WorkflowHooks | undefined
  readonly log: Log
  /** false = client only: nothing is claimed, nothing runs here. */
  readonly worker: boolean
  /** Some outbox row became due. */
  onOutbox(): void
}

export class Runtime {
  readonly services: RuntimeServices
  readonly results: Results
  readonly worker: Worker | undefined
  readonly #deps: RuntimeDeps
  readonly #threads = new ThreadPool()
  #liveness: Liveness | undefined
  #listener: { isLive(): boolean; close(): Promise<void> } | undefined
  #isStopping = false
  #stopPassingOver: (() => void) | undefined

  constructor(deps: RuntimeDeps) {
    const { storage, clock, settings, registry, log } = deps
    this.#deps = deps
    const queue = new CommitQueue({ storage, clock, log })
    const now = (): number => clock.now()
    const openSession = (): ReturnType<Storage['openSession']> =>
      storage.openSession({ timeoutMs: settings.sessionTimeoutMs })
    const activities = new ActivityRunner({
      clock,
      limit: settings.maxConcurrentActivities,
      threads: this.#threads,
      services: { log, maxPayloadBytes: settings.maxPayloadBytes, now, openSession },
    })
    this.results = new Results(storage, clock)
    this.services = {
      storage,
      queue,
      clock,
      settings,
      activities,
      log,
      hook: hookCaller(deps.hooks, log),
      definition: (name) => registry.get(name),
      newInstance: (request) => newInstanceRow(settings, request),
      isStopping: () => this.#isStopping,
      wake: (wakes) => this.#wake(wakes),
    }
    this.worker = deps.worker
      ? new Worker({
          services: this.services,
          workflowNames: registry.names,
          isNotified: () => this.#listener?.isLive() ?? false,
          onEnded: (id, summary, wasClaimed) => this.#ended(id, summary, wasClaimed),
        })
      : undefined
  }

  async start(): Promise<void> {
    const { storage, clock, settings, log, registry } = this.#deps
    const sentAt = performance.now()
    clock.synchronize?.(await storage.now(), sentAt)
    this.#listener = await storage.listen?.((notice) => this.#onNotice(notice))
    const worker = this.worker
    if (!worker) return
    this.#liveness = new Liveness({
      storage,
      clock,
      log,
      workerId: settings.workerId,
      service: settings.serviceName,
      intervalMs: settings.heartbeatMs,
      deadAfterMs: settings.deadAfterMs,
      info: () => ({
        workflows: registry.names,
        active: worker.active,
        warm: worker.warm,
        activities: this.services.activities.running,
      }),
      onExpired: () => worker.wake(),
    })
    await this.#liveness.start()
    await reviveDivergent(storage, registry, () => clock.now())
    this.#stopPassingOver = passOverWorkflowRejections(log)
    worker.start()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const { graceMs } = this.#deps.settings
    await this.worker?.stop(graceMs)
    await this.services.queue.drained()
    await this.#liveness?.stop()
    await this.#listener?.close()
    await this.#threads.close()
    this.#stopPassingOver?.()
  }

  /** Starts here when this process runs that workflow and has room; otherwise leaves it to whoever does. */
  startInstance(instance: NewInstance, definition: Definition | undefined, input: unknown): Promise<Verdict> {
    const isDue = instance.wakeAt <= this.services.clock.now()
    if (this.worker && definition && isDue && !this.#isStopping && this.worker.hasRoom())
      return this.worker.begin(instance, definition, input)
    return this.submitStart(instance)
  }

  async submitStart(instance: NewInstance, audit?: AuditEntry): Promise<Verdict> {
    const unit = { kind: 'start' as const, instance, first: null, ...(audit ? { audit } : {}) }
    const verdict = await this.services.queue.submit(unit)
    if (verdict.kind === 'accepted')
      this.#wake({
        ready: [{ instanceId: instance.id, workflowName: instance.workflowName }],
        leased: [],
        outbox: false,
      })
    return verdict
  }

  /** A pending instance exists: somebody may run it when it is due. */
  announce(instance: NewInstance): void {
    if (instance.wakeAt > this.services.clock.now()) this.worker?.expect(instance.wakeAt)
    else
      this.#wake({
        ready: [{ instanceId: instance.id, workflowName: instance.workflowName }],
        leased: [],
        outbox: false,
      })
  }

  wake(wakes: Wakes): void {
    this.#wake(wakes)
  }

  #wake(wakes: Wakes): void {
    const { storage, registry, settings } = this.#deps
    if (wakes.ready.length > 0) {
      if (this.worker && wakes.ready.some((one) => registry.get(one.workflowName))) this.worker.wake()
      storage.notify?.({ type: 'ready', workflowNames: [...new Set(wakes.ready.map((one) => one.workflowName))] })
    }
    for (const { instanceId, leaseOwner } of wakes.leased) {
      if (leaseOwner === settings.workerId) this.worker?.nudge(instanceId)
      else storage.notify?.({ type: 'leased', leaseOwner, instanceIds: [instanceId] })
    }
    if (wakes.outbox) {
      this.#deps.onOutbox()
      storage.notify?.({ type: 'outbox' })
    }
  }

  #ended(id: string, summary: EndSummary, wasClaimed: boolean): void {
    this.results.ended(id, summary)
    // Whoever started it elsewhere may be waiting; one that was born here was started here.
    if (wasClaimed) this.#deps.storage.notify?.({ type: 'ended', instanceIds: [id] })
  }

  #onNotice(notice: Notice): void {
    switch (notice.type) {
      case 'ready':
        if (notice.workflowNames.some((name) => this.#deps.registry.get(name))) this.worker?.wake()
        return
      case 'leased':
        if (notice.leaseOwner === this.#deps.settings.workerId)
          for (const id of notice.instanceIds) this.worker?.nudge(id)
        return
      case 'ended':
        this.results.hint(notice.instanceIds)
        return
      case 'outbox':
        this.#deps.onOutbox()
        return
      case 'reconnected':
        this.worker?.wake()
        this.results.lookSoon()
        this.#deps.onOutbox()
    }
  }
}
