import { InstanceNotFoundError, InvalidStateError } from '../model/errors'
import type { Admin } from './admin'
import { auditEntry } from './audit'
import { toCompensation } from './decode'
import type { AdminDeps } from './deps'

const VERBS = { retry: 'retry', skip: 'skip', done: 'mark-done' } as const
const STATE_AFTER = { retry: 'registered', skip: 'skipped', done: 'done' } as const

export function createCompensations({ storage, notify }: AdminDeps): Admin['compensations'] {
  return {
    async list(id, view = {}) {
      const rows = await storage.compensations(id)
      if (rows.length === 0 && !(await storage.instance(id))) throw new InstanceNotFoundError(id)
      return rows.map((row) => toCompensation(row, view.redact))
    },
    async operate(id, seq, action, operator) {
      const link = (await storage.compensations(id)).find((row) => row.seq === seq)
      const before = link && JSON.stringify({ seq, name: link.name, state: link.state, attempts: link.attempts })
      const after = link && JSON.stringify({ seq, name: link.name, state: STATE_AFTER[action] })
      const entry = auditEntry(operator, `compensation.${VERBS[action]}`, id)
      const audit = { ...entry, before: before ?? null, after: after ?? null }
      const verb = { type: 'compensation' as const, seq, action, by: operator.actor, reason: operator.reason }
      const outcome = await storage.operate(id, verb, { now: await storage.now(), audit })
      if (outcome.kind === 'not-found') throw new InstanceNotFoundError(id)
      if (outcome.kind === 'refused') {
        throw new InvalidStateError(`Cannot ${VERBS[action]} compensation ${seq} of instance '${id}': ${outcome.why}`)
      }
      notify(outcome.wakes)
    },
  }
}
