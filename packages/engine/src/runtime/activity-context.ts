/**
 * One attempt of an activity as its body sees it. What the body publishes or sends is buffered here and commits with the result, or never.
 * The AbortController and the session are made at the first touch: most activities need neither.
 */
import { randomUUID } from 'node:crypto'
import type { ActivityContext, Log, OutgoingEventOptions, PublishOptions, SendToOptions } from '../model/context'
import { type ChannelDefinition, channelName, checkMetadata, checkName } from '../model/definition'
import { InvalidStateError } from '../model/errors'
import { encodeJson, encodePayload, type JsonValue } from '../model/json'
import { checkOutgoing } from '../outbox/outgoing-event'
import type { OutboxRow, OutgoingMessage } from '../storage/rows'
import type { Session } from '../storage/storage'
import { lazyClient } from './lazy-session'

/** What an attempt wants committed beside its result. */
export interface Effects {
  readonly messages: OutgoingMessage[]
  readonly outbox: OutboxRow[]
  readonly sent: { readonly type: string; readonly source: string; readonly data: unknown }[]
  readonly postCommit: (() => unknown)[]
}

export interface AttemptFacts {
  readonly instanceId: string
  readonly workflowName: string
  readonly activityId: string
  readonly activityName: string
  readonly attempt: number
  readonly fencingToken: number
  readonly heartbeatDetails: JsonValue | undefined
  /** How this attempt gets its transaction, where it has to wait for its turn. */
  readonly openSession?: () => Promise<Session>
}

export interface AttemptServices {
  readonly log: Log
  readonly maxPayloadBytes: number
  now(): number
  openSession(): Promise<Session>
}

/** Whoever watches that the attempt lives. */
export interface Pulse {
  beat(details: JsonValue | undefined): void
}

export class AttemptContext implements ActivityContext {
  readonly #facts: AttemptFacts
  readonly #services: AttemptServices
  readonly #pulse: Pulse
  #controller: AbortController | undefined
  #abortReason: unknown
  #isAborted = false
  #isClosed = false
  #effects: Effects | undefined
  #opening: Promise<Session> | undefined
  #client: unknown
  #log: Log | undefined

  constructor(facts: AttemptFacts, services: AttemptServices, pulse: Pulse) {
    this.#facts = facts
    this.#services = services
    this.#pulse = pulse
  }

  get instanceId(): string {
    return this.#facts.instanceId
  }
  get workflowName(): string {
    return this.#facts.workflowName
  }
  get activityId(): string {
    return this.#facts.activityId
  }
  get attempt(): number {
    return this.#facts.attempt
  }
  get idempotencyKey(): string {
    return `${this.#facts.instanceId}/${this.#facts.activityId}`
  }
  get fencingToken(): number {
    return this.#facts.fencingToken
  }
  get heartbeatDetails(): JsonValue | undefined {
    return this.#facts.heartbeatDetails
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#isAborted) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  get log(): Log {
    const { instanceId, activityId, attempt } = this.#facts
    this.#log ??= withFields(this.#services.log, { instanceId, activityId, attempt })
    return this.#log
  }

