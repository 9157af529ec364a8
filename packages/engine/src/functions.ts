/** The reference's free functions. They only forward to the context. */
import type {
  ActivityContext,
  ChannelMessage,
  OutgoingEventOptions,
  PublishOptions,
  ReceivedEvent,
  ReceiveOptions,
  SendToOptions,
  WaitEventOptions,
  WorkflowContext,
} from './model/context'
import type { ChannelDefinition, Compensation, EventDefinition } from './model/definition'
import type { Duration } from './model/duration'
import type { ChannelMode } from './model/history'
import type { JsonValue } from './model/json'

export function sleep(
  ctx: WorkflowContext,
  duration: Duration,
  options?: { readonly timerId?: string },
): Promise<void> {
  return ctx.sleep(duration, options)
}

export function sleepUntil(ctx: WorkflowContext, date: Date, options?: { readonly timerId?: string }): Promise<void> {
  return ctx.sleepUntil(date, options)
}

export function waitEvent<Data = JsonValue>(
  ctx: WorkflowContext,
  type: string | EventDefinition<Data>,
  options?: WaitEventOptions<Data>,
): Promise<ReceivedEvent<Data>> {
  return ctx.waitEvent(type, options)
}

export function subscribe(
  ctx: WorkflowContext,
  channel: string | ChannelDefinition<never>,
  options?: { readonly mode?: ChannelMode },
): Promise<void> {
  return ctx.subscribe(channel, options)
}

export function unsubscribe(ctx: WorkflowContext, channel: string | ChannelDefinition<never>): Promise<void> {
  return ctx.unsubscribe(channel)
}

export function receive<Data = JsonValue | Uint8Array>(
  ctx: WorkflowContext,
  channel: string | ChannelDefinition<Data>,
  options?: ReceiveOptions,
): Promise<ChannelMessage<Data>> {
  return ctx.receive(channel, options)
}

/** From a workflow: recorded, sent once across replays. From an activity: commits with it. @returns the message's id */
export async function publish(
  ctx: WorkflowContext | ActivityContext,
  channel: string | ChannelDefinition<never>,
  data: unknown,
  options?: PublishOptions,
): Promise<string> {
  return ctx.publish(channel, data, options)
}

export function sendTo(
  ctx: WorkflowContext,
  instanceId: string,
  data: unknown,
  options?: SendToOptions,
): Promise<boolean> {
  return ctx.sendTo(instanceId, data, options)
}

export function recur(ctx: WorkflowContext, input: unknown): Promise<never> {
  return ctx.recur(input)
}

export function registerCompensation<Args>(
  ctx: WorkflowContext,
  comp: Compensation<Args>,
  args: Args,
  options?: { readonly activityId?: string },
): Promise<void> {
  return ctx.registerCompensation(comp, args, options)
}

export function clearCompensations(ctx: WorkflowContext): Promise<void> {
  return ctx.clearCompensations()
}

/** An outbox row that commits with the activity. @returns the event's id */
export function sendEventTransactional(
  ctx: ActivityContext,
  type: string,
  source: string,
  data: unknown,
  options?: OutgoingEventOptions,
): string {
  return ctx.sendEventTransactional(type, source, data, options)
}
