import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { virtualClock } from '../../../test/virtual-clock'
import { describeStorage, type MakeStorage } from '../contract/describe-storage'
import { createPrismaStorage } from './prisma-storage'

const on =
  (makeUrl: (folder: string) => string): MakeStorage =>
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'edda-'))
    const clock = virtualClock()
    const storage = await createPrismaStorage({ dbUrl: makeUrl(folder), clock })
    await storage.open({ autoMigrate: true })
    return {
      storage,
      clock,
      async close() {
        await storage.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }

describeStorage(
  'a SQLite file',
  on((folder) => `file:${path.join(folder, `${randomUUID()}.db`)}`),
)
describeStorage(
  'SQLite in memory',
  on(() => ':memory:'),
)
