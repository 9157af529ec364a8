/** Pages of history as people read them: named, sized, and without payloads that are too large to show unasked. */
import type { HistoryEventType } from '../model/history'
import type { JsonValue } from '../model/json'
import type { HistoryRow, InstanceRow, Storage } from '../storage/storage'
import type { HistoryListing } from './admin'
import { base64, date } from './decode'
import type { HistoryPage, HistoryRecord } from './records'

const PAGE = 1_000
/** A filter by type looks at no more than this many events a call; `nextAfter` then goes on. */
const LOOKED_AT = 10_000

type Data = { readonly [key: string]: JsonValue | undefined }

const NAME_MEMBERS: Readonly<Record<HistoryEventType, readonly string[]>> = {
  ActivityCompleted: ['activityName'],
  ActivityFailed: ['activityName'],
  TimerExpired: ['timerId'],
  ChannelMessageReceived: ['channel'],
  MessageTimeout: ['eventType', 'channel'],
  EventReceived: ['type'],
  CompensationRegistered: ['name'],
  CompensationsCleared: [],
  CompensationExecuted: ['name'],
  CompensationFailed: ['name'],
  Subscribed: ['channel'],
  Unsubscribed: ['channel'],
  MessagePublished: ['channel'],
  ChildStarted: ['workflowName'],
  ChildCompleted: ['childId'],
  PatchMarked: ['id'],
  TagsSet: [],
  StateSet: [],
  CancelRequested: ['by'],
  WorkflowRetried: ['by'],
  WorkflowFailed: [],
}

export async function historyPage(
  storage: Storage,
  row: InstanceRow,
  listing: HistoryListing,
  redact: boolean | undefined,
): Promise<HistoryPage> {
  const limit = Math.min(Math.max(1, listing.limit ?? PAGE), PAGE)
  const total = row.nextSeq - 1
  const wanted = listing.types && new Set(listing.types)
  const found: HistoryRow[] = []
  let after = listing.after ?? 0
  let looked = 0
  while (found.length < limit && looked < LOOKED_AT) {
    const rows = await storage.history(row.id, { after, limit: wanted ? PAGE : limit })
    for (const event of rows) {
      if (found.length === limit) break
      after = event.seq
      looked++
      if (!wanted || wanted.has(event.type)) found.push(event)
    }
    if (rows.length < (wanted ? PAGE : limit)) break
  }
  const events = found.map((event) => toRecord(event, listing.maxBytes ?? Number.POSITIVE_INFINITY, redact))
  return { events, nextAfter: after < total && looked > 0 ? after : null, total, redacted: redact === true }
}

function toRecord(row: HistoryRow, maxBytes: number, redact: boolean | undefined): HistoryRecord {
  const data = JSON.parse(row.data) as Data
  const bytes = Buffer.byteLength(row.data) + (row.binary?.length ?? 0)
  const cut = bytes > maxBytes
  return {
    seq: row.seq,
    activityId: row.activityId,
    type: row.type,
    name: nameOf(row.type, data),
    data: cut || redact ? null : data,
    cut: cut && !redact,
    bytes,
    binary: base64(cut ? null : row.binary, redact),
    failed: isFailure(row.type, data),
    attempts: attemptsOf(data),
    createdAt: date(row.createdAt),
  }
}

function nameOf(type: HistoryEventType, data: Data): string | null {
  for (const member of NAME_MEMBERS[type]) {
    const name = data[member]
    if (typeof name === 'string') return name
  }
  return null
}

function isFailure(type: HistoryEventType, data: Data): boolean {
  if (type === 'ActivityFailed' || type === 'CompensationFailed' || type === 'WorkflowFailed') return true
  return type === 'ChildCompleted' && data.status !== 'completed'
}

function attemptsOf(data: Data): number | null {
  const attempts = (data.retryMetadata as Data | undefined)?.totalAttempts
  return typeof attempts === 'number' ? attempts : null
}
