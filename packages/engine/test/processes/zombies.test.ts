/** Processes that stand still longer than their lease and come back: they find that they are owners no more, and write nothing. */
import { expect, test } from 'vitest'
import { DatabaseError } from '../../src/index'
import { createDatabase } from '../../src/storage/prisma/client'
import { snapshot } from './checker/instances'
import { check } from './checker/judge'
import type { Cluster, WorkerProcess } from './cluster'
import type { Effect } from './logs'
import { type Observer, surprises } from './observer'
import { describeEverywhere, HANGS_MS, type Scene } from './places'
import { KINDS } from './workload'

describeEverywhere('a process stopped beyond its lease', (place) => {
  test(
    'what it ran is taken over; when it goes on it writes nothing',
    async () => {
      const scene = await place.scene({ leaseSeconds: 3, stepMs: 20 })
      const { cluster, observer } = scene
      const zombie = await cluster.worker({ name: 'zombie', holdsUntil: 'released' })
      await zombie.ask({ do: 'load', kinds: [...KINDS, 'booking'], prefix: 'z', count: 48 })
      await stopAtWork(scene, zombie)
      const other = await cluster.worker({ name: 'other' })
      await observer.untilAllEnded(cluster)
      const before = await observer.evidence(cluster)
      const seen = before.effects.length

      zombie.signal('SIGCONT')
      await zombie.ask({ do: 'release' })
      // it is alive: what it is asked now it does
      await zombie.ask({ do: 'start', kind: 'sequence', input: 1, id: 'after' })
      expect(await zombie.ask({ do: 'result', id: 'after' })).toBe('completed')
      await cluster.until(() => isOver(cluster, zombie), 'the zombie to end what it had begun')

      await Promise.all([zombie.kill('SIGTERM'), other.kill('SIGTERM')])
      const evidence = await observer.evidence(cluster, { previous: snapshot(before) })
      const report = check(evidence)
      expect(report.isClean, report.text).toBe(true)
      expect(surprises(evidence)).toEqual([])
      // the fault really happened: attempts of the zombie ended after others had taken over
      const late = evidence.effects
        .slice(seen)
        .filter(({ pid, instance }) => pid === zombie.pid && instance !== 'after')
      expect(late.filter(({ kind }) => kind !== 'begin').length).toBeGreaterThan(0)
    },
    HANGS_MS,
  )
})

/**
 * Stops it while it works. One that is stopped inside a transaction holds what it has locked: PostgreSQL gives it up after some seconds, MariaDB after
 * a minute, a SQLite file never. There it is let go and caught again.
 */
async function stopAtWork(scene: Scene, zombie: WorkerProcess): Promise<void> {
  const isBegun = ({ kind, pid }: Effect): boolean => kind === 'begin' && pid === zombie.pid
  await scene.cluster.untilEffects(isBegun, 48, 'the zombie to be at work')
  for (;;) {
    zombie.signal('SIGSTOP')
    if (await isFree(scene)) return
    zombie.signal('SIGCONT')
  }
}

async function isFree({ cluster, observer }: Scene): Promise<boolean> {
  switch (observer.database.dialect.name) {
    case 'postgresql':
      return true
    case 'mysql': {
      // what others lock they let go between two looks
      const locked = await Promise.all([1, 2, 3].map(() => lockedRows(observer)))
      return locked.includes(0) || (await lockedRows(observer)) === 0
    }
    case 'sqlite':
      return await canWrite(cluster.dbUrl)
  }
}

async function lockedRows({ database }: Observer): Promise<number> {
  const [all] = await database.read.all('SELECT COUNT(*) AS many FROM workflow_instances')
  const free = await database.transaction((sql) => sql.all('SELECT id FROM workflow_instances FOR UPDATE SKIP LOCKED'))
  return Number(all?.many) - free.length
}

async function canWrite(dbUrl: string): Promise<boolean> {
  const database = await createDatabase({ dbUrl, poolTimeout: 0.5 })
  await database.open({ autoMigrate: false })
  try {
    await database.transaction(async () => undefined)
    return true
  } catch (error) {
    if (error instanceof DatabaseError) return false
    throw error
  } finally {
    await database.close()
  }
}

/** Whether everything that this process began has ended. */
function isOver(cluster: Cluster, { pid }: WorkerProcess): boolean {
  const own = cluster.effects().filter((effect) => effect.pid === pid)
  const begun = own.filter(({ kind }) => kind === 'begin').length
  return begun === own.length - begun
}
