/**
 * A history as workflow code hears it. Not all that is recorded was heard: results that come in while an instance is ending are recorded, so that they
 * can be undone, but no code runs for them.
 *
 *  1. What a retry supersedes never happened, as far as workflow code is concerned.
 *  2. Unheard events of an ending that stands must still be asked for, and are delivered to nobody.
 *  3. Unheard events of an ending that a retry superseded are heard where the retry stands, one by one: what they cause is recorded behind it.
 */
import { type HistoryEvent, RECORD_EVENTS } from '../model/history'

export interface Heard {
  readonly events: readonly HistoryEvent[]
  /** Numbers of those that are delivered to nobody. */
  readonly unheard: ReadonlySet<number>
  /** By the number of a retry, what is heard there. */
  readonly late: ReadonlyMap<number, readonly HistoryEvent[]>
}

export function heard(history: readonly HistoryEvent[]): Heard {
  if (!history.some(isTurningPoint)) return { events: history, unheard: NOBODY, late: NEVER }
  const superseded = supersededIn(history)
  let events: HistoryEvent[] = []
  let unheard = new Set<number>()
  const late = new Map<number, readonly HistoryEvent[]>()
  let hasFailed = false
  for (const event of history) {
    if (isEndingEvent(event)) {
      for (let seq = event.seq - (event.data.unheard ?? 0); seq < event.seq; seq++) unheard.add(seq)
      hasFailed = event.type === 'WorkflowFailed'
    } else if (event.type === 'WorkflowRetried') {
      const known = unheard
      const found = events.filter(({ seq }) => known.has(seq))
      if (found.length > 0) late.set(event.seq, found)
      events = events.filter(({ seq }) => !known.has(seq))
      unheard = new Set()
      hasFailed = false
    }
    // a call that only the database can answer is answered after all, behind the failure
    else if (hasFailed && !RECORD_EVENTS.has(event.type)) unheard.add(event.seq)
    if (!superseded.has(event.seq)) events.push(event)
  }
  return { events, unheard, late }
}

export function supersededIn(history: readonly HistoryEvent[]): ReadonlySet<number> {
  const superseded = new Set<number>()
  for (const event of history)
    if (event.type === 'WorkflowRetried') for (const seq of event.data.supersedes) superseded.add(seq)
  return superseded
}

const NOBODY: ReadonlySet<number> = new Set()
const NEVER: ReadonlyMap<number, readonly HistoryEvent[]> = new Map()

type EndingEvent = Extract<HistoryEvent, { type: 'WorkflowFailed' | 'CancelRequested' }>

function isEndingEvent(event: HistoryEvent): event is EndingEvent {
  return event.type === 'WorkflowFailed' || event.type === 'CancelRequested'
}

function isTurningPoint(event: HistoryEvent): boolean {
  return isEndingEvent(event) || event.type === 'WorkflowRetried'
}
