import { fromFailure } from '../model/failure'
import type { HistoryEvent } from '../model/history'
import type { HistoryRow, InstanceRow } from '../storage/rows'
import { decodeEvent } from './decode'
import type { EndingOutcome } from './ending'

/** The decision that history holds, if any: such an instance runs no workflow code any more, it is undone and then ends so. */
export function decidedOutcome(row: InstanceRow, history: readonly HistoryRow[]): EndingOutcome | undefined {
  const superseded = new Set<number>()
  for (const stored of [...history].reverse()) {
    if (!DECISIONS.has(stored.type) || superseded.has(stored.seq)) continue
    const event = decodeEvent(stored)
    if (event.type === 'WorkflowRetried') for (const seq of event.data.supersedes) superseded.add(seq)
    if (event.type === 'WorkflowFailed') return { kind: 'failed', error: fromFailure(event.data.error) }
    if (event.type === 'CancelRequested') return { kind: 'cancelled', by: event.data.by, reason: event.data.reason }
  }
  if (row.status !== 'compensating') return undefined
  return { kind: 'cancelled', by: row.cancelRequestedBy, reason: row.cancelReason }
}

/** A fork is born pending too, with a history to replay. */
export function isFirstRun({ status }: InstanceRow, events: readonly HistoryEvent[]): boolean {
  return status === 'pending' && events.every((event) => event.type === 'Subscribed' && event.data.inherited)
}

const DECISIONS: ReadonlySet<string> = new Set(['WorkflowFailed', 'CancelRequested', 'WorkflowRetried'])
