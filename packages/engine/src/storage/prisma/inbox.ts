/** Incoming CloudEvents, for people. */
import type { Storage } from '../storage'
import type { Database, SqlValue } from './database'
import { num, text, textOrNull } from './values'

export function createInbox({ read }: Database): Pick<Storage, 'inbox'> {
  return {
    async inbox({ limit, before, unmatchedOnly }) {
      const parts: string[] = []
      const params: SqlValue[] = []
      if (before !== undefined) {
        parts.push('seq < ?')
        params.push(before)
      }
      if (unmatchedOnly) parts.push(UNMATCHED)
      const where = parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : ''
      const rows = await read.all(
        `SELECT seq, source, id, type, data, routed_to, received_at FROM inbox_events ${where} ORDER BY seq DESC LIMIT ?`,
        [...params, limit],
      )
      return rows.map((row) => ({
        seq: num(row.seq),
        source: text(row.source),
        id: text(row.id),
        type: text(row.type),
        data: text(row.data),
        receivedAt: num(row.received_at),
        routedTo: textOrNull(row.routed_to),
      }))
    },
  }
}

/** The storage writes `routed_to` itself, so the text of what reached nobody is known. */
const UNMATCHED = `(routed_to IS NULL OR routed_to = '{"started":[],"receivers":[],"handlers":0}')`
