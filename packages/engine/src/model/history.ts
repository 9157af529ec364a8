/**
 * What is written about an instance, once and for ever. Names are past tense; `seq` starts at 1 and has no gaps.
 * Data is what the contract (docs: api §6) promises to readers of `getHistory`, and exactly what replay needs, nothing else.
 */
import type { Failure, InstanceStatus } from './instance'
import type { JsonValue } from './json'

export interface RetryMetadata {
  readonly totalAttempts: number
  readonly totalDurationMs: number
  readonly exhausted: boolean
  readonly errors: readonly {
    readonly attempt: number
    readonly errorType: string
    readonly message: string
    readonly timestampMs: number
  }[]
  readonly lastError: { readonly errorType: string; readonly message: string }
}

export type ChannelMode = 'broadcast' | 'competing' | 'direct'

/** `data` of each event type. Where a payload is bytes, `binary` of the event holds them and the data member is absent. */
export interface HistoryData {
  ActivityCompleted: {
    readonly activityName: string
    readonly input: JsonValue
    readonly result: JsonValue
    readonly retryMetadata?: RetryMetadata
  }
  ActivityFailed: {
    readonly activityName: string
    readonly input: JsonValue
    readonly error: Failure
    readonly retryMetadata?: RetryMetadata
  }
  TimerExpired: { readonly timerId: string; readonly dueAt: number }
  ChannelMessageReceived: {
    readonly id: string
    readonly channel: string
    readonly data?: JsonValue
    readonly metadata: { readonly [key: string]: JsonValue | undefined }
    readonly publishedAt: number
  }
  MessageTimeout: {
    readonly channel: string
    readonly timeoutAt: number
    readonly timeoutSeconds: number
    readonly eventType?: string
  }
  EventReceived: {
    readonly type: string
    readonly source: string
    readonly id: string
    readonly time?: string
    readonly datacontenttype?: string
    readonly subject?: string
    readonly dataschema?: string
    readonly extensions: { readonly [key: string]: JsonValue | undefined }
    readonly data?: JsonValue
  }
  CompensationRegistered: { readonly name: string; readonly args: JsonValue; readonly activityId?: string }
  CompensationsCleared: Record<string, never>
  CompensationExecuted: {
    readonly name: string
    readonly compensationSeq: number
    readonly retryMetadata?: RetryMetadata
  }
  CompensationFailed: {
    readonly name: string
    readonly compensationSeq: number
    readonly error: Failure
    readonly retryMetadata?: RetryMetadata
  }
  /** `cursor`: the cut; only messages with a greater number are received. `inherited`: moved here by `recur`. */
  Subscribed: {
    readonly channel: string
    readonly mode: ChannelMode
    readonly cursor: number
    readonly inherited?: boolean
    readonly error?: Failure
  }
  Unsubscribed: { readonly channel: string }
  /** `publish` (inline) and `sendTo` (answered: `delivered` tells whether the receiver was waiting). */
  MessagePublished: {
    readonly channel: string
    readonly messageId: string
    readonly targetInstanceId?: string
    readonly delivered?: boolean
  }
  ChildStarted: { readonly childId: string; readonly workflowName: string; readonly error?: Failure }
  ChildCompleted: {
    readonly childId: string
    readonly status: InstanceStatus
    readonly result?: JsonValue
    readonly error?: Failure
    /** Of a cancelled child. */
    readonly cancel?: { readonly by: string | null; readonly reason: string | null }
  }
  PatchMarked: { readonly id: string }
  TagsSet: { readonly tags: Readonly<Record<string, string>> }
  StateSet: { readonly state: JsonValue }
  /** `unheard`: how many events right before it came in when the end was decided, so that no code ran for them. */
  CancelRequested: { readonly by: string | null; readonly reason: string | null; readonly unheard?: number }
  /** Names the events a retry supersedes; replay skips those and this one. */
  WorkflowRetried: {
    readonly supersedes: readonly number[]
    readonly by: string | null
    readonly reason: string | null
  }
  WorkflowFailed: { readonly error: Failure; readonly unheard?: number }
}

export type HistoryEventType = keyof HistoryData

export type HistoryEvent = {
  [Type in HistoryEventType]: {
    readonly seq: number
    readonly activityId: string
    readonly type: Type
    readonly data: HistoryData[Type]
    readonly binary?: Uint8Array
    /** Epoch milliseconds. */
    readonly createdAt: number
  }
}[HistoryEventType]

export type HistoryEventOf<Type extends HistoryEventType> = Extract<HistoryEvent, { type: Type }>

/** An event before the storage has numbered it. */
export type NewHistoryEvent = HistoryEvent extends infer Event
  ? Event extends HistoryEvent
    ? Omit<Event, 'seq'>
    : never
  : never

/** Events that workflow code caused by an inline call: replay verifies them, it does not deliver them. */
export const INLINE_EVENTS: ReadonlySet<HistoryEventType> = new Set([
  'MessagePublished',
  'CompensationRegistered',
  'CompensationsCleared',
  'PatchMarked',
  'TagsSet',
  'StateSet',
  'Unsubscribed',
])

/** Events that the engine writes for the record; workflow code never sees them, so replay passes over them. */
export const RECORD_EVENTS: ReadonlySet<HistoryEventType> = new Set([
  'CompensationExecuted',
  'CompensationFailed',
  'CancelRequested',
  'WorkflowRetried',
  'WorkflowFailed',
])
