/** Everything of the storage interface that reads or administers; starts, transitions and leases are the other half. */
import type { Storage } from '../storage'
import { createAudit } from './audit'
import type { Database } from './database'
import { createHistoryReads } from './history'
import { createInbox } from './inbox'
import { createInstanceReads } from './instances'
import { createLocks } from './locks'
import { createMessageDeletion } from './message-deletion'
import { createMessagingReads } from './messaging'
import { createOutbox, createOutboxAdmin } from './outbox'
import { createPurge } from './purge'
import { createRegistry } from './registry'
import { createStatistics } from './statistics'
import { createTokens } from './tokens'

export function createReading(database: Database) {
  return {
    ...createInstanceReads(database),
    ...createHistoryReads(database),
    ...createMessagingReads(database),
    ...createMessageDeletion(database),
    ...createOutbox(database),
    ...createOutboxAdmin(database),
    ...createInbox(database),
    ...createRegistry(database),
    ...createLocks(database),
    ...createPurge(database),
    ...createAudit(database),
    ...createStatistics(database),
    ...createTokens(database),
  } satisfies Partial<Storage>
}
