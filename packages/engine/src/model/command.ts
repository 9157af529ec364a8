/**
 * What workflow code asks for, in the order of its calls. Commands live in memory only (they carry functions); what must survive is in
 * `pending` and in history. Names are imperative.
 */
import type { ActivityContext } from './context'
import type { ActivityOptions, CallOptions, Workflow } from './definition'
import type { ChannelMode, HistoryEventType } from './history'
import type { ParentClosePolicy } from './instance'
import type { Given, JsonValue } from './json'
import type { Where } from './match'

interface Call {
  readonly activityId: string
}

export interface RunActivity extends Call {
  readonly type: 'RunActivity'
  readonly name: string
  readonly fn: (ctx: ActivityContext, input: any) => unknown
  readonly options: ActivityOptions<any, any>
  readonly call: CallOptions
  readonly input: Given
}
/** Exactly one of the two is given; the runner fixes the due time and records it in `pending`. */
export interface StartTimer extends Call {
  readonly type: 'StartTimer'
  readonly durationMs?: number
  readonly until?: number
}
export interface Subscribe extends Call {
  readonly type: 'Subscribe'
  readonly channel: string
  readonly mode: ChannelMode
}
export interface ReceiveMessage extends Call {
  readonly type: 'ReceiveMessage'
  /** Stored name: a direct channel carries its instance id. */
  readonly channel: string
  readonly timeoutMs?: number
}
export interface WaitEvent extends Call {
  readonly type: 'WaitEvent'
  readonly eventType: string
  readonly where?: Where
  readonly timeoutMs?: number
}
export interface SendTo extends Call {
  readonly type: 'SendTo'
  readonly targetInstanceId: string
  readonly channel: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, JsonValue>>
  readonly messageId: string
}
export interface StartChild extends Call {
  readonly type: 'StartChild'
  readonly workflow: Workflow
  readonly input: unknown
  readonly childId: string
  readonly parentClosePolicy: ParentClosePolicy
}
export interface AwaitChild extends Call {
  readonly type: 'AwaitChild'
  readonly childId: string
}
/** Inline calls: resolved in the same drain, only verified on replay. */
export interface Publish extends Call {
  readonly type: 'Publish'
  readonly channel: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, JsonValue>>
  readonly messageId: string
  readonly targetInstanceId?: string
}
export interface Unsubscribe extends Call {
  readonly type: 'Unsubscribe'
  readonly channel: string
}
export interface SetTags extends Call {
  readonly type: 'SetTags'
  readonly tags: Readonly<Record<string, string>>
}
export interface SetState extends Call {
  readonly type: 'SetState'
  readonly state: unknown
}
export interface MarkPatch extends Call {
  readonly type: 'MarkPatch'
  readonly id: string
}
export interface RegisterCompensation extends Call {
  readonly type: 'RegisterCompensation'
  readonly name: string
  readonly args: unknown
}
export interface ClearCompensations extends Call {
  readonly type: 'ClearCompensations'
}
/** A losing branch of `ctx.race`: abort the activity, drop the wait. Needs no event: replay withdraws by itself. */
export interface Withdraw extends Call {
  readonly type: 'Withdraw'
}

export type InlineCommand =
  | Publish
  | Unsubscribe
  | SetTags
  | SetState
  | MarkPatch
  | RegisterCompensation
  | ClearCompensations
export type AnsweredCommand =
  | RunActivity
  | StartTimer
  | Subscribe
  | ReceiveMessage
  | WaitEvent
  | SendTo
  | StartChild
  | AwaitChild
export type Command = InlineCommand | AnsweredCommand | Withdraw

export type Outcome =
  | { readonly kind: 'completed'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'recurred'; readonly input: unknown }

/** The event that records each inline command. */
export const INLINE_EVENT_OF: Readonly<Record<InlineCommand['type'], HistoryEventType>> = {
  Publish: 'MessagePublished',
  Unsubscribe: 'Unsubscribed',
  SetTags: 'TagsSet',
  SetState: 'StateSet',
  MarkPatch: 'PatchMarked',
  RegisterCompensation: 'CompensationRegistered',
  ClearCompensations: 'CompensationsCleared',
}

/** The events that may answer each command that waits. */
export const ANSWERS_OF: Readonly<Record<AnsweredCommand['type'], readonly HistoryEventType[]>> = {
  RunActivity: ['ActivityCompleted', 'ActivityFailed'],
  StartTimer: ['TimerExpired'],
  Subscribe: ['Subscribed'],
  ReceiveMessage: ['ChannelMessageReceived', 'MessageTimeout'],
  WaitEvent: ['EventReceived', 'MessageTimeout', 'Subscribed'],
  SendTo: ['MessagePublished'],
  StartChild: ['ChildStarted'],
  AwaitChild: ['ChildCompleted'],
}

export function isInline(command: Command): command is InlineCommand {
  return command.type in INLINE_EVENT_OF
}
