/**
 * The WorkflowContext that workflow code sees: each method makes one command and, where it waits, one promise. No method awaits anything before its
 * identity is taken (R2), and none throws to stop the code (R4); errors are thrown for bad arguments only.
 */
import type { AnsweredCommand } from '../model/command'
import type {
  ActivityContext,
  ChannelMessage,
  ChildHandle,
  Log,
  PublishOptions,
  RaceResult,
  ReceivedEvent,
  ReceiveOptions,
  RunOptions,
  SendToOptions,
  StartChildOptions,
  WaitEventOptions,
  WorkflowContext,
} from '../model/context'
import {
  type Activity,
  type CallOptions,
  type ChannelDefinition,
  type Compensation,
  channelName,
  checkAttempts,
  checkMetadata,
  checkMode,
  checkName,
  checkTags,
  type EventDefinition,
  INVOKE_ACTIVITY,
  type Workflow,
} from '../model/definition'
import { type Duration, durationMs } from '../model/duration'
import { NotSubscribedError } from '../model/errors'
import type { ChannelMode, HistoryEvent } from '../model/history'
import { generatedId } from '../model/instance'
import { type Given, given, type JsonValue } from '../model/json'
import { checkWhere } from '../model/match'
import * as answers from './answers'
import { deterministicId, SeededRandom } from './determinism'
import type { ContextHost } from './host'
import { callsOf, markCalls, markGiven, quiet, refusal } from './promises'
import { silentWhileReplaying } from './silent-log'
import { snapshot } from './snapshot'

/** Of a call that history has answered already: nobody will look at it. */
const NO_INPUT: Given = given(null)

export class ReplayContext implements WorkflowContext {
  readonly #execution: ContextHost
  #random: SeededRandom | undefined
  #log: Log | undefined

  constructor(execution: ContextHost) {
    this.#execution = execution
  }

  get instanceId(): string {
    return this.#execution.instanceId
  }
  get workflowName(): string {
    return this.#execution.workflowName
  }
  get workerId(): string {
    return this.#execution.workerId
  }
  get isReplaying(): boolean {
    return this.#execution.isReplaying
  }

  now(): Date {
    return new Date(this.#execution.nowMs)
  }
  random(): number {
    return this.#source().next()
  }
  uuid(): string {
    return this.#source().uuid()
  }
  get log(): Log {
    this.#log ??= silentWhileReplaying(this.#execution)
    return this.#log
  }

  [INVOKE_ACTIVITY](definition: Activity, input: unknown, call: CallOptions = {}): Promise<unknown> {
    checkAttempts(call)
    const activityId = this.#execution.calls.nextId(definition.activityName, call.activityId)
    const command = {
      type: 'RunActivity' as const,
      activityId,
      name: definition.activityName,
      fn: definition.fn,
      options: definition.options,
      call,
      input: this.#execution.isRecorded(activityId) ? NO_INPUT : given(input),
    }
    return this.#open(command, answers.activityResult)
  }

  run<Output>(name: string, ...rest: readonly unknown[]): Promise<Awaited<Output>> {
    checkName('step', name)
    const [options, fn] = rest.length > 1 ? [rest[0] as RunOptions, rest[1]] : [{}, rest[0]]
    if (typeof fn !== 'function') throw new TypeError(`ctx.run('${name}') needs a function as its last argument`)
    const body = fn as (ctx: ActivityContext) => unknown
    checkAttempts(options)
    const { onFailure, compensateOn, ...call } = options
    const activityId = this.#execution.calls.nextId(name, options.activityId)
    const activityOptions = { ...(onFailure ? { onFailure } : {}), ...(compensateOn ? { compensateOn } : {}) }
    return this.#open(
      { type: 'RunActivity', activityId, name, fn: body, options: activityOptions, call, input: NO_INPUT },
      answers.activityResult,
    ) as Promise<Awaited<Output>>
  }

  sleep(duration: Duration, options: { readonly timerId?: string } = {}): Promise<void> {
    const ms = durationMs(duration)
    const activityId = this.#execution.calls.nextId('sleep', options.timerId)
    return this.#open({ type: 'StartTimer', activityId, durationMs: ms }, () => undefined)
  }

