/**
 * The kill storm: worker processes over one database are killed with SIGKILL, replaced at once, and loaded with more work all the while. At the end
 * everything must have ended as if nothing had happened. Runs in CI with a few kills and as a command with many.
 *
 * Every other kill comes from outside, at whatever the victim is doing; the others are the processes' own, each at the next of the rare moments, so that
 * all of these are met for certain.
 */
import { Cluster, type SpawnOptions, type WorkerProcess } from './cluster'
import type { Call, Effect } from './logs'
import type { Moment } from './messages'
import { Observer, surprises } from './observer'
import type { Random } from './random'
import { KINDS } from './workload'

export interface StormOptions {
  readonly dbUrl: string
  readonly folder: string
  readonly workers: number
  readonly kills: number
  /** Instances that each new worker starts. */
  readonly load: number
  readonly random: Random
  readonly settings?: SpawnOptions
  /** After each kill; for long runs. */
  readonly onKill?: (kills: number) => void
}

export interface StormResult {
  readonly isClean: boolean
  readonly text: string
  /** Ended otherwise than its input says. */
  readonly surprises: readonly string[]
  /** How often each rare state was met: one that never was makes the run worthless. */
  readonly sometimes: Readonly<Record<string, number>>
}

/** What a worker that was given work of every kind comes to, before it can have ended it. */
const MOMENTS: readonly Moment[] = [
  { log: 'calls', kind: 'ask', name: 'start', nth: 5 },
  { log: 'effects', kind: 'begin', name: 'step' },
  { log: 'effects', kind: 'end', name: 'reserve' },
  { log: 'effects', kind: 'begin', name: 'shaky', isAgain: true },
  { log: 'effects', kind: 'throw', name: 'refused' },
  { log: 'effects', kind: 'begin', name: 'undo' },
  { log: 'effects', kind: 'end', name: 'book' },
]
/** A storm of fewer kills does not meet all of them. */
export const KILLS_FOR_ALL_MOMENTS = 2 * MOMENTS.length

export async function storm(options: StormOptions): Promise<StormResult> {
  const cluster = new Cluster(options.dbUrl, options.folder, { hasLedger: true, ...options.settings })
  const observer = await Observer.open(options.dbUrl, { ledger: true })
  try {
    const loader = new Loader(cluster, options)
    for (let i = 0; i < options.workers; i++) loader.replace()
    const killer = new Killer(cluster, observer, loader, options)
    await killer.killThem()
    await loader.loaded()
    await observer.untilAllEnded(cluster)
    const exits = await Promise.all(cluster.running.map((worker) => worker.kill('SIGTERM')))
    const evidence = await observer.evidence(cluster)
    const report = await observer.check(cluster)
    const uncleanExits = exits
      .filter(({ code }) => code !== 0)
      .map(({ code, signal }) => `a worker ended with ${signal ?? code}`)
    return {
      isClean: report.isClean,
      text: report.text,
      surprises: [...surprises(evidence), ...uncleanExits],
      sometimes: metBy(evidence.effects, killer.killed, cluster.calls()),
    }
  } finally {
    await cluster.close()
    await observer.close()
  }
}

/** Starts workers, and gives each its share of the work when it is ready. */
class Loader {
  readonly #cluster: Cluster
  readonly #options: StormOptions
  readonly #underWay = new Set<Promise<unknown>>()
  #loads = 0

  constructor(cluster: Cluster, options: StormOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  replace(): void {
    const worker = this.#cluster.spawn()
    // one that is killed before it was ready, or in the middle of it, is of no further interest
    const loading = worker.ready.then(() => this.load(worker)).catch(() => undefined)
    this.#underWay.add(loading)
  }

  /** Everybody who lives has started what he was given. */
  async loaded(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  load(worker: WorkerProcess): Promise<unknown> {
    const prefix = `l${++this.#loads}`
    return worker.ask({ do: 'load', kinds: [...KINDS, 'booking'], prefix, count: this.#options.load })
  }
}

/** The storm itself: one kill after the other. */
class Killer {
  readonly killed = new Set<number>()
  readonly #cluster: Cluster
  readonly #observer: Observer
  readonly #loader: Loader
  readonly #options: StormOptions

  constructor(cluster: Cluster, observer: Observer, loader: Loader, options: StormOptions) {
    this.#cluster = cluster
    this.#observer = observer
    this.#loader = loader
    this.#options = options
  }

  async killThem(): Promise<void> {
    const { kills, onKill } = this.#options
    for (let kill = 0; kill < kills; kill++) {
      const moment = MOMENTS[(kill / 2) % MOMENTS.length]
      const victim = moment ? await this.#byItself(moment) : await this.#atWork()
      this.killed.add(victim.pid)
      onKill?.(kill + 1)
    }
  }

  /** It is given work until it comes to the moment, since others may have done what it was given. */
  async #byItself(moment: Moment): Promise<WorkerProcess> {
    const victim = this.#cluster.spawn({ dieAt: moment })
    // what it takes over may bring it there before it is ready
    await victim.ready.catch(() => undefined)
    while (!victim.isGone) {
      await Promise.race([this.#loader.load(victim).catch(() => undefined), victim.exited])
      await this.#cluster.until(async () => victim.isGone || (await this.#isIdle()), 'the moment to die')
    }
    return victim
  }

  async #atWork(): Promise<WorkerProcess> {
    const patience = this.#options.random.below(100)
    const victim = await this.#cluster.until(async () => {
      const alive = new Map(this.#cluster.running.map((worker) => [worker.pid, worker]))
      const effects = this.#cluster.effects().filter(({ pid }) => alive.has(pid))
      const isTime = effects.length > patience || (effects.length > 0 && (await this.#isIdle()))
      return isTime && alive.get(this.#options.random.pick(effects).pid)
    }, 'somebody to kill')
    const exited = victim.kill()
    this.#loader.replace()
    await exited
    return victim
  }

  async #isIdle(): Promise<boolean> {
    return (await this.#observer.unfinished()) === 0
  }
}

function metBy(
  effects: readonly Effect[],
  killed: ReadonlySet<number>,
  calls: readonly Call[],
): Record<string, number> {
  const run = (effect: Effect): string => `${effect.pid} ${effect.idempotencyKey} ${effect.attempt}`
  const over = new Set(effects.filter((one) => one.kind !== 'begin').map(run))
  const interrupted = effects.filter((one) => one.kind === 'begin' && killed.has(one.pid) && !over.has(run(one)))
  const keys = new Set(interrupted.map((one) => one.idempotencyKey))
  const again = effects.filter((one) => one.kind === 'begin' && keys.has(one.idempotencyKey) && one.attempt > 1)
  const ends = new Map<string, number>()
  for (const one of effects)
    if (one.kind === 'end') ends.set(one.idempotencyKey, (ends.get(one.idempotencyKey) ?? 0) + 1)
  return {
    'an attempt was interrupted': interrupted.length,
    'a retry was interrupted': interrupted.filter((one) => one.attempt > 1).length,
    'an interrupted attempt ran again': again.length,
    'a compensation was interrupted': interrupted.filter((one) => one.name === 'undo').length,
    'an attempt ended and its result was lost': [...ends.values()].filter((many) => many > 1).length,
    'a start was never answered': calls.filter((call) => call.op === 'start' && call.outcome === 'unknown').length,
    'an instance changed hands': effects.filter((one) => one.epoch > 1).length,
  }
}
