/** Where an instance stands after a turn that did not end it: its status, whether it keeps its lease, and when somebody must look at it. */
import type { BodyFacts, TransitionDraft } from './draft'
import type { Instance } from './instance'

export function standing(instance: Instance, draft: TransitionDraft): BodyFacts {
  const now = instance.now()
  const { operations, attempts, services } = instance
  if (services.isStopping()) return handBack(instance, draft, now)
  const due = instance.nextDue()
  const runs = attempts.size > 0 || draft.toStart.length > 0
  const isShort = due !== null && due - now <= services.settings.shortDelayMs
  const status = runs || draft.asks.length > 0 ? 'running' : operations.status()
  return { now, status, lease: runs || draft.asks.length > 0 || isShort ? 'keep' : 'release', wakeAt: due }
}

/** The process stops. Attempts that were released but will not start here are left as due, so that they keep their number. */
function handBack(instance: Instance, draft: TransitionDraft, now: number): BodyFacts {
  const { operations, attempts } = instance
  for (const id of draft.toStart) {
    const operation = operations.activity(id)
    if (operation) operations.set({ ...operation, nextAttemptAt: operation.nextAttemptAt ?? now })
  }
  const isHeld = attempts.size > 0 || draft.asks.length > 0
  const wakeAt = operations.activities().length > 0 ? now : instance.nextDue()
  return { now, status: isHeld ? 'running' : operations.status(), lease: isHeld ? 'keep' : 'release', wakeAt }
}
