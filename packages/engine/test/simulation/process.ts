/**
 * One virtual worker process: an app whose clock and storage are the world's, seen through the faults. It can die (nothing of it happens any more) and
 * stand still (what falls due meanwhile happens when it goes on, all at once, as after SIGCONT).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { DatabaseError, EddaApp, type Workflow } from '../../src/index'
import { decodePending, encodePending } from '../../src/model/pending'
import type { Clock } from '../../src/runtime/clock'
import type { Notice, Storage } from '../../src/storage/storage'
import type { TransitionUnit, Unit, Verdict } from '../../src/storage/units'
import type { Bug, Fault } from './faults'

/** Which process the running code belongs to. */
export const current = new AsyncLocalStorage<VirtualProcess>()

export interface World {
  readonly clock: Clock
  readonly storage: Storage
  readonly bug: Bug | undefined
  fault(verb: string): Fault
  /** ms that a question or an answer is on its way. */
  delay(): number
  trace(process: VirtualProcess, line: string): void
  met(marker: string): void
  crashed(process: VirtualProcess): void
  notify(from: VirtualProcess, notice: Notice): void
  committed(units: readonly Unit[], verdicts: readonly Verdict[]): void
}

const NEVER = new Promise<never>(() => {})
const UNANSWERED: ReadonlySet<string> = new Set(['dialect', 'metrics', 'statistics'])
const EARLY_MS = 1_000

export class VirtualProcess {
  readonly name: string
  readonly pid: number
  readonly app: EddaApp
  readonly #world: World
  #isDead = false
  #isFrozen = false
  #isReady = false
  #deferred: (() => void)[] = []
  #onNotice: ((notice: Notice) => void) | undefined
  /** Commits that took effect and whose answers were lost. */
  readonly #unanswered = new WeakMap<Unit, Verdict>()

  constructor(world: World, pid: number, workflows: readonly Workflow[]) {
    this.#world = world
    this.pid = pid
    this.name = `p${pid}`
    const storage = this.#storage()
    this.app = new EddaApp(
      { serviceName: 'sim', dbUrl: ':memory:', workflows, logger: SILENT },
      {
        clock: this.#clock(),
        storage: async () => storage,
        settings: {
          workerId: this.name,
          pollIntervalMs: 5_000,
          notifyFallbackMs: 5_000,
          // others of this very process are never thought dead, so leases must end by themselves
          heartbeatMs: 60_000,
          deadAfterMs: 600_000,
          graceMs: 2_000,
          maxTakeovers: 1_000,
        },
      },
    )
  }

  get isUp(): boolean {
    return this.#isReady && !this.#isDead && !this.#isFrozen
  }
  get isDead(): boolean {
    return this.#isDead
  }

  /** What it does from now on is its own. */
  run<Result>(fn: () => Result): Result {
    return current.run(this, fn)
  }

  async boot(): Promise<void> {
    await this.run(() => this.app.initialize())
    this.#isReady = true
  }

  die(): void {
    this.#isDead = true
    this.#deferred = []
  }

