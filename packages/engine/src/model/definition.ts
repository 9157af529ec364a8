/**
 * Definitions are values: a name, options, a function. They know no app and no storage; an app binds them.
 * Calling a definition only forwards to the context, so that the same value serves workflow code, tests and the dashboard.
 */
import {
  type Activity,
  type ActivityContext,
  type ActivityFunction,
  type ActivityOptions,
  type CallOptions,
  type ChannelDefinition,
  type Compensation,
  type CompensationOptions,
  type EventDefinition,
  INVOKE_ACTIVITY,
  type Workflow,
  type WorkflowContext,
  type WorkflowFunction,
  type WorkflowOptions,
  type WorkflowStarter,
} from './context'
import { type Duration, durationMs } from './duration'
import { AmbiguousAppError, NotInitializedError } from './errors'
import type { ChannelMode } from './history'
import { checkRetryPolicy, type RetryPolicy } from './retry-policy'
import type { Schema } from './schema'

export {
  type Activity,
  type ActivityOptions,
  type CallOptions,
  type ChannelDefinition,
  type Compensation,
  type EventDefinition,
  INVOKE_ACTIVITY,
  type Workflow,
  type WorkflowOptions,
  type WorkflowStarter,
}

/** What every database's integer holds. */
const LARGEST_VERSION = 2_147_483_647

const DEFINED = new Map<string, Workflow>()
const COMPENSATIONS = new Map<string, Compensation>()

/** Every workflow defined so far in this process, by name; a later definition of the same name replaces the earlier one here. */
export function getAllWorkflows(): ReadonlyMap<string, Workflow> {
  return new Map(DEFINED)
}

/**
 * Defines a workflow.
 *
 * @param name unique within an app; shown in the dashboard
 * @param fn an async function; awaits only what its context makes
 * @throws TypeError when `fn` is not an async function or an option has a bad form
 * @example const hello = workflow('hello', async (ctx, name: string) => greet(ctx, name))
 */
export function workflow<Input, Output>(name: string, fn: WorkflowFunction<Input, Output>): Workflow<Input, Output>
export function workflow<Input, Output>(
  name: string,
  options: WorkflowOptions<Input, Output>,
  fn: WorkflowFunction<Input, Output>,
): Workflow<Input, Output>
export function workflow<Input, Output>(name: string, ...rest: readonly unknown[]): Workflow<Input, Output> {
  const [options, fn] = split<WorkflowOptions<Input, Output>, WorkflowFunction<Input, Output>>('workflow', name, rest)
  if (!isAsync(fn)) throw new TypeError(`workflow '${name}' must be an async function`)
  const what = `workflow '${name}'`
  checkSchemas(what, options)
  if (options.lockTimeoutSeconds !== undefined) checkLockTimeout(options.lockTimeoutSeconds)
  const { version = 1 } = options
  if (!Number.isInteger(version) || version < 1 || version > LARGEST_VERSION)
    throw new TypeError(`${what}: version must be an integer from 1 to ${LARGEST_VERSION}`)
  if (typeof options.eventHandler === 'string') checkName('event', options.eventHandler)
  else if (options.eventHandler !== undefined && typeof options.eventHandler !== 'boolean')
    throw new TypeError(`${what}: eventHandler must be true, false or the type of a CloudEvent`)
  if (options.tags !== undefined && typeof options.tags !== 'function')
    throw new TypeError(`${what}: tags must be a function of the input`)
  if (options.description !== undefined && typeof options.description !== 'string')
    throw new TypeError(`${what}: description must be a text`)
  if (options.deadline !== undefined) durationMs(options.deadline)
  if (options.retention !== undefined) durationMs(options.retention)
  const boundTo = new Set<WorkflowStarter>()
  const start = async (input: Input, startOptions?: object): Promise<unknown> => {
    const [app, second] = [...boundTo]
    if (!app)
      throw new NotInitializedError(
        `Workflow '${name}' is bound to no app: pass it in new EddaApp({ workflows }) and call initialize()`,
      )
    if (second) throw new AmbiguousAppError(name)
    return app.start(definition, input, startOptions)
  }
  const call = (ctx: WorkflowContext, input: Input): Promise<Output> => fn(ctx, input)
  const definition: Workflow<Input, Output> = named(
    Object.assign(call, { kind: 'workflow' as const, workflowName: name, options, fn, boundTo, start }),
    name,
  )
  DEFINED.set(name, definition)
  return definition
}

