/** `file:…`, `sqlite:…` or `:memory:` to a path that can be opened. Relative paths are relative to the working directory; a missing folder is made. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigurationError, DatabaseError } from '../../../model/errors'

const MEMORY = ':memory:'

/** @throws ConfigurationError for a URL that names no file */
export function sqlitePath(dbUrl: string): string {
  const [bare = '', query] = splitQuery(dbUrl.replace(/^(file|sqlite):/i, ''))
  if (query !== undefined)
    throw new ConfigurationError(`dbUrl '${dbUrl}': a SQLite URL has no '?' options; pass them to EddaApp`)
  if (bare === MEMORY || bare === `//${MEMORY}` || bare === `///${MEMORY}`) return MEMORY
  if (bare === '' || bare === '//' || bare === '///')
    throw new ConfigurationError(`dbUrl '${dbUrl}' names no file: write file:./edda.db, or ':memory:' for tests`)
  if (!bare.startsWith('//')) return path.resolve(decode(bare))
  if (bare.startsWith('///'))
    return decode(process.platform === 'win32' ? fileURLToPath(`file:${bare}`) : bare.slice(2))
  // sqlite://relative/path, as other tools write it
  return path.resolve(decode(bare.slice(2)))
}

/** @throws DatabaseError that says what stands in the way */
export function prepareFolder(file: string): void {
  if (file === MEMORY) return
  const folder = path.dirname(file)
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new DatabaseError(
      `The folder ${folder} for the database cannot be made: ${reason(error)}. Create it, or give another path in dbUrl.`,
      {
        cause: error,
      },
    )
  }
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isDirectory())
    throw new DatabaseError(
      `${file} is a folder, not a database file: name a file in it, such as file:${path.join(file, 'edda.db')}`,
    )
  try {
    accessSync(stat ? file : folder, constants.R_OK | constants.W_OK)
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw new DatabaseError(
      `${file} cannot be written (${reason(error)}): give this user write access to the file and to its folder (SQLite keeps -wal and -shm files beside it).`,
      { cause: error },
    )
  }
}

function splitQuery(text: string): [string, string | undefined] {
  const at = text.indexOf('?')
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // a stray percent sign is part of the name
    return text
  }
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
