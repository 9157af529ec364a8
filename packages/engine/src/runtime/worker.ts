/**
 * One of the three loops: claims due instances, adopts them (warm or rebuilt), renews their leases, hands them back at the end.
 *
 *  1. One query finds everything that is due: new starts, timers, timeouts, retries, crashed owners.
 *  2. It sleeps until the earliest due time it knows, a hint, a notice, or the poll, whichever is first; after a wake it drains until empty.
 *  3. Leases are renewed at a third of their length, outside the path of any activity; one that could not be renewed in time is not trusted.
 */
import { isTerminal } from '../model/instance'
import type { HistoryRow, InstanceRow, NewInstance } from '../storage/rows'
import type { ClaimedInstance } from '../storage/storage'
import type { ClaimOnWake, Verdict } from '../storage/units'
import { cpuBatchSize } from './cpu'
import { decidedOutcome } from './decided'
import { TransitionDraft } from './draft'
import type { EndSummary } from './ending'
import { readStoredInput } from './input'
import type { InstanceFacts } from './instance'
import { InstanceRunner } from './instance-runner'
import { forgiven, lossesOf } from './interruptions'
import { originOf } from './registry'
import type { RunnerEvents } from './runner-events'
import type { Definition, RuntimeServices } from './services'
import { WarmInstances } from './warm'

const SMALLEST_BATCH = 10
const LARGEST_BATCH = 500

export interface WorkerDeps {
  readonly services: RuntimeServices
  readonly workflowNames: readonly string[]
  /** Whether notifications arrive, so that polling may slow down. */
  isNotified(): boolean
  onEnded(id: string, summary: EndSummary, wasClaimed: boolean): void
}

/** Due rows that somebody held are looked for again at once, each look being a statement; whoever holds them for longer is waited for. */
const LOOKS_AT_ONCE = 20
const LONGEST_LOOK_MS = 200

export class Worker implements RunnerEvents<InstanceRunner> {
  readonly #services: RuntimeServices
  readonly #deps: WorkerDeps
  readonly #active = new Map<string, InstanceRunner>()
  readonly #claimed = new Set<string>()
  readonly #warm: WarmInstances
  #loop: Promise<void> = Promise.resolve()
  #adopting: Promise<unknown> = Promise.resolve()
  #kick: (() => void) | undefined
  #cancelSleep: (() => void) | undefined
  /** 0 while it does not sleep. */
  #sleepsUntil = 0
  /** The earliest that was told of while it did not sleep. */
  #expected = Number.POSITIVE_INFINITY
  #isKicked = false
  /** Claims in a row that found as many as they asked for. */
  #fullBatches = 0
  #vainLooks = 0
  #isStopped = false
  #cancelRenewal: (() => void) | undefined
  #renewsAt = Number.POSITIVE_INFINITY
  #onIdle: (() => void) | undefined

  constructor(deps: WorkerDeps) {
    this.#deps = deps
    this.#services = deps.services
    this.#warm = new WarmInstances(deps.services.settings.maxWarmInstances)
  }

  get active(): number {
    return this.#active.size
  }
  get warm(): number {
    return this.#warm.size
  }

  isLocal(id: string): boolean {
    return this.#active.has(id)
  }

  hasRoom(): boolean {
    return !this.#isStopped && this.#active.size < this.#services.settings.maxActiveInstances
  }

