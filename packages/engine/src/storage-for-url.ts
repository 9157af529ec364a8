/** Which storage serves a database URL: chosen here, and only here. The SQL storage is loaded when it is needed. */
import type { EddaAppOptions } from './options'
import type { Clock } from './runtime/clock'
import type { Storage } from './storage/storage'

export type StorageFactory = (options: EddaAppOptions, clock: Clock | undefined) => Promise<Storage>

/** @throws ConfigurationError for a scheme that no database answers to */
export const storageForUrl: StorageFactory = async (options, clock) => {
  const { createPrismaStorage } = await import('./storage/prisma/prisma-storage')
  const { dbUrl, poolSize, maxOverflow, poolTimeout, poolRecycle, poolPrePing, useListenNotify } = options
  const given = { poolSize, maxOverflow, poolTimeout, poolRecycle, poolPrePing, useListenNotify }
  const pool = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return createPrismaStorage({
    dbUrl,
    ...pool,
    ...(clock ? { clock } : {}),
    ...(options.logger ? { log: options.logger } : {}),
  })
}

/** Sees to the migrations of a database and leaves it. @throws ConfigurationError, DatabaseError, MigrationError */
export async function withMigrations(dbUrl: string, mode: 'apply' | 'look') {
  const { createDatabase } = await import('./storage/prisma/client')
  const database = await createDatabase({ dbUrl, poolSize: 1 })
  try {
    return await database.prepare(mode)
  } finally {
    await database.close()
  }
}
