/** The public surface, listed by hand, in groups. */
// operators
export type * from './admin/admin'
export type * from './admin/records'
// the application
export { EddaApp, type StartOptions } from './app'
// events
export type { CloudEvent } from './cloud-events/cloud-event'
export type { Codec, PayloadContext } from './codec-storage'
export type { EventHandler, EventInput, EventOutcome, HandledEvent } from './events'
export type { FindOptions, InstancePage as FoundInstances } from './find'
export {
  clearCompensations,
  publish,
  receive,
  recur,
  registerCompensation,
  sendEventTransactional,
  sendTo,
  sleep,
  sleepUntil,
  subscribe,
  unsubscribe,
  waitEvent,
} from './functions'
export { type CancelOptions, WorkflowHandle } from './handle'
// contexts
export type {
  ActivityContext,
  ChannelMessage,
  ChildHandle,
  Log,
  RaceResult,
  ReceivedEvent,
  WorkflowContext,
} from './model/context'
// definitions
export type { Activity, ChannelDefinition, Compensation, EventDefinition, Workflow } from './model/definition'
export { activity, channel, compensation, event, getAllWorkflows, workflow } from './model/definition'
export { type Duration, durationMs } from './model/duration'
// errors
export * from './model/errors'
export type { HistoryEvent, HistoryEventType } from './model/history'
export type { CompensationState, Failure, InstanceStatus, WorkflowInstance } from './model/instance'
// words
export { INSTANCE_STATUSES, isTerminal } from './model/instance'
export type { JsonValue } from './model/json'
export type { Where } from './model/match'
export {
  AGGRESSIVE_RETRY,
  CONSERVATIVE_RETRY,
  calculateDelay,
  DEFAULT_RETRY,
  INFINITE_RETRY,
  isRetryable,
  type RetryPolicy,
} from './model/retry-policy'
export type { SuggestedAction, Verdict, VerdictAction, VerdictSeverity } from './model/verdict'
export { type NodeHandler, toNodeHandler } from './node-handler'
export type { EddaAppOptions } from './options'
export { sendEvent } from './outbox/send-event'
export { OutboxRelayer, type OutboxRelayerOptions } from './outbox-relayer'
export type { WorkflowHooks } from './runtime/hooks'
export type { AuditEntry } from './storage/rows'
export type { DryReplayResult, ForkOptions, OperatorOptions } from './surgery'
