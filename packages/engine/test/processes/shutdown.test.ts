/** SIGTERM under load: what runs is finished or handed back, nothing has to be rescued. */
import { expect, test } from 'vitest'
import { check } from './checker/judge'
import type { Effect } from './logs'
import { surprises } from './observer'
import { describeEverywhere, HANGS_MS } from './places'
import { KINDS } from './workload'

describeEverywhere('SIGTERM', (place) => {
  test(
    'under load: running activities end, the rest goes on elsewhere at once, exit 0',
    async () => {
      // leases that nobody could wait for
      const { cluster, observer } = await place.scene({ leaseSeconds: 3_600, stepMs: 40 })
      const leaving = await cluster.worker({ name: 'leaving', holdsUntil: 'stopped' })
      await leaving.ask({ do: 'load', kinds: [...KINDS, 'booking'], prefix: 'd', count: 40 })
      const staying = await cluster.worker({ name: 'staying' })
      await cluster.untilEffects(({ kind, pid }) => kind === 'begin' && pid === leaving.pid, 40, 'it to be at work')
      expect(await leaving.kill('SIGTERM')).toEqual({ code: 0, signal: null })
      await observer.untilAllEnded(cluster)
      expect(await staying.kill('SIGTERM')).toEqual({ code: 0, signal: null })

      const evidence = await observer.evidence(cluster)
      const report = check(evidence)
      expect(report.isClean, report.text).toBe(true)
      expect(surprises(evidence)).toEqual([])
      expect(cutOff(evidence.effects)).toEqual([])
      // there was something to hand over
      const movers = new Set(evidence.effects.filter(({ pid }) => pid === leaving.pid).map(({ instance }) => instance))
      expect(evidence.effects.some(({ pid, instance }) => pid === staying.pid && movers.has(instance))).toBe(true)
    },
    HANGS_MS,
  )

  test(
    'without grace: what runs is let go, and runs again elsewhere under the next attempt',
    async () => {
      const { cluster, observer } = await place.scene({ leaseSeconds: 3_600, stepMs: 40, graceSeconds: 0 })
      const leaving = await cluster.worker({ name: 'leaving', holdsUntil: 'released' })
      await leaving.ask({ do: 'load', kinds: KINDS, prefix: 'g', count: 28 })
      await cluster.untilEffects(({ kind, pid }) => kind === 'begin' && pid === leaving.pid, 28, 'it to be at work')
      expect(await leaving.kill('SIGTERM')).toEqual({ code: 0, signal: null })
      const staying = await cluster.worker({ name: 'staying' })
      await observer.untilAllEnded(cluster)
      await staying.kill('SIGTERM')

      const evidence = await observer.evidence(cluster)
      const report = check(evidence)
      expect(report.isClean, report.text).toBe(true)
      expect(surprises(evidence)).toEqual([])
      const cut = cutOff(evidence.effects)
      expect(cut.length).toBeGreaterThanOrEqual(20)
      const again = cut.filter(({ idempotencyKey, attempt }) =>
        evidence.effects.some((one) => one.idempotencyKey === idempotencyKey && one.attempt > attempt),
      )
      expect(again.length).toBeGreaterThan(0)
    },
    HANGS_MS,
  )
})

/** Attempts that began and never ended. */
function cutOff(effects: readonly Effect[]): Effect[] {
  const run = ({ pid, idempotencyKey, attempt }: Effect): string => `${pid} ${idempotencyKey} ${attempt}`
  const over = new Set(effects.filter(({ kind }) => kind !== 'begin').map(run))
  return effects.filter((one) => one.kind === 'begin' && !over.has(run(one)))
}
