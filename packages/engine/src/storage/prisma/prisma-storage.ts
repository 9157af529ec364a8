/** The SQL storage: one {@link Storage} over SQLite, PostgreSQL or MySQL, put together from its two halves. */
import type { Storage } from '../storage'
import { createClaim } from './claim'
import { createDatabase } from './client'
import { createCommit } from './commit'
import { createFork } from './fork'
import { createOperator } from './operator'
import type { PrismaStorageOptions } from './options'
import { createReading } from './reading'
import { createSessions } from './session'

export type { PrismaStorageOptions }

/**
 * @param options `dbUrl` says which database; see {@link PrismaStorageOptions} for units
 * @returns the storage, not yet opened
 * @throws ConfigurationError for a URL that names no supported database
 * @example
 * const storage = await createPrismaStorage({ dbUrl: 'file:./edda.db' })
 * await storage.open({ autoMigrate: true })
 */
export async function createPrismaStorage(options: PrismaStorageOptions): Promise<Storage> {
  const database = await createDatabase(options)
  const { notifications } = database
  return {
    dialect: database.dialect.name,
    metrics: database.metrics,
    open: (how) => database.open(how),
    close: () => database.close(),
    now: () => database.now(),
    ...createCommit(database),
    ...createClaim(database),
    ...createSessions(database),
    ...createOperator(database),
    ...createFork(database),
    ...createReading(database),
    ...(notifications && options.useListenNotify !== false
      ? {
          listen: (onNotice) => notifications.listen(onNotice),
          notify: (notice) => notifications.notify(notice),
        }
      : {}),
  } satisfies Storage
}
