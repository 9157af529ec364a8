/** What is kept about the deployment rather than about instances: definitions, workers, locks, credentials, the audit log. */
import type { ApiTokenRow, AuditEntry, DefinitionRow, Storage } from '../storage'
import type { AuditRecord, Database } from './tables'

export function saveDefinitions(db: Database, rows: readonly DefinitionRow[]): void {
  for (const row of rows) {
    const known = db.tables.definitions.get(row.name, row.sourceHash)
    db.tables.definitions.put({ ...row, createdAt: known?.createdAt ?? row.createdAt })
  }
}

/** By name, newest source first. */
export function definitions(db: Database): readonly DefinitionRow[] {
  return db.tables.definitions.all().sort((a, b) => compare(a.name, b.name) || b.createdAt - a.createdAt)
}

/** A term rises with every change of holder, so that what an earlier holder still writes can be told from the present one's. */
export function acquireLock(db: Database, name: string, holder: string, leaseMs: number): number | null {
  const now = db.now()
  const lock = db.tables.locks.get(name)
  if (lock && lock.holder !== holder && lock.leaseUntil > now) return null
  const term = !lock ? 1 : lock.holder === holder ? lock.term : lock.term + 1
  db.tables.locks.put({ name, holder, term, leaseUntil: now + leaseMs })
  return term
}

/** The row stays: its term must go on rising. */
export function releaseLock(db: Database, name: string, holder: string): void {
  const lock = db.tables.locks.get(name)
  if (lock?.holder === holder) db.tables.locks.put({ ...lock, leaseUntil: 0 })
}

export function lockHolder(db: Database, name: string): Awaited<ReturnType<Storage['lockHolder']>> {
  const lock = db.tables.locks.get(name)
  if (!lock || lock.leaseUntil <= db.now()) return null
  const { holder, term, leaseUntil } = lock
  return { holder, term, leaseUntil }
}

export function writeAudit(db: Database, entry: AuditEntry): void {
  db.tables.audits.put({ ...entry, id: db.nextNumber('audit'), at: db.now() })
}

export function audits(db: Database, query: Parameters<Storage['audits']>[0]): readonly AuditRecord[] {
  return db.tables.audits
    .all()
    .filter((row) => query.target === undefined || row.target === query.target)
    .filter((row) => query.actor === undefined || row.actor === query.actor)
    .filter((row) => query.before === undefined || row.id < query.before)
    .sort((a, b) => b.id - a.id)
    .slice(0, query.limit)
}

export function apiTokens(db: Database): readonly ApiTokenRow[] {
  return db.tables.apiTokens.all().sort((a, b) => b.createdAt - a.createdAt || compare(a.id, b.id))
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
