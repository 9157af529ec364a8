/** The kill storm on the servers: three worker processes, twenty kills, nothing lost, nothing doubled. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysqlServer, postgresqlServer, type TestDatabase } from '../databases'
import { temporaryFolder } from '../temporary'
import { HANGS_MS } from './places'
import { random, seedOf } from './random'
import { storm } from './storm'

for (const server of [await postgresqlServer(), await mysqlServer()])
  describe.skipIf(server.missing)(server.name, () => {
    let database: TestDatabase
    beforeAll(async () => {
      database = await server.create()
    })
    afterAll(() => database?.drop())

    test(
      'three workers, twenty kills: everything ends as if nothing had happened',
      async () => {
        const seed = seedOf()
        const result = await storm({
          dbUrl: database.url,
          folder: temporaryFolder(),
          workers: 3,
          kills: 20,
          load: 24,
          random: random(seed),
        })
        expect(result.isClean, `EDDA_SEED=${seed}\n${result.text}`).toBe(true)
        expect(result.surprises).toEqual([])
        const never = Object.entries(result.sometimes).filter(([, times]) => times === 0)
        expect(never, `EDDA_SEED=${seed}`).toEqual([])
      },
      HANGS_MS,
    )
  })
