/** Stored rows to events and errors. */
import { fromFailure } from '../model/failure'
import type { HistoryEvent } from '../model/history'
import type { Failure } from '../model/instance'
import type { HistoryRow } from '../storage/rows'

export function decodeEvent(row: HistoryRow): HistoryEvent {
  const { seq, activityId, type, createdAt } = row
  // The union is closed by what the engine itself wrote.
  const event = { seq, activityId, type, data: JSON.parse(row.data) as unknown, createdAt } as HistoryEvent
  return row.binary ? { ...event, binary: row.binary } : event
}

export function decodeError(text: string | null): Error {
  return text ? fromFailure(JSON.parse(text) as Failure) : new Error('the workflow failed')
}
