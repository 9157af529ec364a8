/** How one pending operation reads to people: the words of `verdict()` and of the step column in listings. */
import type { InstanceStatus } from './instance'
import type { Where } from './match'
import type { PendingActivity, PendingOperation } from './pending'

export type VerdictSeverity = 'ok' | 'info' | 'attention' | 'critical'
export type VerdictAction =
  | 'send-event'
  | 'send-message'
  | 'open-instance'
  | 'open-workers'
  | 'check-code'
  | 'resume'
  | 'retry'
  | 'retry-compensation'
  | 'fork'
  | 'redrive'
  | 'cancel'

export interface SuggestedAction {
  readonly action: VerdictAction
  readonly label: string
  /** Event type, channel, instance id, or compensation number, whichever the action needs. */
  readonly target: string | null
  readonly where: Where | null
}

export interface Verdict {
  /** e.g. `Waiting for event payment.received` */
  readonly headline: string
  /** One or two sentences. */
  readonly why: string
  readonly next: { readonly what: string; readonly at: Date | null }
  readonly severity: VerdictSeverity
  readonly suggestedActions: readonly SuggestedAction[]
}

const KIND_OF_STATUS: Partial<Readonly<Record<InstanceStatus, PendingOperation['kind']>>> = {
  waiting_for_event: 'event',
  waiting_for_message: 'message',
  waiting_for_child: 'child',
  waiting_for_timer: 'timer',
}
const ORDER: readonly PendingOperation['kind'][] = ['activity', 'event', 'message', 'child', 'timer']

/** The operation that decides: the one the status names; for a running instance an activity, running ones before those between attempts. */
export function currentOperation(
  status: InstanceStatus,
  pending: readonly PendingOperation[],
): PendingOperation | null {
  const kind = KIND_OF_STATUS[status]
  const kinds = kind ? [kind, ...ORDER] : ORDER
  for (const wanted of kinds) {
    const found = pending.filter((operation) => operation.kind === wanted)
    const running = found.find((operation) => operation.kind !== 'activity' || operation.nextAttemptAt === undefined)
    const current = running ?? found[0]
    if (current) return current
  }
  return null
}

/** A few words for a column: `charge, attempt 3`, `event payment.received`. */
export function stepOf(operation: PendingOperation): string {
  switch (operation.kind) {
    case 'activity':
      return operation.attempt > 1 || operation.nextAttemptAt !== undefined
        ? `${operation.name}, attempt ${operation.attempt}`
        : operation.name
    case 'timer':
      return `timer ${operation.id}`
    case 'message':
      return `message on ${operation.channel}`
    case 'event':
      return `event ${operation.eventType}`
    case 'child':
      return `child ${operation.childId}`
  }
}

export function describeOperation(operation: PendingOperation, now: number): Verdict {
  switch (operation.kind) {
    case 'activity':
      return describeActivity(operation, now)
    case 'timer': {
      const next = { what: 'The timer is due', at: new Date(operation.dueAt) }
      const why = `The workflow sleeps (${operation.id}).`
      return { headline: 'Waiting for a timer', why, next, severity: 'ok', suggestedActions: [] }
    }
    case 'message': {
      const why = `It waits for the next message on channel ${operation.channel}${patience(operation.timeoutAt)}.`
      const suggestedActions = [act('send-message', 'Send a message', operation.channel)]
      return {
        headline: `Waiting for a message on ${operation.channel}`,
        why,
        next: arrival('message', operation.timeoutAt),
        severity: 'info',
        suggestedActions,
      }
    }
    case 'event': {
      const where = operation.where && Object.keys(operation.where).length > 0 ? operation.where : null
      const condition = where ? ` with ${conditionText(where)}` : ''
      const why = `It waits for an event of type ${operation.eventType}${condition}${patience(operation.timeoutAt)}.`
      const suggestedActions = [act('send-event', 'Send the event', operation.eventType, where)]
      return {
        headline: `Waiting for event ${operation.eventType}`,
        why,
        next: arrival('event', operation.timeoutAt),
        severity: 'info',
        suggestedActions,
      }
    }
    case 'child': {
      const suggestedActions = [act('open-instance', 'Open the child', operation.childId)]
      const next = { what: 'The child ends', at: null }
      const why = `It waits for its child ${operation.childId} to end.`
      return { headline: 'Waiting for a child workflow', why, next, severity: 'info', suggestedActions }
    }
  }
}

function describeActivity(operation: PendingActivity, now: number): Verdict {
  const last = operation.errors?.at(-1)
  const failure = last ? ` The last attempt failed with ${last.errorType}: ${last.message.split('\n', 1)[0]}.` : ''
  const severity = last ? 'attention' : 'ok'
  if (operation.nextAttemptAt !== undefined && operation.nextAttemptAt > now) {
    const next = { what: `Attempt ${operation.attempt} of ${operation.name}`, at: new Date(operation.nextAttemptAt) }
    const why = `${operation.name} failed and is tried again.${failure}`
    return { headline: `Retrying ${operation.name}`, why, next, severity, suggestedActions: [] }
  }
  const attempt = operation.attempt > 1 ? ` (attempt ${operation.attempt})` : ''
  const why = `The activity ${operation.name} is running${attempt}${operation.summary ? `: ${operation.summary}` : ''}.${failure}`
  return {
    headline: `Running ${operation.name}${attempt}`,
    why,
    next: { what: `${operation.name} ends`, at: null },
    severity,
    suggestedActions: [],
  }
}

export function act(
  action: VerdictAction,
  label: string,
  target: string | null = null,
  where: Where | null = null,
): SuggestedAction {
  return { action, label, target, where }
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function conditionText(where: Where): string {
  return Object.entries(where)
    .map(([path, value]) => `${path} = ${JSON.stringify(value)}`)
    .join(' and ')
}

function patience(timeoutAt: number | undefined): string {
  return timeoutAt === undefined ? ', for as long as it takes' : ''
}

function arrival(what: 'event' | 'message', timeoutAt: number | undefined): Verdict['next'] {
  return timeoutAt === undefined
    ? { what: `The ${what} arrives`, at: null }
    : { what: `The ${what} arrives, or the wait times out`, at: new Date(timeoutAt) }
}
