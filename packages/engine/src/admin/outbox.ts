import type { Admin } from './admin'
import { auditEntry } from './audit'
import { toOutbox } from './decode'
import type { AdminDeps } from './deps'
import type { Operator } from './records'

const NO_WAKES = { ready: [], leased: [], outbox: false }

export function createOutbox({ storage, notify }: AdminDeps): Admin['outbox'] {
  const operate = async (action: 'redrive' | 'discard', ids: readonly string[], operator: Operator) => {
    const target = ids.length === 1 && ids[0] ? ids[0] : `${ids.length} outbox events`
    const count = await storage.operateOutbox(action, ids, auditEntry(operator, `outbox.${action}`, target, { ids }))
    if (action === 'redrive' && count > 0) notify({ ...NO_WAKES, outbox: true })
    return count
  }
  return {
    async list({ limit = 50, ...query }, view = {}) {
      const rows = await storage.outbox({ ...query, limit: limit + 1 })
      const page = rows.slice(0, limit)
      return {
        rows: page.map((row) => toOutbox(row, view.redact)),
        nextBefore: rows.length > limit ? (page.at(-1)?.seq ?? null) : null,
        redacted: view.redact === true,
      }
    },
    async get(id, view = {}) {
      const [row] = await storage.outbox({ id, limit: 1 })
      return row ? toOutbox(row, view.redact) : null
    },
    redrive: (ids, operator) => operate('redrive', ids, operator),
    discard: (ids, operator) => operate('discard', ids, operator),
  }
}
