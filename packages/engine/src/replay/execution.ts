/**
 * One workflow instance in memory: history in, commands out. Pure: it knows no clock, no storage and no randomness of its own; the runner delivers
 * events and takes commands. Live and replay are the same code: a recorded event and a fresh one reach workflow code by the same `deliver`.
 *
 *  R1 One event, one drain. Completion order is data.
 *  R2 Identity when called (see calls.ts).
 *  R3 Mismatch is never silent: recorded events are delivered strictly in order; an event nobody asked for, an inline call that history does not
 *     hold at this place, or a registered operation that is no longer asked for, is a NonDeterminismError *before any new command is released*.
 *  R4 Waiting is a promise that does not settle; nothing is ever thrown through workflow code to stop it.
 *  R5 Inline calls (publish, tags, patches …) are events too: verified on replay, never repeated.
 *  R8 Quiet with nothing open and no outcome means that the code awaits something its context did not make: an error that says so.
 *  The drain after the last recorded event is still replay.
 */
import { type AnsweredCommand, type Command, INLINE_EVENT_OF, type InlineCommand, type Outcome } from '../model/command'
import type { Log } from '../model/context'
import type { Workflow } from '../model/definition'
import { NonDeterminismError, type OperationDescription } from '../model/errors'
import { type HistoryEvent, RECORD_EVENTS } from '../model/history'
import type { PendingOperation } from '../model/pending'
import {
  Calls,
  describeCommand,
  describeEvent,
  describePending,
  isRegisteredAs,
  isWithdrawable,
  type OpenCall,
} from './calls'
import { ReplayContext } from './context'
import { drain } from './determinism'
import { heard } from './heard'
import type { ContextHost } from './host'
import { Subscriptions } from './subscriptions'

export interface ExecutionInit {
  readonly definition: Workflow
  readonly instanceId: string
  readonly workerId: string
  /** Of `ctx.random` and `ctx.uuid`; default the instance's id. A fork has that of the instance whose history it replays. */
  readonly seed?: string
  /** What the workflow function gets: decoded from its stored form and through the input schema. */
  readonly input: unknown
  /** Epoch ms: the logical time before the first event. */
  readonly startedAt: number
  readonly log: Log
}

export class WorkflowExecution implements ContextHost {
  readonly calls = new Calls()
  readonly subscriptions: Subscriptions
  readonly instanceId: string
  readonly workflowName: string
  readonly workerId: string
  readonly seed: string
  readonly log: Log
  /** Logical time: that of the last event delivered. */
  nowMs: number
  isReplaying = false
  outcome: Outcome | undefined

  readonly #definition: Workflow
  #input: unknown
  #commands: Command[] = NONE
  #recorded: readonly HistoryEvent[] = []
  #cursor = 0
  #recordedIds: ReadonlySet<string> = NO_IDS
  /** Numbers of recorded events that are delivered to nobody. */
  #unheard: ReadonlySet<number> = NOBODY
  /** What is heard where a retry stands, by its number. */
  #late: ReadonlyMap<number, readonly HistoryEvent[]> = NEVER
  /** What replayed code withdrew since the last event: that may not be recorded yet. */
  #withdrawn: Set<string> | undefined
  #divergence: NonDeterminismError | undefined
  #closed = false

  constructor(init: ExecutionInit) {
    this.#definition = init.definition
    this.#input = init.input
    this.instanceId = init.instanceId
    this.workflowName = init.definition.workflowName
    this.workerId = init.workerId
    this.seed = init.seed ?? init.instanceId
    this.log = init.log
    this.nowMs = init.startedAt
    this.subscriptions = new Subscriptions(init.instanceId, this.seed)
  }

  /** First run: calls the workflow function and lets it run to its first quiet moment. `inherited` are the events a recur wrote. */
  async start(inherited: readonly HistoryEvent[] = []): Promise<void> {
    this.#inherit(inherited)
    this.#call()
    await drain()
    this.#checkQuiet()
  }

