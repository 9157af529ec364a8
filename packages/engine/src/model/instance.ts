/**
 * Statuses and the one table of legal transitions. Every layer asks this table; none keeps its own list.
 * `suspended` is parked by an operator, by a determinism mismatch, or after its worker crashed repeatedly, always with a reason.
 */
import type { JsonValue } from './json'

export const INSTANCE_STATUSES = [
  'pending',
  'running',
  'waiting_for_event',
  'waiting_for_timer',
  'waiting_for_message',
  'waiting_for_child',
  'compensating',
  'suspended',
  'completed',
  'failed',
  'cancelled',
  'recurred',
] as const
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number]
export type CompensationState = 'none' | 'pending' | 'completed' | 'failed'
export type ParentClosePolicy = 'cancel' | 'abandon'

const TERMINAL: ReadonlySet<InstanceStatus> = new Set(['completed', 'failed', 'cancelled', 'recurred'])
const LIVE: readonly InstanceStatus[] = [
  'running',
  'waiting_for_event',
  'waiting_for_timer',
  'waiting_for_message',
  'waiting_for_child',
  'suspended',
]
const ENDS: readonly InstanceStatus[] = ['completed', 'failed', 'cancelled', 'recurred']

/** From each status, the statuses that one transition may reach (itself included where staying is a transition). */
export const LEGAL_TRANSITIONS: Readonly<Record<InstanceStatus, readonly InstanceStatus[]>> = {
  pending: [...LIVE, 'compensating', ...ENDS],
  running: [...LIVE, 'compensating', ...ENDS],
  waiting_for_event: [...LIVE, 'compensating', ...ENDS],
  waiting_for_timer: [...LIVE, 'compensating', ...ENDS],
  waiting_for_message: [...LIVE, 'compensating', ...ENDS],
  waiting_for_child: [...LIVE, 'compensating', ...ENDS],
  suspended: [...LIVE, 'pending', 'compensating', ...ENDS],
  compensating: ['compensating', 'suspended', 'failed', 'cancelled'],
  completed: [],
  // in place: a retry, and a compensation that is tried again
  failed: ['running', 'compensating'],
  cancelled: ['compensating'],
  recurred: [],
}

/** Longest instance id; what anybody may name, a receiver for example, is checked against it. */
const LONGEST_ID = 150

/** An id that the engine makes: a long name is cut, never the unique part. */
export function generatedId(workflowName: string, unique: string): string {
  const room = LONGEST_ID - 1 - unique.length
  // a cut must not leave half of a character
  const name = workflowName.length <= room ? workflowName : workflowName.slice(0, room).replace(/[\ud800-\udbff]$/, '')
  return `${name}-${unique}`
}

export function isTerminal(status: InstanceStatus): boolean {
  return TERMINAL.has(status)
}

export function isWaiting(status: InstanceStatus): boolean {
  return status.startsWith('waiting_for_')
}

export function isInstanceStatus(text: string): text is InstanceStatus {
  return (INSTANCE_STATUSES as readonly string[]).includes(text)
}

export function canTransition(from: InstanceStatus, to: InstanceStatus): boolean {
  return LEGAL_TRANSITIONS[from].includes(to)
}

/** The public record of an instance; dates are `Date`, what is absent is `null`. */
export interface WorkflowInstance {
  readonly instanceId: string
  readonly workflowName: string
  readonly status: InstanceStatus
  readonly input: JsonValue
  readonly output: JsonValue
  readonly error: Failure | null
  readonly startedAt: Date
  readonly updatedAt: Date
  readonly completedAt: Date | null
  readonly continuedFrom: string | null
  readonly parentId: string | null
  readonly forkedFrom: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly state: JsonValue
  readonly compensationState: CompensationState
  readonly cancel: { readonly by: string | null; readonly reason: string | null; readonly at: Date } | null
  readonly suspendReason: string | null
  readonly ownerService: string
  readonly version: number | null
}

/** The stored form of an error; see `failure.ts`. */
export interface Failure {
  readonly name: string
  readonly message: string
  /** The nearest class that the engine or the language knows, where `name` is a class derived from it. */
  readonly extends?: string
  readonly code?: string
  readonly stack?: string
  readonly fields?: { readonly [key: string]: JsonValue | undefined }
  readonly cause?: Failure
  /** Of an AggregateError. */
  readonly errors?: readonly Failure[]
}
