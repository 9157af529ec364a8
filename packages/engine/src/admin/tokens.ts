/**
 * Credentials: API tokens and dashboard sessions in one table. The secret is 256 random bits behind an id that may be shown in logs and lists; only
 * its SHA-256 is stored, which is enough for a secret that nobody can guess. Expiry, revocation and idleness are checked here and nowhere else.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { ApiTokenRow, Storage } from '../storage/storage'
import type { Admin } from './admin'
import { auditEntry } from './audit'
import { date } from './decode'
import type { TokenRecord } from './records'

/** Noting each use would make every read a write. */
const TOUCH_EVERY_MS = 60_000
const SECRET = /^edda_(?:tok|ses)_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/

export function createTokens(storage: Storage): Admin['tokens'] {
  return {
    async list() {
      return (await storage.apiTokens()).map(toRecord)
    },
    async create({ name, role, expiresAt, kind }, operator) {
      const id = `${kind === 'token' ? 'tok' : 'ses'}_${randomBytes(6).toString('hex')}`
      const secret = `edda_${id}_${randomBytes(32).toString('base64url')}`
      const now = await storage.now()
      const row: ApiTokenRow = {
        id,
        name,
        hash: hashOf(secret),
        role,
        expiresAt: expiresAt?.getTime() ?? null,
        createdAt: now,
        lastUsedAt: kind === 'session' ? now : null,
        revokedAt: null,
      }
      await storage.saveApiToken(row, auditEntry(operator, `${kind}.create`, id, { name, role, expiresAt }))
      return { secret, record: toRecord(row) }
    },
    async authenticate(secret, { idleMs } = {}) {
      if (!SECRET.test(secret)) return null
      const row = await storage.apiTokenByHash(hashOf(secret))
      if (!row || row.revokedAt !== null) return null
      const now = await storage.now()
      if (row.expiresAt !== null && row.expiresAt <= now) return null
      const usedAt = row.lastUsedAt ?? row.createdAt
      if (idleMs !== undefined && now - usedAt > idleMs) return null
      if (row.lastUsedAt === null || now - row.lastUsedAt >= TOUCH_EVERY_MS) await storage.touchApiToken(row.id, now)
      return toRecord(row)
    },
    async revoke(id, operator) {
      const row = (await storage.apiTokens()).find((token) => token.id === id)
      if (!row || row.revokedAt !== null) return false
      const kind = id.startsWith('ses_') ? 'session' : 'token'
      await storage.saveApiToken(
        { ...row, revokedAt: await storage.now() },
        auditEntry(operator, `${kind}.revoke`, id, { name: row.name }),
      )
      return true
    },
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function toRecord({ id, name, role, expiresAt, createdAt, lastUsedAt, revokedAt }: ApiTokenRow): TokenRecord {
  return {
    id,
    name,
    role,
    expiresAt: date(expiresAt),
    createdAt: date(createdAt),
    lastUsedAt: date(lastUsedAt),
    revokedAt: date(revokedAt),
  }
}
