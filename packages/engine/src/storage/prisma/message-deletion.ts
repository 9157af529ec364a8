/** Taking a stored message away by hand. Whoever takes messages holds their channel's row (S4), so this waits its turn: a message is received or deleted, not both. */
import type { Storage } from '../storage'
import { insertAudit } from './audit'
import type { Database } from './database'

export function createMessageDeletion(database: Database): Pick<Storage, 'deleteMessage'> {
  const { dialect } = database
  return {
    async deleteMessage(channel, seq, audit) {
      const now = await database.now()
      return await database.transaction(async (sql) => {
        await sql.all(`SELECT name FROM channels WHERE name = ?${dialect.forUpdate}`, [channel])
        const deleted = await sql.run('DELETE FROM channel_messages WHERE channel = ? AND seq = ?', [channel, seq])
        if (deleted === 0) return false
        if (audit) await insertAudit(sql, audit, now)
        return true
      })
    },
  }
}
