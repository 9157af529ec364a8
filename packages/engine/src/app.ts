/**
 * The façade: one object per service and database. It validates, binds workflows and forwards; storage is chosen in storage-for-url.ts, everything that
 * runs is in runtime/. Several apps may live in one process.
 */
import type { Admin } from './admin/admin'
import { toInstance } from './admin/decode'
import { createAppFetch } from './app-fetch'
import type { CloudEvent } from './cloud-events/cloud-event'
import { type AppInternals, type AppSettings, compose, type Running } from './compose'
import { type EventHandler, type EventInput, type EventOutcome, EventRouter, type HandleOptions } from './events'
import { type FindOptions, findInstances, type InstancePage } from './find'
import { type CancelOptions, WorkflowHandle } from './handle'
import type { Fetch } from './http'
import {
  type ChannelDefinition,
  checkName,
  type EventDefinition,
  getAllWorkflows,
  type Workflow,
  type WorkflowStarter,
} from './model/definition'
import {
  InstanceExistsError,
  InstanceNotFoundError,
  InvalidStateError,
  NotInitializedError,
  UnknownWorkflowError,
} from './model/errors'
import type { HistoryEvent } from './model/history'
import { generatedId, type WorkflowInstance } from './model/instance'
import { encodeJson, type JsonValue } from './model/json'
import { validate } from './model/schema'
import { checkOptions, DEFAULT_LOG, type EddaAppOptions, runtimeSettings } from './options'
import { type OutsidePublishOptions, type OutsideSendToOptions, publish, sendTo } from './publisher'
import { retry } from './retry'
import { decodeEvent } from './runtime/decode'
import type { EndSummary } from './runtime/ending'
import { newId } from './runtime/ids'
import { Registry } from './runtime/registry'
import type { Runtime } from './runtime/runtime'
import { checkOperator, checkStart, type StartOptions, startTime } from './start-options'
import type { NewInstance } from './storage/rows'
import type { ChannelStat, OperatorVerb, Storage } from './storage/storage'
import {
  type DryReplayResult,
  dryReplay,
  type ForkOptions,
  fork,
  type OperatorOptions,
  type SurgeryDeps,
} from './surgery'

export type { AppInternals, StartOptions }

export class EddaApp implements WorkflowStarter {
  readonly #options: EddaAppOptions
  readonly #internals: AppInternals
  readonly #registry: Registry
  readonly #settings: AppSettings
  readonly #events: EventRouter
  readonly #fetch: Fetch
  #starting: Promise<void> | undefined
  #running: Running | undefined
  #isShutDown = false