  start(): void {
    this.#services.queue.claimFor({
      request: () => this.#claimOnWake(),
      adopt: (claimed) => {
        this.#adopting = Promise.all([this.#adopting, this.#adoptWoken(claimed)])
      },
    })
    this.#loop = this.#run()
  }

  #claimOnWake(): ClaimOnWake | undefined {
    const { workflowNames } = this.#deps
    const { workerId, maxActiveInstances } = this.#services.settings
    const limit = Math.min(LARGEST_BATCH, maxActiveInstances - this.#active.size)
    // while more is due than one claim takes, everybody waits for its turn there
    const isBehind = this.#fullBatches > 0
    return this.#isStopped || isBehind || limit <= 0 || workflowNames.length === 0
      ? undefined
      : { workerId, workflowNames, limit, isWarm: (position) => this.#warm.fits(position) }
  }

  async #adoptWoken(claimed: readonly ClaimedInstance[]): Promise<void> {
    const { storage, settings, log } = this.#services
    try {
      if (!this.#isStopped) return await this.#adoptAll(claimed)
    } catch (error) {
      log.error({ err: error, instances: claimed.length }, 'what was woken could not be taken up here')
    }
    const left = claimed.filter(({ row }) => !this.#active.has(row.id))
    await storage
      .release(
        settings.workerId,
        left.map(({ row }) => ({ instanceId: row.id, epoch: row.epoch })),
      )
      .catch((error: unknown) => log.error({ err: error }, 'leases could not be given back; they end by themselves'))
  }

  /** Starts an instance here at once: it is born leased. */
  async begin(instance: NewInstance, definition: Definition, input: unknown): Promise<Verdict> {
    const facts = factsOf(instance, definition)
    const runner = new InstanceRunner(
      this.#services,
      facts,
      { epoch: 1, nextSeq: 1, tags: instance.tags, hasCompensations: false },
      this,
    )
    this.#active.set(runner.id, runner)
    this.#scheduleRenewal(runner.instance.facts.leaseMs)
    try {
      const verdict = await runner.begin(instance, input)
      if (verdict.kind !== 'accepted' || runner.isOver) this.#forget(runner)
      return verdict
    } catch (error) {
      this.#forget(runner)
      throw error
    }
  }

  /** Something became due, here or elsewhere. */
  wake(): void {
    this.#isKicked = true
    this.#kick?.()
  }

  /** Something will be due then: sleep no longer. */
  expect(at: number): void {
    // The answer of a claim that is on its way does not know of it.
    if (this.#sleepsUntil === 0) this.#expected = Math.min(this.#expected, at)
    else if (at < this.#sleepsUntil) this.#rearm(at)
  }

  /** An instance that is awake here has news in the database. */
  nudge(id: string): void {
    this.#active.get(id)?.poll()
  }

  /** Claims no more; lets running activities finish within the grace period; hands everything back. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true
    this.wake()
    await Promise.all([this.#loop, this.#adopting])
    for (const runner of this.#active.values()) runner.handBack()
    if (this.#active.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#services.clock.after(graceMs, resolve)
        this.#onIdle = () => {
          cancel()
          resolve()
        }
      })
    }
    this.#cancelRenewal?.()
    const left = [...this.#active.values()].map((runner) => ({ instanceId: runner.id, epoch: runner.instance.epoch }))
    for (const runner of [...this.#active.values()]) runner.drop(new Error('the worker is shutting down'))
    await this.#services.queue.drained()
    await this.#adopting
    if (left.length > 0) await this.#services.storage.release(this.#services.settings.workerId, left)
    this.#warm.clear()
  }

  // ------------------------------------------------------------ what runners report

  onParked(runner: InstanceRunner, wakeAt: number | null): void {
    this.#forget(runner)
    this.#warm.keep(runner)
    if (wakeAt !== null) this.expect(wakeAt)
  }

  onEnded(runner: InstanceRunner, summary: EndSummary): void {
    const wasClaimed = this.#claimed.has(runner.id)
    this.#forget(runner)
    this.#deps.onEnded(runner.id, summary, wasClaimed)
  }

  onLost(runner: InstanceRunner): void {
    this.#forget(runner)
  }

  #forget(runner: InstanceRunner): void {
    if (this.#active.get(runner.id) !== runner) return
    this.#active.delete(runner.id)
    this.#claimed.delete(runner.id)
    if (this.#active.size === 0) this.#onIdle?.()
  }

  // ------------------------------------------------------------ the loop

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#isStopped) {
      this.#isKicked = false
      this.#expected = Number.POSITIVE_INFINITY
      let sleepMs: number
      try {
        sleepMs = await this.#claim()
        failures = 0
      } catch (error) {
        failures++
        if (failures === 1) this.#services.log.error({ err: error }, 'claiming failed; trying again')
        sleepMs = Math.min(100 * 2 ** failures, 5_000) * (0.5 + Math.random() / 2)
      }
      sleepMs = Math.min(sleepMs, this.#expected - this.#services.clock.now())
      if (sleepMs > 0 && !this.#isKicked && !this.#isStopped) await this.#sleep(sleepMs)
    }
  }

  /** @returns how long nothing is due, in ms */
  async #claim(): Promise<number> {
    const { settings, storage, clock } = this.#services
    const room = settings.maxActiveInstances - this.#active.size
    if (room <= 0 || this.#deps.workflowNames.length === 0) return settings.pollIntervalMs
    const limit = Math.min(this.#batchSize(), room)
    const sentAt = performance.now()
    const result = await storage.claim({ workerId: settings.workerId, workflowNames: this.#deps.workflowNames, limit })
    clock.synchronize?.(result.now, sentAt)
    await this.#adoptAll(result.instances)
    for (const id of result.nudges) this.nudge(id)
    this.#fullBatches = result.instances.length === limit ? this.#fullBatches + 1 : 0
    if (result.instances.length === limit) return 0
    this.#vainLooks = result.mayHavePassedOver && result.instances.length === 0 ? this.#vainLooks + 1 : 0
    if (result.mayHavePassedOver) return this.#vainLooks < LOOKS_AT_ONCE ? 0 : LONGEST_LOOK_MS
    const poll = this.#deps.isNotified() ? settings.notifyFallbackMs : settings.pollIntervalMs
    return result.nextWakeAt === null ? poll : Math.max(1, Math.min(poll, result.nextWakeAt - result.now))
  }

  /** `auto` begins small and doubles while there is a backlog: ten thousand timers of one second must not wait for a thousand claims. */
  #batchSize(): number {
    const { maxWorkflowsPerBatch } = this.#services.settings
    if (typeof maxWorkflowsPerBatch === 'number') return maxWorkflowsPerBatch
    const least = maxWorkflowsPerBatch === 'auto' ? SMALLEST_BATCH : cpuBatchSize()
    return Math.min(LARGEST_BATCH, least * 2 ** this.#fullBatches)
  }

  async #adoptAll(claimed: readonly ClaimedInstance[]): Promise<void> {
    const cold: ClaimedInstance[] = []
    for (const one of claimed) {
      const runner = one.takenOver ? undefined : this.#warm.take(one.row, one.answers?.length)
      if (runner) {
        this.#activate(runner)
        runner.resumeWarm(one.row, one.answers)
      } else cold.push(one)
    }
    if (cold.length === 0) return
    const withHistory = cold.filter(({ row }) => row.nextSeq > 1).map(({ row }) => row.id)
    const histories =
      withHistory.length > 0
        ? await this.#services.storage.histories(withHistory)
        : new Map<string, readonly HistoryRow[]>()
    for (const one of cold) this.#adopt(one, histories.get(one.row.id) ?? [])
  }

  #adopt({ row, takenOver }: ClaimedInstance, history: readonly HistoryRow[]): void {
    const definition = this.#services.definition(row.workflowName)
    if (!definition || isTerminal(row.status)) return
    const position = {
      epoch: row.epoch,
      nextSeq: row.nextSeq,
      tags: row.tags,
      hasCompensations: row.compensationState !== 'none',
    }
    const runner = new InstanceRunner(this.#services, factsOf(row, definition), position, this)
    runner.instance.claimed(row)
    this.#activate(runner)
    const decided = decidedOutcome(row, history)
    const { cancelRequestedAt, cancelRequestedBy: by, cancelReason: reason } = row
    const losses = takenOver ? lossesOf(row) : 0
    // A failure that met the request is recorded, and not carried out.
    const isAsked = cancelRequestedAt !== null && row.status !== 'compensating' && decided?.kind !== 'cancelled'
    if (isAsked) runner.cancel({ kind: 'cancelled', by, reason })
    else if (losses > this.#services.settings.maxTakeovers) void this.#suspendCrasher(runner, row, losses)
    else if (decided) runner.resumeEnding(decided, takenOver ? row.takeovers : 0)
    else runner.resumeCold(row, history, () => readStoredInput(definition, row.input), takenOver)
  }

  #activate(runner: InstanceRunner): void {
    this.#active.set(runner.id, runner)
    this.#claimed.add(runner.id)
    this.#scheduleRenewal(runner.instance.facts.leaseMs)
  }

  /** It took its workers with it again and again: parked, visible, resumable. */
  async #suspendCrasher(runner: InstanceRunner, row: InstanceRow, losses: number): Promise<void> {
    const suspendReason = `Its worker was lost ${losses} times in a row while running it: look for a crash or an endless loop in its activities, then resume it`
    this.#services.log.error({ instanceId: row.id, takeovers: losses }, suspendReason)
    const facts = {
      now: this.#services.clock.now(),
      status: 'suspended' as const,
      lease: 'release' as const,
      wakeAt: null,
      suspendReason,
    }
    const unit = { ...runner.instance.transition(new TransitionDraft(), facts, false), pending: forgiven(row.pending) }
    try {
      await this.#services.queue.submit(unit)
    } finally {
      runner.drop(new Error('suspended'))
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#kick = () => {
        this.#cancelSleep?.()
        this.#cancelSleep = undefined
        this.#kick = undefined
        this.#sleepsUntil = 0
        resolve()
      }
      this.#rearm(this.#services.clock.now() + ms)
    })
  }

  #rearm(at: number): void {
    const { clock } = this.#services
    this.#cancelSleep?.()
    this.#sleepsUntil = at
    this.#cancelSleep = clock.after(Math.max(0, at - clock.now()), () => this.#kick?.())
  }

  // ------------------------------------------------------------ leases

  /** Set while anything is awake here, for the shortest lease held; an idle worker has nothing to renew. */
  #scheduleRenewal(leaseMs: number): void {
    const { clock } = this.#services
    const at = clock.now() + leaseMs / 3
    if (at >= this.#renewsAt) return
    this.#cancelRenewal?.()
    this.#renewsAt = at
    this.#cancelRenewal = clock.after(leaseMs / 3, () => {
      void this.#renew().finally(() => {
        this.#renewsAt = Number.POSITIVE_INFINITY
        if (this.#active.size > 0) this.#scheduleRenewal(Math.min(...this.#leases()))
      })
    })
  }

  #leases(): number[] {
    return [...this.#active.values()].map((runner) => runner.instance.facts.leaseMs)
  }

  async #renew(): Promise<void> {
    const { storage, settings, clock } = this.#services
    const runners = [...this.#active.values()]
    if (runners.length === 0) return
    // The lease counts from before the request was sent.
    const sentAt = clock.now()
    const epochs = new Map(runners.map((runner) => [runner, runner.instance.epoch]))
    try {
      const lost = new Set(
        await storage.renew(
          settings.workerId,
          runners.map(({ instance }) => ({
            instanceId: instance.id,
            epoch: instance.epoch,
            leaseMs: instance.facts.leaseMs,
          })),
        ),
      )
      for (const runner of runners) {
        // Claimed again since it was asked about: that lease is another one.
        if (runner.instance.epoch !== epochs.get(runner)) continue
        if (lost.has(runner.id)) runner.drop(new Error('another worker owns this instance now'))
        else runner.instance.trustedUntil = sentAt + runner.instance.facts.leaseMs
      }
    } catch (error) {
      this.#services.log.error({ err: error }, 'leases could not be renewed')
      for (const runner of runners) if (!runner.instance.isTrusted) runner.drop(error)
    }
  }
}

function factsOf(row: NewInstance | InstanceRow, definition: Definition): InstanceFacts {
  const { id, chainId, leaseMs, deadlineAt, parentId, parentClosePolicy } = row
  return { id, chainId, definition, leaseMs, origin: originOf(row), deadlineAt, parentId, parentClosePolicy }
}
