/**
 * Where CloudEvents go in: each is stored with all that it causes in one transaction (inbox row, message, starts), a batch with all of its events in
 * one, and only then anybody is told. Knows no HTTP.
 *
 *  1. Everything is validated before anything is stored: a refused event, or batch, has no effect.
 *  2. A repeat of (source, id) has no second effect; its handlers do not run again.
 *  3. Handlers run in this process after the commit, once, and are lost with it: what must happen belongs into an event-handler workflow or a wait.
 *     Their errors are logged and concern nobody else.
 *  4. A type with handlers starts no workflow by itself: the handler has taken its place.
 */
import type { CloudEvent } from './cloud-events/cloud-event'
import { type CheckedEvent, checkEvent, type DeliveryFacts, deliveryOf, type EventInput } from './event-delivery'
import type { EventDefinition, Log } from './model/context'
import { checkName } from './model/definition'
import { type Schema, validate } from './model/schema'
import type { Clock } from './runtime/clock'
import type { CommitQueue } from './runtime/commit-queue'
import { newId } from './runtime/ids'
import type { Definition, NewInstanceRequest } from './runtime/services'
import type { AuditEntry, NewInstance } from './storage/rows'
import type { Wakes } from './storage/units'

export type { EventInput } from './event-delivery'

/** What a handler gets: the event, with its data as the schema of its definition made it. */
export interface HandledEvent<Data = CloudEvent['data']> extends Omit<CloudEvent, 'data'> {
  readonly data: Data
}
export type EventHandler<Data = CloudEvent['data']> = (event: HandledEvent<Data>) => unknown

export interface EventOutcome {
  /** It was known already; nothing else happened. */
  readonly duplicate: boolean
  /** Ids of the instances it started. */
  readonly started: readonly string[]
  /** Ids of the instances that were waiting for it. */
  readonly receivers: readonly string[]
}

export interface HandleOptions {
  /** Also waits for the handlers. */
  readonly wait?: boolean
  /** Written in the transaction of the events; for operators' tools. */
  readonly audit?: AuditEntry
}

export interface EventRouterDeps {
  readonly queue: Pick<CommitQueue, 'submit'>
  readonly clock: Pick<Clock, 'now'>
  readonly registry: { values(): readonly Definition[] }
  readonly log: Log
  readonly maxPayloadBytes: number
  newInstance(request: NewInstanceRequest): NewInstance
  /** Tells those who were waiting, and the workers of what was started. */
  wake(wakes: Wakes): void
}

interface Registration {
  readonly schema: Schema<unknown, unknown> | undefined
  readonly handler: EventHandler<unknown>
}
type Call = () => unknown

export class EventRouter {
  readonly #deps: EventRouterDeps
  readonly #registrations = new Map<string, Registration[]>()
  readonly #running = new Set<Promise<void>>()

  constructor(deps: EventRouterDeps) {
    this.#deps = deps
  }

  /**
   * Calls `handler` for every event of this type that arrives in this process; any number per type. Workflows with `eventHandler` of that type are not
   * started any more. The schema of a definition refuses events as the input of a workflow does.
   *
   * @returns a function that removes the handler
   */
  onEvent<Data = CloudEvent['data']>(type: string | EventDefinition<Data>, handler: EventHandler<Data>): () => void {
    const name = typeof type === 'string' ? type : type.type
    checkName('event', name)
    if (typeof handler !== 'function') throw new TypeError(`onEvent('${name}') needs a function`)
    const schema = typeof type === 'string' ? undefined : type.schema
    // the schema of the definition is what makes the data Data
    const registration: Registration = { schema, handler: handler as EventHandler<unknown> }
    this.#registrations.set(name, [...(this.#registrations.get(name) ?? []), registration])
    return () => {
      const others = (this.#registrations.get(name) ?? []).filter((one) => one !== registration)
      if (others.length > 0) this.#registrations.set(name, others)
      else this.#registrations.delete(name)
    }
  }

  /**
   * Stores and routes one event; resolves after the commit.
   *
   * @param options.wait also waits for the handlers
   * @throws CloudEventError, SerializationError, ValidationError before anything is stored; DatabaseError when it cannot be stored
   */
  async handleCloudEvent(event: EventInput, options: HandleOptions = {}): Promise<EventOutcome> {
    const [outcome] = await this.handleBatch([event], options)
    return outcome ?? { duplicate: false, started: [], receivers: [] }
  }

  /** As {@link handleCloudEvent}, for several: all of them or none. Outcomes in the order of the events. */
  async handleBatch(events: readonly EventInput[], options: HandleOptions = {}): Promise<readonly EventOutcome[]> {
    if (events.length === 0) return []
    const { queue, clock, maxPayloadBytes } = this.#deps
    const now = clock.now()
    const facts: DeliveryFacts = {
      now,
      newId: () => newId(now),
      newInstance: (request) => this.#deps.newInstance(request),
    }
    const checked = events.map((event) => checkEvent(event, maxPayloadBytes))
    const calls = await Promise.all(checked.map((one) => this.#callsFor(one)))
    const deliveries = await Promise.all(
      checked.map((one, index) => deliveryOf(one, this.#handling(one.event.type), calls[index]?.length ?? 0, facts)),
    )
    const { audit } = options
    const verdict = await queue.submit({ kind: 'publish', now, deliveries, ...(audit ? { audit } : {}) })
    if (verdict.kind === 'failed') throw verdict.error
    if (verdict.kind !== 'published') throw new Error(`A publish was answered with '${verdict.kind}'`)
    this.#deps.wake(verdict.wakes)
    const handled: Promise<void>[] = []
    const outcomes = verdict.deliveries.map(({ duplicate, receivers }, index) => {
      if (duplicate) return { duplicate, started: [], receivers: [] }
      handled.push(...(calls[index] ?? []).map((call) => this.#start(call, events[index])))
      return { duplicate, receivers, started: (deliveries[index]?.starts ?? []).map((instance) => instance.id) }
    })
    if (options.wait) await Promise.all(handled)
    return outcomes
  }

  /** Resolves when no handler runs. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Workflows that an event of this type starts here. */
  #handling(type: string): readonly Definition[] {
    if (this.#registrations.has(type)) return []
    return this.#deps.registry.values().filter(({ workflow }) => {
      const { eventHandler } = workflow.options
      return eventHandler === true ? workflow.workflowName === type : eventHandler === type
    })
  }

  /** The handlers' calls, ready to be made: their data has passed the schemas. */
  #callsFor({ event }: CheckedEvent): Promise<readonly Call[]> {
    const registrations = this.#registrations.get(event.type) ?? []
    return Promise.all(
      registrations.map(async ({ schema, handler }): Promise<Call> => {
        const data = schema ? await validate(schema, event.data, `data of event ${event.type}`) : event.data
        return () => handler(Object.freeze({ ...event, data }))
      }),
    )
  }

  #start(call: Call, event: EventInput | undefined): Promise<void> {
    const running = Promise.resolve()
      .then(call)
      .then(
        () => {},
        (error: unknown) => {
          const { type, source, id } = event ?? {}
          this.#deps.log.error({ err: error, type, source, id }, 'an event handler threw')
        },
      )
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
    return running
  }
}
