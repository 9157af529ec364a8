/** What a server's version decides: whether it is supported, and which collation compares texts exactly. */
import { DatabaseError } from '../../../model/errors'
import { PLAIN_COLLATION } from './config'

/**
 * @param version as `SELECT VERSION()` says, such as `10.11.6-MariaDB` or `8.0.36`
 * @returns the collation for new tables: exact, trailing blanks included, under the name that the server has for it
 * @throws DatabaseError for a server that is too old
 */
export function collationOf(version: string, where: string): string {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  const isMariaDb = /mariadb/i.test(version)
  if (isMariaDb && (major > 10 || (major === 10 && minor >= 6))) return 'utf8mb4_nopad_bin'
  if (!isMariaDb && major >= 8)
    // 8.0.17 brought the better one
    return major === 8 && minor === 0 && patch < 17 ? PLAIN_COLLATION : 'utf8mb4_0900_bin'
  throw new DatabaseError(
    `${where} is version ${version}; MySQL 8.0 and MariaDB 10.6 are the oldest supported. Upgrade the server or give another one in dbUrl.`,
  )
}