  freeze(ms: number): void {
    if (this.#isDead || this.#isFrozen) return
    this.#isFrozen = true
    this.#world.clock.after(ms, () => this.thaw())
  }

  thaw(): void {
    this.#isFrozen = false
    for (const fn of this.#deferred.splice(0)) this.#now(fn)
  }

  hear(notice: Notice): void {
    this.#now(() => this.#onNotice?.(notice))
  }

  /** Waits by its own clock; for ever when it dies. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.after(ms, () => this.#now(resolve)))
  }

  #now(fn: () => void): void {
    if (this.#isDead) return
    if (this.#isFrozen) this.#deferred.push(fn)
    else current.run(this, fn)
  }

  #clock(): Clock {
    const { clock } = this.#world
    return {
      now: () => clock.now(),
      after: (ms, fn) => clock.after(ms, () => this.#now(fn)),
    }
  }

  // ------------------------------------------------------------ the database, as this process sees it

  #storage(): Storage {
    const { storage } = this.#world
    const own: Partial<Storage> = {
      open: async () => {},
      close: async () => {},
      commit: (units) => this.#commit(units),
      listen: async (onNotice) => {
        this.#onNotice = onNotice
        return { isLive: () => true, close: async () => {} }
      },
      notify: (notice) => this.#world.notify(this, notice),
    }
    return new Proxy(storage, {
      get: (_target, property: keyof Storage & string) => {
        const mine = own[property]
        if (mine !== undefined) return mine
        const member: unknown = Reflect.get(storage, property)
        if (UNANSWERED.has(property) || typeof member !== 'function') return member
        return (...args: unknown[]) => this.#ask(property, () => Reflect.apply(member, storage, args))
      },
    })
  }

  async #ask<Answer>(verb: string, question: () => Promise<Answer>, lost?: (answer: Answer) => void): Promise<Answer> {
    const world = this.#world
    const fault: Fault = this.#isReady ? world.fault(verb) : { kind: 'none' }
    world.trace(this, `${verb} ${fault.kind}`)
    if (fault.kind !== 'none') world.met(`${fault.kind}${verb === 'commit' ? ' at a commit' : ''}`)
    if (fault.kind === 'crash-before') return this.#crash()
    if (fault.kind === 'freeze') this.freeze(fault.ms)
    await this.#onTheWay()
    if (fault.kind === 'refuse') throw new DatabaseError('the database is away')
    const answer = await question()
    if (fault.kind === 'crash-after') return this.#crash()
    await this.#onTheWay()
    if (fault.kind === 'lose-answer') {
      lost?.(answer)
      throw new DatabaseError('the connection was lost')
    }
    // who stands still hears nothing
    if (this.#isFrozen) await new Promise<void>((resolve) => this.#now(resolve))
    return this.#isDead ? NEVER : answer
  }

  async #onTheWay(): Promise<void> {
    const ms = this.#world.delay()
    if (ms > 0) await this.sleep(ms)
    if (this.#isFrozen) await new Promise<void>((resolve) => this.#now(resolve))
    if (this.#isDead) await NEVER
  }

  #crash(): Promise<never> {
    this.#world.crashed(this)
    return NEVER
  }

  // ------------------------------------------------------------ commits

  async #commit(units: readonly Unit[]): Promise<readonly Verdict[]> {
    return await this.#ask(
      'commit',
      async () => {
        const verdicts: Verdict[] = []
        for (const unit of units) verdicts.push(await this.#commitOne(unit))
        return verdicts
      },
      (verdicts) => {
        // half of the storages recognise what comes again, the others refuse it by the fence
        if (verdicts.length % 2 === 0) return
        units.forEach((unit, index) => {
          const verdict = verdicts[index]
          if (verdict) this.#unanswered.set(unit, verdict)
        })
      },
    )
  }

  async #commitOne(unit: Unit): Promise<Verdict> {
    const { storage, bug } = this.#world
    const known = this.#unanswered.get(unit)
    if (known && (await this.#stillHolds(unit))) {
      this.#world.met('a lost answer was found out')
      return known
    }
    if (bug === 'lost-commit' && isCompletion(unit))
      return { kind: 'accepted', answers: [], nextSeq: unit.nextSeq + unit.events.length, wakes: NO_WAKES }
    const verdict = await this.#write(bug && unit.kind === 'transition' ? spoilt(unit, bug) : unit)
    if (verdict.kind === 'lost') {
      this.#world.met('a fenced process was refused')
      if (bug === 'no-fence' && unit.kind === 'transition') return await this.#forced(unit, verdict)
    }
    if (bug === 'double-record' && isCompletion(unit) && verdict.kind === 'accepted')
      await storage.commit([{ ...unit, lease: 'keep', waits: [], closedWaits: [], asks: [], nextSeq: verdict.nextSeq }])
    return verdict
  }

  async #write(unit: Unit): Promise<Verdict> {
    const [verdict] = await this.#world.storage.commit([unit])
    if (!verdict) throw new Error('no verdict')
    this.#world.committed([unit], [verdict])
    return verdict
  }

  /** As storages do: within its epoch nobody else can have written. */
  async #stillHolds(unit: Unit): Promise<boolean> {
    if (unit.kind !== 'transition') return unit.kind === 'publish'
    const row = await this.#world.storage.instance(unit.instanceId)
    return row?.epoch === unit.epoch
  }

  async #forced(unit: TransitionUnit, refused: Verdict): Promise<Verdict> {
    const row = await this.#world.storage.instance(unit.instanceId)
    if (!row) return refused
    return await this.#write({ ...unit, epoch: row.epoch, nextSeq: row.nextSeq })
  }
}

const NO_WAKES = { ready: [], leased: [], outbox: false } as const

function spoilt(unit: TransitionUnit, bug: Bug): TransitionUnit {
  if (bug === 'lost-wake-up') return { ...unit, wakeAt: null }
  if (bug !== 'early-timer' || unit.wakeAt === null) return unit
  const pending = decodePending(unit.pending).map((one) =>
    one.kind === 'timer' ? { ...one, dueAt: one.dueAt - EARLY_MS } : one,
  )
  return { ...unit, wakeAt: unit.wakeAt - EARLY_MS, pending: encodePending(pending) }
}

function isCompletion(unit: Unit): unit is TransitionUnit {
  return unit.kind === 'transition' && unit.events.some((event) => event.type === 'ActivityCompleted')
}

const nothing = (): void => {}
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }
