/**
 * The storage interface: few coarse verbs, each one a transition. Implementations: `memory/` (the reference model) and `prisma/` (SQLite, PostgreSQL,
 * MySQL); one contract suite (`contract/`) runs against all of them. Storage knows rows and rules of atomicity; it knows no workflow code, no clock
 * of its own (`now` comes in with every verb that needs it, from {@link Storage.now}'s clock) and never interprets a payload beyond `where` matching.
 *
 * Invariants
 *  S1 Fence. A transition is applied iff the row has its `epoch`, its `nextSeq`, and a live status. `epoch` rises on every acquisition and on every
 *     operator verb and is never reset. A refused transition writes nothing (`lost`).
 *  S2 One transition, one transaction: all that a unit carries commits together or not at all; a refused or failing unit never sinks its neighbours.
 *  S3 A recorded event never changes. (instance, seq) is unique and without gaps.
 *  S4 Message numbers come from the channel's row, locked until commit: number order = commit order, no cursor can skip.
 *  S5 No wake-up is lost: whoever parks holds its own row, then takes the rows of the channels it waits on and looks for messages after its cursors.
 *     So a publisher may skip a waiter whose row is locked. Whoever claims while waking answers from the channels that its flush holds.
 *  S6 Lock order: instances by id, then channels by name; waking others comes last and skips locked rows.
 *  S7 A competing message is consumed by exactly one instance, in the transaction that records it there.
 *  S8 A recorded cancel request is answered with `cancel` until a transition acknowledges it; events are kept, completion and parking are not.
 *
 * Times are epoch milliseconds. Payloads are JSON text (`string`) or bytes; the runtime encodes and decodes.
 */
import type { ChannelMode } from '../model/history'
import type { CompensationState, InstanceStatus } from '../model/instance'
import type { Where } from '../model/match'
import type {
  ApiTokenRow,
  AuditEntry,
  CompensationRow,
  HistoryRow,
  InstanceRow,
  MessageRow,
  NewInstance,
  OutboxStatus,
  StoredOutboxRow,
} from './rows'
import type { Statistics } from './statistics'
import type { ClaimedInstance, ClaimOnWake, TransitionUnit, Unit, Verdict, Wakes } from './units'

export type * from './rows'
export type * from './statistics'
export type * from './units'

// ---------------------------------------------------------------- claim and lease

export interface ClaimRequest {
  readonly workerId: string
  /** Only these workflows: a worker leaves alone what it does not know. */
  readonly workflowNames: readonly string[]
  readonly limit: number
  /** Claim only these ids (after a hint); all due ones when absent. */
  readonly instanceIds?: readonly string[]
}
export interface ClaimResult {
  readonly now: number
  readonly instances: readonly ClaimedInstance[]
  /** Instances leased by this worker with a cancel request or a message that they have not seen. */
  readonly nudges: readonly string[]
  /** Earliest `wake_at` in the future among the given workflows, so that the worker sleeps exactly long enough. */
  readonly nextWakeAt: number | null
  /** Due ones may have been passed over because somebody held their rows, as whoever writes to a relative of theirs does: nobody will wake them again. */
  readonly mayHavePassedOver?: boolean
}

// ---------------------------------------------------------------- operator verbs

/** Each but cancel raises the epoch (a cancel is a request to the owner, S8); each is one guarded transaction, writes its audit row (when `audit` is given) in it, and returns the row after it. */
export type OperatorVerb =
  | { readonly type: 'cancel'; readonly by: string | null; readonly reason: string | null }
  | { readonly type: 'suspend'; readonly reason: string }
  | { readonly type: 'resume' }
  /** Failed → running: appends WorkflowRetried superseding the given events, clears error and output. */
  | {
      readonly type: 'retry'
      readonly supersedes: readonly number[]
      readonly by: string | null
      readonly reason: string | null
    }
  /** One compensation: try again, skip, or mark as done by hand. When none is left `failed`, the instance's compensation state is `completed`. */
  | {
      readonly type: 'compensation'
      readonly seq: number
      readonly action: 'retry' | 'skip' | 'done'
      readonly by: string | null
      readonly reason: string | null
    }
