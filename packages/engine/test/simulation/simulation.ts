/**
 * The simulation: many virtual worker processes over one in-memory database, one virtual clock, one seed that decides everything: the programs, when
 * they start, who is told to cancel what, the weather, the moment of every fault. The same seed gives the same trace, down to its hash.
 *
 *  1. Nothing here may ask the machine for time or chance: ids and `Math.random` are the seed's (the test file puts them in place).
 *  2. Faults happen until the load is over; then the weather is calm, everybody is up, and what has not ended by the bound is lost.
 */
import { createHash } from 'node:crypto'
import { DatabaseError } from '../../src/index'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage'
import type { Storage } from '../../src/storage/storage'
import type { Unit, Verdict } from '../../src/storage/units'
import { quiet } from '../../src/testing/quiet'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { type Evidence, gather } from '../processes/checker/evidence'
import { check, type Report } from '../processes/checker/judge'
import { type Call, type Effect, hashOf } from '../processes/logs'
import { type Random, random } from '../processes/random'
import { type Bug, CALM, randomFault, randomWeather, type Weather } from './faults'
import { current, VirtualProcess, type World } from './process'
import {
  CHANNELS,
  createPrograms,
  EXPECTATIONS,
  expectedEnd,
  LEASE_SECONDS,
  type Program,
  randomProgram,
} from './programs'

export interface SimulationOptions {
  readonly seed: number
  readonly bug?: Bug
}

export interface SimulationResult {
  readonly seed: number
  readonly report: Report
  /** Ended otherwise than its program says. */
  readonly surprises: readonly string[]
  /** Rare states, and how often each was met. */
  readonly sometimes: ReadonlyMap<string, number>
  readonly traceHash: string
  readonly trace: readonly string[]
  readonly faults: number
}

const LOAD_MS = 60_000
/** Longest time that a calm world needs: retries, lease ends, timeouts. */
const BOUND_MS = 1_800_000
const STEP_MS = 15_000
const LEASE_MS = LEASE_SECONDS * 1_000

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(options)
  await simulation.run()
  return await simulation.result()
}

class Simulation implements World {
  readonly clock = new VirtualClock()
  readonly storage: Storage = createMemoryStorage({ clock: this.clock })
  readonly bug: Bug | undefined
  readonly #seed: number
  readonly #random: Random
  readonly #load: Random
  #weather: Weather = CALM
  #processes: VirtualProcess[] = []
  #pid = 0
  #faults = 0
  #isLoading = true
  readonly #effects: Effect[] = []
  readonly #calls: Call[] = []
  readonly #programs = new Map<string, Program>()
  readonly #epochs = new Map<string, number>()
  readonly #sometimes = new Map<string, number>()
  readonly #trace: string[] = []
  /** Events as they were written, to see that none changes. */
  readonly #written = new Map<string, string>()

  constructor({ seed, bug }: SimulationOptions) {
    this.#seed = seed
    this.bug = bug
    this.#random = random(seed)
    this.#load = random(seed ^ 0x5bd1e995)
  }

