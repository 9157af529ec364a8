/** Reading what belongs to an instance: its history, in order, and its compensations. */
import type { HistoryRow } from '../rows'
import type { Storage } from '../storage'
import type { Database } from './database'
import { asked } from './instances'
import { COMPENSATION_COLUMNS, HISTORY_COLUMNS, toCompensationRow, toHistoryRow } from './rows'
import { text } from './values'

export function createHistoryReads(database: Database): Pick<Storage, 'history' | 'histories' | 'compensations'> {
  const { read, dialect } = database
  const ids = dialect.rows('?', { id: 'text' }, 'asked')
  return {
    async history(instanceId, { after, limit }) {
      const rows = await read.all(
        `SELECT ${HISTORY_COLUMNS} FROM workflow_history WHERE instance_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
        [instanceId, after, limit],
      )
      return rows.map(toHistoryRow)
    },

    async histories(list) {
      const found = new Map<string, HistoryRow[]>(list.map((id) => [id, []]))
      if (list.length === 0) return found
      const columns = HISTORY_COLUMNS.split(', ').map((column) => `h.${column}`)
      const rows = await read.all(
        `SELECT h.instance_id, ${columns.join(', ')} FROM ${ids}
           JOIN workflow_history h ON h.instance_id = asked.id ORDER BY h.instance_id, h.seq`,
        [asked(found.keys())],
      )
      for (const row of rows) found.get(text(row.instance_id))?.push(toHistoryRow(row))
      return found
    },

    async compensations(instanceId) {
      const rows = await read.all(
        `SELECT ${COMPENSATION_COLUMNS} FROM workflow_compensations WHERE instance_id = ? ORDER BY seq`,
        [instanceId],
      )
      return rows.map(toCompensationRow)
    },
  }
}
