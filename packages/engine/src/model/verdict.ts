/**
 * The answer to "why is this one waiting, what happens next, and when?" as one pure function of facts. It knows statuses, pending operations and who
 * is alive; it reads no clock and no database, so the same facts give the same sentence wherever they are shown.
 *
 * 1. The headline names the one thing that decides: an end, a suspension, a missing worker, a dead lease, then the wait or the attempt itself.
 * 2. Sentences hold names, never times: times stand in `next.at`, for the reader's own clock and language.
 * 3. Actions are ordered by safety: looking first, ending last.
 */
import type { CompensationState, Failure, InstanceStatus } from './instance'
import { isTerminal } from './instance'
import { earliestDue, type PendingOperation } from './pending'
import {
  act,
  currentOperation,
  describeOperation,
  plural,
  type SuggestedAction,
  type Verdict,
  type VerdictSeverity,
} from './verdict-words'

export type { SuggestedAction, Verdict, VerdictAction, VerdictSeverity } from './verdict-words'

/** Times are epoch milliseconds. */
export interface VerdictFacts {
  readonly workflowName: string
  readonly status: InstanceStatus
  readonly pending: readonly PendingOperation[]
  readonly error: Failure | null
  readonly suspendReason: string | null
  readonly cancel: { readonly by: string | null; readonly reason: string | null } | null
  readonly compensationState: CompensationState
  readonly compensations: readonly {
    readonly seq: number
    readonly name: string
    readonly state: 'registered' | 'running' | 'executed' | 'failed' | 'skipped' | 'done'
    readonly attempts: number
    readonly nextAttemptAt: number | null
    readonly lastError: Failure | null
  }[]
  readonly wakeAt: number | null
  readonly lease: { readonly workerId: string; readonly until: number } | null
  /** Live workers and what they can run. */
  readonly workers: readonly { readonly id: string; readonly workflows: readonly string[] }[]
  /** The successor of a recurred instance. */
  readonly successorId: string | null
  /** Outgoing events of this instance that were given up. */
  readonly deadLetters: number
  readonly now: number
}

/** Due for longer than this and still not taken: worth a remark. A healthy worker claims within its fallback poll. */
const OVERDUE_MS = 35_000

export function verdict(facts: VerdictFacts): Verdict {
  if (isTerminal(facts.status)) return ended(facts)
  if (facts.status === 'suspended') return suspended(facts)
  return interrupted(facts) ?? waitingForWorker(facts) ?? underway(facts)
}

function ended(facts: VerdictFacts): Verdict {
  const dead = facts.deadLetters
  const redrive = dead > 0 ? [act('redrive', 'Redrive its outgoing events')] : []
  const undelivered = dead > 0 ? ` ${plural(dead, 'outgoing event')} could not be delivered.` : ''
  if (facts.status === 'failed') return failed(facts, redrive, undelivered)
  if (facts.status === 'recurred') {
    const actions = facts.successorId ? [act('open-instance', 'Open its successor', facts.successorId)] : []
    return end(
      'Continued in a new instance',
      `The workflow called recur: its work goes on in the successor.${undelivered}`,
      'ok',
      actions,
    )
  }
  if (facts.status === 'cancelled') return cancelled(facts, redrive, undelivered)
  const severity = dead > 0 ? 'attention' : 'ok'
  return end('Completed', `The workflow returned its result.${undelivered}`, severity, redrive)
}

function failed(facts: VerdictFacts, redrive: readonly SuggestedAction[], undelivered: string): Verdict {
  const error = facts.error ? errorText(facts.error) : 'no error was recorded'
  const broken = facts.compensations.filter((link) => link.state === 'failed')
  if (facts.compensationState === 'failed') return compensationFailed(facts, `Failed with ${error}.`, undelivered)
  if (facts.compensationState === 'completed' && broken.length === 0) {
    const why = `${error}. What it had done was undone by its compensations, so it cannot be retried in place.${undelivered}`
    return end('Failed and rolled back', why, 'attention', [...redrive, act('fork', 'Start again as a fork')])
  }
  const why = `${error}. Nothing was compensated: a retry goes on from the failed step.${undelivered}`
  const actions = [
    act('check-code', "Check against today's code"),
    act('retry', 'Retry from the failed step'),
    ...redrive,
  ]
  return end('Failed', why, 'critical', [...actions, act('fork', 'Start again as a fork')])
}

