/** The admin surface over memory storage with a clock that only the test moves. */
import { workflow } from '../model/definition'
import { LEASE_MS, START } from '../storage/contract/builders'
import { createMemoryStorage } from '../storage/memory/memory-storage'
import type { Unit, Wakes } from '../storage/storage'
import { createAdmin } from './create'
import type { Operator } from './records'

export const ann: Operator = { actor: 'ann', reason: 'asked by support', requestId: 'req-1' }

export function adminOverMemory() {
  const clock = { at: START, now: () => clock.at }
  const storage = createMemoryStorage({ clock })
  const wakes: Wakes[] = []
  const handler = workflow('invoice', { eventHandler: 'order.paid' }, async () => null)
  const admin = createAdmin({
    storage,
    registry: new Map([[handler.workflowName, handler]]),
    notify: (woken) => wakes.push(woken),
    maxPayloadBytes: 1_000,
  })
  return {
    admin,
    storage,
    wakes,
    advance: (ms: number) => {
      clock.at += ms
    },
    commit: async (...units: Unit[]) => {
      const verdicts = await storage.commit(units)
      for (const verdict of verdicts) if (verdict.kind === 'failed') throw verdict.error
      return verdicts
    },
    worker: (id: string, workflows: readonly string[] = ['order']) =>
      storage.heartbeat({
        id,
        service: 'shop',
        host: 'h1',
        pid: 7,
        info: JSON.stringify({ workflows, active: 2, warm: 3, activities: 1 }),
        startedAt: START,
        heartbeatAt: clock.at,
      }),
  }
}
export { LEASE_MS, START }
