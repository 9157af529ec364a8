/** The HTTP side of one app: what http.ts needs, from an app that may not be running (yet, or any more). */
import type { EventRouter } from './events'
import { createFetch, type Fetch } from './http'
import type { Log } from './model/context'
import { LEADER_LOCK } from './runtime/maintenance'
import type { Storage } from './storage/storage'

export interface AppFetchDeps {
  readonly events: Pick<EventRouter, 'handleBatch'>
  /** @throws NotInitializedError */
  storage(): Storage
  isRunning(): boolean
  cancel(instanceId: string, options: { readonly by: string }): Promise<boolean>
  readonly maxBodyBytes: number
  readonly allowedOrigins: readonly string[]
  readonly log: Log
}

export function createAppFetch(deps: AppFetchDeps): Fetch {
  const { events, log, maxBodyBytes, allowedOrigins } = deps
  return createFetch({
    router: {
      handleBatch: async (batch, options) => {
        deps.storage()
        return events.handleBatch(batch, options)
      },
    },
    cancel: (id, options) => deps.cancel(id, options),
    async readiness() {
      if (!deps.isRunning()) return 'starting or stopping'
      try {
        // one row by its key: answers exactly when the database does
        await deps.storage().lockHolder(LEADER_LOCK)
        return null
      } catch (error) {
        log.warn({ err: error }, 'not ready: the database does not answer')
        return 'the database does not answer'
      }
    },
    maxBodyBytes,
    allowedOrigins,
    log,
  })
}
