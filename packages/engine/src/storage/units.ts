/**
 * What one flush writes: units in, verdicts out. A unit is all or nothing (S2); the rules are stated in `storage.ts`.
 */
import type { ChannelMode } from '../model/history'
import type { CompensationState, InstanceStatus } from '../model/instance'
import type { Where } from '../model/match'
import type {
  AuditEntry,
  CompensationRow,
  HistoryRow,
  InstanceRow,
  NewHistoryRow,
  NewInstance,
  OutboxRow,
  OutgoingMessage,
} from './rows'

export interface ClaimedInstance {
  /** The row after the claim: new epoch, lease set, status as it was (so `pending` tells a first run). */
  readonly row: InstanceRow
  /** It was leased and the lease ran out: its activities were interrupted. */
  readonly takenOver: boolean
  /** Events that were appended with the claim: what it would have been answered to its first poll. `row.nextSeq` counts them. */
  readonly answers?: readonly HistoryRow[]
}

/**
 * Who commits may run what the commit wakes. Then waking, claiming and the answer to the first poll are one transaction. A storage may claim fewer than it
 * could; those are `ready` as always.
 */
export interface ClaimOnWake {
  readonly workerId: string
  readonly workflowNames: readonly string[]
  readonly limit: number
  /**
   * Whether its coroutine stands where the row does. Only then may an answer be recorded with the claim: of all others it has to be verified first that
   * today's code still asks for it (R3).
   */
  isWarm(position: Pick<InstanceRow, 'id' | 'epoch' | 'nextSeq'>): boolean
}

/** A message or event wait as the transition states it. */
export interface Wait {
  readonly activityId: string
  readonly kind: 'message' | 'event'
  readonly channel: string
  readonly where: Where | null
  /** `''` for no condition; see model/match.ts. */
  readonly matchKey: string
  readonly shape: string
  /** False when the row is there already from an earlier transition. */
  readonly isNew: boolean
}

/** Calls that only the database can answer. Each yields one event, appended in this order after `events`. */
export type Ask =
  | { readonly type: 'subscribe'; readonly activityId: string; readonly channel: string; readonly mode: ChannelMode }
  | {
      readonly type: 'sendTo'
      readonly activityId: string
      readonly targetInstanceId: string
      readonly message: OutgoingMessage
    }
  | { readonly type: 'startChild'; readonly activityId: string; readonly instance: NewInstance }

export interface TransitionBody {
  /** Time given to answers that the storage appends. */
  readonly now: number
  readonly events: readonly NewHistoryRow[]
  readonly asks: readonly Ask[]
  /** Status if nothing intervenes. */
  readonly status: InstanceStatus
  readonly pending: string | null
  /** Ignored while the lease is kept (`wake_at` is then the end of the lease). */
  readonly wakeAt: number | null
  /** `keep` leaves it as it is (renewing is `renew`'s: an indexed column that moved with every step would cost more than the step); `release` parks or ends. */
  readonly lease: 'keep' | 'release'
  /** JSON text; null = unchanged. `output` comes with the end, `error` (a Failure) also with `compensating` and `suspended`. */
  readonly output: string | null
  readonly error: string | null
  /** Every open message or event wait, in call order. The first of them that has a matching message, else the first awaited child that has ended, is answered and the instance stays awake; the others keep theirs for the next transition, since this answer may withdraw them. Checked when any is new, when the lease is released, or with `poll`, unless an ask was answered. */
  readonly waits: readonly Wait[]
  readonly closedWaits: readonly string[]
  /** Open child waits. */
  readonly children: readonly { readonly activityId: string; readonly childId: string }[]
  readonly poll: boolean
  readonly messages: readonly OutgoingMessage[]
  readonly unsubscribe: readonly string[]
  readonly outbox: readonly OutboxRow[]
  readonly compensations: {
    readonly push: readonly { readonly name: string; readonly args: string; readonly activityId: string | null }[]
    /** `compensateOn: 'attempted'` registers before the first attempt; the completion fills in `args` of the row of that activity while it is `registered`. */
    readonly fill: readonly { readonly activityId: string; readonly args: string }[]
    /** Drop all that are still `registered`. */
    readonly clear: boolean
    readonly update: readonly Pick<
      CompensationRow,
      'seq' | 'state' | 'attempts' | 'lastError' | 'nextAttemptAt' | 'executedAt'
    >[]
  }
  /** Undefined = unchanged. JSON text. */
  readonly tags?: string | undefined
  readonly state?: string | undefined
  readonly compensationState?: CompensationState | undefined
  readonly suspendReason?: string | undefined
  /** The cancel request is known: do not answer `cancel` again. */
  readonly acknowledgesCancel: boolean
  /** The successor of a recur: created in the same transaction; subscriptions, cursors and pending direct messages move to it. */
  readonly recur: NewInstance | null
}

