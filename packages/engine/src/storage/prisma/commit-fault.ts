/**
 * What a failed flush means: a unit that no database would take (`poison`: found by splitting, and refused alone), or circumstances that would fail any
 * unit (`circumstances`: nothing may be blamed on a unit, the caller tries again later).
 */
import { DatabaseError, MigrationError } from '../../model/errors'
import type { Dialect } from './database'
import { driverCode } from './driver-code'

/** Resources, read-only, operator's hand, system and internal errors, missing rights and tables. */
const POSTGRESQL = /^(08|25|28|3D|40|42|53|55|57|58|F0|XX)/
/** Disk full, storage engine, memory, interrupted, table full, read-only, access, no such table or column, killed. */
const MYSQL = new Set('1020 1021 1030 1037 1038 1041 1054 1114 1142 1146 1205 1213 1290 1317 1836 1927 3024'.split(' '))
const SQLITE =
  /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL|PERM|AUTH|INTERRUPT|SCHEMA)/

export function isCircumstance(error: unknown, dialect: Dialect): boolean {
  if (dialect.isDown(error) || dialect.isRetryable(error)) return true
  if (error instanceof DatabaseError || error instanceof MigrationError) return true
  const code = driverCode(error) ?? ''
  switch (dialect.name) {
    case 'postgresql':
      return POSTGRESQL.test(code)
    case 'mysql':
      return MYSQL.has(code)
    case 'sqlite':
      return SQLITE.test(code) || /is not open|rolled the transaction back|no such (table|column)/.test(String(error))
  }
}
