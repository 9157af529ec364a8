/**
 * Runs one claimed instance: results arrive → they are delivered to the coroutine, which runs ahead to its next commands → one transition → commit →
 * effects. Owns the instance from claim to park, end or loss.
 *
 *  1. One unacknowledged transition at a time; what arrives meanwhile waits for the next turn.
 *  2. Effects (attempts) start only after the transition that released them is durable.
 *  3. A refused transition ends everything here: attempts are aborted, the coroutine is forgotten, nothing more is written.
 *  4. Every event reaches workflow code through `execution.deliver`, whether it was just made or loaded.
 */
import { NonDeterminismError, ValidationError } from '../model/errors'
import type { HistoryEvent } from '../model/history'
import type { JsonValue } from '../model/json'
import { decodePending } from '../model/pending'
import type { HistoryRow, InstanceRow, NewInstance } from '../storage/rows'
import type { Session } from '../storage/storage'
import type { Verdict } from '../storage/units'
import type { EndedAttempt } from './attempts'
import { isFirstRun } from './decided'
import { decodeEvent } from './decode'
import { type BodyFacts, TransitionDraft } from './draft'
import { DueTimer } from './due-timer'
import { Ending, type EndingOutcome, type EndingResult } from './ending'
import { Heartbeats } from './heartbeats'
import { tellReplayed } from './hooks'
import { absorb, type Input, needsOwnTransaction } from './inputs'
import { Instance, type InstanceFacts, type InstancePosition, suspendedFacts } from './instance'
import { retakeAttempts } from './interruptions'
import { Operations } from './operations'
import { applyNewCommands, rebuild } from './rebuild'
import { LET_GO, type RunnerEvents } from './runner-events'
import type { RuntimeServices } from './services'
import { standing } from './standing'
import { startAttempts } from './turn'
import { TurnSlot } from './turn-slot'

const NOTHING: readonly never[] = []

export class InstanceRunner {
  readonly instance: Instance
  readonly #events: RunnerEvents<InstanceRunner>
  readonly #timer: DueTimer
  #inputs: readonly Input[] = NOTHING
  #answers: readonly HistoryEvent[] = NOTHING
  #ending: Ending | undefined
  #isTurning = false
  #isOver = false
  #slot: TurnSlot | undefined
  #heartbeats: Heartbeats | undefined

  constructor(
    services: RuntimeServices,
    facts: InstanceFacts,
    position: InstancePosition,
    events: RunnerEvents<InstanceRunner>,
  ) {
    this.#events = events
    this.#timer = new DueTimer(services.clock, () => this.#push({ type: 'due' }))
    this.instance = new Instance(services, facts, position, {
      onEnded: (ended) => this.#onAttempt(ended),
      onHeartbeat: (id, details) => this.#heartbeat(id, details),
      openSession: (id) => this.#openSession(id),
      onDropped: (id, reason) => this.#slot?.release(id, reason),
    })
  }

  get id(): string {
    return this.instance.id
  }

  /** No workflow code runs any more: it is being compensated or ended. */
  get isEnding(): boolean {
    return this.#ending !== undefined
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get #services(): RuntimeServices {
    return this.instance.services
  }

  // ------------------------------------------------------------ ways in

