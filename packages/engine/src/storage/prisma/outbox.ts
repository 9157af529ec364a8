/**
 * Outgoing events. A due row is pending with `next_attempt_at` in the past; leasing moves that into the future, so a relay that died gives its rows back
 * by time alone. A row with a partition key waits for every earlier row of that key that is not settled; rows without one never wait for each other.
 */
import type { Storage } from '../storage'
import { insertAudit } from './audit'
import { type Database, placeholders, type SqlValue } from './database'
import { OUTBOX_COLUMNS, toOutboxRow } from './rows'
import { num, numOrNull } from './values'

const FIRST_OF_ITS_KEY = `(o.partition_key IS NULL OR NOT EXISTS (
  SELECT 1 FROM outbox_events earlier
   WHERE earlier.partition_key = o.partition_key AND earlier.seq < o.seq AND earlier.next_attempt_at IS NOT NULL))`

const COLUMNS = OUTBOX_COLUMNS.split(', ')
  .map((column) => `o.${column}`)
  .join(', ')

/** MySQL's TEXT column holds no more, in bytes. */
const MAX_ERROR = 16_000

export function createOutbox(database: Database): Pick<Storage, 'leaseOutbox' | 'settleOutbox'> {
  const { dialect } = database
  const settled = dialect.rows(
    '?',
    {
      id: 'text',
      status: 'text',
      next_attempt_at: 'bigint',
      last_error: 'text',
      published_at: 'bigint',
      counted: 'int',
    },
    'settled',
  )

  return {
    async leaseOutbox({ token, limit, leaseMs }) {
      const now = await database.now()
      return await database.transaction(async (sql) => {
        const due = await sql.all(
          `SELECT ${COLUMNS} FROM outbox_events o WHERE o.next_attempt_at <= ? AND ${FIRST_OF_ITS_KEY}
            ORDER BY o.next_attempt_at, o.seq LIMIT ?${dialect.skipLocked}`,
          [now, limit],
        )
        const leased = due.map((row) => ({ ...toOutboxRow(row), leaseToken: token, nextAttemptAt: now + leaseMs }))
        if (leased.length > 0)
          await sql.run(
            `UPDATE outbox_events SET lease_token = ?, next_attempt_at = ? WHERE seq IN (${placeholders(leased.length)})`,
            [token, now + leaseMs, ...leased.map((row) => row.seq)],
          )
        const [next] = await sql.all(
          'SELECT MIN(next_attempt_at) AS due FROM outbox_events WHERE next_attempt_at > ?',
          [now],
        )
        return { rows: leased, nextDueAt: numOrNull(next?.due) }
      })
    },

    async settleOutbox(token, results) {
      if (results.length === 0) return
      const now = await database.now()
      const rows = results.map((result) => ({
        id: result.id,
        status: result.status,
        next_attempt_at: result.nextAttemptAt,
        published_at: result.status === 'published' ? now : null,
        last_error: result.lastError?.slice(0, MAX_ERROR) ?? null,
        counted: result.countAttempt ? 1 : 0,
      }))
      await database.transaction((sql) =>
        sql.run(
          dialect.updateFrom(
            'outbox_events',
            {
              published_at: 'settled.published_at',
              attempts: 'outbox_events.attempts + settled.counted',
              status: 'settled.status',
              next_attempt_at: 'settled.next_attempt_at',
              last_error: 'settled.last_error',
              lease_token: 'NULL',
            },
            settled,
            'outbox_events.id = settled.id AND outbox_events.lease_token = ?',
          ),
          [JSON.stringify(rows), token],
        ),
      )
    },
  }
}

export function createOutboxAdmin(database: Database): Pick<Storage, 'outbox' | 'operateOutbox'> {
  return {
    async outbox({ status, id, instanceId, limit, before }) {
      const parts: string[] = []
      const params: SqlValue[] = []
      const add = (condition: string, ...values: readonly SqlValue[]) => {
        parts.push(condition)
        params.push(...values)
      }
      if (status) {
        if (status.length === 0) return []
        add(`o.status IN (${placeholders(status.length)})`, ...status)
      }
      if (id !== undefined) add('o.id = ?', id)
      if (instanceId !== undefined) add('o.instance_id = ?', instanceId)
      if (before !== undefined) add('o.seq < ?', before)
      const where = parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : ''
      const rows = await database.read.all(
        `SELECT ${COLUMNS} FROM outbox_events o ${where} ORDER BY o.seq DESC LIMIT ?`,
        [...params, limit],
      )
      return rows.map(toOutboxRow)
    },

    async operateOutbox(action, ids, audit) {
      const now = await database.now()
      return await database.transaction(async (sql) => {
        const list = placeholders(ids.length)
        let count = 0
        if (ids.length > 0)
          count =
            action === 'redrive'
              ? await sql.run(
                  `UPDATE outbox_events SET status = 'pending', attempts = 0, next_attempt_at = ?, lease_token = NULL
                    WHERE status IN ('failed', 'invalid', 'expired') AND id IN (${list})`,
                  [now, ...ids],
                )
              : await sql.run(`DELETE FROM outbox_events WHERE status <> 'published' AND id IN (${list})`, [...ids])
        if (audit) await insertAudit(sql, audit, now)
        return num(count)
      })
    },
  }
}
