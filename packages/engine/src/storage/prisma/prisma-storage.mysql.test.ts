import { afterAll, beforeAll, describe } from 'vitest'
import { mysqlServer, type TestDatabase } from '../../../test/databases'
import { virtualClock } from '../../../test/virtual-clock'
import { describeStorage } from '../contract/describe-storage'
import { createPrismaStorage } from './prisma-storage'

const server = await mysqlServer()

describe.skipIf(server.missing)('MySQL', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await server.create()
  })
  afterAll(() => database?.drop())

  describeStorage('MySQL', async () => {
    await database.empty()
    const clock = virtualClock()
    const storage = await createPrismaStorage({ dbUrl: database.url, clock, poolSize: 1 })
    await storage.open({ autoMigrate: true })
    return { storage, clock, close: () => storage.close() }
  })
})
