/**
 * An app for tests: in-memory database, a clock that moves when told to, a process that can crash. Everything real is kept: the worker, the commit
 * queue, replay, the storage rules.
 */
import { EddaApp, type StartOptions } from '../app'
import type { AppSettings } from '../compose'
import { WorkflowHandle } from '../handle'
import type { Workflow } from '../model/definition'
import { type Duration, durationMs } from '../model/duration'
import type { EddaAppOptions } from '../options'
import type { EndSummary } from '../runtime/ending'
import { LEADER_LOCK } from '../runtime/maintenance'
import { createMemoryStorage } from '../storage/memory/memory-storage'
import type { Storage } from '../storage/storage'
import { type CommitGate, type Mortal, mortal } from './mortal'
import { quiet } from './quiet'
import { VirtualClock } from './virtual-clock'

export interface TestAppOptions extends Partial<Omit<EddaAppOptions, 'dbUrl'>> {
  /** Another storage than memory: made once, shared by all incarnations. It must use the given clock. */
  readonly storage?: (clock: VirtualClock) => Promise<Storage>
  readonly settings?: Partial<AppSettings>
  /** Rebuild every coroutine from history at every turn. */
  readonly forceReplay?: boolean
}

/** Loops that only look around stay silent, so that a month of virtual time costs no more than what happens in it. */
const QUIET = {
  graceMs: 1_000,
  pollIntervalMs: 400 * 86_400_000,
  heartbeatMs: 400 * 86_400_000,
  deadAfterMs: 800 * 86_400_000,
  retentionEveryMs: 400 * 86_400_000,
}

/**
 * @example
 * const test = await createTestApp({ workflows: [order] })
 * const run = await test.start(order, { id: 'A1' })
 * await test.advance('3d')
 * expect(await run.result()).toEqual(…)
 * await test.close()
 */
export async function createTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const clock = new VirtualClock()
  const storage = await (options.storage?.(clock) ?? createMemoryStorage({ clock }))
  await storage.open({ autoMigrate: true })
  const test = new TestApp(options, clock, storage)
  await test.boot()
  return test
}

/** An app that lives on this storage and clock. */
async function living(life: Mortal, workerId: string, options: TestAppOptions): Promise<EddaApp> {
  const { storage: _storage, settings, forceReplay, ...given } = options
  const app = new EddaApp(
    { serviceName: 'test', dbUrl: ':memory:', ...given },
    {
      clock: life.clock,
      storage: async () => life.storage,
      settings: { ...QUIET, workerId, ...settings, ...(forceReplay ? { forceReplay } : {}) },
    },
  )
  await app.initialize()
  return app
}

export class TestApp {
  readonly clock: VirtualClock
  readonly storage: Storage
  #options: TestAppOptions
  #app: EddaApp | undefined
  #mortal: Mortal | undefined
  #workerId = ''
  #incarnation = 0
  #gate: CommitGate = {}
  readonly #companions: { readonly app: EddaApp; readonly life: Mortal }[] = []
  #rebooting: Promise<void> | undefined

  constructor(options: TestAppOptions, clock: VirtualClock, storage: Storage) {
    this.#options = options
    this.clock = clock
    this.storage = storage
  }

