/** Records of one instance and of what belongs to it; see records.ts for their rules. */
import type { ChannelMode, HistoryEventType } from '../model/history'
import type { CompensationState, Failure, InstanceStatus, WorkflowInstance } from '../model/instance'
import type { JsonValue } from '../model/json'
import type { Where } from '../model/match'
import type { Verdict } from '../model/verdict'
import type { OutboxRecord } from './outbox-record'

/** One row of a listing: small, without payloads. */
export interface InstanceSummary {
  readonly instanceId: string
  readonly workflowName: string
  readonly status: InstanceStatus
  readonly startedAt: Date
  readonly updatedAt: Date
  readonly completedAt: Date | null
  readonly tags: Readonly<Record<string, string>>
  readonly compensationState: CompensationState
  /** What it does or waits for now, e.g. `charge (attempt 3)`, `event payment.received`; null when it ended. */
  readonly currentStep: string | null
  /** Set between two attempts: when the next one starts. */
  readonly retryAt: Date | null
  readonly nextAt: Date | null
  readonly error: { readonly name: string; readonly message: string } | null
  readonly suspendReason: string | null
  readonly cancelRequested: boolean
  readonly parentId: string | null
  readonly continuedFrom: string | null
  readonly forkedFrom: string | null
  readonly ownerService: string
  readonly version: number | null
  /** Number of history events. */
  readonly events: number
}
export interface InstancePage {
  readonly instances: readonly InstanceSummary[]
  readonly nextPageToken: string | null
  readonly hasMore: boolean
}

/** An operation that was released and not yet answered. */
export interface PendingRecord {
  readonly id: string
  readonly kind: 'activity' | 'timer' | 'message' | 'event' | 'child'
  /** Activity name, channel, event type, child id, or timer id. */
  readonly name: string
  readonly attempt: number | null
  readonly firstAttemptAt: Date | null
  /** The next attempt, the timer's due time, or the wait's timeout. */
  readonly dueAt: Date | null
  readonly where: Where | null
  readonly errors: readonly {
    readonly attempt: number
    readonly errorType: string
    readonly message: string
    readonly at: Date
  }[]
  readonly heartbeat: JsonValue
  readonly summary: string | null
}

export interface RelatedInstance {
  readonly instanceId: string
  readonly workflowName: string
  readonly status: InstanceStatus
  readonly startedAt: Date
}
export interface Relations {
  readonly parent: RelatedInstance | null
  /** The newest 50. */
  readonly children: readonly RelatedInstance[]
  /** The recur chain, newest first, itself included when there is more than one; at most 50. */
  readonly chain: readonly RelatedInstance[]
  readonly forkedFrom: RelatedInstance | null
  readonly forks: readonly RelatedInstance[]
}

export interface SubscriptionRecord {
  readonly channel: string
  readonly mode: ChannelMode
  readonly cursor: number
  readonly lag: number
}

export interface InstanceDetails {
  readonly instance: WorkflowInstance
  readonly redacted: boolean
  readonly verdict: Verdict
  readonly pending: readonly PendingRecord[]
  readonly compensations: readonly CompensationRecord[]
  readonly subscriptions: readonly SubscriptionRecord[]
  readonly outbox: readonly OutboxRecord[]
  readonly relations: Relations
  readonly lease: { readonly workerId: string; readonly until: Date; readonly workerAlive: boolean } | null
  /** Number of history events. */
  readonly events: number
  readonly sourceHash: string
  /** The engine's clock when this was read: reckon relative times from it. */
  readonly now: Date
}

export interface HistoryRecord {
  readonly seq: number
  readonly activityId: string
  readonly type: HistoryEventType
  /** Activity, compensation, channel, event type, child or patch, whichever the event is about. */
  readonly name: string | null
  /** `data` of the contract (api §6); null when redacted or cut (`bytes` says how large it is). */
  readonly data: JsonValue
  /** True when `data` was left out because it is larger than `maxBytes`: ask for this event alone. */
  readonly cut: boolean
  readonly bytes: number
  /** Base64 of a binary payload. */
  readonly binary: string | null
  readonly failed: boolean
  /** Attempts it took, when recorded. */
  readonly attempts: number | null
  readonly createdAt: Date
}
export interface HistoryPage {
  readonly events: readonly HistoryRecord[]
  /** Pass as `after` for the next page; null at the end. */
  readonly nextAfter: number | null
  readonly total: number
  readonly redacted: boolean
}

export interface InstanceCounts {
  readonly byStatus: Readonly<Record<InstanceStatus, number>>
  /** These were not counted to the end: there are at least as many. Show them, and sums of them, as `10,000+`. */
  readonly atLeast: readonly InstanceStatus[]
  readonly attention: {
    readonly failed: number
    readonly suspended: number
    readonly compensationFailed: number
    readonly retrying: number
    readonly deadLetters: number
  }
  /** Sum of `byStatus`: at least as many when `atLeast` names any. */
  readonly total: number
  /** Attention figures stop at this number: show it as `1,000+`. */
  readonly countedUpTo: number
}

export interface CompensationRecord {
  readonly seq: number
  readonly name: string
  readonly args: JsonValue
  readonly activityId: string | null
  readonly state: 'registered' | 'running' | 'executed' | 'failed' | 'skipped' | 'done'
  readonly attempts: number
  readonly lastError: Failure | null
  readonly nextAttemptAt: Date | null
  readonly executedAt: Date | null
}