  heartbeat(details?: unknown): void {
    const stored =
      details === undefined
        ? undefined
        : (JSON.parse(
            encodeJson(details, `heartbeat of ${this.activityId}`, this.#services.maxPayloadBytes),
          ) as JsonValue)
    this.#pulse.beat(stored)
  }

  get session(): unknown {
    this.#client ??= lazyClient(() => this.#open().then((session) => session.client))
    return this.#client
  }

  inTransaction(): boolean {
    return this.#opening !== undefined
  }

  async transaction<Result>(fn: () => Promise<Result>): Promise<Result> {
    const session = await this.#open()
    return session.savepoint(fn)
  }

  registerPostCommit(fn: () => unknown): void {
    if (typeof fn !== 'function') throw new TypeError('ctx.registerPostCommit needs a function')
    this.#buffer().postCommit.push(fn)
  }

  sendEventTransactional(type: string, source: string, data: unknown, options: OutgoingEventOptions = {}): string {
    const id = randomUUID()
    const payload = encodePayload(data, `data of event ${type}`, this.#services.maxPayloadBytes)
    const row: OutboxRow = {
      id,
      type,
      source,
      ...payload,
      contentType: options.contentType ?? (payload.binary ? 'application/octet-stream' : 'application/json'),
      subject: options.subject ?? null,
      extensions: options.extensions ? JSON.stringify(options.extensions) : null,
      partitionKey: options.partitionKey ?? null,
      instanceId: this.instanceId,
      createdAt: this.#services.now(),
    }
    checkOutgoing(row)
    this.#buffer().outbox.push(row)
    this.#buffer().sent.push({ type, source, data })
    return id
  }

  publish(channel: string | ChannelDefinition<unknown>, data: unknown, options: PublishOptions = {}): string {
    const name = channelName(channel)
    const target = options.targetInstanceId
    if (target !== undefined) checkName('instance id', target)
    const isDirect = typeof channel !== 'string' && channel.mode === 'direct'
    if (isDirect && target === undefined)
      throw new TypeError(`Channel '${name}' is direct: publish with { targetInstanceId }, or use ctx.sendTo`)
    return this.#message(isDirect ? `${name}:${target}` : name, data, options.metadata, target)
  }

  sendTo(instanceId: string, data: unknown, options: SendToOptions = {}): void {
    checkName('instance id', instanceId)
    const name = options.channel ?? '__direct__'
    checkName('channel', name)
    this.#message(`${name}:${instanceId}`, data, options.metadata, instanceId)
  }

  // ------------------------------------------------------------ for the runner

  abort(reason: unknown): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#abortReason = reason
    this.#controller?.abort(reason)
  }

  get isAborted(): boolean {
    return this.#isAborted
  }

  takeEffects(): Effects | undefined {
    return this.#effects
  }

  /** The open session, if the body touched it; waits for an opening that is under way. */
  takeSession(): Promise<Session> | undefined {
    return this.#opening
  }

  /** The attempt has ended: what it still does commits with nothing. */
  close(): void {
    this.#isClosed = true
  }

  #open(): Promise<Session> {
    if (this.#isAborted) return Promise.reject(this.#abortReason)
    if (this.#isClosed) return Promise.reject(this.#ended())
    this.#opening ??= this.#facts.openSession ? this.#facts.openSession() : this.#services.openSession()
    return this.#opening
  }

  #ended(): InvalidStateError {
    return new InvalidStateError(
      `Activity ${this.activityId} has ended: await everything that uses its context before it returns`,
    )
  }

  #buffer(): Effects {
    if (this.#isClosed) throw this.#ended()
    this.#effects ??= { messages: [], outbox: [], sent: [], postCommit: [] }
    return this.#effects
  }

  #message(channel: string, data: unknown, metadata: PublishOptions['metadata'], target: string | undefined): string {
    checkMetadata(metadata)
    const id = randomUUID()
    const { maxPayloadBytes } = this.#services
    this.#buffer().messages.push({
      id,
      channel,
      ...encodePayload(data, `message on channel ${channel}`, maxPayloadBytes),
      metadata: encodeJson(
        { sourceInstanceId: this.instanceId, ...metadata },
        `metadata of a message on channel ${channel}`,
        maxPayloadBytes,
      ),
      targetInstanceId: target ?? null,
      publishedAt: this.#services.now(),
    })
    return id
  }
}

/** A logger that says where a line comes from. */
export function withFields(log: Log, fields: object): Log {
  const at =
    (level: keyof Log) =>
    (given: object | string, message?: string): void =>
      typeof given === 'string' ? log[level](fields, given) : log[level]({ ...fields, ...given }, message)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
