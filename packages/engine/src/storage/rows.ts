/** Rows as the storage interface speaks of them. Times are epoch milliseconds; payloads are JSON text (`string`) or bytes. */
import type { HistoryEventType } from '../model/history'
import type { CompensationState, InstanceStatus, ParentClosePolicy } from '../model/instance'

export interface HistoryRow {
  readonly seq: number
  readonly activityId: string
  readonly type: HistoryEventType
  /** JSON text. */
  readonly data: string
  readonly binary: Uint8Array | null
  readonly createdAt: number
}
export type NewHistoryRow = Omit<HistoryRow, 'seq'>

export interface InstanceRow {
  readonly id: string
  readonly workflowName: string
  readonly sourceHash: string
  readonly ownerService: string
  readonly version: number | null
  readonly status: InstanceStatus
  readonly input: string
  readonly output: string | null
  /** JSON text of a Failure. */
  readonly error: string | null
  readonly epoch: number
  /** Number of the next history event; 1 for an empty history. */
  readonly nextSeq: number
  readonly leaseOwner: string | null
  readonly leaseUntil: number | null
  readonly leaseMs: number
  /** Next moment somebody must look at this instance; null = never by time alone (waits for a message, or ended). */
  readonly wakeAt: number | null
  /** JSON text of PendingOperation[]. */
  readonly pending: string | null
  /** Id of the first instance of the recur chain; its own id when it never recurred. */
  readonly chainId: string
  readonly continuedFrom: string | null
  readonly parentId: string | null
  readonly parentClosePolicy: ParentClosePolicy | null
  readonly forkedFrom: string | null
  /** Of a fork that keeps history: the instance in which that history began, and its start; what is random and what is first `now` there is so here. */
  readonly originId: string | null
  readonly originStartedAt: number | null
  readonly cancelRequestedAt: number | null
  readonly cancelRequestedBy: string | null
  readonly cancelReason: string | null
  readonly compensationState: CompensationState
  readonly suspendReason: string | null
  /** JSON text of a flat object of strings, or null. */
  readonly tags: string | null
  readonly state: string | null
  /** Expired leases taken over in a row without a transition in between. */
  readonly takeovers: number
  readonly deadlineAt: number | null
  readonly retentionMs: number | null
  readonly startedAt: number
  readonly updatedAt: number
  readonly completedAt: number | null
}

/** What a new instance brings; everything else has its obvious first value. */
export interface NewInstance {
  readonly id: string
  readonly workflowName: string
  readonly sourceHash: string
  readonly ownerService: string
  readonly version: number | null
  readonly input: string
  readonly leaseMs: number
  readonly chainId: string
  readonly continuedFrom: string | null
  readonly parentId: string | null
  readonly parentClosePolicy: ParentClosePolicy | null
  readonly forkedFrom: string | null
  readonly originId: string | null
  readonly originStartedAt: number | null
  readonly tags: string | null
  readonly deadlineAt: number | null
  readonly retentionMs: number | null
  readonly startedAt: number
  /** When it may run first; `startedAt` unless delayed. Ignored when born leased. */
  readonly wakeAt: number
}

export interface CompensationRow {
  /** Order of registration within the instance, from 1. */
  readonly seq: number
  readonly name: string
  /** JSON text. */
  readonly args: string
  /** Activity whose completion registered it, if any. */
  readonly activityId: string | null
  readonly state: 'registered' | 'running' | 'executed' | 'failed' | 'skipped' | 'done'
  readonly attempts: number
  /** JSON text of a Failure. */
  readonly lastError: string | null
  readonly nextAttemptAt: number | null
  readonly executedAt: number | null
}

export interface OutgoingMessage {
  readonly id: string
  /** Stored name: direct channels are `{name}:{instanceId}`. */
  readonly channel: string
  /** JSON text, or null when `binary` holds the payload. */
  readonly data: string | null
  readonly binary: Uint8Array | null
  /** JSON text of an object. Of an event it holds the attributes, as `cloudEvent`. */
  readonly metadata: string
  /** A CloudEvent; anything else is a plain message, whatever its metadata say. */
  readonly isEvent?: boolean
  /** Only this instance may receive it. */
  readonly targetInstanceId: string | null
  readonly publishedAt: number
}
export interface MessageRow extends OutgoingMessage {
  readonly seq: number
}

export interface OutboxRow {
  readonly id: string
  readonly type: string
  readonly source: string
  /** JSON text, or null when `binary` holds the payload. */
  readonly data: string | null
  readonly binary: Uint8Array | null
  readonly contentType: string
  readonly subject: string | null
  /** JSON text of an object. */
  readonly extensions: string | null
  readonly partitionKey: string | null
  readonly instanceId: string | null
  readonly createdAt: number
}
export type OutboxStatus = 'pending' | 'published' | 'failed' | 'invalid' | 'expired'
export interface StoredOutboxRow extends OutboxRow {
  readonly seq: number
  readonly status: OutboxStatus
  readonly attempts: number
  readonly nextAttemptAt: number | null
  readonly leaseToken: string | null
  readonly lastError: string | null
  readonly publishedAt: number | null
}

/** Who did what to which target, and why. Written in the transaction of the act. */
export interface AuditEntry {
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly reason: string | null
  /** JSON text. */
  readonly before: string | null
  readonly after: string | null
  readonly requestId: string | null
}

/** A credential: an API token (`id` starts with `tok_`) or a dashboard session (`ses_`). The secret itself is nowhere. */
export interface ApiTokenRow {
  readonly id: string
  readonly name: string
  /** SHA-256 of the secret, hex. */
  readonly hash: string
  readonly role: 'viewer' | 'operator' | 'admin'
  readonly expiresAt: number | null
  readonly createdAt: number
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}
