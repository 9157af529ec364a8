/** The two contexts as users see them. Two types, so that misuse does not compile. Implementations: `replay/context.ts`, `runtime/activity-context.ts`. */
import type { Duration } from './duration'
import type { ChannelMode } from './history'
import type { ParentClosePolicy } from './instance'
import type { JsonValue } from './json'
import type { RetryPolicy } from './retry-policy'
import type { Schema } from './schema'

/** Key of the internal method by which a definition asks its context to run it; a symbol, so it is no part of the public surface. */
export const INVOKE_ACTIVITY: unique symbol = Symbol('edda.invokeActivity')

export interface Log {
  debug(fields: object | string, message?: string): void
  info(fields: object | string, message?: string): void
  warn(fields: object | string, message?: string): void
  error(fields: object | string, message?: string): void
}

export interface ReceivedEvent<Data = JsonValue> {
  readonly data: Data
  readonly type: string
  readonly source: string
  readonly id: string
  readonly time?: string
  readonly datacontenttype?: string
  readonly subject?: string
  readonly dataschema?: string
  readonly extensions: Readonly<Record<string, JsonValue | undefined>>
}

export interface ChannelMessage<Data = JsonValue | Uint8Array> {
  readonly id: string
  readonly channel: string
  readonly data: Data
  readonly metadata: Readonly<Record<string, JsonValue | undefined>>
  readonly publishedAt: Date
}

export interface WaitEventOptions<Data> {
  readonly timeout?: Duration
  readonly schema?: Schema<unknown, Data>
  /** Equality on dotted paths of the event's data, e.g. `{ 'order.id': 'A1' }`. */
  readonly where?: Readonly<Record<string, string | number | boolean | null>>
  readonly eventId?: string
}

export interface ReceiveOptions {
  readonly timeout?: Duration
  readonly messageId?: string
}

export interface PublishOptions {
  readonly metadata?: Readonly<Record<string, JsonValue>>
  readonly targetInstanceId?: string
}

export interface SendToOptions {
  /** Default `__direct__`. */
  readonly channel?: string
  readonly metadata?: Readonly<Record<string, JsonValue>>
}

export interface ChildHandle<Output> {
  readonly instanceId: string
  /** @throws WorkflowFailedError, WorkflowCancelledError */
  result(): Promise<Output>
}

export interface StartChildOptions {
  readonly instanceId?: string
  readonly parentClosePolicy?: ParentClosePolicy
}

/** Winner of `ctx.race`: which key, and its value, with the type narrowed by the key. */
export type RaceResult<Branches extends Record<string, Promise<unknown>>> = {
  [Key in keyof Branches & string]: { readonly key: Key; readonly value: Awaited<Branches[Key]> }
}[keyof Branches & string]

export interface WorkflowContext {
  readonly instanceId: string
  readonly workflowName: string
  readonly workerId: string
  /** True while recorded events are delivered; the drain after the last of them still counts. */
  readonly isReplaying: boolean
  /** Time of the last event delivered, so it is the same on replay. */
  now(): Date
  random(): number
  uuid(): string
  /** Silent while replaying. */
  readonly log: Log

  sleep(duration: Duration, options?: { readonly timerId?: string }): Promise<void>
  sleepUntil(date: Date, options?: { readonly timerId?: string }): Promise<void>

  waitEvent<Data = JsonValue>(
    type: string | EventDefinition<Data>,
    options?: WaitEventOptions<Data>,
  ): Promise<ReceivedEvent<Data>>

  subscribe(channel: string | ChannelDefinition<any>, options?: { readonly mode?: ChannelMode }): Promise<void>
  unsubscribe(channel: string | ChannelDefinition<any>): Promise<void>
  receive<Data = JsonValue | Uint8Array>(
    channel: string | ChannelDefinition<Data>,
    options?: ReceiveOptions,
  ): Promise<ChannelMessage<Data>>
  publish(channel: string | ChannelDefinition<any>, data: unknown, options?: PublishOptions): Promise<string>
  sendTo(instanceId: string, data: unknown, options?: SendToOptions): Promise<boolean>

  startChild<Input, Output>(
    wf: Workflow<Input, Output>,
    input: Input,
    options?: StartChildOptions,
  ): Promise<ChildHandle<Output>>
  call<Input, Output>(wf: Workflow<Input, Output>, input: Input, options?: StartChildOptions): Promise<Output>

  registerCompensation<Args>(
    comp: Compensation<Args>,
    args: Args,
    options?: { readonly activityId?: string },
  ): Promise<void>
  clearCompensations(): Promise<void>

  run<Output>(name: string, fn: (ctx: ActivityContext) => Output | Promise<Output>): Promise<Awaited<Output>>
  run<Output>(
    name: string,
    options: RunOptions,
    fn: (ctx: ActivityContext) => Output | Promise<Output>,
  ): Promise<Awaited<Output>>
  race<Branches extends Record<string, Promise<unknown>>>(branches: Branches): Promise<RaceResult<Branches>>

  recur(input: unknown): Promise<never>

  patched(id: string): boolean
  setTags(tags: Readonly<Record<string, string>>): void
  setState(state: unknown): void

  /** @internal how an activity definition reaches its context */
  readonly [INVOKE_ACTIVITY]: (definition: Activity, input: unknown, options?: CallOptions) => Promise<unknown>
}

export interface RunOptions extends CallOptions {
  readonly onFailure?: Compensation<any>
  readonly compensateOn?: 'completed' | 'attempted'
}