export type OperatorOutcome =
  | { readonly kind: 'done'; readonly row: InstanceRow; readonly wakes: Wakes }
  | { readonly kind: 'not-found' }
  /** The verb does not fit the state; nothing was written. */
  | { readonly kind: 'refused'; readonly row: InstanceRow; readonly why: string }

export interface ForkRequest {
  readonly sourceId: string
  readonly instance: NewInstance
  /** History with seq < fromSeq is copied; subscriptions and cursors are copied as they stand. */
  readonly fromSeq: number
  readonly audit: AuditEntry | null
}

// ---------------------------------------------------------------- reading

export type ScalarFilter = string | number | boolean | null
export interface InstanceQuery {
  readonly inputFilters?: Readonly<Record<string, ScalarFilter>>
  readonly status?: readonly InstanceStatus[]
  /** Case-insensitive substrings. */
  readonly workflowName?: string
  readonly instanceId?: string
  readonly errorText?: string
  readonly startedAfter?: number
  readonly startedBefore?: number
  readonly tags?: Readonly<Record<string, string>>
  readonly parentId?: string
  readonly chainId?: string
  readonly forkedFrom?: string
  readonly compensationState?: CompensationState
  /** Only instances that wait for another attempt: they have a moment to wake at, and `pending` names a `nextAttemptAt`. */
  readonly retrying?: boolean
  readonly limit: number
  /** Keyset: rows strictly older than this, by (startedAt, id) descending. */
  readonly after?: { readonly startedAt: number; readonly id: string }
}

export interface ChannelStat {
  readonly name: string
  readonly mode: ChannelMode | null
  /** Messages still stored that some live subscription has not read (competing: not consumed). */
  readonly depth: number
  readonly nextSeq: number
  readonly oldestUnreadAt: number | null
  readonly subscribers: readonly { readonly instanceId: string; readonly cursor: number; readonly lag: number }[]
}

export interface DefinitionRow {
  readonly name: string
  readonly sourceHash: string
  readonly source: string
  readonly inputSchema: string | null
  readonly outputSchema: string | null
  readonly description: string | null
  readonly version: number | null
  readonly eventType: string | null
  readonly createdAt: number
}

export interface WorkerRow {
  readonly id: string
  readonly service: string
  readonly host: string
  readonly pid: number
  /** JSON text: workflow names, activities running, instances active. */
  readonly info: string
  readonly startedAt: number
  readonly heartbeatAt: number
}

export interface InboxRow {
  /** Order of arrival; `before` of {@link Storage.inbox} compares with it. */
  readonly seq: number
  readonly source: string
  readonly id: string
  readonly type: string
  readonly data: string
  readonly receivedAt: number
  /** JSON text: what it was routed to: `{ started: [], receivers: [], handlers }`. */
  readonly routedTo: string | null
}

// ---------------------------------------------------------------- sessions

/** The lazy transaction of one activity attempt. `client` is a Prisma transaction client (memory storage: a clear error). */
export interface Session {
  readonly client: unknown
  savepoint<Result>(fn: () => Promise<Result>): Promise<Result>
  /** Commits the user's statements and the unit together; `lost` rolls back. */
  commit(unit: TransitionUnit): Promise<Verdict>
  rollback(): Promise<void>
}

// ---------------------------------------------------------------- the interface

export interface Storage {
  readonly dialect: 'memory' | 'sqlite' | 'postgresql' | 'mysql'

  /** Connects, migrates under a lock (or, with autoMigrate false, checks), refuses a newer schema. @throws DatabaseError, MigrationError, ConfigurationError */
  open(options: { readonly autoMigrate: boolean }): Promise<void>
  close(): Promise<void>
  /** The clock that decides: the database's own (server databases), or the injected one. */
  now(): Promise<number>

