/**
 * The admin surface of the engine: what an operator's tool may read and do, as one object of grouped nouns. Every mutation takes an {@link Operator}
 * and leaves its audit row in the transaction of the act. It knows storage verbs and records, no HTTP, no roles, no workflow code.
 */
import type { HistoryEventType } from '../model/history'
import type { InstanceStatus } from '../model/instance'
import type { JsonValue } from '../model/json'
import type { Marks, OutboxStatus, ScalarFilter } from '../storage/storage'
import type {
  AuditPage,
  ChannelDetails,
  ChannelRecord,
  CompensationRecord,
  ErrorGroups,
  EventPreview,
  HistoryPage,
  InboxPage,
  InstanceCounts,
  InstanceDetails,
  InstancePage,
  MessagePage,
  Operator,
  OutboxPage,
  OutboxRecord,
  Overview,
  Role,
  TokenRecord,
  WorkerList,
  WorkflowDetails,
  WorkflowSummary,
} from './records'

/** `redact: true` leaves payloads out. */
export interface View {
  readonly redact?: boolean
}

export interface InstanceFilter {
  readonly status?: readonly InstanceStatus[]
  /** Case-insensitive substrings. */
  readonly workflowName?: string
  readonly instanceId?: string
  readonly errorText?: string
  /** Inclusive. */
  readonly startedAfter?: Date
  readonly startedBefore?: Date
  readonly tags?: Readonly<Record<string, string>>
  /** Dotted JSON paths of the input, exact match. */
  readonly inputFilters?: Readonly<Record<string, ScalarFilter>>
  readonly parentId?: string
  readonly chainId?: string
  readonly forkedFrom?: string
  readonly attention?: 'compensation-failed' | 'retrying'
}
export interface InstanceListing extends InstanceFilter {
  /** 1–200, default 50. */
  readonly limit?: number
  readonly pageToken?: string
}

export interface HistoryListing {
  /** Exclusive; default 0. */
  readonly after?: number
  /** 1–1000, default 1000. */
  readonly limit?: number
  /** Payloads larger than this many bytes of JSON are left out and marked `cut`. */
  readonly maxBytes?: number
  readonly types?: readonly HistoryEventType[]
}

export interface Admin {
  readonly instances: {
    /** @throws InvalidFilterError, InvalidPageTokenError */
    find(listing: InstanceListing): Promise<InstancePage>
    get(id: string, view?: View): Promise<InstanceDetails | null>
    history(id: string, listing: HistoryListing, view?: View): Promise<HistoryPage | null>
    counts(): Promise<InstanceCounts>
    /** @returns false when it ended already @throws InstanceNotFoundError */
    cancel(id: string, operator: Operator): Promise<boolean>
    /** @throws InstanceNotFoundError, InvalidStateError */
    suspend(id: string, operator: Operator): Promise<void>
    /** @throws InstanceNotFoundError, InvalidStateError */
    resume(id: string, operator: Operator): Promise<void>
    marks(ids: readonly string[]): Promise<Marks>
  }
  readonly compensations: {
    /** @throws InstanceNotFoundError */
    list(id: string, view?: View): Promise<readonly CompensationRecord[]>
    /** @throws InstanceNotFoundError, InvalidStateError */
    operate(id: string, seq: number, action: 'retry' | 'skip' | 'done', operator: Operator): Promise<void>
  }
  readonly channels: {
    list(): Promise<readonly ChannelRecord[]>
    get(name: string): Promise<ChannelDetails | null>
    /** Workflows whose instances sent one of the newest messages of these channels; what was sent from outside names nobody. */
    publishers(
      channels: readonly { readonly name: string; readonly published: number }[],
    ): Promise<ReadonlyMap<string, readonly string[]>>
    messages(
      name: string,
      listing: { readonly after?: number; readonly limit?: number; readonly newest?: boolean },
      view?: View,
    ): Promise<MessagePage>
    /** @returns the new message's id */
    publish(
      channel: string,
      data: unknown,
      options: { readonly metadata?: Readonly<Record<string, JsonValue>>; readonly targetInstanceId?: string },
      operator: Operator,
    ): Promise<{ readonly messageId: string; readonly receivers: readonly string[] }>
    /** Publishes a stored message once more, with a new id and `redeliveryOf` in its metadata. @returns null when it is not stored (any more) */
    redeliver(
      channel: string,
      seq: number,
      operator: Operator,
    ): Promise<{ readonly messageId: string; readonly receivers: readonly string[] } | null>
    /** Takes a stored message away: whoever has not read it never will. @returns null when it is not stored (any more) */
    delete(channel: string, seq: number, operator: Operator): Promise<{ readonly messageId: string } | null>
  }
  readonly outbox: {
    list(
      query: {
        readonly status?: readonly OutboxStatus[]
        readonly instanceId?: string
        readonly limit?: number
        readonly before?: number
      },
      view?: View,
    ): Promise<OutboxPage>
    get(id: string, view?: View): Promise<OutboxRecord | null>
    redrive(ids: readonly string[], operator: Operator): Promise<number>
    discard(ids: readonly string[], operator: Operator): Promise<number>
  }
  readonly events: {
    list(
      query: { readonly limit?: number; readonly before?: number; readonly unmatchedOnly?: boolean },
      view?: View,
    ): Promise<InboxPage>
    preview(event: { readonly type: string; readonly data: unknown }): Promise<EventPreview>
  }
  readonly workflows: {
    list(): Promise<readonly WorkflowSummary[]>
    get(name: string, view?: View & { readonly sourceHash?: string }): Promise<WorkflowDetails | null>
  }
  readonly workers: { list(): Promise<WorkerList> }
  readonly errors: {
    groups(query?: { readonly workflowName?: string; readonly since?: Date }): Promise<ErrorGroups>
  }
  readonly stats: { overview(query?: { readonly windowMinutes?: number }): Promise<Overview> }
  readonly audit: {
    list(
      query: { readonly target?: string; readonly actor?: string; readonly limit?: number; readonly before?: number },
      view?: View,
    ): Promise<AuditPage>
    /** For acts that no storage verb carries, such as a sign-in. */
    record(
      entry: { readonly action: string; readonly target: string; readonly after?: JsonValue },
      operator: Operator,
    ): Promise<void>
  }
  readonly tokens: {
    list(): Promise<readonly TokenRecord[]>
    /** `secret` is shown once and stored nowhere. */
    create(
      token: {
        readonly name: string
        readonly role: Role
        readonly expiresAt: Date | null
        readonly kind: 'token' | 'session'
      },
      operator: Operator,
    ): Promise<{ readonly secret: string; readonly record: TokenRecord }>
    /** @returns the live credential of this secret, or null. Notes its use at most once a minute. */
    authenticate(secret: string, options?: { readonly idleMs?: number }): Promise<TokenRecord | null>
    revoke(id: string, operator: Operator): Promise<boolean>
  }
}