  /** The app of the current incarnation. */
  get app(): EddaApp {
    if (!this.#app) throw new Error('The test app is between two lives: await test.settle() first')
    return this.#app
  }

  /** How often it crashed. */
  get crashes(): number {
    return this.#incarnation - 1
  }

  async start<Input, Output>(
    wf: Workflow<Input, Output>,
    input: Input,
    options?: StartOptions,
  ): Promise<WorkflowHandle<Output>> {
    const handle = await this.app.start(wf, input, options)
    return this.handle<Output>(handle.instanceId)
  }

  /** A handle that survives crashes: every question goes to the app that is alive. */
  handle<Output = unknown>(instanceId: string): WorkflowHandle<Output> {
    return new WorkflowHandle<Output>(
      {
        waitForEnd: (id, timeoutMs) => this.#waitForEnd(id, timeoutMs),
        chainHead: (id) => this.storage.chainHead(id),
        cancel: (id, cancel) => this.app.cancel(id, cancel),
        getHistory: async (id) => this.app.getHistory(id),
      },
      instanceId,
    )
  }

  /** Lets everything happen that is ready or due, without moving the clock. */
  settle(): Promise<void> {
    return this.advance(0)
  }

  /** Moves the clock, firing timers in order. */
  async advance(duration: Duration): Promise<void> {
    await this.clock.advance(durationMs(duration), () => this.#quiet())
  }

  /** The process dies now; another one starts over the same database. */
  crash(): void {
    this.#mortal?.kill()
    this.#app = undefined
    this.#rebooting = this.#reboot()
  }

  /** The process is stopped properly, and one with other code or options starts over the same database. */
  async redeploy(changes: Partial<Omit<TestAppOptions, 'storage'>> = {}): Promise<void> {
    // what fell due while the database was slow to answer
    await this.advance(0)
    await this.app.shutdown()
    this.#options = { ...this.#options, ...changes }
    await this.boot()
    await this.settle()
  }

  /** Dies once, after the effect of this activity and before its result is committed. */
  crashAfter(activityId: string): void {
    let isArmed = true
    this.onCommit({
      before: (units) => {
        const isHit = units.some(
          (unit) => unit.kind === 'transition' && unit.events.some((event) => event.activityId === activityId),
        )
        if (!isArmed || !isHit) return
        isArmed = false
        this.crash()
      },
    })
  }

  /** Watches or interrupts flushes; replaces what was set before. */
  onCommit(gate: CommitGate): void {
    this.#gate = gate
  }

  async close(): Promise<void> {
    await this.settle()
    for (const { app } of this.#companions) await app.shutdown()
    await this.#app?.shutdown()
    await this.storage.close()
  }

  /** Another process over the same database and clock, beside the one that can crash. It is shut down with the test. */
  async companion(options: Omit<TestAppOptions, 'storage'> = {}): Promise<EddaApp> {
    const life = mortal(this.storage, this.clock, {})
    const app = await living(life, `companion-${this.#companions.length + 1}`, options)
    this.#companions.push({ app, life })
    return app
  }

  /** @internal */
  async boot(): Promise<void> {
    this.#incarnation++
    const life = mortal(this.storage, this.clock, {
      before: (units) => this.#gate.before?.(units),
      after: (units, verdicts) => this.#gate.after?.(units, verdicts),
    })
    this.#mortal = life
    this.#workerId = `test-${this.#incarnation}`
    this.#app = await living(life, this.#workerId, this.#options)
  }

  async #reboot(): Promise<void> {
    const dead = this.#workerId
    // Flushes that were on their way to the database get there or not; either way it is over before the next process looks.
    await quiet(
      () => [this.storage.metrics.transactions],
      () => this.#work(),
    )
    await this.storage.expireLeases(dead)
    await this.storage.removeWorker(dead)
    await this.storage.releaseLock(LEADER_LOCK, dead)
    await this.boot()
    this.#rebooting = undefined
  }

  async #quiet(): Promise<void> {
    await quiet(
      () => [this.storage.metrics.transactions, this.clock.pending, this.#incarnation],
      () => this.#work(),
    )
    if (!this.#rebooting) return
    await this.#rebooting
    await this.#quiet()
  }

  #work(): { readonly isAsking: boolean; readonly replayTurns: number } {
    const lives = [...(this.#mortal ? [this.#mortal] : []), ...this.#companions.map(({ life }) => life)]
    return {
      isAsking: lives.some((life) => life.asking > 0),
      replayTurns: Math.max(0, ...lives.map((life) => life.longestReplay)),
    }
  }

  async #waitForEnd(id: string, timeoutMs: number | undefined): Promise<EndSummary> {
    await this.settle()
    const [ended] = await this.storage.ended([id])
    if (!ended) throw new Error(await this.#unfinished(id, timeoutMs))
    const { row } = ended
    return {
      status: row.status as EndSummary['status'],
      output: row.output,
      error: row.error,
      by: row.cancelRequestedBy,
      reason: row.cancelReason,
      successorId: null,
    }
  }

  async #unfinished(id: string, timeoutMs: number | undefined): Promise<string> {
    const row = await this.storage.chainHead(id)
    if (!row) return `No instance '${id}'`
    const patience = timeoutMs === undefined ? '' : ` (timeouts need advance())`
    return `Instance '${id}' has not ended: it is ${row.status}, pending ${row.pending ?? 'nothing'}${row.suspendReason ? `, ${row.suspendReason}` : ''}. Advance the clock, or send what it waits for${patience}`
  }
}
