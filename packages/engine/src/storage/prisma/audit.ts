/** Who did what. `insertAudit` is for every verb that leaves its audit row in its own transaction. */
import type { AuditEntry, Storage } from '../storage'
import type { Database, Sql, SqlValue } from './database'
import { num, text, textOrNull } from './values'

/** @param at epoch ms */
export async function insertAudit(sql: Sql, entry: AuditEntry, at: number): Promise<void> {
  const { actor, action, target, reason, before, after, requestId } = entry
  await sql.run(
    `INSERT INTO audit_log (at, actor, action, target, reason, before_state, after_state, request_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [at, actor, action, target, reason, before, after, requestId],
  )
}

export function createAudit(database: Database): Pick<Storage, 'audit' | 'audits'> {
  const { read } = database
  return {
    async audit(entry) {
      const at = await database.now()
      await database.transaction((sql) => insertAudit(sql, entry, at))
    },

    async audits({ target, actor, limit, before }) {
      const parts: string[] = []
      const params: SqlValue[] = []
      const add = (condition: string, value: SqlValue | undefined) => {
        if (value === undefined) return
        parts.push(condition)
        params.push(value)
      }
      add('target = ?', target)
      add('actor = ?', actor)
      add('id < ?', before)
      const where = parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : ''
      const rows = await read.all(
        `SELECT id, at, actor, action, target, reason, before_state, after_state, request_id
           FROM audit_log ${where} ORDER BY id DESC LIMIT ?`,
        [...params, limit],
      )
      return rows.map((row) => ({
        id: num(row.id),
        at: num(row.at),
        actor: text(row.actor),
        action: text(row.action),
        target: text(row.target),
        reason: textOrNull(row.reason),
        before: textOrNull(row.before_state),
        after: textOrNull(row.after_state),
        requestId: textOrNull(row.request_id),
      }))
    },
  }
}