  sleepUntil(date: Date, options: { readonly timerId?: string } = {}): Promise<void> {
    const until = date instanceof Date ? date.getTime() : Number.NaN
    if (Number.isNaN(until)) throw new RangeError('ctx.sleepUntil needs a valid Date')
    const activityId = this.#execution.calls.nextId('sleep_until', options.timerId)
    if (until <= this.#execution.nowMs) return Promise.resolve()
    return this.#open({ type: 'StartTimer', activityId, until }, () => undefined)
  }

  waitEvent<Data = JsonValue>(
    type: string | EventDefinition<Data>,
    options: WaitEventOptions<Data> = {},
  ): Promise<ReceivedEvent<Data>> {
    const eventType = typeof type === 'string' ? type : type.type
    checkName('event', eventType)
    const schema = options.schema ?? (typeof type === 'string' ? undefined : type.schema)
    if (options.where) checkWhere(options.where)
    const timeoutMs = options.timeout === undefined ? undefined : durationMs(options.timeout)
    const activityId = this.#execution.calls.nextId(`receive_${eventType}`, options.eventId)
    const command = {
      type: 'WaitEvent' as const,
      activityId,
      eventType,
      ...(options.where ? { where: options.where } : {}),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }
    return this.#open(command, (event) => answers.receivedEvent(event, schema)) as Promise<ReceivedEvent<Data>>
  }

  subscribe(channel: string | ChannelDefinition<any>, options: { readonly mode?: ChannelMode } = {}): Promise<void> {
    const { subscriptions, calls } = this.#execution
    const name = channelName(channel)
    const mode = options.mode ?? (typeof channel === 'string' ? 'broadcast' : channel.mode)
    checkMode(mode)
    const existing = subscriptions.get(name)
    const activityId = calls.nextId(`subscribe_${name}`, undefined)
    if (existing)
      return existing.mode === mode ? Promise.resolve() : refusal(answers.modeConflict(name, existing.mode, mode))
    const stored = subscriptions.storedName(name, mode)
    return this.#open({ type: 'Subscribe', activityId, channel: stored, mode }, (event) => {
      answers.throwIfRefused(event)
      subscriptions.add(name, mode)
    })
  }

  unsubscribe(channel: string | ChannelDefinition<any>): Promise<void> {
    const { subscriptions, calls } = this.#execution
    const name = channelName(channel)
    const activityId = calls.nextId(`unsubscribe_${name}`, undefined)
    const existing = subscriptions.get(name)
    if (!existing) return Promise.resolve()
    subscriptions.remove(name)
    this.#execution.inline({ type: 'Unsubscribe', activityId, channel: existing.stored })
    return Promise.resolve()
  }

  receive<Data = JsonValue | Uint8Array>(
    channel: string | ChannelDefinition<Data>,
    options: ReceiveOptions = {},
  ): Promise<ChannelMessage<Data>> {
    const name = channelName(channel)
    const schema = typeof channel === 'string' ? undefined : channel.schema
    const timeoutMs = options.timeout === undefined ? undefined : durationMs(options.timeout)
    const activityId = this.#execution.calls.nextId(`receive_${name}`, options.messageId)
    const subscription = this.#execution.subscriptions.get(name)
    if (!subscription) return refusal(new NotSubscribedError(name))
    const command = {
      type: 'ReceiveMessage' as const,
      activityId,
      channel: subscription.stored,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }
    return this.#open(command, (event) => answers.channelMessage(event, name, schema)) as Promise<ChannelMessage<Data>>
  }

  publish(channel: string | ChannelDefinition<any>, data: unknown, options: PublishOptions = {}): Promise<string> {
    const name = channelName(channel)
    const target = options.targetInstanceId
    if (target !== undefined) checkName('instance id', target)
    const isDirect = typeof channel !== 'string' && channel.mode === 'direct'
    if (isDirect && target === undefined)
      throw new TypeError(`Channel '${name}' is direct: publish with { targetInstanceId }, or use ctx.sendTo`)
    const activityId = this.#execution.calls.nextId(`publish_${name}`, undefined)
    const messageId = deterministicId(this.instanceId, activityId)
    const stored = isDirect ? `${name}:${target}` : name
    const recorded = this.#execution.inline({
      type: 'Publish',
      activityId,
      channel: stored,
      data: this.#snapshot(activityId, data),
      metadata: this.#metadata(options.metadata),
      messageId,
      ...(target === undefined ? {} : { targetInstanceId: target }),
    })
    return Promise.resolve(recorded ? answers.publishedId(recorded) : messageId)
  }

  sendTo(instanceId: string, data: unknown, options: SendToOptions = {}): Promise<boolean> {
    checkName('instance id', instanceId)
    const name = options.channel ?? '__direct__'
    checkName('channel', name)
    const activityId = this.#execution.calls.nextId(`send_to_${name}`, undefined)
    const messageId = deterministicId(this.instanceId, activityId)
    const command = {
      type: 'SendTo' as const,
      activityId,
      targetInstanceId: instanceId,
      channel: `${name}:${instanceId}`,
      data: this.#snapshot(activityId, data),
      metadata: this.#metadata(options.metadata),
      messageId,
    }
    return this.#open(
      command,
      (event) => event.type === 'MessagePublished' && event.data.delivered === true,
    ) as Promise<boolean>
  }

  startChild<Input, Output>(
    wf: Workflow<Input, Output>,
    input: Input,
    options: StartChildOptions = {},
  ): Promise<ChildHandle<Output>> {
    const activityId = this.#execution.calls.nextId(`child_${wf.workflowName}`, undefined)
    const childId = options.instanceId ?? generatedId(wf.workflowName, deterministicId(this.instanceId, activityId))
    checkName('instance id', childId)
    const command = {
      type: 'StartChild' as const,
      activityId,
      workflow: wf as Workflow,
      input,
      childId,
      parentClosePolicy: options.parentClosePolicy ?? 'cancel',
    }
    return this.#open(command, (event) => this.#childHandle<Output>(activityId, answers.startedChild(event)))
  }

  call<Input, Output>(wf: Workflow<Input, Output>, input: Input, options: StartChildOptions = {}): Promise<Output> {
    const started = this.startChild(wf, input, options)
    const result = started.then((child) => child.result())
    markCalls(result, callsOf(started).map(resultId))
    return quiet(result)
  }

  #childHandle<Output>(activityId: string, childId: string): ChildHandle<Output> {
    let result: Promise<Output> | undefined
    const open = (): Promise<Output> => {
      const id = this.#execution.calls.nextId('', resultId(activityId))
      return this.#open({ type: 'AwaitChild', activityId: id, childId }, answers.childResult) as Promise<Output>
    }
    return {
      instanceId: childId,
      result: () => {
        result ??= open()
        return result
      },
    }
  }

  registerCompensation<Args>(
    comp: Compensation<Args>,
    args: Args,
    options: { readonly activityId?: string } = {},
  ): Promise<void> {
    const activityId = this.#execution.calls.nextId(`compensation_${comp.compensationName}`, options.activityId)
    this.#execution.inline({
      type: 'RegisterCompensation',
      activityId,
      name: comp.compensationName,
      args: this.#snapshot(activityId, args),
    })
    return Promise.resolve()
  }

  clearCompensations(): Promise<void> {
    const activityId = this.#execution.calls.nextId('clear_compensations', undefined)
    this.#execution.inline({ type: 'ClearCompensations', activityId })
    return Promise.resolve()
  }

  race<Branches extends Record<string, Promise<unknown>>>(branches: Branches): Promise<RaceResult<Branches>> {
    const entries = Object.entries(branches)
    if (entries.length === 0) throw new TypeError('ctx.race needs at least one branch')
    const withdrawLosers = (winner: string): void => {
      for (const [key, branch] of entries)
        if (key !== winner) for (const call of callsOf(branch)) this.#execution.withdraw(call)
    }
    const tagged = entries.map(([key, branch]) =>
      branch.then(
        (value) => ({ key, value }),
        (error: unknown) => Promise.reject({ key, error }),
      ),
    )
    const decided = Promise.race(tagged).then(
      (win) => {
        withdrawLosers(win.key)
        return win as RaceResult<Branches>
      },
      (loss: { readonly key: string; readonly error: unknown }) => {
        withdrawLosers(loss.key)
        throw loss.error
      },
    )
    markCalls(
      decided,
      entries.flatMap(([, branch]) => callsOf(branch)),
    )
    return quiet(decided)
  }

  recur(input: unknown): Promise<never> {
    this.#execution.finish({ kind: 'recurred', input: snapshot(input) })
    return new Promise(() => {})
  }

  patched(id: string): boolean {
    checkName('patch', id)
    return this.#execution.patched(id)
  }

  setTags(tags: Readonly<Record<string, string>>): void {
    checkTags(tags)
    this.#execution.inline({
      type: 'SetTags',
      activityId: this.#execution.calls.nextId('tags', undefined),
      tags: { ...tags },
    })
  }

  setState(state: unknown): void {
    const activityId = this.#execution.calls.nextId('state', undefined)
    this.#execution.inline({ type: 'SetState', activityId, state: this.#snapshot(activityId, state) })
  }

  #open<Result>(command: AnsweredCommand, read: (event: HistoryEvent) => Result | Promise<Result>): Promise<Result> {
    const promise = new Promise<Result>((resolve, reject) => {
      this.#execution.open(command, (event) => {
        try {
          const result = read(event)
          if (result instanceof Promise) void result.catch(refused)
          resolve(result)
        } catch (error) {
          refused(error)
          reject(error)
        }
      })
    })
    const refused = (error: unknown): void => {
      markGiven(error)
      void quiet(promise)
    }
    markCalls(promise, command.activityId)
    return promise
  }

  #source(): SeededRandom {
    this.#random ??= new SeededRandom(this.#execution.seed)
    return this.#random
  }

  #snapshot(activityId: string, value: unknown): unknown {
    return this.#execution.isRecorded(activityId) ? value : snapshot(value)
  }

  #metadata(given: PublishOptions['metadata']): Readonly<Record<string, JsonValue>> {
    checkMetadata(given)
    return { sourceInstanceId: this.instanceId, ...given }
  }
}

function resultId(startId: string): string {
  return `${startId}:result`
}
