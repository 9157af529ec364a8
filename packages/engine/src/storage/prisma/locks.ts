/**
 * Named leases. A lock's row is never deleted, so that its term rises with every change of holder for ever: whoever holds a lower term has been replaced.
 * Releasing ends the lease and keeps the term.
 */
import type { Storage } from '../storage'
import type { Database } from './database'
import { num, text } from './values'

export function createLocks(database: Database): Pick<Storage, 'acquireLock' | 'releaseLock' | 'lockHolder'> {
  const { dialect } = database
  return {
    async acquireLock(name, holder, leaseMs) {
      const now = await database.now()
      return await database.transaction(async (sql) => {
        // the first term is taken by the update below, like every later one
        await sql.run(dialect.insertIgnore('system_locks', `(name, holder, term, lease_until) VALUES (?, '', 0, 0)`), [
          name,
        ])
        const [row] = await sql.all(
          `SELECT holder, term, lease_until FROM system_locks WHERE name = ?${dialect.forUpdate}`,
          [name],
        )
        if (!row) return null
        const isMine = text(row.holder) === holder
        if (!isMine && num(row.lease_until) > now) return null
        const term = isMine ? num(row.term) : num(row.term) + 1
        await sql.run('UPDATE system_locks SET holder = ?, term = ?, lease_until = ? WHERE name = ?', [
          holder,
          term,
          now + leaseMs,
          name,
        ])
        return term
      })
    },

    async releaseLock(name, holder) {
      await database.transaction((sql) =>
        sql.run('UPDATE system_locks SET lease_until = 0 WHERE name = ? AND holder = ?', [name, holder]),
      )
    },

    async lockHolder(name) {
      const now = await database.now()
      const [row] = await database.read.all(
        'SELECT holder, term, lease_until FROM system_locks WHERE name = ? AND lease_until > ?',
        [name, now],
      )
      return row ? { holder: text(row.holder), term: num(row.term), leaseUntil: num(row.lease_until) } : null
    },
  }
}