  /**
   * One flush = one transaction. Verdicts in the order of the units. With `tx` (a Prisma transaction client) it joins that transaction instead. With
   * `claim` it may claim what it wakes.
   */
  commit(
    units: readonly Unit[],
    options?: { readonly tx?: unknown; readonly claim?: ClaimOnWake },
  ): Promise<readonly Verdict[]>
  claim(request: ClaimRequest): Promise<ClaimResult>
  /** Extends leases held with exactly this epoch; returns those that are lost. */
  renew(
    workerId: string,
    leases: readonly { readonly instanceId: string; readonly epoch: number; readonly leaseMs: number }[],
  ): Promise<readonly string[]>
  /** Gives unfinished instances back at shutdown: lease cleared, wake_at = now, epoch kept. */
  release(workerId: string, leases: readonly { readonly instanceId: string; readonly epoch: number }[]): Promise<void>
  /** A worker is known to be dead: its leases end now, so that the next claim takes its instances over. Returns how many. */
  expireLeases(workerId: string): Promise<number>
  openSession(options: { readonly timeoutMs: number }): Promise<Session>

  operate(
    instanceId: string,
    verb: OperatorVerb,
    options: { readonly now: number; readonly audit: AuditEntry | null },
  ): Promise<OperatorOutcome>
  /** @returns false when the new id is taken */
  fork(request: ForkRequest): Promise<boolean>

  instance(id: string): Promise<InstanceRow | null>
  /** The newest instance of the chain that this id belongs to (recur). */
  chainHead(id: string): Promise<InstanceRow | null>
  /** For each given id whose chain has ended, the row it ended with (recur followed). Cheap for many ids: used by everyone who awaits a result. */
  ended(ids: readonly string[]): Promise<readonly { readonly id: string; readonly row: InstanceRow }[]>
  instances(query: InstanceQuery): Promise<readonly InstanceRow[]>
  /** In order of seq, after `after`, at most `limit`. */
  history(
    instanceId: string,
    options: { readonly after: number; readonly limit: number },
  ): Promise<readonly HistoryRow[]>
  /** Whole histories of several instances, for a batch of claims. */
  histories(instanceIds: readonly string[]): Promise<ReadonlyMap<string, readonly HistoryRow[]>>
  compensations(instanceId: string): Promise<readonly CompensationRow[]>
  /** How many instances of all services have each status, absent = none; a count stops at `open` or `ended`, by whether the status is an end. */
  counts(upTo: {
    readonly open: number
    readonly ended: number
  }): Promise<readonly { readonly status: InstanceStatus; readonly count: number }[]>
  /** Per workflow what has not ended: costs by the number of those, not of all. */
  openCounts(): Promise<
    readonly { readonly status: InstanceStatus; readonly workflowName: string; readonly count: number }[]
  >

  channelStats(name?: string): Promise<readonly ChannelStat[]>
  messages(channel: string, options: { readonly after: number; readonly limit: number }): Promise<readonly MessageRow[]>
  /** An operator takes a stored message away: whoever has not read it never will. @returns false when it is not stored (any more); then nothing is written */
  deleteMessage(channel: string, seq: number, audit: AuditEntry | null): Promise<boolean>
  waits(options: {
    readonly instanceId?: string
    readonly channel?: string
    readonly matchKeys?: readonly string[]
    readonly limit: number
  }): Promise<
    readonly {
      readonly instanceId: string
      readonly activityId: string
      readonly channel: string
      readonly where: Where | null
      readonly cursor: number
    }[]
  >
  subscriptions(
    instanceId: string,
  ): Promise<
    readonly { readonly channel: string; readonly mode: ChannelMode; readonly cursor: number; readonly lag: number }[]
  >
  /** Distinct shapes of `where` in use on a channel (model/match.ts). */
  shapes(channel: string): Promise<readonly string[]>

