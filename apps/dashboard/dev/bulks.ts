/** Bulk operations of the stand-in: nothing is done, but the count goes on with the clock. */
import { TRPCError } from '@trpc/server'
import type { BulkOperation } from '../src/lib/api-types'
import type { In } from './trpc'

const bulks = new Map<string, BulkOperation>()

export function startBulk(input: In['instances']['bulk']['start']): BulkOperation {
  const total = 'ids' in input.members ? input.members.ids.length : 200
  const bulk: BulkOperation = {
    id: `bulk-${bulks.size + 1}`,
    action: input.action,
    state: 'running',
    reason: input.reason ?? null,
    actor: 'local',
    total,
    done: 0,
    skipped: 0,
    failed: 0,
    ratePerSecond: input.ratePerSecond ?? 20,
    errors: [],
    error: null,
    startedAt: new Date(),
    endedAt: null,
  }
  bulks.set(bulk.id, bulk)
  return bulk
}

export function bulkOf(id: string): BulkOperation {
  const bulk = bulks.get(id)
  if (!bulk) throw new TRPCError({ code: 'NOT_FOUND', message: 'No such bulk operation' })
  if (bulk.state !== 'running') return bulk
  const done = Math.min(bulk.total, Math.floor(((Date.now() - bulk.startedAt.getTime()) / 1_000) * bulk.ratePerSecond))
  const next: BulkOperation =
    done < bulk.total ? { ...bulk, done } : { ...bulk, done, state: 'completed', endedAt: new Date() }
  bulks.set(bulk.id, next)
  return next
}

export function listBulks(): readonly BulkOperation[] {
  return [...bulks.values()]
}

export function abortBulk(id: string): BulkOperation {
  const bulk = { ...bulkOf(id), state: 'aborted' as const, endedAt: new Date() }
  bulks.set(bulk.id, bulk)
  return bulk
}
