import type { AuditEntry, Storage } from '../storage/storage'
import type { Admin } from './admin'
import { date, payload } from './decode'
import type { Operator } from './records'

export function auditEntry(operator: Operator, action: string, target: string, after: unknown = undefined): AuditEntry {
  const { actor, reason, requestId } = operator
  return {
    actor,
    reason,
    requestId,
    action,
    target,
    before: null,
    after: after === undefined ? null : JSON.stringify(after),
  }
}

export function createAudit(storage: Storage): Admin['audit'] {
  return {
    async list({ limit = 50, ...query }, view = {}) {
      const rows = await storage.audits({ ...query, limit: limit + 1 })
      const page = rows.slice(0, limit)
      const entries = page.map((row) => ({
        ...row,
        at: date(row.at),
        before: payload(row.before, view.redact),
        after: payload(row.after, view.redact),
      }))
      return { entries, nextBefore: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
    },
    record: (entry, operator) => storage.audit(auditEntry(operator, entry.action, entry.target, entry.after)),
  }
}