  async run(): Promise<void> {
    const weather = randomWeather(this.#random)
    const workers = 2 + this.#random.below(3)
    for (let i = 0; i < workers; i++) await this.#boot()
    this.#weather = weather
    this.#plan()
    await this.#advance(LOAD_MS)
    this.#isLoading = false
    this.#weather = CALM
    for (const process of this.#processes) process.thaw()
    // those who died late are replaced by now
    for (let passed = 0; passed < BOUND_MS; passed += STEP_MS) {
      await this.#advance(STEP_MS)
      if (await this.#hasEnded()) break
    }
    // whoever stood still in the meantime comes back, and must change nothing
    await this.#advance(4 * LEASE_MS)
  }

  async result(): Promise<SimulationResult> {
    const evidence = await this.#evidence()
    const report = check(evidence)
    return {
      seed: this.#seed,
      report,
      surprises: this.#surprises(evidence),
      sometimes: this.#marked(evidence),
      traceHash: createHash('sha256').update(this.#trace.join('\n')).digest('hex'),
      trace: this.#trace,
      faults: this.#faults,
    }
  }

  // ------------------------------------------------------------ the world

  fault(verb: string): ReturnType<typeof randomFault> {
    const fault = randomFault(this.#random, this.#weather, LEASE_MS)
    if (fault.kind !== 'none') this.#faults++
    // a crash while nothing is in flight is only a restart
    return fault.kind.startsWith('crash') && verb !== 'commit' && this.#random.chance(0.7) ? { kind: 'none' } : fault
  }

  delay(): number {
    return this.#weather.delayMs === 0 ? 0 : this.#random.below(this.#weather.delayMs)
  }

  trace(process: VirtualProcess, line: string): void {
    this.#trace.push(`${this.clock.now()} ${process.name} ${line}`)
  }

  met(marker: string): void {
    this.#sometimes.set(marker, (this.#sometimes.get(marker) ?? 0) + 1)
  }

  crashed(process: VirtualProcess): void {
    process.die()
    this.clock.after(500 + this.#random.below(15_000), () => void this.#boot())
  }

  notify(from: VirtualProcess, notice: Parameters<World['notify']>[1]): void {
    for (const process of this.#processes) {
      if (process === from) continue
      if (this.#random.chance(this.#weather.loseNotice)) this.met('a notice was lost')
      else this.clock.after(this.delay(), () => process.hear(notice))
    }
  }

  committed(units: readonly Unit[], verdicts: readonly Verdict[]): void {
    for (const [index, unit] of units.entries()) {
      const verdict = verdicts[index]
      if (!verdict || (verdict.kind !== 'accepted' && verdict.kind !== 'cancel')) continue
      if (verdict.kind === 'cancel') this.met('a transition met a cancel')
      if (unit.kind === 'publish') continue
      const [id, epoch, first] =
        unit.kind === 'transition' ? [unit.instanceId, unit.epoch, unit.nextSeq] : [unit.instance.id, 1, 1]
      const body = unit.kind === 'transition' ? unit : unit.first
      for (let seq = first; seq < verdict.nextSeq; seq++) this.#epochs.set(`${id}#${seq}`, epoch)
      body?.events.forEach((event, at) => {
        const { activityId, type, data, binary, createdAt } = event
        this.#written.set(
          `${id}#${first + at}`,
          hashOf([activityId, type, JSON.parse(data), binary && Buffer.from(binary).toString('hex'), createdAt]),
        )
      })
      this.#trace.push(`${this.clock.now()} ${id} epoch ${epoch} ${first}-${verdict.nextSeq} ${body?.status}`)
    }
  }

  async #boot(): Promise<void> {
    const process = new VirtualProcess(this, ++this.#pid, this.#workflows())
    this.#processes = [...this.#processes.filter((one) => !one.isDead), process]
    await process.boot()
  }

  #workflows(): ReturnType<typeof createPrograms> {
    return createPrograms({
      work: (ms) => here().sleep(ms),
      observed: async (name, ctx, body) => {
        const about = {
          pid: here().pid,
          worker: here().name,
          instance: ctx.instanceId,
          activityId: ctx.activityId,
          name,
          attempt: ctx.attempt,
          idempotencyKey: ctx.idempotencyKey,
          epoch: ctx.fencingToken,
        }
        const write = (kind: Effect['kind'], hash: string): void => {
          this.#effects.push({ t: this.clock.now(), ...about, kind, hash })
          this.trace(here(), `${kind} ${ctx.idempotencyKey} attempt ${ctx.attempt}`)
        }
        write('begin', '')
        try {
          const value = await body()
          write('end', hashOf(value))
          return value
        } catch (error) {
          write('throw', hashOf(String(error)))
          throw error
        }
      },
    })
  }

  // ------------------------------------------------------------ the load

  #plan(): void {
    const load = this.#load
    const many = 3 + load.below(8)
    for (let i = 0; i < many; i++) {
      const at = load.below(LOAD_MS / 2)
      const id = `i${i}`
      if (load.chance(0.25)) this.#at(at, () => this.#start('napping', i, `nap-${i}`))
      else {
        const program = randomProgram(load)
        this.#programs.set(id, program)
        this.#at(at, () => this.#start('program', program, id))
      }
      if (load.chance(0.2)) this.#at(at + load.below(30_000), () => this.#cancel(id))
    }
    for (let i = load.below(12); i > 0; i--) {
      const channel = load.pick(CHANNELS)
      this.#at(load.below(LOAD_MS), () => this.#publish(channel, i))
    }
  }

  #at(ms: number, fn: () => Promise<void>): void {
    this.clock.after(ms, () => void fn())
  }

  #somebody(): VirtualProcess | undefined {
    const up = this.#processes.filter((process) => process.isUp)
    return up.length > 0 ? this.#load.pick(up) : undefined
  }

  #start(kind: string, input: unknown, id: string): Promise<void> {
    return this.#called(
      'start',
      id,
      async (process) => (await process.app.start(kind, input, { instanceId: id })).instanceId,
    )
  }

