/** A coroutine made anew from what the database holds; commands it asks for again are told from those that are new. */
import { type Command, isInline } from '../model/command'
import { decodeEvent } from './decode'
import type { TransitionDraft } from './draft'
import { readStoredInput } from './input'
import type { Instance } from './instance'

/**
 * After a replay: takes over what the code asks for and history does not hold. The last event may have been recorded without its consequences, so an
 * operation that it answered, or that its drain withdrew, is pending no more.
 */
export function applyNewCommands(instance: Instance, draft: TransitionDraft): void {
  const { operations, execution } = instance
  const isNew = (command: Command): boolean => {
    if (isInline(command)) return true
    const isRegistered = operations.has(command.activityId)
    if (command.type === 'Withdraw') return isRegistered
    return !isRegistered && execution?.calls.get(command.activityId) !== undefined
  }
  instance.applyCommands(draft, isNew)
  for (const { id } of [...operations.values()]) if (!execution?.calls.get(id)) operations.delete(id)
}

/** Throws the coroutine of a running instance away and replays it; its attempts run on. */
export async function rebuild(instance: Instance, draft: TransitionDraft): Promise<void> {
  const { storage } = instance.services
  const stored = await storage.instance(instance.id)
  const rows = (await storage.histories([instance.id])).get(instance.id) ?? []
  instance.execution?.close()
  instance.forgetAsks()
  const execution = instance.createExecution(await readStoredInput(instance.facts.definition, stored?.input ?? 'null'))
  await execution.replay(rows.map(decodeEvent), [...instance.operations.values()])
  applyNewCommands(instance, draft)
}