export interface TransitionUnit extends TransitionBody {
  readonly kind: 'transition'
  readonly instanceId: string
  readonly epoch: number
  readonly nextSeq: number
}

/** A start. With `first` the instance is born running, leased (epoch 1) by `leaseOwner`, its first transition in the same INSERT. Without, it is born `pending`. */
export interface StartUnit {
  readonly kind: 'start'
  readonly instance: NewInstance
  readonly first: (TransitionBody & { readonly leaseOwner: string }) | null
  /** Written in the same transaction iff the start is accepted. */
  readonly audit?: AuditEntry
}

/** One CloudEvent, or one publish from outside: all of it or, when (source, id) is known already, nothing. */
export interface Delivery {
  readonly inbox: {
    readonly source: string
    readonly id: string
    readonly type: string
    readonly receivedAt: number
    readonly data: string
  } | null
  readonly messages: readonly OutgoingMessage[]
  readonly starts: readonly NewInstance[]
  /** How many handlers of the process take it; they leave no other trace than this number. */
  readonly handlers?: number
}
/** Deliveries that commit together (a CloudEvents batch is all or nothing). */
export interface PublishUnit {
  readonly kind: 'publish'
  readonly now: number
  readonly deliveries: readonly Delivery[]
  /** Written in the same transaction as the deliveries (also when all of them are duplicates). */
  readonly audit?: AuditEntry
}

export type Unit = TransitionUnit | StartUnit | PublishUnit

export type Verdict =
  | {
      readonly kind: 'accepted'
      /** Events that the storage appended for asks, messages and ended children, in order. Not empty ⇒ the instance stays leased, awake and `running`. */
      readonly answers: readonly HistoryRow[]
      readonly nextSeq: number
      /** Whom to tell: see {@link Wakes}. */
      readonly wakes: Wakes
    }
  /** Fence: another owner, or ended. Nothing was written. */
  | { readonly kind: 'lost' }
  /** A cancel was requested: the events are recorded, status and lease are as before. */
  | {
      readonly kind: 'cancel'
      readonly nextSeq: number
      readonly by: string | null
      readonly reason: string | null
      readonly wakes: Wakes
    }
  /** A start met a taken id; nothing was written. */
  | { readonly kind: 'exists'; readonly instance: InstanceRow }
  | {
      readonly kind: 'published'
      readonly deliveries: readonly {
        readonly duplicate: boolean /** Instances that were waiting for one of its messages. */
        readonly receivers: readonly string[]
      }[]
      readonly wakes: Wakes
    }
  /** This unit cannot be written (too large for a column, bad bytes …); its neighbours were. */
  | { readonly kind: 'failed'; readonly error: Error }

export interface Wakes {
  /** Parked instances that are now ready (`wake_at` = now), with their workflow's name. */
  readonly ready: readonly { readonly instanceId: string; readonly workflowName: string }[]
  /** Instances leased by somebody that have news to poll for. */
  readonly leased: readonly { readonly instanceId: string; readonly leaseOwner: string }[]
  /** Instances that were woken and, in the same transaction, claimed for whoever committed: they are not among `ready`. See {@link ClaimOnWake}. */
  readonly claimed?: readonly ClaimedInstance[]
  /** Some outbox row became due. */
  readonly outbox: boolean
}
