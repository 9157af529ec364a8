/**
 * Why a failed instance failed, as its history tells: which answers are behind the workflow's error. What a retry supersedes follows from it, together
 * with a replay that must fit (retry.ts of the façade).
 *
 * An answer is behind the error when its own error is that error, a cause of it, or one of the errors it holds. Errors are told apart by what is stored
 * of them, stack included; of several equal ones the latest counts, since earlier ones were caught.
 */
import { type HistoryEvent, type HistoryEventOf, INLINE_EVENTS } from '../model/history'
import type { Failure } from '../model/instance'
import { heard, supersededIn } from './heard'

export interface FailedRun {
  readonly ended: HistoryEventOf<'WorkflowFailed'>
  /** Answers whose error is in the workflow's. */
  readonly behind: readonly HistoryEvent[]
  /** Other answers with an error, caught or never awaited, latest first. */
  readonly others: readonly HistoryEvent[]
  /** Errors that came in when the workflow had failed already. */
  readonly unheard: readonly HistoryEvent[]
}

/** @returns undefined when the history does not end with a failure */
export function failedRun(history: readonly HistoryEvent[]): FailedRun | undefined {
  const superseded = supersededIn(history)
  const ended = history.findLast(
    (event): event is HistoryEventOf<'WorkflowFailed'> => event.type === 'WorkflowFailed' && !superseded.has(event.seq),
  )
  if (!ended) return undefined
  const { events, unheard } = heard(history)
  const failures = events.filter((event) => errorTest(event) !== undefined)
  const known = failures.filter((event) => !unheard.has(event.seq)).reverse()
  const behind = behindError(ended.data.error, known)
  return {
    ended,
    behind: known.filter((event) => behind.has(event)),
    others: known.filter((event) => !behind.has(event)),
    unheard: failures.filter((event) => unheard.has(event.seq)),
  }
}

/** These events and the inline calls that each of them made the code do: those stand right behind it. */
export function withInline(history: readonly HistoryEvent[], events: readonly HistoryEvent[]): Set<number> {
  const seqs = new Set(events.map(({ seq }) => seq))
  for (const event of history) if (INLINE_EVENTS.has(event.type) && seqs.has(event.seq - 1)) seqs.add(event.seq)
  return seqs
}

function behindError(error: Failure, latestFirst: readonly HistoryEvent[]): ReadonlySet<HistoryEvent> {
  const behind = new Set<HistoryEvent>()
  for (const node of nodesOf(error)) {
    const found = latestFirst.find((event) => !behind.has(event) && errorTest(event)?.(node))
    if (found) behind.add(found)
  }
  return behind
}

function nodesOf(error: Failure): readonly Failure[] {
  const inner = [...(error.cause ? [error.cause] : []), ...(error.errors ?? [])]
  return [error, ...inner.flatMap(nodesOf)]
}

/** Whether an error is the one that this event answered its call with; undefined when it answered with none. */
function errorTest(event: HistoryEvent): ((error: Failure) => boolean) | undefined {
  switch (event.type) {
    case 'ActivityFailed':
      return isSameAs(event.data.error)
    case 'Subscribed':
    case 'ChildStarted':
      return event.data.error && isSameAs(event.data.error)
    case 'ChildCompleted': {
      const { childId, status } = event.data
      return status === 'completed' ? undefined : ({ fields }) => fields?.instanceId === childId
    }
    case 'MessageTimeout': {
      const { channel, eventType, timeoutSeconds } = event.data
      const isOf = (name: unknown): boolean =>
        eventType === undefined ? channel === name || channel.startsWith(`${String(name)}:`) : eventType === name
      return ({ name, fields }) =>
        name === (eventType === undefined ? 'ReceiveTimeoutError' : 'EventTimeoutError') &&
        fields?.timeoutSeconds === timeoutSeconds &&
        isOf(eventType === undefined ? fields.channel : fields.eventType)
    }
    default:
      return undefined
  }
}

function isSameAs(failure: Failure): (error: Failure) => boolean {
  return (error) =>
    error.name === failure.name &&
    error.message === failure.message &&
    error.code === failure.code &&
    stackOf(error) === stackOf(failure)
}

/** As the decoded error has it. */
function stackOf({ name, message, stack }: Failure): string {
  return stack ?? `${name}: ${message}`
}
