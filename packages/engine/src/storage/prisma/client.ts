/** `dbUrl` to a {@link Database}: only the client of the provider that is asked for is loaded. */
import { ConfigurationError } from '../../model/errors'
import type { Database } from './database'
import type { PrismaStorageOptions } from './options'
import type { Notifications } from './postgresql/notify'
import { maskPassword } from './server-url'

/** @throws ConfigurationError for a URL that names no supported database */
export async function createDatabase(
  options: PrismaStorageOptions,
): Promise<Database & { readonly notifications?: Notifications }> {
  const { dbUrl, useListenNotify } = options
  const scheme = /^([a-z][a-z0-9+]*):/i.exec(dbUrl)?.[1]?.toLowerCase()
  if (useListenNotify && scheme !== 'postgresql' && scheme !== 'postgres')
    throw new ConfigurationError(`useListenNotify needs PostgreSQL: '${maskPassword(dbUrl)}' cannot notify`)
  if (dbUrl === ':memory:' || scheme === 'file' || scheme === 'sqlite') {
    const { createSqliteDatabase } = await import('./sqlite/database')
    return await createSqliteDatabase(options)
  }
  if (scheme === 'postgresql' || scheme === 'postgres') {
    const { createPostgresqlDatabase } = await import('./postgresql/database')
    return await createPostgresqlDatabase(options)
  }
  if (scheme === 'mysql' || scheme === 'mariadb') {
    const { createMysqlDatabase } = await import('./mysql/database')
    return await createMysqlDatabase(options)
  }
  throw new ConfigurationError(
    `dbUrl '${maskPassword(dbUrl)}' is of no supported database. Write file:./edda.db, postgresql://user:password@host/database or mysql://user:password@host/database.`,
  )
}
