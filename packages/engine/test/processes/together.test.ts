/** Several processes at one database at once: they cancel what another one completes, share one SQLite file, and start on an empty database together. */
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../temporary'
import { check } from './checker/judge'
import { Cluster } from './cluster'
import { Observer } from './observer'
import { describeEverywhere, HANGS_MS } from './places'
import { random, seedOf } from './random'
import { storm } from './storm'

describeEverywhere('cancel against completion', (place) => {
  test(
    'one of them wins, and every caller is told which',
    async () => {
      const { cluster, observer } = await place.scene({ stepMs: 30 })
      const [worker, other, client] = await Promise.all([
        cluster.worker({ name: 'worker', holdsUntil: 'released' }),
        cluster.worker({ name: 'other' }),
        cluster.worker({ name: 'client', isWorker: false }),
      ])
      const many = 60
      await worker.ask({ do: 'load', kinds: ['sequence', 'napping', 'trip'], prefix: 'c', count: many })
      const ids = (await observer.storage.instances({ limit: many })).map((row) => row.id)
      const results = ids.map((id) => other.ask({ do: 'result', id }))
      const cancel = (some: readonly string[]): Promise<unknown> =>
        Promise.all(some.map((id) => client.ask({ do: 'cancel', id })))
      const chance = random(seedOf())
      // some that cannot have ended, some that nobody cancels, and between them those for which it is a race
      const [early, left] = [ids.slice(0, 6), ids.slice(6, -6).sort(() => chance.next() - 0.5)]
      await cancel(early)
      await worker.ask({ do: 'release' })
      for (let seen = 0; left.length > 0; seen = cluster.effects().length) {
        // spread over the time that they take, so that many are about to end
        await cluster.until(async () => cluster.effects().length > seen || (await observer.unfinished()) === 0, 'more')
        await cancel(left.splice(0, 2))
      }
      await observer.untilAllEnded(cluster)
      await Promise.all(results)
      for (const one of [worker, other, client]) await one.kill('SIGTERM')

      const evidence = await observer.evidence(cluster)
      const report = check(evidence)
      expect(report.isClean, report.text).toBe(true)
      const statuses = new Set(evidence.instances.map((row) => row.status))
      expect([...statuses].sort()).toEqual(expect.arrayContaining(['cancelled', 'completed']))
    },
    HANGS_MS,
  )
})

describe('one SQLite file', () => {
  test(
    'two processes share it, are killed and replaced, and nothing is lost or doubled',
    async () => {
      const folder = temporaryFolder()
      const seed = seedOf()
      const result = await storm({
        dbUrl: `file:${folder}/edda.db`,
        folder,
        workers: 2,
        kills: 4,
        load: 16,
        random: random(seed),
      })
      expect(result.isClean, `EDDA_SEED=${seed}\n${result.text}`).toBe(true)
      expect(result.surprises).toEqual([])
    },
    HANGS_MS,
  )
})

/** A long run sets 24. */
const STARTS = Number(process.env.EDDA_FIRST_STARTS ?? 6)

describeEverywhere('first starts', (place) => {
  test(
    `${STARTS} processes on an empty database make one schema, and all of them work`,
    async () => {
      const dbUrl = await place.empty()
      const folder = temporaryFolder()
      const cluster = new Cluster(dbUrl, folder)
      try {
        const workers = Array.from({ length: STARTS }, () => cluster.spawn())
        await Promise.all(workers.map((worker) => worker.ready))
        await Promise.all(
          workers.map((worker, n) => worker.ask({ do: 'load', kinds: ['sequence'], prefix: `w${n}`, count: 2 })),
        )
        const observer = await Observer.open(dbUrl)
        await observer.untilAllEnded(cluster)
        await Promise.all(workers.map((worker) => worker.kill('SIGTERM')))
        const report = await observer.check(cluster)
        await observer.close()
        expect(report.isClean, report.text).toBe(true)
        expect(report.verdicts.find(({ id }) => id === 'S1')?.checked).toBeGreaterThan(0)
      } finally {
        await cluster.close()
      }
    },
    HANGS_MS,
  )
})