  /**
   * Rebuilds the instance from its history.
   *
   * @param pending operations that were released and not answered when the history ends; all must still be asked for
   * @throws NonDeterminismError; the object is then of no further use
   */
  async replay(history: readonly HistoryEvent[], pending: readonly PendingOperation[]): Promise<void> {
    const { events, unheard, late } = heard(history)
    this.#recorded = events
    this.#unheard = unheard
    this.#late = late
    this.#recordedIds = idsOf([...events, ...[...late.values()].flat()])
    this.isReplaying = true
    this.#inherit(this.#recorded)
    this.#call()
    await drain()
    this.#throwIfDiverged()
    while (this.#cursor < this.#recorded.length) {
      const event = this.#recorded[this.#cursor] as HistoryEvent
      this.#cursor++
      if (this.#isPassedOver(event)) continue
      for (const one of this.#late.get(event.seq) ?? [event]) {
        this.#answer(one)
        await drain()
        this.#throwIfDiverged()
      }
    }
    this.#checkPending(pending)
    this.isReplaying = false
    this.#recorded = []
    this.#recordedIds = NO_IDS
    this.#checkQuiet()
  }

  /**
   * Delivers one live event and lets the code run until quiet.
   * @returns false when nobody asks for it any more (a race was decided meanwhile): then it must not be recorded
   */
  async deliver(event: HistoryEvent): Promise<boolean> {
    const call = this.calls.take(event)
    if (!call) return false
    this.nowMs = event.createdAt
    call.settle(event)
    await drain()
    this.#checkQuiet()
    return true
  }

  /** Commands since the last take, in call order. */
  takeCommands(): readonly Command[] {
    if (this.#commands.length === 0) return NONE
    const commands = this.#commands
    this.#commands = NONE
    return commands
  }

  /** Nothing that workflow code does from now on has any effect: its result is decided, or the object was dropped. */
  close(): void {
    this.#closed = true
    this.#commands = NONE
  }

  // ------------------------------------------------------------ for the context

  isRecorded(activityId: string): boolean {
    return this.#recordedIds.has(activityId)
  }

  /** Registers a call that an event will answer. */
  open(command: AnsweredCommand, settle: OpenCall['settle']): void {
    if (this.#ended()) return
    this.calls.add({ command, settle })
    this.#add(command)
  }

  /** Performs a call that resolves at once: verified against history, or recorded as new. @returns what history holds of it */
  inline(command: InlineCommand): HistoryEvent | undefined {
    if (this.#ended()) return undefined
    const recorded = this.#recorded[this.#skipRecordEvents()]
    if (recorded === undefined) {
      this.#add(command)
      return undefined
    }
    if (isRecordOf(command, recorded)) {
      this.#cursor++
      return recorded
    }
    this.#diverge(
      `the code calls ${command.type} '${command.activityId}' where history holds ${recorded.type} '${recorded.activityId}'`,
      describeEvent(recorded),
      [describeCommand(command)],
    )
    return undefined
  }

  /** `ctx.patched`: true on new ground and where history holds the mark; false where old code ran. */
  patched(id: string): boolean {
    const activityId = `patch:${id}`
    if (this.#ended()) return true
    if (this.isReplaying) {
      const recorded = this.#recorded[this.#skipRecordEvents()]
      const marked = recorded?.type === 'PatchMarked' && recorded.activityId === activityId
      if (marked) this.#cursor++
      return marked
    }
    this.#add({ type: 'MarkPatch', activityId, id })
    return true
  }

  /** Forgets a wait that lost its race. What is answered within its own transition stays: its event is written already. */
  withdraw(activityId: string): void {
    if (this.#ended()) return
    const call = this.calls.get(activityId)
    if (!call || !isWithdrawable(call.command)) return
    this.calls.withdraw(activityId)
    if (this.isReplaying) this.#withdrawn = (this.#withdrawn ?? new Set()).add(activityId)
    this.#add({ type: 'Withdraw', activityId })
  }

  finish(outcome: Outcome): void {
    if (this.#ended()) return
    this.outcome = outcome
  }

  // ------------------------------------------------------------ inside

  #add(command: Command): void {
    if (this.#commands.length === 0) this.#commands = [command]
    else this.#commands.push(command)
  }

  #call(): void {
    const context = new ReplayContext(this)
    const input = this.#input
    this.#input = undefined
    this.#definition.fn(context, input).then(
      (value) => this.finish({ kind: 'completed', value }),
      (error: unknown) => this.finish({ kind: 'failed', error }),
    )
  }

  #ended(): boolean {
    return this.#closed || this.outcome !== undefined || this.#divergence !== undefined
  }

  #answer(event: HistoryEvent): void {
    if (this.#unheard.has(event.seq) && this.calls.asksFor(event)) return
    const call = this.calls.take(event)
    this.#withdrawn = undefined
    // What finished after the outcome was decided is recorded too, so that it can be undone; nobody hears of it.
    if (call && this.outcome) return
    if (call) {
      this.nowMs = event.createdAt
      call.settle(event)
      return
    }
    const expected = describeEvent(event)
    this.#diverge(
      `history holds ${event.type} '${event.activityId}', which the code no longer asks for`,
      expected,
      this.#asked(),
    )
  }

  #skipRecordEvents(): number {
    while (this.#cursor < this.#recorded.length && this.#isPassedOver(this.#recorded[this.#cursor] as HistoryEvent))
      this.#cursor++
    return this.#cursor
  }

  /** Neither delivered nor verified. A retry at which something is heard has its place in the order. */
  #isPassedOver(event: HistoryEvent): boolean {
    return isForTheRecord(event) && !this.#late.has(event.seq)
  }

  #inherit(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      if (event.type !== 'Subscribed' || !event.data.inherited) break
      this.subscriptions.inherit(event.data.channel, event.data.mode)
    }
  }

  #checkPending(pending: readonly PendingOperation[]): void {
    for (const operation of pending) {
      const command = this.calls.get(operation.id)?.command
      if (command && isRegisteredAs(command, operation)) continue
      // The last event was recorded, what follows from it was not.
      if (!command && (this.#recordedIds.has(operation.id) || this.#withdrawn?.has(operation.id))) continue
      this.#diverge(
        `${operation.kind} '${operation.id}' is registered, but the code no longer asks for it`,
        describePending(operation),
        this.#asked(),
      )
    }
  }

  #checkQuiet(): void {
    this.#throwIfDiverged()
    if (this.outcome || this.calls.size > 0) return
    throw new NonDeterminismError({
      message: `Workflow '${this.workflowName}' waits for something its context did not make: await only what ctx and activities return, and move other asynchronous work into an activity or ctx.run`,
      expected: null,
      actual: [],
    })
  }

  #asked(): OperationDescription[] {
    const asked = [...this.calls.commands()].map(describeCommand)
    return this.outcome ? [...asked, { kind: `workflow ${this.outcome.kind}`, activityId: '' }] : asked
  }

  #diverge(difference: string, expected: OperationDescription | null, actual: readonly OperationDescription[]): void {
    // Nothing that the code asked for may be released.
    this.#commands = NONE
    this.#divergence ??= new NonDeterminismError({
      message: `The code of workflow '${this.workflowName}' does not fit the history of ${this.instanceId}: ${difference}. Restore the old order, or guard the change with ctx.patched()`,
      expected,
      actual,
    })
  }

  #throwIfDiverged(): void {
    if (this.#divergence) throw this.#divergence
  }
}

/** Never written to. */
const NONE: Command[] = []
const NO_IDS: ReadonlySet<string> = new Set()
const NOBODY: ReadonlySet<number> = new Set()
const NEVER: ReadonlyMap<number, readonly HistoryEvent[]> = new Map()

function isRecordOf(command: InlineCommand, event: HistoryEvent): boolean {
  if (event.type !== INLINE_EVENT_OF[command.type] || event.activityId !== command.activityId) return false
  // An explicit id does not tell the name.
  return event.type !== 'CompensationRegistered' || event.data.name === describeCommand(command).name
}

/** Calls that history tells what became of. The engine's own events have ids of their own, which a call may share by chance. */
function idsOf(recorded: readonly HistoryEvent[]): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const event of recorded) if (!isForTheRecord(event)) ids.add(event.activityId)
  return ids
}

/** Events that workflow code has no part in. */
function isForTheRecord(event: HistoryEvent): boolean {
  return RECORD_EVENTS.has(event.type) || (event.type === 'Subscribed' && event.data.inherited === true)
}