/**
 * Defines an activity: the only place where a workflow touches the world.
 *
 * @example const charge = activity('charge', { retry: { maxAttempts: 3 } }, async (ctx, order: Order) => pay(order, ctx.idempotencyKey))
 * @throws TypeError, RangeError when an option has a bad form
 */
export function activity<Input, Output>(
  name: string,
  fn: ActivityFunction<Input, Output>,
): Activity<Input, Awaited<Output>>
export function activity<Input, Output>(
  name: string,
  options: ActivityOptions<Input, Output>,
  fn: ActivityFunction<Input, Output>,
): Activity<Input, Awaited<Output>>
export function activity<Input, Output>(name: string, ...rest: readonly unknown[]): Activity<Input, Awaited<Output>> {
  const [options, fn] = split<ActivityOptions<Input, Output>, ActivityFunction<Input, Output>>('activity', name, rest)
  const what = `activity '${name}'`
  checkSchemas(what, options)
  checkAttempts(options)
  if (options.onFailure !== undefined && options.onFailure?.kind !== 'compensation')
    throw new TypeError(`${what}: onFailure must be a compensation, made by compensation(name, fn)`)
  if (options.compensateOn !== undefined && !['completed', 'attempted'].includes(options.compensateOn))
    throw new TypeError(`${what}: compensateOn must be 'completed' or 'attempted'`)
  if (options.thread !== undefined && !(options.thread instanceof URL))
    throw new TypeError(`${what}: thread must be the URL of a module, e.g. new URL('./work.js', import.meta.url)`)
  if (options.heartbeatTimeout !== undefined) durationMs(options.heartbeatTimeout)
  const call = (ctx: WorkflowContext, input: Input, callOptions?: CallOptions): Promise<Awaited<Output>> => {
    const invoke = (ctx as Partial<WorkflowContext> | undefined)?.[INVOKE_ACTIVITY]
    if (!invoke)
      throw new TypeError(
        `${what} was called outside a workflow: call it with the WorkflowContext that the workflow function was given`,
      )
    return invoke.call(ctx, definition as Activity, input, callOptions) as Promise<Awaited<Output>>
  }
  const definition = named(
    Object.assign(call, { kind: 'activity' as const, activityName: name, options, fn }),
    name,
  ) as unknown as Activity<Input, Awaited<Output>>
  return definition
}

/**
 * Defines the undoing of an activity.
 *
 * @param fn gets `{ input, output }` when used as an activity's `onFailure`, or the `args` of `ctx.registerCompensation`
 */
export function compensation<Args>(name: string, fn: (ctx: ActivityContext, args: Args) => unknown): Compensation<Args>
export function compensation<Args>(
  name: string,
  options: CompensationOptions,
  fn: (ctx: ActivityContext, args: Args) => unknown,
): Compensation<Args>
export function compensation<Args>(name: string, ...rest: readonly unknown[]): Compensation<Args> {
  const [options, fn] = split<CompensationOptions, (ctx: ActivityContext, args: Args) => unknown>(
    'compensation',
    name,
    rest,
  )
  checkAttempts(options)
  const definition: Compensation<Args> = Object.freeze({
    kind: 'compensation' as const,
    compensationName: name,
    options,
    fn,
  })
  COMPENSATIONS.set(name, definition)
  return definition
}

/** Looks a compensation up by the name that its stack row holds; undefined once the code no longer defines it. */
export function findCompensation(name: string): Compensation | undefined {
  return COMPENSATIONS.get(name)
}

/** A typed CloudEvent type. */
export function event<Data = unknown>(type: string, schema?: Schema<unknown, Data>): EventDefinition<Data> {
  checkName('event', type)
  if (schema !== undefined) checkSchema(`event '${type}': schema`, schema)
  return Object.freeze({ kind: 'event' as const, type, schema })
}

/** A channel with its mode; the mode belongs to the channel, so every subscriber agrees. */
export function channel<Data = unknown>(
  name: string,
  options: { readonly mode: ChannelMode; readonly schema?: Schema<unknown, Data> },
): ChannelDefinition<Data> {
  checkName('channel', name)
  checkMode(options?.mode)
  if (options.schema !== undefined) checkSchema(`channel '${name}': schema`, options.schema)
  return Object.freeze({ kind: 'channel' as const, name, mode: options.mode, schema: options.schema })
}

