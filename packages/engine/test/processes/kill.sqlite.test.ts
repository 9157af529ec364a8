/** Part 1's promise: kill -9 in the middle of 200 running workflows, a new process over the same file, nothing lost, nothing doubled. */
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../temporary'
import { Cluster } from './cluster'
import type { Effect } from './logs'
import type { Moment } from './messages'
import { Observer, surprises } from './observer'
import { HANGS_MS } from './places'
import { KINDS } from './workload'

/** Each process dies at one of these, so that every one of them is met. */
const MOMENTS: readonly Moment[] = [
  // one activity has just ended and its result is not recorded; a hundred others are half done
  { log: 'effects', kind: 'end' },
  // in the middle of an attempt that takes the place of an interrupted one
  { log: 'effects', kind: 'begin', name: 'step', isAgain: true, nth: 10 },
  // between two attempts: whether the failure is recorded is not known
  { log: 'effects', kind: 'throw', name: 'shaky' },
  { log: 'effects', kind: 'begin', name: 'undo' },
]
const KILLED = { code: null, signal: 'SIGKILL' }

test(
  '200 running workflows survive kill -9: completed activities ran once, interrupted ones again under the next attempt',
  async () => {
    const folder = temporaryFolder()
    const cluster = new Cluster(`file:${folder}/edda.db`, folder, { hasLedger: true })
    onTestFinished(() => cluster.close())
    const observer = await Observer.open(cluster.dbUrl, { ledger: true })
    onTestFinished(() => observer.close())

    const [first, ...others] = MOMENTS
    const worker = await cluster.worker({ holdsUntil: 'released', dieAt: first })
    await worker.ask({ do: 'load', kinds: [...KINDS, 'booking'], prefix: 'run', count: 200 })
    await cluster.untilEffects(({ kind }) => kind === 'begin', 100, 'as many activities to run as may')
    void worker.ask({ do: 'release' })
    expect(await cluster.untilDead(worker)).toEqual(KILLED)
    const killed = [worker.pid]
    for (const dieAt of others) {
      const next = cluster.spawn({ dieAt })
      expect(await cluster.untilDead(next)).toEqual(KILLED)
      killed.push(next.pid)
    }
    expect(await observer.unfinished()).toBeGreaterThan(0)
    const last = await cluster.worker()
    await observer.untilAllEnded(cluster)

    const ids = (await observer.evidence(cluster)).instances.map((row) => row.id)
    const replays = (await last.ask({ do: 'replay', ids })) as { instanceId: string; divergence: string | null }[]
    const exit = await last.kill('SIGTERM')
    const evidence = await observer.evidence(cluster, { replays })
    const report = await observer.check(cluster, { replays })
    expect(report.isClean, report.text).toBe(true)
    expect(surprises(evidence)).toEqual([])
    expect(exit).toEqual({ code: 0, signal: null })
    // all that the first one had begun but the one that had ended, and what the second and the fourth were doing
    expect(interruptedBy(evidence.effects, killed).length).toBeGreaterThanOrEqual(99 + 2)
  },
  HANGS_MS,
)

/** Calls whose attempt began and never ended in a process that was killed. */
function interruptedBy(effects: readonly Effect[], pids: readonly number[]): Effect[] {
  const run = ({ pid, idempotencyKey, attempt }: Effect): string => `${pid} ${idempotencyKey} ${attempt}`
  const over = new Set(effects.filter(({ kind }) => kind !== 'begin').map(run))
  return effects.filter((one) => one.kind === 'begin' && pids.includes(one.pid) && !over.has(run(one)))
}
