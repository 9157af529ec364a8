/** How each recorded event reads to workflow code: the value it resolves to, or the error it throws, the same on every replay. */
import type { ChannelMessage, ReceivedEvent } from '../model/context'
import {
  ChannelModeConflictError,
  EventTimeoutError,
  ReceiveTimeoutError,
  WorkflowCancelledError,
  WorkflowFailedError,
} from '../model/errors'
import { fromFailure } from '../model/failure'
import type { HistoryEvent } from '../model/history'
import { type Schema, validate } from '../model/schema'

export function activityResult(event: HistoryEvent): unknown {
  if (event.type === 'ActivityFailed') throw fromFailure(event.data.error)
  return event.type === 'ActivityCompleted' ? event.data.result : unexpected(event)
}

export function receivedEvent(
  event: HistoryEvent,
  schema: Schema<unknown, unknown> | undefined,
): ReceivedEvent<unknown> | Promise<ReceivedEvent<unknown>> {
  if (event.type === 'MessageTimeout')
    throw new EventTimeoutError({
      eventType: event.data.eventType ?? event.data.channel,
      timeoutSeconds: event.data.timeoutSeconds,
    })
  throwIfRefused(event)
  if (event.type !== 'EventReceived') return unexpected(event)
  const { data: stored, ...attributes } = event.data
  const withData = (data: unknown): ReceivedEvent<unknown> => Object.freeze({ ...attributes, data })
  return checked(event.binary ?? stored ?? null, schema, `data of event ${event.data.type}`, withData)
}

export function channelMessage(
  event: HistoryEvent,
  plainName: string,
  schema: Schema<unknown, unknown> | undefined,
): ChannelMessage<unknown> | Promise<ChannelMessage<unknown>> {
  if (event.type === 'MessageTimeout')
    throw new ReceiveTimeoutError({ channel: plainName, timeoutSeconds: event.data.timeoutSeconds })
  if (event.type !== 'ChannelMessageReceived') return unexpected(event)
  const { id, metadata, publishedAt, data: stored } = event.data
  const withData = (data: unknown): ChannelMessage<unknown> =>
    Object.freeze({ id, channel: plainName, data, metadata, publishedAt: new Date(publishedAt) })
  return checked(event.binary ?? stored ?? null, schema, `message on channel ${plainName}`, withData)
}

export function childResult(event: HistoryEvent): unknown {
  if (event.type !== 'ChildCompleted') return unexpected(event)
  const { childId, status, result, error, cancel } = event.data
  if (status === 'completed') return result
  if (status === 'cancelled')
    throw new WorkflowCancelledError({ instanceId: childId, ...(cancel ?? { by: null, reason: null }) })
  throw new WorkflowFailedError({
    instanceId: childId,
    cause: error ? fromFailure(error) : new Error(`child ended ${status}`),
  })
}

/** The recorded id wins: a fork replays the children of the instance it was copied from. */
export function startedChild(event: HistoryEvent): string {
  throwIfRefused(event)
  return event.type === 'ChildStarted' ? event.data.childId : unexpected(event)
}

/** The recorded id wins here too. */
export function publishedId(event: HistoryEvent): string {
  return event.type === 'MessagePublished' ? event.data.messageId : unexpected(event)
}

/** A subscription or a child start that the database refused. */
export function throwIfRefused(event: HistoryEvent): void {
  if ((event.type === 'Subscribed' || event.type === 'ChildStarted') && event.data.error)
    throw fromFailure(event.data.error)
}

export function modeConflict(channel: string, existingMode: string, requestedMode: string): ChannelModeConflictError {
  return new ChannelModeConflictError({ channel, existingMode, requestedMode })
}

function checked<Result>(
  data: unknown,
  schema: Schema<unknown, unknown> | undefined,
  what: string,
  build: (data: unknown) => Result,
): Result | Promise<Result> {
  if (!schema) return build(data)
  const valid = validate(schema, data, what)
  return valid instanceof Promise ? valid.then(build) : build(valid)
}

function unexpected(event: HistoryEvent): never {
  throw new Error(`Event ${event.type} '${event.activityId}' cannot answer this call`)
}
