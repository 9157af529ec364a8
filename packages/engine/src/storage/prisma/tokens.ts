/** API tokens and dashboard sessions: the hash of a secret, never the secret. */
import type { ApiTokenRow, Storage } from '../storage'
import { insertAudit } from './audit'
import type { Database, Row } from './database'
import { num, numOrNull, text } from './values'

type Tokens = Pick<Storage, 'apiTokens' | 'apiTokenByHash' | 'saveApiToken' | 'touchApiToken'>

const TOKEN_COLUMNS = 'id, name, hash, role, expires_at, created_at, last_used_at, revoked_at'

export function createTokens(database: Database): Tokens {
  const { read, dialect } = database
  return {
    async apiTokens() {
      const rows = await read.all(`SELECT ${TOKEN_COLUMNS} FROM api_tokens ORDER BY created_at DESC, id`)
      return rows.map(toApiTokenRow)
    },

    async apiTokenByHash(hash) {
      const [row] = await read.all(`SELECT ${TOKEN_COLUMNS} FROM api_tokens WHERE hash = ?`, [hash])
      return row ? toApiTokenRow(row) : null
    },

    async saveApiToken(row, audit) {
      const now = await database.now()
      const upsert = dialect.onConflictUpdate(
        ['id'],
        ['name', 'hash', 'role', 'expires_at', 'created_at', 'last_used_at', 'revoked_at'],
      )
      await database.transaction(async (sql) => {
        await sql.run(`INSERT INTO api_tokens (${TOKEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)${upsert}`, [
          row.id,
          row.name,
          row.hash,
          row.role,
          row.expiresAt,
          row.createdAt,
          row.lastUsedAt,
          row.revokedAt,
        ])
        if (audit) await insertAudit(sql, audit, now)
      })
    },

    async touchApiToken(id, at) {
      await database.transaction((sql) => sql.run('UPDATE api_tokens SET last_used_at = ? WHERE id = ?', [at, id]))
    },
  }
}

function toApiTokenRow(row: Row): ApiTokenRow {
  return {
    id: text(row.id),
    name: text(row.name),
    hash: text(row.hash),
    role: text(row.role) as ApiTokenRow['role'],
    expiresAt: numOrNull(row.expires_at),
    createdAt: num(row.created_at),
    lastUsedAt: numOrNull(row.last_used_at),
    revokedAt: numOrNull(row.revoked_at),
  }
}
