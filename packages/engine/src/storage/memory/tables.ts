/** The tables of the data model (prisma/models.prisma) as plain rows, and the context that every verb of the memory storage works in. */
import type { ChannelMode } from '../../model/history'
import { isTerminal } from '../../model/instance'
import type { Where } from '../../model/match'
import type {
  ApiTokenRow,
  AuditEntry,
  CompensationRow,
  DefinitionRow,
  HistoryRow,
  InboxRow,
  InstanceRow,
  MessageRow,
  StoredOutboxRow,
  WorkerRow,
} from '../storage'
import { Journal, keyOfParts, Table } from './table'

export interface InstanceRecord extends InstanceRow {
  /** The owner has recorded the cancel request and acts on it (S8). */
  readonly cancelSeen: boolean
}
export interface HistoryRecord extends HistoryRow {
  readonly instanceId: string
  readonly epoch: number
}
export interface WaitRecord {
  readonly instanceId: string
  readonly activityId: string
  readonly kind: 'message' | 'event'
  readonly channel: string
  readonly where: Where | null
  readonly matchKey: string
  /** Every message up to this number has been looked at for this wait. */
  readonly cursor: number
  /** Lowest number of a matching message that a publisher saw since; null = none. */
  readonly hitSeq: number | null
  /** Order of insertion: the oldest wait is served first. */
  readonly order: number
}
export interface CompensationRecord extends CompensationRow {
  readonly instanceId: string
}
export interface ChannelRecord {
  readonly name: string
  /** Null while nobody is subscribed. */
  readonly mode: ChannelMode | null
  readonly nextSeq: number
  readonly shapes: readonly string[]
}
export interface SubscriptionRecord {
  readonly instanceId: string
  readonly channel: string
  /** `''` for `receive` and for waits without a condition; one row more per `where` in use. */
  readonly matchKey: string
  readonly mode: ChannelMode
  readonly cursor: number
}
export interface LockRecord {
  readonly name: string
  readonly holder: string
  readonly term: number
  readonly leaseUntil: number
}
export interface AuditRecord extends AuditEntry {
  readonly id: number
  readonly at: number
}

export type Tables = ReturnType<typeof createTables>

/** What each verb needs: the rows, the clock that decides, and numbers that only rise. */
export interface Database {
  readonly tables: Tables
  readonly journal: Journal
  /** Epoch milliseconds. */
  now(): number
  /** The next number of a sequence; like a database's, it does not come back with a rollback. */
  nextNumber(sequence: 'audit' | 'inbox' | 'outbox' | 'wait'): number
}

export function createDatabase(clock: { now(): number }): Database {
  const journal = new Journal()
  const numbers = { audit: 0, inbox: 0, outbox: 0, wait: 0 }
  return {
    tables: createTables(journal),
    journal,
    now: () => clock.now(),
    nextNumber: (sequence) => ++numbers[sequence],
  }
}

function createTables(journal: Journal) {
  return {
    instances: new Table(journal, (row: InstanceRecord) => row.id, {
      parent: (row: InstanceRecord) => row.parentId,
      chain: (row: InstanceRecord) => row.chainId,
      /** Like the partial index on `wake_at`: finished rows are not in it. */
      awake: (row: InstanceRecord) => (row.wakeAt === null ? null : row.workflowName),
      leaseOwner: (row: InstanceRecord) => row.leaseOwner,
    }),
    history: new Table(journal, (row: HistoryRecord) => keyOfParts(row.instanceId, row.seq), {}),
    waits: new Table(journal, (row: WaitRecord) => keyOfParts(row.instanceId, row.activityId), {
      instance: (row: WaitRecord) => row.instanceId,
      channel: (row: WaitRecord) => row.channel,
    }),
    compensations: new Table(journal, (row: CompensationRecord) => keyOfParts(row.instanceId, row.seq), {
      instance: (row: CompensationRecord) => row.instanceId,
    }),
    channels: new Table(journal, (row: ChannelRecord) => row.name, {}),
    messages: new Table(journal, (row: MessageRow) => keyOfParts(row.channel, row.seq), {
      channel: (row: MessageRow) => row.channel,
      target: (row: MessageRow) => row.targetInstanceId,
    }),
    subscriptions: new Table(
      journal,
      (row: SubscriptionRecord) => keyOfParts(row.instanceId, row.channel, row.matchKey),
      {
        instance: (row: SubscriptionRecord) => row.instanceId,
        channel: (row: SubscriptionRecord) => row.channel,
      },
    ),
    outbox: new Table(journal, (row: StoredOutboxRow) => row.id, {
      pending: (row: StoredOutboxRow) => (row.status === 'pending' ? 'pending' : null),
    }),
    inbox: new Table(journal, (row: InboxRow) => keyOfParts(row.source, row.id), {}),
    definitions: new Table(journal, (row: DefinitionRow) => keyOfParts(row.name, row.sourceHash), {}),
    workers: new Table(journal, (row: WorkerRow) => row.id, {}),
    locks: new Table(journal, (row: LockRecord) => row.name, {}),
    audits: new Table(journal, (row: AuditRecord) => String(row.id), {}),
    apiTokens: new Table(journal, (row: ApiTokenRow) => row.id, {}),
  }
}

/** May still go on: neither ended nor parked by an operator. */
/** A cancel request frees an instance from its suspension: what remains to be done needs no code that fits. */
export function released(row: InstanceRecord): InstanceRecord {
  return row.status === 'suspended' ? { ...row, status: 'running', suspendReason: null, error: null } : row
}

export function isRunnable(row: InstanceRecord): boolean {
  return !isTerminal(row.status) && row.status !== 'suspended'
}

export function toInstanceRow({ cancelSeen: _, ...row }: InstanceRecord): InstanceRow {
  return row
}
