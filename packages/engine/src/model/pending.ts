/**
 * Operations that were released and not yet answered, as the `pending` column keeps them: rewritten by the guard's UPDATE, so durable attempts, due times
 * and last errors cost no statement of their own. Everything listed here is part of the record: code that no longer asks for it diverges (R3).
 */
import type { JsonValue } from './json'

interface Operation {
  readonly id: string
}

export interface PendingActivity extends Operation {
  readonly kind: 'activity'
  readonly name: string
  /** The attempt that runs or comes next, from 1. */
  readonly attempt: number
  /** Epoch ms of the first attempt's release. */
  readonly firstAttemptAt: number
  /** Set between attempts: epoch ms when the next one may start. */
  readonly nextAttemptAt?: number
  /** Attempts in a row that were lost with their worker. */
  readonly interruptions?: number
  /** Failures that {@link errors} keeps no longer. They count. */
  readonly forgotten?: number
  readonly errors?: readonly {
    readonly attempt: number
    readonly errorType: string
    readonly message: string
    readonly timestampMs: number
  }[]
  readonly heartbeat?: JsonValue
  readonly summary?: string
}

export interface PendingTimer extends Operation {
  readonly kind: 'timer'
  readonly dueAt: number
}

/** A `receive`. `channel` is the stored name (direct: `{name}:{instanceId}`). */
export interface PendingMessage extends Operation {
  readonly kind: 'message'
  readonly channel: string
  readonly timeoutAt?: number
  readonly timeoutSeconds?: number
}

export interface PendingEvent extends Operation {
  readonly kind: 'event'
  readonly eventType: string
  readonly where?: Readonly<Record<string, string | number | boolean | null>>
  readonly timeoutAt?: number
  readonly timeoutSeconds?: number
}

export interface PendingChild extends Operation {
  readonly kind: 'child'
  readonly childId: string
}

export type PendingOperation = PendingActivity | PendingTimer | PendingMessage | PendingEvent | PendingChild

export function decodePending(text: string | null): readonly PendingOperation[] {
  return text ? (JSON.parse(text) as readonly PendingOperation[]) : []
}

export function encodePending(operations: readonly PendingOperation[]): string | null {
  return operations.length === 0 ? null : JSON.stringify(operations)
}

/** Earliest moment at which one of these needs a look, or null: `wake_at` of a parked instance. */
export function earliestDue(operations: Iterable<PendingOperation>): number | null {
  let earliest: number | null = null
  for (const operation of operations) {
    const due = dueAt(operation)
    if (due !== undefined && (earliest === null || due < earliest)) earliest = due
  }
  return earliest
}

function dueAt(operation: PendingOperation): number | undefined {
  switch (operation.kind) {
    case 'activity':
      return operation.nextAttemptAt
    case 'timer':
      return operation.dueAt
    case 'message':
    case 'event':
      return operation.timeoutAt
    case 'child':
      return undefined
  }
}
