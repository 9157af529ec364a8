/**
 * Reads for people: overview, error groups, live changes. Each is bounded by an index range and a row limit, so that it costs the same beside a
 * thousand and beside a million finished instances; what a limit cut off is said (`truncated`), never guessed.
 */
import type { CompensationState, InstanceStatus } from '../model/instance'

/** One instance that ended, as far as rates and durations need it. */
export interface EndedInstance {
  readonly workflowName: string
  readonly status: InstanceStatus
  readonly startedAt: number
  readonly completedAt: number
}

/** One instance that failed, as far as grouping needs it. */
export interface FailedInstance {
  readonly id: string
  readonly workflowName: string
  readonly status: InstanceStatus
  readonly compensationState: CompensationState
  /** JSON text of a Failure. */
  readonly error: string
  readonly startedAt: number
  readonly updatedAt: number
}

/** What tells that an instance changed: any transition moves at least one of these. */
export interface InstanceMark {
  readonly id: string
  readonly status: InstanceStatus
  readonly epoch: number
  readonly nextSeq: number
  readonly updatedAt: number
}

/** Newest keys of each table; equal marks ⇒ nothing was added (changes of existing rows show in {@link InstanceMark} only). */
export interface Marks {
  readonly instances: readonly InstanceMark[]
  /** `startedAt` and id of the newest instance. */
  readonly newestStart: string | null
  /** Newest `completedAt`. */
  readonly newestEnd: number | null
  /** `publishedAt` of the newest channel message. */
  readonly newestMessage: number | null
  readonly outboxSeq: number
  /** Outbox rows that are due or waiting for their next attempt, counted up to 1,000. */
  readonly outboxDue: number
  /** When the last outbox row was published: one that is redriven and sent at once is due in no two looks. */
  readonly outboxPublished: number | null
  readonly inboxSeq: number
  readonly auditId: number
}

export interface Statistics {
  /** `startedAt` of the newest instances with `startedAt` ≥ since, newest first, at most `limit`. */
  starts(query: { readonly since: number; readonly limit: number }): Promise<readonly number[]>
  /** The newest ended instances with `completedAt` ≥ since, newest first, at most `limit`. */
  ends(query: { readonly since: number; readonly limit: number }): Promise<readonly EndedInstance[]>
  /** Instances whose status is `failed`, newest start first, at most `limit`. */
  failures(query: {
    readonly limit: number
    readonly workflowName?: string
    readonly since?: number
  }): Promise<readonly FailedInstance[]>
  /** Smallest `wakeAt` ≤ now of an instance that nobody leases: how long ready work has been waiting. */
  oldestReady(
    now: number,
  ): Promise<{ readonly id: string; readonly workflowName: string; readonly wakeAt: number } | null>
  /** Rows per outbox status counted up to `limit` each; `oldestPendingAt`: `createdAt` of the oldest pending row. */
  outbox(limit: number): Promise<{
    readonly counts: Readonly<Record<'pending' | 'published' | 'failed' | 'invalid' | 'expired', number>>
    readonly oldestPendingAt: number | null
  }>
  /** Instances with a failed compensation, and those that wait for another attempt, counted up to `limit` each. */
  attention(limit: number): Promise<{ readonly compensationFailed: number; readonly retrying: number }>
  /** At most 2,000 ids are looked at. */
  marks(ids: readonly string[]): Promise<Marks>
}