  /** A start on this worker: the first drain rides in the INSERT. Resolves with the verdict once the instance exists, or does not. */
  async begin(newInstance: NewInstance, input: unknown): Promise<Verdict> {
    const { instance } = this
    const draft = new TransitionDraft()
    this.#isTurning = true
    const execution = instance.createExecution(input)
    try {
      await execution.start()
      instance.applyCommands(draft)
    } catch (error) {
      if (!(error instanceof NonDeterminismError)) throw error
      // It must exist before it can be suspended with a reason: born pending, its first claim tells.
      this.#over()
      const born = await this.#services.queue.submit({ kind: 'start', instance: newInstance, first: null })
      if (born.kind === 'accepted') this.#services.wake(born.wakes)
      return born
    }
    const outcome = this.#outcome(draft)
    const ending = outcome ? new Ending(instance, outcome) : undefined
    this.#ending = ending
    instance.spreadAsks(draft, ending !== undefined)
    const facts = ending ? await ending.prepare(draft) : standing(instance, draft)
    const first = { ...instance.transition(draft, facts, !ending), leaseOwner: this.#services.settings.workerId }
    const verdict = await this.#services.queue.submit({ kind: 'start', instance: newInstance, first })
    if (verdict.kind !== 'accepted') {
      this.#over()
      return verdict
    }
    this.#services.hook('onWorkflowStart', this.id, newInstance.workflowName, input)
    void this.#guarded(async () => {
      if (ending) return this.#afterEnding(await ending.afterPrepared(verdict, draft, facts))
      return this.#afterCommit(verdict, draft, facts)
    })
    return verdict
  }

  /** A claim of an instance that is not in memory: rebuilds it from its rows, or runs it for the first time. */
  resumeCold(
    claimed: InstanceRow,
    history: readonly HistoryRow[],
    readInput: () => unknown,
    isTakenOver: boolean,
  ): void {
    void this.#guarded(async () => {
      const { instance } = this
      const events = history.map(decodeEvent)
      const isFirst = isFirstRun(claimed, events)
      const pending = decodePending(claimed.pending)
      const draft = new TransitionDraft()
      let input: unknown
      try {
        instance.operations = new Operations(pending)
        input = await readInput()
        const execution = instance.createExecution(input)
        if (isFirst) await execution.start(events)
        else await execution.replay(events, pending)
      } catch (error) {
        if (!(error instanceof NonDeterminismError)) throw error
        // Nothing has run yet: it was started by somebody who does not know the schema.
        if (isFirst && error.cause instanceof ValidationError)
          return this.#end({ kind: 'failed', error: error.cause }, draft)
        return this.#suspend(error, draft)
      }
      if (isFirst) this.#services.hook('onWorkflowStart', this.id, claimed.workflowName, input)
      else tellReplayed(this.#services.hook, this.id, events)
      applyNewCommands(instance, draft)
      const claim = { isTakenOver, now: instance.now() }
      if (!this.#outcome(draft)) retakeAttempts(instance.operations, draft, claim)
      draft.poll = true
      this.#inputs = [...this.#inputs, { type: 'due' }]
      return this.#commitTurn(draft)
    })
  }

  /** A claim of an instance that was kept warm: goes on without replay, first with what was recorded by the claim. */
  resumeWarm(claimed: InstanceRow, answers: readonly HistoryRow[] = []): void {
    this.instance.claimed(claimed)
    this.#isOver = false
    if (answers.length > 0) this.#answers = answers.map(decodeEvent)
    this.#inputs = [{ type: 'due' }, { type: 'poll' }]
    this.#kick()
  }

  /** A claim of an instance whose outcome is decided: no workflow code runs any more. @param interruptions workers lost since its last transition */
  resumeEnding(outcome: EndingOutcome, interruptions: number): void {
    const ending = new Ending(this.instance, outcome, interruptions)
    this.#ending = ending
    void this.#guarded(async () => this.#afterEnding(await ending.compensate()))
  }

  /** A claim of an instance that somebody wants to end: what was done is undone, no workflow code runs for it. */
  cancel(outcome: Extract<EndingOutcome, { kind: 'cancelled' }>): void {
    void this.#guarded(() => this.#end(outcome, new TransitionDraft()))
  }

  /** There is news in the database: a message, a cancel request. */
  poll(): void {
    this.#push({ type: 'poll' })
  }

  /** The process stops: hands the instance back once nothing of it runs here. */
  handBack(): void {
    this.#push({ type: 'touch' })
  }

  /** Fenced off, or the process stops: abort, forget, write nothing more. */
  drop(reason: unknown): void {
    if (this.#isOver) return
    this.#over()
    this.#ending?.drop(reason)
    this.instance.attempts.dropAll(reason)
    this.instance.execution?.close()
    this.#events.onLost(this)
  }

  // ------------------------------------------------------------ turns

  #onAttempt(ended: EndedAttempt): void {
    this.#slot?.release(ended.id, undefined)
    if (this.#ending) this.#ending.onAttempt(ended)
    // One that holds a transaction goes first: others may wait for it.
    else this.#push(ended, needsOwnTransaction(ended))
  }

  #push(input: Input, isFirst = false): void {
    if (this.#isOver || this.#ending) return
    // a literal of one is the common case, and takes a tenth of what an array that grows does
    if (this.#inputs.length === 0) this.#inputs = [input]
    else this.#inputs = isFirst ? [input, ...this.#inputs] : [...this.#inputs, input]
    this.#kick()
  }

  #kick(): void {
    if (!this.#isTurning && !this.#isOver && !this.#ending && !this.#slot?.isTaken)
      void this.#guarded(() => this.#turn())
  }

  /** Runs turns until there is nothing left to do now. */
  async #guarded(first: () => Promise<boolean>): Promise<void> {
    this.#isTurning = true
    try {
      let goesOn = await first()
      while (!this.#isOver && !this.#ending && (goesOn || this.#inputs.length > 0)) goesOn = await this.#turn()
    } catch (error) {
      // Nothing sensible can be written: let go; the lease ends and somebody tries again.
      this.#services.log.error({ err: error, instanceId: this.id }, 'it cannot go on here; its next owner tries again')
      this.drop(error)
    }
    this.#isTurning = false
    this.#slot?.offer()
  }

  /** A session holds the writer of a database that has one: then it takes the place of a turn. */
  async #openSession(id: string): Promise<Session> {
    const { storage, settings } = this.#services
    if (storage.dialect === 'sqlite' && !this.#ending) {
      this.#slot ??= new TurnSlot()
      await this.#slot.take(id, !this.#isTurning && this.#inputs.length === 0)
    }
    try {
      return await storage.openSession({ timeoutMs: settings.sessionTimeoutMs })
    } catch (error) {
      this.#slot?.release(id, error)
      if (this.#inputs.length > 0) this.#kick()
      throw error
    }
  }

  async #turn(): Promise<boolean> {
    const { instance } = this
    const draft = new TransitionDraft()
    try {
      const answers = this.#answers
      this.#answers = NOTHING
      for (const answer of answers) {
        if (answer.type === 'EventReceived')
          this.#services.hook('onEventReceived', this.id, answer.data.type, answer.binary ?? answer.data.data)
        instance.operations.delete(answer.activityId)
        // A transition, and a look at what this answer held back.
        draft.poll = true
        if (!this.#services.settings.forceReplay) await instance.deliver(answer, draft)
      }
      if (this.#services.settings.forceReplay) await rebuild(instance, draft)
      const inputs = this.#inputs
      this.#inputs = NOTHING
      for (const [index, input] of inputs.entries()) {
        if (needsOwnTransaction(input) && !draft.isEmpty) {
          // What this turn has gathered so far goes first.
          this.#inputs = [...inputs.slice(index), ...this.#inputs]
          break
        }
        if ((await absorb(instance, input, draft)) === 'lost') {
          this.drop(LET_GO.lost)
          return false
        }
      }
    } catch (error) {
      if (error instanceof NonDeterminismError) return this.#suspend(error, draft)
      throw error
    }
    return this.#commitTurn(draft)
  }

  async #commitTurn(draft: TransitionDraft): Promise<boolean> {
    if (this.#isOver) return false
    const { instance } = this
    const outcome = this.#outcome(draft)
    instance.spreadAsks(draft, outcome !== undefined)
    if (outcome) return this.#end(outcome, draft)
    const isAtWork = draft.toStart.length > 0 || instance.attempts.size > 0
    if (draft.isEmpty && isAtWork && !this.#services.isStopping()) {
      // Retries that were recorded when they were decided, or nothing at all: no statement is owed.
      if (startAttempts(instance, draft)) this.#timer.arm(instance.nextDue())
      else this.drop(LET_GO.overdue)
      return false
    }
    const facts = standing(instance, draft)
    const verdict = await this.#services.queue.submit(instance.transition(draft, facts))
    return this.#afterCommit(verdict, draft, facts)
  }

  async #afterCommit(verdict: Verdict, draft: TransitionDraft, facts: BodyFacts): Promise<boolean> {
    const { instance } = this
    switch (verdict.kind) {
      case 'accepted':
        instance.committed(draft, verdict.nextSeq)
        instance.operations.registered()
        this.#services.wake(verdict.wakes)
        if (!this.#isOver && !startAttempts(instance, draft)) this.drop(LET_GO.overdue)
        // Let go while this was under way: it is written, and from here on somebody else's.
        if (this.#isOver) return false
        if (verdict.answers.length > 0) this.#answers = verdict.answers.map(decodeEvent)
        if (verdict.answers.length > 0) return true
        if (facts.lease === 'release') this.#park(facts.wakeAt)
        else this.#timer.arm(this.instance.nextDue())
        return false
      case 'cancel':
        instance.committed(draft, verdict.nextSeq)
        this.#services.wake(verdict.wakes)
        return this.#end({ kind: 'cancelled', by: verdict.by, reason: verdict.reason }, new TransitionDraft())
      case 'failed':
        return this.#end({ kind: 'failed', error: verdict.error }, new TransitionDraft())
      default:
        this.drop(LET_GO.lost)
        return false
    }
  }

  #park(wakeAt: number | null): void {
    this.#inputs = NOTHING
    this.#over()
    this.#events.onParked(this, wakeAt)
  }

  #over(): void {
    this.#isOver = true
    this.#timer.cancel()
    this.#heartbeats?.cancel()
  }

  // ------------------------------------------------------------ ends

  #outcome(draft: TransitionDraft): EndingOutcome | undefined {
    if (draft.refusal) return { kind: 'failed', error: draft.refusal }
    return this.instance.execution?.outcome
  }

  async #end(outcome: EndingOutcome, draft: TransitionDraft): Promise<boolean> {
    if (this.#isOver) return false
    const ending = new Ending(this.instance, outcome)
    this.#ending = ending
    for (const input of this.#inputs) if (input.type === 'attempt') ending.onAttempt(input)
    this.#inputs = NOTHING
    this.#slot?.open()
    return this.#afterEnding(await ending.finish(draft))
  }

  async #afterEnding(result: EndingResult): Promise<boolean> {
    if (this.#isOver) return false
    if (result === 'ended') {
      this.#over()
      this.instance.execution?.close()
      if (this.#ending) this.#events.onEnded(this, this.#ending.summary)
    } else if (typeof result === 'object' && 'parkedUntil' in result) this.#park(result.parkedUntil)
    else if (result === 'lost') this.drop(LET_GO.lost)
    else return this.#end(result.again, new TransitionDraft())
    return false
  }

  async #suspend(error: NonDeterminismError, draft: TransitionDraft): Promise<boolean> {
    // What was dropped asks for nothing any more, and that is no divergence.
    if (this.#isOver) return false
    const { instance } = this
    const { expected, actual, message } = error
    this.#services.log.error({ instanceId: this.id, expected, actual }, message)
    const facts = suspendedFacts(instance, error)
    // Operations go back as they were registered: the record stays untouched, so the instance goes on when the code fits again.
    const verdict = await this.#services.queue.submit(instance.transition(draft, facts))
    if (verdict.kind === 'accepted') this.#services.wake(verdict.wakes)
    else if (verdict.kind === 'cancel') {
      instance.nextSeq = verdict.nextSeq
      return this.#end({ kind: 'cancelled', by: verdict.by, reason: verdict.reason }, new TransitionDraft())
    }
    this.drop(LET_GO.suspended)
    return false
  }

  #heartbeat(id: string, details: JsonValue | undefined): void {
    const operation = this.instance.operations.activity(id)
    if (!operation || details === undefined) return
    this.instance.operations.set({ ...operation, heartbeat: details })
    this.#heartbeats ??= new Heartbeats(this.#services.clock, () => this.#push({ type: 'touch' }))
    this.#heartbeats.note()
  }
}