export interface OutgoingEventOptions {
  readonly contentType?: string
  readonly subject?: string
  readonly extensions?: Readonly<Record<string, string | number | boolean>>
  readonly partitionKey?: string
}

export interface ActivityContext {
  readonly instanceId: string
  readonly workflowName: string
  readonly activityId: string
  /** From 1; goes on counting after a crash. */
  readonly attempt: number
  /** Stable over all attempts of this call: hand it to whoever you call. */
  readonly idempotencyKey: string
  /** Rises with every owner of the instance: hand it to storage that can refuse an older one. */
  readonly fencingToken: number
  /** Aborts on cancel, timeout, lost lease and shutdown. */
  readonly signal: AbortSignal
  /** Shows that the attempt lives; `details` (JSON) are given to the next attempt as `heartbeatDetails`. */
  heartbeat(details?: unknown): void
  readonly heartbeatDetails: JsonValue | undefined
  readonly log: Log

  /** A Prisma transaction client of the engine's own database, opened at the first touch; commits together with this activity's result. */
  readonly session: any
  inTransaction(): boolean
  transaction<Result>(fn: () => Promise<Result>): Promise<Result>
  registerPostCommit(fn: () => unknown): void

  sendEventTransactional(type: string, source: string, data: unknown, options?: OutgoingEventOptions): string
  publish(channel: string | ChannelDefinition<any>, data: unknown, options?: PublishOptions): string
  sendTo(instanceId: string, data: unknown, options?: SendToOptions): void
}

// ---------------------------------------------------------------- definitions, as values of these types

export interface WorkflowOptions<Input, Output> {
  readonly input?: Schema<unknown, Input>
  readonly output?: Schema<unknown, Output>
  /** Start on a CloudEvent whose type is the workflow's name, or this string. */
  readonly eventHandler?: boolean | string
  /** Length of the lease in seconds, default 300; renewed while the instance runs. */
  readonly lockTimeoutSeconds?: number
  /** From the start; a workflow that has not ended by then fails with `TimeoutError`. */
  readonly deadline?: Duration
  /** Integer ≥ 1, shown beside the instance. */
  readonly version?: number
  readonly tags?: (input: Input) => Readonly<Record<string, string>>
  readonly description?: string
  /** How long an ended instance is kept, counted from its end. */
  readonly retention?: Duration
}

export interface ActivityOptions<Input, Output> {
  readonly input?: Schema<unknown, Input>
  readonly output?: Schema<unknown, Output>
  readonly retry?: RetryPolicy
  /** Longest time of one attempt. */
  readonly timeout?: Duration
  readonly onFailure?: Compensation<any>
  /** `attempted`: compensate also when the last attempt failed or was interrupted. Default `completed`. */
  readonly compensateOn?: 'completed' | 'attempted'
  /** An attempt that gives no `heartbeat()` for this long is aborted and tried again. */
  readonly heartbeatTimeout?: Duration
  /** A module whose default export runs in a worker thread: `export default async (input, { signal, attempt }) => output`. */
  readonly thread?: URL
}

export interface CompensationOptions {
  readonly retry?: RetryPolicy
  readonly timeout?: Duration
}

export interface CallOptions {
  readonly activityId?: string
  readonly retry?: RetryPolicy
  readonly timeout?: Duration
  /** One line for the dashboard. */
  readonly summary?: string
}

export type ActivityFunction<Input, Output> = (ctx: ActivityContext, input: Input) => Output | Promise<Output>
export type WorkflowFunction<Input, Output> = (ctx: WorkflowContext, input: Input) => Promise<Output>

export interface Activity<Input = any, Output = any> {
  (ctx: WorkflowContext, input: Input, options?: CallOptions): Promise<Output>
  readonly kind: 'activity'
  readonly activityName: string
  readonly options: ActivityOptions<Input, Output>
  readonly fn: ActivityFunction<Input, Output>
}

export interface Compensation<Args = any> {
  readonly kind: 'compensation'
  readonly compensationName: string
  readonly options: CompensationOptions
  readonly fn: (ctx: ActivityContext, args: Args) => unknown
}

export interface EventDefinition<Data = unknown> {
  readonly kind: 'event'
  readonly type: string
  readonly schema: Schema<unknown, Data> | undefined
}

export interface ChannelDefinition<Data = unknown> {
  readonly kind: 'channel'
  readonly name: string
  readonly mode: ChannelMode
  readonly schema: Schema<unknown, Data> | undefined
}

/** What `workflow.start` needs from the app it is bound to; the app implements it. `options` are the app's start options. */
export interface WorkflowStarter {
  start(wf: Workflow, input: unknown, options?: object): Promise<unknown>
}

export interface Workflow<Input = any, Output = any> {
  /** Inside a workflow: runs it inline, as a function. */
  (ctx: WorkflowContext, input: Input): Promise<Output>
  readonly kind: 'workflow'
  readonly workflowName: string
  readonly options: WorkflowOptions<Input, Output>
  readonly fn: WorkflowFunction<Input, Output>
  /** Apps that run this definition. The app keeps it up to date. */
  readonly boundTo: Set<WorkflowStarter>
  /**
   * Starts an instance on the one app this workflow is bound to.
   * @throws NotInitializedError when it is bound to none
   * @throws AmbiguousAppError when it is bound to several
   */
  start(input: Input, options?: object): Promise<any>
}
