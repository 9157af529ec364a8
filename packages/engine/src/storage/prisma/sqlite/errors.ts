/** libsql's errors: which mean "later", and what to tell about those that mean "never". */
import { DatabaseError } from '../../../model/errors'

interface SqliteFault {
  readonly code: string
  readonly rawCode: number | undefined
  readonly message: string
}

export function faultOf(error: unknown): SqliteFault | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, rawCode } = error as { code?: unknown; rawCode?: unknown }
  if (typeof code !== 'string') return undefined
  return { code, rawCode: typeof rawCode === 'number' ? rawCode : undefined, message: error.message }
}

/** Another connection holds the lock: the statement had no effect and may be tried again. */
export function isBusy(error: unknown): boolean {
  const fault = faultOf(error)
  if (!fault) return false
  // opening reports its result code inside the text only
  return (
    /^SQLITE_(BUSY|LOCKED)/.test(fault.code) ||
    /: (5|6)"\)$/.test(fault.message) ||
    fault.message.includes('database is locked')
  )
}

export function lockedTooLong(path: string, waitedMs: number, cause: unknown): DatabaseError {
  return new DatabaseError(
    `The database file ${path} was locked by another process for ${waitedMs} ms. ` +
      'Several processes may share one file, but each write waits for the others: look for a process that holds a transaction open, ' +
      'or use PostgreSQL or MySQL for many writers.',
    { cause },
  )
}

/** @returns the error that says what to do about a file that cannot be opened */
export function openError(path: string, error: unknown): Error {
  if (error instanceof DatabaseError) return error
  const fault = faultOf(error)
  const text = fault?.message ?? String(error)
  const say = (what: string) => new DatabaseError(what, { cause: error })
  if (fault?.code.startsWith('SQLITE_NOTADB') || text.includes('file is not a database'))
    return say(
      `${path} is not a SQLite database (or it is encrypted): give another path in dbUrl, or move that file away.`,
    )
  if (fault?.code.startsWith('SQLITE_READONLY') || text.includes('readonly database'))
    return say(
      `${path} cannot be written: give this user write access to the file and to its folder (SQLite keeps -wal and -shm files beside it).`,
    )
  if (fault?.code.startsWith('SQLITE_CORRUPT'))
    return say(`${path} is damaged: restore a backup, or recover what is readable with "sqlite3 ${path} .recover".`)
  if (fault?.code.startsWith('SQLITE_FULL')) return say(`No space left for ${path}: free some and start again.`)
  if (text.includes(': 14"') || fault?.code.startsWith('SQLITE_CANTOPEN'))
    return say(`${path} cannot be opened: check that its folder exists and that this user may read and write both.`)
  return say(`The database ${path} cannot be opened: ${text}`)
}
