/** {@link Sql} over a transaction that was opened with Prisma: an activity's session, or the caller's own `tx`. */
import { ConfigurationError } from '../../model/errors'
import { inTurn } from './along'
import type { PrismaTransactionClient, Row, Sql, SqlValue } from './database'

/** @throws ConfigurationError when `tx` is no Prisma transaction client */
export function joinedSql(tx: unknown, metrics: { statements: number }, translate: (sql: string) => string): Sql {
  const client = tx as Partial<PrismaTransactionClient> | null
  if (typeof client?.$queryRawUnsafe !== 'function' || typeof client.$executeRawUnsafe !== 'function')
    throw new ConfigurationError(
      'tx must be a Prisma transaction client: what prisma.$transaction(async (tx) => …) passes to its callback',
    )
  const { $queryRawUnsafe, $executeRawUnsafe } = client
  return inTurn({
    async all(sql, params = []) {
      metrics.statements++
      return await $queryRawUnsafe.call<unknown, [string, ...unknown[]], Promise<Row[]>>(
        client,
        translate(sql),
        ...params.map(wide),
      )
    },
    async run(sql, params = []) {
      metrics.statements++
      return await $executeRawUnsafe.call<unknown, [string, ...unknown[]], Promise<number>>(
        client,
        translate(sql),
        ...params.map(wide),
      )
    },
  }).sql
}

/** Prisma sends a number as a 4-byte integer or as a float; a time in milliseconds is neither. */
function wide(value: SqlValue): SqlValue {
  return typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) > 0x7fffffff
    ? BigInt(value)
    : value
}