function cancelled(facts: VerdictFacts, redrive: readonly SuggestedAction[], undelivered: string): Verdict {
  const { by, reason } = facts.cancel ?? { by: null, reason: null }
  const who = `Cancelled${by ? ` by ${by}` : ''}${reason ? ` (${firstLine(reason)})` : ''}.`
  if (facts.compensationState === 'failed') return compensationFailed(facts, who, undelivered)
  const undone = facts.compensationState === 'completed' ? ' What it had done was undone by its compensations.' : ''
  return end('Cancelled', `${who}${undone}${undelivered}`, redrive.length > 0 ? 'attention' : 'ok', redrive)
}

function compensationFailed(facts: VerdictFacts, what: string, undelivered: string): Verdict {
  const broken = facts.compensations.filter((link) => link.state === 'failed')
  const names = broken.map((link) => link.name).join(', ')
  const cause = broken[0]?.lastError
  const why = `${what} The rollback is incomplete: ${names || 'a compensation'} gave up${cause ? ` with ${errorText(cause)}` : ''}.${undelivered}`
  const actions = broken.map((link) => act('retry-compensation', `Retry ${link.name}`, String(link.seq)))
  return {
    headline: 'Compensation failed',
    why,
    next: { what: 'Nothing until an operator decides', at: null },
    severity: 'critical',
    suggestedActions: actions,
  }
}

function suspended(facts: VerdictFacts): Verdict {
  const reason = facts.suspendReason ?? 'no reason was recorded'
  const actions = [act('check-code', "Check against today's code"), act('resume', 'Resume'), act('cancel', 'Cancel')]
  return {
    headline: 'Suspended',
    why: `${sentence(reason)} Its history is untouched.`,
    next: { what: 'Goes on when it is resumed, or when a worker registers other code that fits', at: null },
    severity: 'critical',
    suggestedActions: actions,
  }
}

/** A lease whose worker is gone, or a recorded cancel that nobody acted on yet. */
function interrupted(facts: VerdictFacts): Verdict | null {
  const { lease } = facts
  const holderLives = lease !== null && facts.workers.some((worker) => worker.id === lease.workerId)
  if (lease && !holderLives) {
    return {
      headline: 'Its worker is gone',
      why: `Worker ${lease.workerId} holds the lease and no longer gives a sign of life. Recorded results are safe; what was running runs again with the same idempotency key.`,
      next: {
        what: canRun(facts) ? 'Another worker takes over' : `A worker that knows ${facts.workflowName} takes over`,
        at: new Date(lease.until),
      },
      severity: 'attention',
      suggestedActions: [act('open-workers', 'See the workers')],
    }
  }
  if (facts.cancel && facts.status !== 'compensating') {
    return {
      headline: 'Cancelling',
      why: `A cancel was requested${facts.cancel.by ? ` by ${facts.cancel.by}` : ''}; running activities are told to stop, then compensations run.`,
      next: {
        what:
          lease || canRun(facts)
            ? 'Its worker acts on the request'
            : `A worker that knows ${facts.workflowName} must start`,
        at: null,
      },
      severity: canRun(facts) ? 'info' : 'attention',
      suggestedActions: canRun(facts) ? [] : [act('open-workers', 'See the workers')],
    }
  }
  return null
}

/** Due, and nobody there who could take it. */
function waitingForWorker(facts: VerdictFacts): Verdict | null {
  const { wakeAt } = facts
  if (facts.lease !== null || wakeAt === null || wakeAt > facts.now) return null
  if (!canRun(facts)) {
    const others =
      facts.workers.length === 0
        ? 'No worker is alive.'
        : `${plural(facts.workers.length, 'worker')} alive, none of which knows this workflow.`
    return {
      headline: `No worker runs ${facts.workflowName}`,
      why: `It is ready to run. ${others}`,
      next: { what: `A worker that knows ${facts.workflowName} must start`, at: null },
      severity: 'critical',
      suggestedActions: [act('open-workers', 'See the workers'), act('cancel', 'Cancel')],
    }
  }
  const late = facts.now - wakeAt > OVERDUE_MS
  return {
    headline: 'Ready to run',
    why: late
      ? 'It has been due for a while: the workers that know it are busy or stuck.'
      : 'It is due; the next free worker takes it.',
    next: { what: 'A worker claims it', at: new Date(wakeAt) },
    severity: late ? 'attention' : 'ok',
    suggestedActions: late ? [act('open-workers', 'See the workers')] : [],
  }
}