  #cancel(id: string): Promise<void> {
    return this.#called('cancel', id, (process) => process.app.cancel(id))
  }

  #publish(channel: string, n: number): Promise<void> {
    return this.#called('publish', channel, (process) => process.app.publish(channel, { n }))
  }

  async #called(op: Call['op'], target: string, ask: (process: VirtualProcess) => Promise<unknown>): Promise<void> {
    const process = this.#somebody()
    if (!process) return
    const index = this.#calls.length
    const call: Call = { op, target, key: undefined, outcome: 'unknown', answer: undefined, askedAt: this.clock.now() }
    this.#calls.push(call)
    try {
      const answer = await process.run(() => ask(process))
      this.#calls[index] = { ...call, outcome: 'ok', answer: String(answer) }
      if (op === 'cancel' && answer === true) this.met('a cancel was accepted')
    } catch (error) {
      if (error instanceof DatabaseError) this.met(`a ${op} had an unknown outcome`)
      else this.#calls[index] = { ...call, outcome: 'fail', answer: String(error) }
    }
  }

  // ------------------------------------------------------------ time

  async #advance(ms: number): Promise<void> {
    await this.clock.advance(ms, () => quiet(() => [this.storage.metrics.transactions, this.clock.pending, this.#pid]))
  }

  async #hasEnded(): Promise<boolean> {
    return (await this.storage.openCounts()).length === 0
  }

  // ------------------------------------------------------------ the end

  #evidence(): Promise<Evidence> {
    return gather(
      {
        storage: this.storage,
        effects: this.#effects,
        calls: this.#calls,
        expectations: EXPECTATIONS,
        epochs: this.#epochs,
      },
      { isQuiet: !this.#isLoading, slackMs: 2 * LEASE_MS + 10_000, previous: this.#written },
    )
  }

  #surprises({ instances, calls }: Evidence): string[] {
    const cancelled = new Set(
      calls
        .filter(({ op, outcome, answer }) => op === 'cancel' && (outcome === 'unknown' || answer === 'true'))
        .map(({ target }) => target),
    )
    const heads = new Map(instances.filter((row) => row.status !== 'recurred').map((row) => [row.chainId, row]))
    return [...this.#programs].flatMap(([id, program]) => {
      const row = heads.get(id)
      const expected = expectedEnd(program)
      if (!row || !expected || (cancelled.has(id) && row.status === 'cancelled')) return []
      const output = row.output === null ? null : (JSON.parse(row.output) as unknown)
      const fits = row.status === expected.status && JSON.stringify(output) === JSON.stringify(expected.output)
      return fits
        ? []
        : [`${id}: ${row.status} ${JSON.stringify(output)}, not ${expected.status} ${JSON.stringify(expected.output)}`]
    })
  }

  #marked(evidence: Evidence): ReadonlyMap<string, number> {
    const { instances, effects, history } = evidence
    const add = (marker: string, times: number): void => {
      if (times > 0) this.#sometimes.set(marker, (this.#sometimes.get(marker) ?? 0) + times)
    }
    const many = (status: string): number => instances.filter((row) => row.status === status).length
    const events = [...history.values()].flat()
    add('a workflow completed', many('completed'))
    add('a workflow failed', many('failed'))
    add('a workflow was cancelled', many('cancelled'))
    add('a workflow recurred', many('recurred'))
    add('an attempt ran under a later epoch', effects.filter(({ kind, epoch }) => kind === 'begin' && epoch > 1).length)
    add('an attempt was a retry', effects.filter(({ kind, attempt }) => kind === 'begin' && attempt > 1).length)
    add('a compensation ran', effects.filter(({ kind, name }) => kind === 'begin' && name === 'undo').length)
    add('a compensation was interrupted', interrupted(effects, 'undo'))
    add('an activity was interrupted', interrupted(effects, 'act'))
    add('a message was received', events.filter(({ type }) => type === 'ChannelMessageReceived').length)
    add('a receive timed out', events.filter(({ type }) => type === 'MessageTimeout').length)
    add('a timer fired', events.filter(({ type }) => type === 'TimerExpired').length)
    add('a child ended', events.filter(({ type }) => type === 'ChildCompleted').length)
    return this.#sometimes
  }
}

function interrupted(effects: readonly Effect[], name: string): number {
  const over = new Set(
    effects.filter(({ kind }) => kind !== 'begin').map((one) => `${one.pid} ${one.idempotencyKey} ${one.attempt}`),
  )
  return effects.filter(
    (one) => one.name === name && one.kind === 'begin' && !over.has(`${one.pid} ${one.idempotencyKey} ${one.attempt}`),
  ).length
}

/** The process whose code runs. */
function here(): VirtualProcess {
  const process = current.getStore()
  if (!process) throw new Error('This code belongs to no process')
  return process
}