/** @throws TypeError for anything but the three modes; text as in the reference */
export function checkMode(mode: unknown): asserts mode is ChannelMode {
  if (mode !== 'broadcast' && mode !== 'competing' && mode !== 'direct') {
    throw new TypeError(`Invalid subscription mode: ${String(mode)}. Must be 'broadcast', 'competing', or 'direct'`)
  }
}

/** @throws RangeError unless it is a length that a lease can have: from a millisecond to a day */
export function checkLockTimeout(seconds: unknown): asserts seconds is number {
  if (typeof seconds === 'number' && seconds >= 0.001 && seconds <= 86_400) return
  throw new RangeError(`lockTimeoutSeconds must be a number of seconds from 0.001 to 86400, not ${String(seconds)}`)
}

/** @throws TypeError unless it is a text that every database can hold in the room there is for it */
export function checkText(what: string, text: unknown, longest: number): asserts text is string {
  if (typeof text !== 'string' || text.length > longest)
    throw new TypeError(`${what} must be a text of at most ${longest} characters`)
  if (text.includes('\u0000') || /\p{Cs}/u.test(text))
    throw new TypeError(`${what} has U+0000 or an unpaired surrogate`)
}

/** @throws TypeError unless it is a flat object of strings */
export function checkTags(tags: unknown): asserts tags is Readonly<Record<string, string>> {
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags))
    throw new TypeError('Tags must be an object of strings')
  for (const [key, value] of Object.entries(tags))
    if (typeof value !== 'string') throw new TypeError(`Tag '${key}' must be a string`)
}

/** @throws TypeError unless it is a plain object: receivers read its members */
export function checkMetadata(metadata: unknown): void {
  if (metadata === undefined) return
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new TypeError('The metadata of a message must be an object')
}

/** The name of a channel given as text or as a definition. @throws TypeError */
export function channelName(channel: string | Pick<ChannelDefinition, 'name'> | undefined): string {
  const name = typeof channel === 'string' ? channel : channel?.name
  checkName('channel', name)
  return name
}

/** Names reach SQL as bound values and HTML as text; the limit keeps them indexable on every database and readable on every page. */
export function checkName(kind: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name.length === 0 || name.length > 150)
    throw new TypeError(
      `${/^[aeiou]/.test(kind) ? 'An' : 'A'} ${kind} needs a name of 1 to 150 characters, not ${JSON.stringify(name)}`,
    )
  if (!isWellFormed(name))
    throw new TypeError(`The ${kind} name ${JSON.stringify(name)} has control characters or unpaired surrogates`)
}

/** Without control characters and unpaired surrogates, which no database or page shows as they are. */
export function isWellFormed(name: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(name)
}

function split<Options, Fn>(kind: string, name: unknown, rest: readonly unknown[]): [Options, Fn] {
  checkName(kind, name)
  const what = `${kind} '${name}'`
  const fn = rest.length > 1 ? rest[1] : rest[0]
  const options = rest.length > 1 ? rest[0] : {}
  if (typeof fn !== 'function') throw new TypeError(`${what} needs a function as its last argument`)
  if (options === null || typeof options !== 'object') throw new TypeError(`${what}: options must be an object`)
  return [options as Options, fn as Fn]
}

/** @throws RangeError for a retry policy or a timeout that no attempt could follow */
export function checkAttempts(options: { readonly retry?: RetryPolicy; readonly timeout?: Duration }): void {
  if (options.retry !== undefined) checkRetryPolicy(options.retry)
  if (options.timeout !== undefined) durationMs(options.timeout)
}

function checkSchemas(what: string, options: { readonly input?: unknown; readonly output?: unknown }): void {
  if (options.input !== undefined) checkSchema(`${what}: input`, options.input)
  if (options.output !== undefined) checkSchema(`${what}: output`, options.output)
}

/** Of arktype's schemas typeof is 'function'. */
function checkSchema(what: string, schema: unknown): void {
  const standard = (schema as { readonly '~standard'?: { readonly validate?: unknown } } | null)?.['~standard']
  if (typeof standard?.validate !== 'function')
    throw new TypeError(`${what} must be a Standard Schema, e.g. one of zod, valibot or arktype`)
}

function isAsync(fn: unknown): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncFunction]'
}

function named<Fn extends object>(fn: Fn, name: string): Fn {
  return Object.defineProperty(fn, 'name', { value: name, configurable: true })
}
