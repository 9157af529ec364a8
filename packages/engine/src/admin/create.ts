import type { Admin } from './admin'
import { createAudit } from './audit'
import { createChannels } from './channels'
import { createCompensations } from './compensations'
import { createDefinitions } from './definitions'
import type { AdminDeps } from './deps'
import { createErrors } from './error-groups'
import { createEvents } from './events'
import { createInstances } from './instances'
import { createOutbox } from './outbox'
import { createOverview } from './overview'
import { createTokens } from './tokens'
import { createWorkers } from './workers'

/**
 * The admin surface over a storage.
 *
 * @param deps.notify is told whom an operator's act has made ready; without it they are found by the next poll
 */
export function createAdmin(deps: AdminDeps): Admin {
  const { storage } = deps
  const instances = createInstances(deps)
  const errors = createErrors(storage)
  return {
    instances,
    errors,
    compensations: createCompensations(deps),
    channels: createChannels(deps),
    outbox: createOutbox(deps),
    events: createEvents(deps),
    workflows: createDefinitions(deps),
    workers: createWorkers(deps),
    stats: createOverview(deps, { counts: instances.counts, errors }),
    audit: createAudit(storage),
    tokens: createTokens(storage),
  }
}
