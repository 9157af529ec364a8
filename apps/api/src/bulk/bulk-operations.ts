/**
 * Bulk operations: one verb for many instances, at a rate, with progress and abort.
 *
 * 1. Members are listed first (by keyset, newest first), then worked off: the total is known, and acting on them cannot move the listing.
 * 2. Each member is one ordinary operator verb: audited in its own transaction, with the operation's id in front of the reason. Beginning and end of
 *    the operation are audited too, so the audit tells the whole story when this process is gone.
 * 3. The object itself lives in the process that runs it: until an hour after its end, or until the process ends. What was not reached is untouched;
 *    starting the same operation again does the rest, since a verb that no longer fits is skipped.
 */
import { randomUUID } from 'node:crypto'
import type { Operator } from '@edda/engine'
import type { BulkOperation, BulkRequest } from './bulk-operation'
import { type BulkDeps, BulkRun } from './bulk-run'

export interface BulkOperations {
  /** @returns `busy` while too many run */
  start(
    request: BulkRequest,
    by: { readonly actor: string; readonly requestId: string },
  ): Promise<BulkOperation | 'busy'>
  get(id: string): BulkOperation | null
  /** Newest first. */
  list(): readonly BulkOperation[]
  /** Resolves when the member in flight is done. */
  abort(id: string, operator: Operator): Promise<BulkOperation | null>
  /** Aborts what runs and waits for the members in flight. */
  close(): Promise<void>
}

const KEPT_MS = 3_600_000
const MOST_AT_ONCE = 5

export function createBulkOperations(deps: BulkDeps): BulkOperations {
  const runs = new Map<string, BulkRun>()
  const now = deps.now ?? (() => new Date())

  const forgetOld = (): void => {
    for (const [id, { view }] of runs) {
      if (view.endedAt && now().getTime() - view.endedAt.getTime() > KEPT_MS) runs.delete(id)
    }
  }

  return {
    async start(request, by) {
      forgetOld()
      const busy = [...runs.values()].filter(({ view }) => view.endedAt === null).length
      if (busy >= MOST_AT_ONCE) return 'busy'
      const id = randomUUID()
      const run = new BulkRun(deps, request, { id, ...by })
      runs.set(id, run)
      await run.start().catch((error: unknown) => {
        runs.delete(id)
        throw error
      })
      return run.view
    },
    get: (id) => runs.get(id)?.view ?? null,
    list() {
      forgetOld()
      return [...runs.values()].map(({ view }) => view).sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
    },
    async abort(id, operator) {
      const run = runs.get(id)
      if (!run) return null
      if (run.view.endedAt === null) {
        await deps.app.admin.audit.record({ action: 'bulk.abort', target: id }, operator)
        await run.stop()
      }
      return run.view
    },
    async close() {
      await Promise.all([...runs.values()].map((run) => run.stop()))
    },
  }
}