  /** Leases due rows, oldest next_attempt_at first; while a row of a partition key is unpublished, later rows of that key are not given out. */
  leaseOutbox(options: {
    readonly token: string
    readonly limit: number
    readonly leaseMs: number
  }): Promise<{ readonly rows: readonly StoredOutboxRow[]; readonly nextDueAt: number | null }>
  /** Settles rows still held with this token. */
  settleOutbox(
    token: string,
    results: readonly {
      readonly id: string
      readonly status: OutboxStatus
      readonly nextAttemptAt: number | null
      readonly lastError: string | null
      readonly countAttempt: boolean
    }[],
  ): Promise<void>
  outbox(query: {
    readonly status?: readonly OutboxStatus[]
    readonly id?: string
    readonly instanceId?: string
    readonly limit: number
    readonly before?: number
  }): Promise<readonly StoredOutboxRow[]>
  /** redrive: failed, invalid, expired → pending, attempts 0, due now. discard: deletes unpublished rows. @returns how many */
  operateOutbox(action: 'redrive' | 'discard', ids: readonly string[], audit: AuditEntry | null): Promise<number>

  inbox(query: {
    readonly limit: number
    readonly before?: number
    readonly unmatchedOnly?: boolean
  }): Promise<readonly InboxRow[]>

  saveDefinitions(rows: readonly DefinitionRow[]): Promise<void>
  definitions(): Promise<readonly DefinitionRow[]>

  heartbeat(worker: WorkerRow): Promise<void>
  removeWorker(id: string): Promise<void>
  workers(): Promise<readonly WorkerRow[]>
  /** Takes or renews a named lease. @returns its term (rises with every change of holder), or null while another holds it */
  acquireLock(name: string, holder: string, leaseMs: number): Promise<number | null>
  releaseLock(name: string, holder: string): Promise<void>
  lockHolder(
    name: string,
  ): Promise<{ readonly holder: string; readonly term: number; readonly leaseUntil: number } | null>

  /** Removes what retention allows, at most `limit` rows a table; @returns whether there may be more. Runs under the leader lock. */
  purge(options: {
    readonly now: number
    readonly messageRetentionMs: number
    readonly historyRetentionMs: number | null
    readonly inboxRetentionMs: number
    readonly limit: number
  }): Promise<boolean>

  audit(entry: AuditEntry): Promise<void>
  audits(query: {
    readonly target?: string
    readonly actor?: string
    readonly limit: number
    readonly before?: number
  }): Promise<readonly (AuditEntry & { readonly id: number; readonly at: number })[]>

  /** Bounded reads for the overview, error groups and change detection (statistics.ts). */
  readonly statistics: Statistics

  /** API tokens and dashboard sessions; only the hash is stored. Newest first. */
  apiTokens(): Promise<readonly ApiTokenRow[]>
  apiTokenByHash(hash: string): Promise<ApiTokenRow | null>
  /** Inserts, or replaces the row of that id; `audit` commits with it. */
  saveApiToken(row: ApiTokenRow, audit: AuditEntry | null): Promise<void>
  /** Sets `lastUsedAt` and nothing else, so that it can never undo a revocation beside it. */
  touchApiToken(id: string, at: number): Promise<void>

  /** Calls back when another process may have work for us; undefined where the database cannot notify. `status` tells whether notifications arrive. */
  listen?(onNotice: (notice: Notice) => void): Promise<{ readonly isLive: () => boolean; close(): Promise<void> }>
  notify?(notice: Notice): void

  /** Counters since open, for metrics and benchmarks. */
  readonly metrics: { transactions: number; statements: number }
}

/** Ids only, coalesced; never a payload. */
export type Notice =
  | { readonly type: 'ready'; readonly workflowNames: readonly string[] }
  | { readonly type: 'leased'; readonly leaseOwner: string; readonly instanceIds: readonly string[] }
  | { readonly type: 'ended'; readonly instanceIds: readonly string[] }
  | { readonly type: 'outbox' }
  /** Notifications may have been missed: poll everything once. */
  | { readonly type: 'reconnected' }
