/** Machines whose clocks are an hour off: leases, timers and what is recorded go by the database's clock. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { check } from './checker/judge'
import { surprises } from './observer'
import { describeOnServers, HANGS_MS } from './places'
import { KINDS } from './workload'

const preload = (name: string): readonly string[] => [fileURLToPath(new URL(`./${name}.mjs`, import.meta.url))]
const MINUTE_MS = 60_000

describeOnServers('clocks an hour off', (place) => {
  test(
    'nobody takes what another one holds, no timer is early or an hour late, and a lost worker is made up for',
    async () => {
      const { cluster, observer } = await place.scene({ leaseSeconds: 120, stepMs: 20 })
      const before = await observer.storage.now()
      const [ahead, behind] = await Promise.all([
        cluster.worker({ name: 'ahead', preload: preload('clock-ahead') }),
        cluster.worker({ name: 'behind', preload: preload('clock-behind') }),
      ])
      const load = { do: 'load' as const, kinds: [...KINDS, 'booking'], count: 24 }
      await Promise.all([ahead.ask({ ...load, prefix: 'a' }), behind.ask({ ...load, prefix: 'b' })])
      await observer.untilAllEnded(cluster)
      const calm = await observer.evidence(cluster)
      expect(calm.instances.filter(({ takeovers }) => takeovers > 0)).toEqual([])
      expect(calm.effects.filter(({ attempt, name }) => attempt > 1 && name === 'step')).toEqual([])

      await ahead.ask({ do: 'hold' })
      await ahead.ask({ ...load, prefix: 'lost' })
      await cluster.untilEffects(
        ({ pid, kind, instance }) => pid === ahead.pid && kind === 'begin' && instance.startsWith('lost'),
        10,
        'it to be at work',
      )
      await ahead.kill()
      await observer.untilAllEnded(cluster)
      await behind.kill('SIGTERM')

      const evidence = await observer.evidence(cluster)
      const report = check(evidence)
      expect(report.isClean, report.text).toBe(true)
      expect(surprises(evidence)).toEqual([])
      const recorded = [
        ...evidence.instances.flatMap(({ startedAt, completedAt }) => [startedAt, completedAt ?? 0]),
        ...[...evidence.history.values()].flatMap((events) => events.map(({ createdAt }) => createdAt)),
      ]
      expect(Math.min(...recorded)).toBeGreaterThan(before - MINUTE_MS)
      expect(Math.max(...recorded)).toBeLessThanOrEqual(evidence.now)
    },
    HANGS_MS,
  )
})
