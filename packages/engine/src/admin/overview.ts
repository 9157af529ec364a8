/**
 * The overview from bounded reads. How many instances were open in the past is reckoned, not sampled: open now, minus what started since, plus what
 * ended since; so it is there after a restart too.
 */
import { INSTANCE_STATUSES, isTerminal } from '../model/instance'
import type { EndedInstance } from '../storage/storage'
import type { Admin } from './admin'
import { date } from './decode'
import type { AdminDeps } from './deps'
import type { InstanceCounts, Overview } from './records'
import { toWorker } from './workers'

/** Starts and ends looked at; a window that held more says `truncated`. */
const SAMPLE = 20_000
const BUCKETS = 60
const MINUTE_MS = 60_000
const TOP = 10
/** Outbox rows are counted no further than this. */
const COUNTED_UP_TO = 1_000

export function createOverview(
  deps: AdminDeps,
  other: { readonly counts: () => Promise<InstanceCounts>; readonly errors: Admin['errors'] },
): Admin['stats'] {
  const { storage } = deps
  return {
    async overview({ windowMinutes = 60 } = {}): Promise<Overview> {
      const now = await storage.now()
      const bucketMs = Math.max(MINUTE_MS, Math.ceil(windowMinutes / BUCKETS) * MINUTE_MS)
      const since =
        Math.floor(now / bucketMs) * bucketMs - (Math.ceil((windowMinutes * MINUTE_MS) / bucketMs) - 1) * bucketMs
      const [counts, starts, ends, oldest, outbox, channels, workers, errors] = await Promise.all([
        other.counts(),
        storage.statistics.starts({ since, limit: SAMPLE }),
        storage.statistics.ends({ since, limit: SAMPLE }),
        storage.statistics.oldestReady(now),
        storage.statistics.outbox(COUNTED_UP_TO),
        storage.channelStats(),
        storage.workers(),
        other.errors.groups({ since: date(since) }),
      ])
      return {
        now: date(now),
        counts,
        series: seriesOf({ now, since, bucketMs, starts, ends, open: openNow(counts) }),
        bucketMs,
        truncated:
          starts.length === SAMPLE || ends.length === SAMPLE || counts.atLeast.some((status) => !isTerminal(status)),
        durations: durationsOf(ends),
        oldestReady: oldest && { instanceId: oldest.id, workflowName: oldest.workflowName, since: date(oldest.wakeAt) },
        outbox: {
          pending: outbox.counts.pending,
          deadLetters: counts.attention.deadLetters,
          oldestPendingAt: date(outbox.oldestPendingAt),
          countedUpTo: COUNTED_UP_TO,
        },
        channels: [...channels]
          .filter(({ depth }) => depth > 0)
          .sort((a, b) => b.depth - a.depth)
          .slice(0, TOP)
          .map(({ name, depth, oldestUnreadAt }) => ({ name, depth, oldestUnreadAt: date(oldestUnreadAt) })),
        workersAlive: workers.filter((row) => toWorker(row, { now, deps, leader: null }).alive).length,
        errors: errors.groups.slice(0, TOP),
      }
    },
  }
}
interface Window {
  readonly now: number
  readonly since: number
  readonly bucketMs: number
  readonly starts: readonly number[]
  readonly ends: readonly EndedInstance[]
  readonly open: number
}

export function seriesOf({ now, since, bucketMs, starts, ends, open }: Window): Overview['series'] {
  const count = Math.floor((now - since) / bucketMs) + 1
  const buckets = Array.from({ length: count }, (_, index) => ({
    at: date(since + index * bucketMs),
    started: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    open: 0,
    ended: 0,
  }))
  const bucketOf = (at: number) => buckets[Math.min(count - 1, Math.floor((at - since) / bucketMs))]
  for (const at of starts) {
    const bucket = bucketOf(at)
    if (bucket) bucket.started++
  }
  for (const { status, completedAt } of ends) {
    const bucket = bucketOf(completedAt)
    if (!bucket) continue
    bucket.ended++
    if (status === 'completed' || status === 'failed' || status === 'cancelled') bucket[status]++
  }
  let after = open
  for (const bucket of buckets.toReversed()) {
    bucket.open = Math.max(0, after)
    after += bucket.ended - bucket.started
  }
  return buckets.map(({ ended: _, ...bucket }) => bucket)
}

export function durationsOf(ends: readonly EndedInstance[]): Overview['durations'] {
  const byName = new Map<string, EndedInstance[]>()
  for (const end of ends) {
    const own = byName.get(end.workflowName)
    if (own) own.push(end)
    else byName.set(end.workflowName, [end])
  }
  return [...byName]
    .map(([workflowName, own]) => {
      const sorted = own.map(({ startedAt, completedAt }) => completedAt - startedAt).sort((a, b) => a - b)
      const failed = own.filter(({ status }) => status === 'failed').length
      return {
        workflowName,
        ended: own.length,
        failed,
        p50Ms: percentile(sorted, 0.5),
        p95Ms: percentile(sorted, 0.95),
      }
    })
    .sort((a, b) => b.ended - a.ended)
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}

function openNow({ byStatus }: InstanceCounts): number {
  return INSTANCE_STATUSES.reduce((sum, status) => (isTerminal(status) ? sum : sum + byStatus[status]), 0)
}
