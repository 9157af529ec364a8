/** What a context needs of the execution it belongs to; the execution implements it. */
import type { AnsweredCommand, InlineCommand, Outcome } from '../model/command'
import type { Log } from '../model/context'
import type { HistoryEvent } from '../model/history'
import type { Calls, OpenCall } from './calls'
import type { Subscriptions } from './subscriptions'

export interface ContextHost {
  readonly calls: Calls
  readonly subscriptions: Subscriptions
  readonly instanceId: string
  readonly workflowName: string
  /** Of `ctx.random` and `ctx.uuid`. */
  readonly seed: string
  readonly workerId: string
  readonly log: Log
  readonly isReplaying: boolean
  /** Logical time: that of the last event delivered. */
  readonly nowMs: number
  /** Whether history holds what became of this call, so that nobody will look at its arguments again. */
  isRecorded(activityId: string): boolean
  /** Registers a call that an event will answer. */
  open(command: AnsweredCommand, settle: OpenCall['settle']): void
  /** Performs a call that resolves at once: verified against history, or recorded as new. @returns what history holds of it */
  inline(command: InlineCommand): HistoryEvent | undefined
  /** True on new ground and where history holds the mark; false where old code ran. */
  patched(id: string): boolean
  withdraw(activityId: string): void
  finish(outcome: Outcome): void
}
