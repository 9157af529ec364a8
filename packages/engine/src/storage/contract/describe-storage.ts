/**
 * One contract for every storage: call it from a test file of the implementation. Each test gets a fresh, empty, opened storage and the clock it decides
 * by. Nothing here assumes that a verb is synchronous, or how rows are kept.
 */
import { describe } from 'vitest'
import { addressedMessagesContract } from './addressed-messages'
import { cancelContract } from './cancel'
import { channelsContract } from './channels'
import { claimAndLeaseContract } from './claim-and-lease'
import { claimOnWakeContract } from './claim-on-wake'
import { compensationsContract } from './compensations'
import { eventsContract } from './events'
import type { MakeStorage } from './fixture'
import { forksContract } from './forks'
import { historyAndGuardContract } from './history-and-guard'
import { inboxContract } from './inbox'
import { instancesContract } from './instances'
import { limitsContract } from './limits'
import { maintenanceContract } from './maintenance'
import { messageDeletionContract } from './message-deletion'
import { operatorContract } from './operator'
import { outboxContract } from './outbox'
import { propertiesContract } from './properties'
import { readingContract } from './reading'
import { recurAndChildrenContract } from './recur-and-children'
import { searchContract } from './search'

export type { MakeStorage, StorageUnderTest } from './fixture'

const PARTS: readonly (readonly [string, (makeStorage: MakeStorage) => void])[] = [
  ['instances', instancesContract],
  ['history and guard', historyAndGuardContract],
  ['claim and lease', claimAndLeaseContract],
  ['claim on wake', claimOnWakeContract],
  ['channels', channelsContract],
  ['deleting messages', messageDeletionContract],
  ['events', eventsContract],
  ['cancel', cancelContract],
  ['operator verbs', operatorContract],
  ['compensations', compensationsContract],
  ['forks', forksContract],
  ['recur and children', recurAndChildrenContract],
  ['messages to one instance', addressedMessagesContract],
  ['inbox', inboxContract],
  ['outbox', outboxContract],
  ['reading', readingContract],
  ['search', searchContract],
  ['maintenance', maintenanceContract],
  ['limits', limitsContract],
]

/**
 * @param name of the storage, shown in the report
 * @param makeStorage a new, empty, opened storage; its clock starts at `START` (builders.ts)
 * @param options.propertyRuns random scripts for each property
 */
export function describeStorage(
  name: string,
  makeStorage: MakeStorage,
  { propertyRuns = 20 }: { readonly propertyRuns?: number } = {},
): void {
  describe(`storage contract on ${name}`, () => {
    for (const [part, contract] of PARTS) describe(part, () => contract(makeStorage))
    describe('properties', () => propertiesContract(makeStorage, propertyRuns))
  })
}
