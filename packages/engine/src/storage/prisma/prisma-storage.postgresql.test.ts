import { afterAll, beforeAll, describe } from 'vitest'
import { postgresqlServer, type TestDatabase } from '../../../test/databases'
import { virtualClock } from '../../../test/virtual-clock'
import { describeStorage } from '../contract/describe-storage'
import { createPrismaStorage } from './prisma-storage'

const server = await postgresqlServer()

describe.skipIf(server.missing)('PostgreSQL', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await server.create()
  })
  afterAll(() => database?.drop())

  describeStorage('PostgreSQL', async () => {
    await database.empty()
    const clock = virtualClock()
    const storage = await createPrismaStorage({ dbUrl: database.url, clock, poolSize: 1 })
    await storage.open({ autoMigrate: true })
    return { storage, clock, close: () => storage.close() }
  })
})