  /** @throws ConfigurationError, DuplicateDefinitionError */
  constructor(options: EddaAppOptions, internals: AppInternals = {}) {
    checkOptions(options)
    this.#options = options
    this.#internals = internals
    this.#registry = new Registry(options.workflows ?? [...getAllWorkflows().values()])
    this.#settings = { ...runtimeSettings(options), ...internals.settings }
    this.#events = this.#createRouter()
    this.#fetch = createAppFetch({
      events: this.#events,
      storage: () => this.#use().storage,
      isRunning: () => this.#running !== undefined,
      cancel: (id, options) => this.cancel(id, options),
      maxBodyBytes: this.#settings.maxPayloadBytes,
      allowedOrigins: options.allowedOrigins ?? [],
      log: options.logger ?? DEFAULT_LOG,
    })
    for (const { workflow } of this.#registry.values()) workflow.boundTo.add(this)
  }

  /** Opens the database (migrating it unless told otherwise) and starts the worker. Idempotent; concurrent first starts are safe. */
  initialize(): Promise<void> {
    if (this.#isShutDown) return Promise.reject(new NotInitializedError('This app was shut down: make a new one'))
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  /** Stops claiming, lets running activities finish within the grace period, gives leases back, closes the database. Idempotent. */
  async shutdown(): Promise<void> {
    if (this.#isShutDown) return
    this.#isShutDown = true
    for (const { workflow } of this.#registry.values()) workflow.boundTo.delete(this)
    await this.#starting?.catch(() => {})
    const running = this.#running
    this.#running = undefined
    if (!running) return
    await this.#events.drained()
    await running.stop()
  }

  /** What an operator's tool may read and do. */
  get admin(): Admin {
    return this.#use().admin
  }

  /** Counters for metrics and benchmarks. */
  get metrics(): {
    readonly flushes: number
    readonly transitions: number
    readonly transactions: number
    readonly statements: number
  } {
    const { runtime, storage } = this.#use()
    return { ...runtime.services.queue.metrics, ...storage.metrics }
  }

  /**
   * Starts an instance; resolves once it is committed.
   *
   * @param wf a workflow, or its name (a client accepts any name; the instance is `pending` until a worker has it)
   * @throws ValidationError with the paths, SerializationError, UnknownWorkflowError, InstanceExistsError
   * @throws TypeError, RangeError for an option of a bad form
   */
  async start<Input, Output>(
    wf: Workflow<Input, Output> | string,
    input: Input,
    options: StartOptions = {},
  ): Promise<WorkflowHandle<Output>> {
    const { runtime } = this.#use()
    const name = typeof wf === 'string' ? wf : wf.workflowName
    const definition = this.#registry.get(name)
    if (!definition && this.#options.worker !== false) throw new UnknownWorkflowError(name, this.#registry.names)
    const workflow = typeof wf === 'string' ? definition?.workflow : (wf as Workflow)
    const text = encodeJson(input, `input of workflow ${name}`, this.#settings.maxPayloadBytes)
    const schema = workflow?.options.input
    const decoded: unknown = JSON.parse(text)
    const valid = schema ? await validate(schema, decoded, `input of workflow ${name}`) : decoded
    const instance = this.#newInstance(name, text, valid, workflow, options)
    const starting =
      options.tx !== undefined
        ? this.#startIn(options.tx, instance)
        : options.audit !== undefined
          ? runtime.submitStart(instance, options.audit)
          : runtime.startInstance(instance, definition, valid)
    const verdict = await starting
    if (verdict.kind === 'failed') throw verdict.error
    if (
      verdict.kind === 'exists' &&
      (options.onConflict !== 'return-existing' || verdict.instance.workflowName !== name)
    ) {
      throw new InstanceExistsError(instance.id)
    }
    return this.#handle(instance.id)
  }

  handle<Output = JsonValue>(instanceId: string): WorkflowHandle<Output> {
    this.#use()
    return this.#handle(instanceId)
  }

  /** Also of an app that began to stop while it was asked: what was committed is told. */
  #handle<Output = JsonValue>(instanceId: string): WorkflowHandle<Output> {
    return new WorkflowHandle<Output>(
      {
        waitForEnd: (id, timeoutMs) => this.#waitForEnd(id, timeoutMs),
        chainHead: (id) => this.#use().storage.chainHead(id),
        cancel: (id, options) => this.cancel(id, options),
        getHistory: (id) => this.#wholeHistory(id),
      },
      instanceId,
    )
  }

  /** @throws InvalidFilterError, InvalidPageTokenError */
  async findInstances(options: FindOptions = {}): Promise<InstancePage> {
    return findInstances(this.#use().storage, options)
  }

  async getInstance(id: string): Promise<WorkflowInstance | null> {
    const row = await this.#use().storage.instance(id)
    return row && toInstance(row, false)
  }

  /** @param options.after exclusive; @param options.limit 1–1000, default 1000 @returns null for an unknown id */
  async getHistory(
    id: string,
    options: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<readonly HistoryEvent[] | null> {
    const { storage } = this.#use()
    const { after = 0, limit = 1_000 } = options
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
      throw new RangeError('limit must be an integer from 1 to 1000')
    if (!Number.isInteger(after) || after < 0) throw new RangeError('after must be the number of an event, or 0')
    const rows = await storage.history(id, { after, limit })
    if (rows.length === 0 && !(await storage.instance(id))) return null
    return rows.map(decodeEvent)
  }

  /** @returns true for a live instance (compensations will run), false when it is unknown, has ended, or is being cancelled already */
  async cancel(id: string, options: CancelOptions = {}): Promise<boolean> {
    const { storage, runtime } = this.#use()
    checkOperator(options)
    const verb = { type: 'cancel' as const, by: options.by ?? null, reason: options.reason ?? null }
    const outcome = await storage.operate(id, verb, { now: runtime.services.clock.now(), audit: null })
    if (outcome.kind !== 'done') return false
    runtime.wake(outcome.wakes)
    return true
  }

  /** A failed instance goes on from its failed activity, in place. @throws InstanceNotFoundError, InvalidStateError once compensated or when the code does not fit */
  async retry(id: string, options: OperatorOptions = {}): Promise<WorkflowHandle> {
    checkOperator(options)
    await retry(this.#surgery(), id, options)
    return this.#handle(id)
  }

  /** A new instance with the history before `fromSeq` copied; from 0 or 1 = restart. */
  async fork(id: string, options: ForkOptions = {}): Promise<WorkflowHandle> {
    return this.#handle(await fork(this.#surgery(), id, options))
  }

  /** Replays the stored history against today's code; no side effects. */
  async dryReplay(id: string): Promise<DryReplayResult> {
    return dryReplay(this.#surgery(), id)
  }

  /** Parks an instance until `resume`. @throws InstanceNotFoundError, InvalidStateError */
  async suspend(id: string, options: OperatorOptions = {}): Promise<WorkflowHandle> {
    checkOperator(options)
    const reason = options.reason ?? `suspended by ${options.by ?? 'an operator'}`
    return this.#operate(id, { type: 'suspend', reason }, options)
  }

  async resume(id: string, options: OperatorOptions = {}): Promise<WorkflowHandle> {
    return this.#operate(id, { type: 'resume' }, options)
  }

  /** Publishes from outside a workflow; resolves after the commit. @returns the message's id */
  async publish(
    channel: string | ChannelDefinition<never>,
    data: unknown,
    options: OutsidePublishOptions = {},
  ): Promise<string> {
    const { runtime } = this.#use()
    return publish({ services: runtime.services, wake: (wakes) => runtime.wake(wakes) }, channel, data, options)
  }

  /** @returns true when the instance was waiting for it; false and nothing stored when it is unknown or ended */
  async sendTo(instanceId: string, data: unknown, options: OutsideSendToOptions = {}): Promise<boolean> {
    const { runtime } = this.#use()
    return sendTo({ services: runtime.services, wake: (wakes) => runtime.wake(wakes) }, instanceId, data, options)
  }

  async channelStats(name?: string): Promise<readonly ChannelStat[]> {
    return this.#use().storage.channelStats(name)
  }

  /**
   * Calls `handler` for every event of this type that arrives in this process. It takes the place of the workflow that the type would start.
   * @returns a function that removes the handler
   */
  onEvent<Data = CloudEvent['data']>(type: string | EventDefinition<Data>, handler: EventHandler<Data>): () => void {
    return this.#events.onEvent(type, handler)
  }

  /**
   * Stores and routes one CloudEvent: handlers, event-handler workflows, waiting instances. Resolves after the commit.
   * @param options.wait also waits for the handlers
   * @throws CloudEventError, ValidationError, SerializationError before anything is stored
   */
  async handleCloudEvent(event: EventInput, options: HandleOptions = {}): Promise<EventOutcome> {
    this.#use()
    return this.#events.handleCloudEvent(event, options)
  }

  /**
   * The engine over HTTP: CloudEvents on any path, `POST /cancel/{instanceId}`, `GET /health/live`, `GET /health/ready`. Mount it in Hono, Next.js, Bun
   * or Deno (node:http: `toNodeHandler`). It authenticates nobody: whoever mounts it does.
   */
  fetch(request: Request): Promise<Response> {
    return this.#fetch(request)
  }

  /** What an `OutboxRelayer({ app })` works on. */
  outboxStorage(): Pick<Storage, 'leaseOutbox' | 'settleOutbox' | 'now' | 'listen'> {
    return this.#use().storage
  }

  // ------------------------------------------------------------ inside

  async #start(): Promise<void> {
    this.#running = await compose(this.#options, this.#internals, this.#registry, this.#settings)
  }

  /** Made with the app, so that handlers may be registered before it is initialized. */
  #createRouter(): EventRouter {
    return new EventRouter({
      queue: { submit: (unit) => this.#use().runtime.services.queue.submit(unit) },
      clock: { now: () => this.#use().runtime.services.clock.now() },
      registry: this.#registry,
      log: this.#options.logger ?? DEFAULT_LOG,
      maxPayloadBytes: this.#settings.maxPayloadBytes,
      newInstance: (request) => this.#use().runtime.services.newInstance(request),
      wake: (wakes) => this.#use().runtime.wake(wakes),
    })
  }

  #use(): Running {
    if (this.#running) return this.#running
    throw new NotInitializedError(
      this.#isShutDown ? 'This app was shut down' : 'This app is not initialized: await app.initialize() first',
    )
  }

  #newInstance(
    name: string,
    input: string,
    valid: unknown,
    workflow: Workflow | undefined,
    options: StartOptions,
  ): NewInstance {
    const { runtime } = this.#use()
    if (options.instanceId !== undefined) checkName('instance id', options.instanceId)
    checkStart(options)
    const tags = { ...workflow?.options.tags?.(valid), ...options.tags }
    const now = runtime.services.clock.now()
    const startAt = startTime(options, now)
    return runtime.services.newInstance({
      id: options.instanceId ?? generatedId(name, newId(now)),
      workflowName: name,
      definition: this.#registry.get(name),
      input,
      now,
      tags,
      ...(startAt === undefined ? {} : { startAt }),
      ...(options.lockTimeoutSeconds === undefined ? {} : { leaseMs: Math.round(options.lockTimeoutSeconds * 1_000) }),
    })
  }

  async #startIn(tx: unknown, instance: NewInstance): Promise<Awaited<ReturnType<Runtime['submitStart']>>> {
    const { storage } = this.#use()
    const [verdict] = await storage.commit([{ kind: 'start', instance, first: null }], { tx })
    if (!verdict) throw new Error('no verdict')
    return verdict
  }

  async #waitForEnd(id: string, timeoutMs: number | undefined): Promise<EndSummary> {
    const { runtime, storage } = this.#use()
    const isLocal = (one: string): boolean => runtime.worker?.isLocal(one) ?? false
    if (isLocal(id)) return runtime.results.wait(id, true, timeoutMs)
    const head = await storage.chainHead(id)
    if (!head) throw new InstanceNotFoundError(id)
    return runtime.results.wait(head.id, isLocal(head.id), timeoutMs)
  }

  async #wholeHistory(id: string): Promise<readonly HistoryEvent[] | null> {
    const { storage } = this.#use()
    const rows = (await storage.histories([id])).get(id) ?? []
    if (rows.length === 0 && !(await storage.instance(id))) return null
    return rows.map(decodeEvent)
  }

  async #operate(id: string, verb: OperatorVerb, options: OperatorOptions): Promise<WorkflowHandle> {
    const { storage, runtime } = this.#use()
    const outcome = await storage.operate(id, verb, { now: runtime.services.clock.now(), audit: options.audit ?? null })
    if (outcome.kind === 'not-found') throw new InstanceNotFoundError(id)
    if (outcome.kind === 'refused') throw new InvalidStateError(`Cannot ${verb.type} instance '${id}': ${outcome.why}`)
    runtime.wake(outcome.wakes)
    return this.#handle(id)
  }

  #surgery(): SurgeryDeps {
    const { storage, runtime } = this.#use()
    return {
      storage,
      registry: this.#registry,
      settings: this.#settings,
      now: () => runtime.services.clock.now(),
      wake: (wakes) => runtime.wake(wakes),
    }
  }
}