function underway(facts: VerdictFacts): Verdict {
  if (facts.status === 'compensating') return withRunnable(facts, compensating(facts))
  if (facts.status === 'pending') {
    const next = { what: 'It starts', at: facts.wakeAt === null ? null : new Date(facts.wakeAt) }
    const plain = {
      headline: 'Starts later',
      why: 'Its start was delayed.',
      next,
      severity: 'ok' as const,
      suggestedActions: [act('cancel', 'Cancel')],
    }
    return withRunnable(facts, plain)
  }
  const operation = currentOperation(facts.status, facts.pending)
  if (!operation) {
    const next = { what: 'Its next step', at: null }
    return {
      headline: 'Running',
      why: 'Workflow code is running between two steps.',
      next,
      severity: 'ok',
      suggestedActions: [],
    }
  }
  const described = describeOperation(operation, facts.now)
  const others = facts.pending.length - 1
  const why =
    others > 0
      ? `${described.why} ${plural(others, 'other operation')} ${others === 1 ? 'is' : 'are'} open beside it.`
      : described.why
  const earliest = earliestDue(facts.pending)
  const next =
    described.next.at === null && earliest !== null
      ? { what: `${described.next.what}, or another open operation is due`, at: new Date(earliest) }
      : described.next
  return withRunnable(facts, {
    ...described,
    why,
    next,
    suggestedActions: [...described.suggestedActions, act('cancel', 'Cancel')],
  })
}

function compensating(facts: VerdictFacts): Verdict {
  const open = facts.compensations.filter((link) => link.state === 'registered' || link.state === 'running')
  const current = open.reduce<(typeof open)[number] | null>(
    (last, link) => (last === null || link.seq > last.seq ? link : last),
    null,
  )
  const cause = facts.cancel ? 'It was cancelled' : `It failed${facts.error ? ` with ${errorText(facts.error)}` : ''}`
  const broken = facts.compensations.filter((link) => link.state === 'failed').length
  const rest = `${plural(open.length, 'compensation')} to go${broken > 0 ? `, ${broken} gave up` : ''}.`
  const retryAt = current?.nextAttemptAt ?? facts.now
  const retrying = current !== null && retryAt > facts.now
  const last = current?.lastError ? ` Last error: ${errorText(current.lastError)}.` : ''
  return {
    headline: retrying
      ? `Rolling back: ${current.name} is retried`
      : `Rolling back${current ? `: ${current.name}` : ''}`,
    why: `${cause}; what it had done is undone, last first. ${rest}${last}`,
    next: {
      what: retrying
        ? `Attempt ${current.attempts + 1} of ${current.name}`
        : current
          ? `${current.name} ends`
          : 'It ends',
      at: retrying ? new Date(retryAt) : null,
    },
    severity: broken > 0 ? 'critical' : retrying || current?.lastError ? 'attention' : 'info',
    suggestedActions: [],
  }
}

/** Whatever comes next needs a worker: say so now rather than when it is due. */
function withRunnable(facts: VerdictFacts, plain: Verdict): Verdict {
  if (facts.lease !== null || canRun(facts)) return plain
  return {
    ...plain,
    why: `${plain.why} No live worker knows ${facts.workflowName}, so it cannot go on even then.`,
    severity: plain.severity === 'critical' ? 'critical' : 'attention',
    suggestedActions: [act('open-workers', 'See the workers'), ...plain.suggestedActions],
  }
}

function canRun(facts: VerdictFacts): boolean {
  return facts.workers.some((worker) => worker.workflows.includes(facts.workflowName))
}

function end(
  headline: string,
  why: string,
  severity: VerdictSeverity,
  suggestedActions: readonly SuggestedAction[],
): Verdict {
  return { headline, why, next: { what: 'Nothing: it has ended', at: null }, severity, suggestedActions }
}

/** The engine's wrapper says only that retries are used up: what went wrong is in its cause. */
function errorText(failure: Failure): string {
  if (failure.name === 'RetryExhaustedError' && failure.cause) return `${errorText(failure.cause)} (retries exhausted)`
  return `${failure.name}: ${firstLine(failure.message)}`
}

function firstLine(text: string): string {
  const line = text.slice(0, `${text}\n`.indexOf('\n'))
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

function sentence(text: string): string {
  return /[.!?]$/.test(text.trimEnd()) ? text.trimEnd() : `${text.trimEnd()}.`
}
