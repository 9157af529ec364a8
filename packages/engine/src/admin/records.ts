/**
 * What the admin surface hands to people: rows decoded, times as `Date`, absent as `null`. A caller that may not see payloads asks for a redacted
 * record: then `redacted` is true and every payload in it is `null`; nothing else differs (decode.ts).
 */
import type { ChannelMode } from '../model/history'
import type { InstanceStatus } from '../model/instance'
import type { JsonValue } from '../model/json'
import type { Where } from '../model/match'
import type { InstanceCounts } from './instance-records'
import type { OutboxRecord } from './outbox-record'

export type * from './instance-records'
export type { OutboxRecord } from './outbox-record'

/** Who acts, and why: goes into the audit row. */
export interface Operator {
  readonly actor: string
  readonly reason: string | null
  readonly requestId: string | null
}

// ---------------------------------------------------------------- definitions

export interface WorkflowSummary {
  readonly name: string
  readonly description: string | null
  readonly version: number | null
  readonly eventType: string | null
  /** Versions of the source seen so far. */
  readonly revisions: number
  readonly sourceHash: string
  readonly registeredAt: Date
  /** Some live worker can run it. */
  readonly runnable: boolean
  /** Per status. Open instances: all of them. Ended ones: of the last day, the newest 5,000 of all workflows. */
  readonly counts: Partial<Readonly<Record<InstanceStatus, number>>>
  /** Failed share of those ended ones; null when there are none. */
  readonly failureRate: number | null
}
export interface WorkflowDetails extends WorkflowSummary {
  readonly source: string
  readonly inputSchema: JsonValue
  readonly outputSchema: JsonValue
  readonly sources: readonly {
    readonly sourceHash: string
    readonly version: number | null
    readonly registeredAt: Date
  }[]
  /** Inputs of the newest instances, newest first; empty when redacted. */
  readonly recentInputs: readonly JsonValue[]
  readonly redacted: boolean
}

// ---------------------------------------------------------------- channels

export interface ChannelRecord {
  readonly name: string
  readonly mode: ChannelMode | null
  readonly depth: number
  /** Number of messages ever published. */
  readonly published: number
  readonly oldestUnreadAt: Date | null
  readonly subscriberCount: number
  /** The largest lag of a subscriber. */
  readonly maxLag: number
}
export interface ChannelDetails extends ChannelRecord {
  readonly subscribers: readonly {
    readonly instanceId: string
    readonly workflowName: string | null
    readonly status: InstanceStatus | null
    readonly cursor: number
    readonly lag: number
  }[]
  readonly waits: readonly { readonly instanceId: string; readonly activityId: string; readonly where: Where | null }[]
  /** Messages per minute over the newest 200 messages; null when there are fewer than two. */
  readonly publishRate: number | null
}
export interface MessageRecord {
  readonly seq: number
  readonly id: string
  readonly channel: string
  readonly data: JsonValue
  /** Base64, when the payload is bytes. */
  readonly binary: string | null
  readonly bytes: number
  readonly metadata: Readonly<Record<string, JsonValue | undefined>>
  readonly targetInstanceId: string | null
  readonly publishedAt: Date
}
export interface MessagePage {
  readonly messages: readonly MessageRecord[]
  readonly nextAfter: number | null
  readonly redacted: boolean
}

// ---------------------------------------------------------------- outbox, events

export interface OutboxPage {
  readonly rows: readonly OutboxRecord[]
  readonly nextBefore: number | null
  readonly redacted: boolean
}

/** `data` is the whole event as it was stored, attributes included. */
export interface InboxRecord {
  readonly seq: number
  readonly id: string
  readonly source: string
  readonly type: string
  readonly data: JsonValue
  readonly receivedAt: Date
  readonly started: readonly string[]
  readonly receivers: readonly string[]
  readonly handlers: number
  readonly unmatched: boolean
}
export interface InboxPage {
  readonly events: readonly InboxRecord[]
  readonly nextBefore: number | null
  readonly redacted: boolean
}
/** What an event would do if it were sent now. */
export interface EventPreview {
  /** Workflows that would start. */
  readonly starts: readonly string[]
  /** Waits that would be answered. */
  readonly matches: readonly {
    readonly instanceId: string
    readonly activityId: string
    readonly workflowName: string | null
    readonly where: Where | null
  }[]
  /** Waits on this type whose condition does not fit, with the condition: at most 20. */
  readonly misses: readonly { readonly instanceId: string; readonly activityId: string; readonly where: Where | null }[]
  readonly subscribers: number
}

// ---------------------------------------------------------------- operations

export interface WorkerRecord {
  readonly id: string
  readonly service: string
  readonly host: string
  readonly pid: number
  readonly workflows: readonly string[]
  /** Awake now. */
  readonly activeInstances: number | null
  /** Parked, and kept in memory to go on without a replay. */
  readonly warmInstances: number | null
  readonly runningActivities: number | null
  readonly startedAt: Date
  readonly heartbeatAt: Date
  readonly alive: boolean
  readonly leader: boolean
}
export interface WorkerList {
  readonly workers: readonly WorkerRecord[]
  readonly leader: { readonly workerId: string; readonly term: number; readonly until: Date } | null
  readonly now: Date
}

export interface ErrorGroup {
  /** Stable over restarts: error class, message without numbers, ids and quotes, first own stack frame. */
  readonly fingerprint: string
  readonly name: string
  readonly message: string
  readonly frame: string | null
  readonly count: number
  readonly workflows: readonly string[]
  readonly firstAt: Date
  readonly lastAt: Date
  /** The newest instances of the group, at most 10. */
  readonly instanceIds: readonly string[]
}
export interface ErrorGroups {
  readonly groups: readonly ErrorGroup[]
  /** How many of the newest failures were looked at. */
  readonly examined: number
  readonly truncated: boolean
}

export interface Overview {
  readonly now: Date
  readonly counts: InstanceCounts
  /** Oldest first; one entry a bucket. `open` is the number of instances not ended at the bucket's end. */
  readonly series: readonly {
    readonly at: Date
    readonly started: number
    readonly completed: number
    readonly failed: number
    readonly cancelled: number
    readonly open: number
  }[]
  readonly bucketMs: number
  /** There is more than was looked at: the oldest buckets are incomplete, or `open` of all of them is too low. */
  readonly truncated: boolean
  readonly durations: readonly {
    readonly workflowName: string
    readonly ended: number
    readonly failed: number
    readonly p50Ms: number
    readonly p95Ms: number
  }[]
  readonly oldestReady: { readonly instanceId: string; readonly workflowName: string; readonly since: Date } | null
  readonly outbox: {
    readonly pending: number
    readonly deadLetters: number
    readonly oldestPendingAt: Date | null
    readonly countedUpTo: number
  }
  readonly channels: readonly { readonly name: string; readonly depth: number; readonly oldestUnreadAt: Date | null }[]
  readonly workersAlive: number
  readonly errors: readonly ErrorGroup[]
}

export interface AuditRecord {
  readonly id: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly reason: string | null
  readonly before: JsonValue
  readonly after: JsonValue
  readonly requestId: string | null
}
export interface AuditPage {
  readonly entries: readonly AuditRecord[]
  readonly nextBefore: number | null
}

export type Role = 'viewer' | 'operator' | 'admin'
export interface TokenRecord {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly expiresAt: Date | null
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}
