/** What a database user must be allowed to do. Told at the start and in words that can be acted on, not by some statement an hour later. */
import { migrations } from '../../generated/migrations'
import { DatabaseError, MigrationError } from '../../model/errors'
import type { Refusal } from './connecting'
import { type ServerUrl, withoutPassword } from './server-url'

export interface Rights {
  readonly url: ServerUrl
  readonly classify: (error: unknown) => Refusal['kind']
  /** What gives a user all that running needs. */
  readonly grant: string
}

/** Names of the tables that running reads and writes. */
export function tablesOf(provider: keyof typeof migrations): readonly string[] {
  const scripts = migrations[provider].map(({ sql }) => sql)
  return [
    ...new Set(scripts.flatMap((sql) => [...sql.matchAll(/CREATE TABLE ["`](\w+)["`]/g)].map(([, name = '']) => name))),
  ]
}

/** Checks the schema and what this user may do with it. @throws DatabaseError for a right that is missing */
export async function withRights<Result>(rights: Rights, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const cause = error instanceof MigrationError ? error.cause : error
    if (cause === undefined || rights.classify(cause) !== 'forbidden') throw error
    const [said = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    throw lacking(rights, withoutPassword(said, rights.url.password), cause)
  }
}

export function lacking({ url, grant }: Rights, what: string, cause?: unknown): DatabaseError {
  return new DatabaseError(
    `${url.where}: user "${url.user}" lacks rights: ${what}. Tables are made and changed by a user who may do so: run \`npx edda migrate --db-url …\` once as that user; ` +
      `to run afterwards (autoMigrate: false) it is enough to ${grant}`,
    cause === undefined ? undefined : { cause },
  )
}
