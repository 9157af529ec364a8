/** Commands of workflow code to rows, asks and operations of the draft. Pure but for the time it is given. */
import type { AnsweredCommand, Command, InlineCommand } from '../model/command'
import type { HistoryEventType } from '../model/history'
import { encodeGiven, encodeJson, encodePayload, type JsonValue } from '../model/json'
import type { NewHistoryRow, NewInstance, OutgoingMessage } from '../storage/rows'
import type { TransitionDraft } from './draft'
import type { Operations } from './operations'

export interface CommandFacts {
  readonly now: number
  /** What is waited for counts from here, so that nothing is early. Default now. */
  readonly latest?: number
  readonly maxPayloadBytes: number
  readonly tags: Readonly<Record<string, string>>
  newChild(command: Extract<Command, { type: 'StartChild' }>, input: string): NewInstance
}

/** Adds what one command asks for. A payload that cannot be stored becomes the draft's refusal. */
export function applyCommand(
  command: Command,
  draft: TransitionDraft,
  operations: Operations,
  facts: CommandFacts,
): void {
  try {
    apply(command, draft, operations, facts)
  } catch (error) {
    draft.refusal ??= error instanceof Error ? error : new Error(String(error))
  }
}

function apply(command: Command, draft: TransitionDraft, operations: Operations, facts: CommandFacts): void {
  switch (command.type) {
    case 'RunActivity':
      operations.set({
        kind: 'activity',
        id: command.activityId,
        name: command.name,
        attempt: 1,
        firstAttemptAt: facts.now,
        ...(command.call.summary === undefined ? {} : { summary: command.call.summary }),
      })
      if (command.options.compensateOn === 'attempted' && command.options.onFailure) {
        const input = encodeGiven(command.input, `input of ${command.activityId}`, facts.maxPayloadBytes)
        const args = `{"input":${input},"output":null}`
        draft.add('push', { name: command.options.onFailure.compensationName, args, activityId: command.activityId })
      }
      draft.start(command.activityId)
      draft.touched = true
      return
    case 'Withdraw':
      draft.add('closedWaits', ...withdraw(command.activityId, operations))
      draft.touched = true
      return
    case 'StartTimer':
    case 'ReceiveMessage':
    case 'WaitEvent':
    case 'AwaitChild':
      addWait(command, operations, facts.latest ?? facts.now)
      draft.touched = true
      return
    case 'Subscribe':
      draft.add('asks', {
        type: 'subscribe',
        activityId: command.activityId,
        channel: command.channel,
        mode: command.mode,
      })
      return
    case 'SendTo':
      draft.add('asks', {
        type: 'sendTo',
        activityId: command.activityId,
        targetInstanceId: command.targetInstanceId,
        message: message(command, command.targetInstanceId, facts),
      })
      return
    case 'StartChild': {
      const input = encodeJson(command.input, `input of child ${command.childId}`, facts.maxPayloadBytes)
      draft.add('asks', {
        type: 'startChild',
        activityId: command.activityId,
        instance: facts.newChild(command, input),
      })
      return
    }
    default:
      applyInline(command, draft, facts)
  }
}

function applyInline(command: InlineCommand, draft: TransitionDraft, facts: CommandFacts): void {
  const record = (type: HistoryEventType, data: string): void => {
    draft.record(row(command.activityId, type, data, facts.now))
  }
  const encode = (value: unknown, what: string): string => encodeJson(value, what, facts.maxPayloadBytes)
  switch (command.type) {
    case 'Publish': {
      draft.add('messages', message(command, command.targetInstanceId ?? null, facts))
      const target = command.targetInstanceId === undefined ? {} : { targetInstanceId: command.targetInstanceId }
      record('MessagePublished', JSON.stringify({ channel: command.channel, messageId: command.messageId, ...target }))
      return
    }
    case 'Unsubscribe':
      draft.add('unsubscribe', command.channel)
      record('Unsubscribed', JSON.stringify({ channel: command.channel }))
      return
    case 'SetTags':
      draft.tags = { ...(draft.tags ?? facts.tags), ...command.tags }
      encode(draft.tags, 'tags')
      record('TagsSet', JSON.stringify({ tags: command.tags }))
      return
    case 'SetState': {
      const state = encode(command.state, 'state')
      draft.state = state
      record('StateSet', `{"state":${state}}`)
      return
    }
    case 'MarkPatch':
      record('PatchMarked', JSON.stringify({ id: command.id }))
      return
    case 'RegisterCompensation': {
      const args = encode(command.args, `arguments of compensation ${command.name}`)
      draft.add('push', { name: command.name, args, activityId: null })
      record('CompensationRegistered', `{"name":${JSON.stringify(command.name)},"args":${args}}`)
      return
    }
    case 'ClearCompensations':
      draft.push = []
      draft.clearsCompensations = true
      record('CompensationsCleared', '{}')
      return
  }
}

export function row(activityId: string, type: HistoryEventType, data: string, now: number): NewHistoryRow {
  return { activityId, type, data, binary: null, createdAt: now }
}

function addWait(
  command: Extract<AnsweredCommand, { type: 'StartTimer' | 'ReceiveMessage' | 'WaitEvent' | 'AwaitChild' }>,
  operations: Operations,
  now: number,
): void {
  const id = command.activityId
  switch (command.type) {
    case 'StartTimer':
      operations.set({ kind: 'timer', id, dueAt: command.until ?? now + (command.durationMs ?? 0) })
      return
    case 'ReceiveMessage':
      operations.set({ kind: 'message', id, channel: command.channel, ...timeout(command.timeoutMs, now) })
      return
    case 'WaitEvent':
      operations.set({
        kind: 'event',
        id,
        eventType: command.eventType,
        ...(command.where ? { where: command.where } : {}),
        ...timeout(command.timeoutMs, now),
      })
      return
    case 'AwaitChild':
      operations.set({ kind: 'child', id, childId: command.childId })
      return
  }
}

function timeout(timeoutMs: number | undefined, now: number): { timeoutAt?: number; timeoutSeconds?: number } {
  return timeoutMs === undefined ? {} : { timeoutAt: now + timeoutMs, timeoutSeconds: timeoutMs / 1_000 }
}

/** @returns the waits that must be closed in the database */
function withdraw(id: string, operations: Operations): readonly string[] {
  const operation = operations.delete(id)
  return operation?.kind === 'message' || operation?.kind === 'event' ? [id] : []
}

function message(
  command: {
    readonly messageId: string
    readonly channel: string
    readonly data: unknown
    readonly metadata: Readonly<Record<string, JsonValue>>
  },
  targetInstanceId: string | null,
  facts: CommandFacts,
): OutgoingMessage {
  const what = `message on channel ${command.channel}`
  return {
    id: command.messageId,
    channel: command.channel,
    ...encodePayload(command.data, what, facts.maxPayloadBytes),
    metadata: encodeJson(command.metadata, `metadata of a ${what}`, facts.maxPayloadBytes),
    targetInstanceId,
    publishedAt: facts.now,
  }
}
