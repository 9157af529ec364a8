/** PostgreSQL 13 is the oldest version whose behaviour the statements were written for. */
import { DatabaseError } from '../../../model/errors'

/**
 * @param number `server_version_num`, such as 150020
 * @throws DatabaseError for a server that is too old
 */
export function checkVersion(number: string, where: string): void {
  const major = Math.floor(Number(number) / 10_000)
  if (major < 13)
    throw new DatabaseError(
      `${where} is version ${major}; PostgreSQL 13 is the oldest supported. Upgrade the server or give another one in dbUrl.`,
    )
}
