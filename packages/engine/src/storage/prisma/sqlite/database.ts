/** {@link Database} over a SQLite file: the commit queue, the readers and Prisma share one writer, one reader and one gate. */
import { existsSync } from 'node:fs'
import { collectAlong } from '../along'
import { backoff } from '../backoff'
import type { Along, Database, PrismaClient, Sql } from '../database'
import { sqliteDialect } from '../dialects/sqlite'
import { openInteractive } from '../interactive'
import { joinedSql } from '../joined'
import { clockOf, type PrismaStorageOptions, poolOptions } from '../options'
import { SqliteAdapterFactory } from './adapter'
import { SqliteFile, type WriteTransaction } from './file'
import { lookAtMissing, migrateSqlite } from './migrate'
import { prepareFolder, sqlitePath } from './path'

const MAX_ATTEMPTS = 10

export async function createSqliteDatabase(options: PrismaStorageOptions): Promise<Database> {
  const path = sqlitePath(options.dbUrl)
  const lockTimeoutMs = poolOptions(options).timeoutMs
  const file = new SqliteFile(path, { synchronous: options.synchronous ?? 'FULL', lockTimeoutMs })
  const { PrismaClient: Client } = await import('../../../generated/sqlite/client')
  const prisma: PrismaClient = new Client({ adapter: new SqliteAdapterFactory(file) })
  const metrics = { transactions: 0, statements: 0 }
  const clock = clockOf(options) ?? Date.now
  const joined = (tx: unknown) => joinedSql(tx, metrics, (sql) => sql)

  const read: Sql = {
    all(sql, params = []) {
      metrics.statements++
      return file.read((connection) => connection.all(sql, params))
    },
    run(sql, params = []) {
      metrics.statements++
      return file.write((connection) => connection.run(sql, params))
    },
  }

  const prepare: Database['prepare'] = async (mode) => {
    if (mode === 'look' && !existsSync(path)) return await lookAtMissing(file)
    prepareFolder(path)
    await file.open()
    return await migrateSqlite(file, mode)
  }

  return {
    dialect: sqliteDialect,
    prisma,
    metrics,
    read,
    joined,
    async transaction(work) {
      metrics.transactions++
      for (let attempt = 1; ; attempt++) {
        try {
          return await transactOnce(file, metrics, work)
        } catch (error) {
          if (attempt === MAX_ATTEMPTS || !sqliteDialect.isRetryable(error)) throw error
          await backoff(attempt)
        }
      }
    },
    interactive({ timeoutMs }) {
      metrics.transactions++
      return openInteractive(prisma, { timeoutMs, maxWaitMs: lockTimeoutMs }, joined)
    },
    now: () => Promise.resolve(clock()),
    prepare,
    open: async ({ autoMigrate }) => void (await prepare(autoMigrate ? 'apply' : 'check')),
    async close() {
      await prisma.$disconnect()
      await file.close()
    },
  }
}

async function transactOnce<Result>(
  file: SqliteFile,
  metrics: { statements: number },
  work: (sql: Sql, along: Along) => Promise<Result>,
): Promise<Result> {
  const transaction = await file.begin()
  try {
    const { along, settled } = collectAlong()
    const result = await work(sqlOf(transaction, metrics), along)
    await settled()
    transaction.commit()
    return result
  } catch (error) {
    transaction.rollback()
    throw error
  }
}

function sqlOf(transaction: WriteTransaction, metrics: { statements: number }): Sql {
  // async, so that a failing statement rejects instead of throwing
  return {
    async all(sql, params = []) {
      metrics.statements++
      return transaction.connection.all(sql, params)
    },
    async run(sql, params = []) {
      metrics.statements++
      return transaction.connection.run(sql, params)
    },
  }
}
