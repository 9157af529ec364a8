/**
 * Drives one WorkflowExecution as the runtime does, without clock and storage: takes its commands, keeps what is pending, answers open calls in an
 * order and with results that a seed decides, and writes the history.
 *
 *  1. The inline events of a drain stand right behind the event that caused it.
 *  2. Asks (subscribe, sendTo, a child's start) are answered one at a time, before anything else.
 *  3. What is withdrawn is no longer pending; what was pending before a replay is not released again.
 */
import { type AnsweredCommand, type Command, type InlineCommand, isInline } from '../model/command'
import type { Log } from '../model/context'
import type { Workflow } from '../model/definition'
import { ChannelModeConflictError, InstanceExistsError, RetryExhaustedError, TerminalError } from '../model/errors'
import { toFailure } from '../model/failure'
import type { HistoryData, HistoryEvent, HistoryEventType } from '../model/history'
import type { Failure } from '../model/instance'
import type { PendingOperation } from '../model/pending'
import { SeededRandom } from '../replay/determinism'
import type { WorkflowExecution } from '../replay/execution'
import { execution, type LogLine, recordingLog, STARTED_AT } from './builders'

/** What stood when a turn was over. */
export interface Boundary {
  readonly events: number
  readonly pending: readonly PendingOperation[]
  readonly open: readonly AnsweredCommand[]
  readonly logged: number
}

export interface DriverOptions {
  readonly seed?: number
  /** Share of answers that are failures, refusals and timeouts, 0 to 1. */
  readonly failureRate?: number
  readonly maxEvents?: number
}

export class ExecutionDriver {
  readonly execution: WorkflowExecution
  readonly history: HistoryEvent[] = []
  readonly pending = new Map<string, PendingOperation>()
  readonly boundaries: Boundary[] = []
  /** After each event, before anything that followed from it was written: where a crash can cut too. */
  readonly recordedOnly: Pick<Boundary, 'events' | 'pending'>[] = []
  readonly logged: LogLine[] = []
  /** Every command released, in order. */
  readonly released: Command[] = []
  readonly #asks: AnsweredCommand[] = []
  readonly #random: SeededRandom
  readonly #failureRate: number
  readonly #maxEvents: number
  #now = STARTED_AT

  constructor(definition: Workflow, options: DriverOptions = {}) {
    const log: Log = recordingLog(this.logged)
    this.execution = execution(definition, { log })
    this.#random = new SeededRandom(String(options.seed ?? 0))
    this.#failureRate = options.failureRate ?? 0.25
    this.#maxEvents = options.maxEvents ?? 25
  }

  /** First run, to the first quiet moment. */
  async start(): Promise<this> {
    await this.execution.start()
    this.#absorb()
    return this
  }

  /** Takes over from a history, as another worker does. */
  async replay(history: readonly HistoryEvent[], pending: readonly PendingOperation[]): Promise<this> {
    await this.execution.replay(history, pending)
    this.history.push(...history)
    this.#now = history.at(-1)?.createdAt ?? STARTED_AT
    for (const operation of pending) this.pending.set(operation.id, operation)
    this.#absorb()
    for (const { id } of pending) if (!this.execution.calls.get(id)) this.pending.delete(id)
    return this
  }

  /** Answers open calls until the outcome is decided or the history is long enough. */
  async run(): Promise<this> {
    while (!this.execution.outcome && this.history.length < this.#maxEvents) {
      const command = this.#asks[0] ?? this.#anyPending()
      if (!command) break
      await this.answer(this.#answerTo(command))
    }
    return this
  }

  /** Delivers the answers among these events; the inline ones must follow by themselves. */
  async follow(events: readonly HistoryEvent[], isAnswer: (event: HistoryEvent) => boolean): Promise<this> {
    for (const event of events) if (isAnswer(event)) await this.answer(event)
    return this
  }

  async answer(event: HistoryEvent): Promise<void> {
    const numbered = { ...event, seq: this.history.length + 1 }
    this.#now = event.createdAt
    this.recordedOnly.push({ events: numbered.seq, pending: [...this.pending.values()] })
    this.pending.delete(event.activityId)
    const asked = this.#asks.findIndex((ask) => ask.activityId === event.activityId)
    if (asked >= 0) this.#asks.splice(asked, 1)
    this.history.push(numbered)
    if (!(await this.execution.deliver(numbered))) throw new Error(`nobody asks for ${event.type} ${event.activityId}`)
    this.#absorb()
  }

  #absorb(): void {
    for (const command of this.execution.takeCommands()) {
      if (isInline(command)) this.history.push(recordOf(command, this.history.length + 1, this.#now))
      else if (command.type === 'Withdraw') this.pending.delete(command.activityId)
      else if (this.pending.has(command.activityId) || !this.execution.calls.get(command.activityId)) continue
      else this.#release(command)
      this.released.push(command)
    }
    this.boundaries.push({
      events: this.history.length,
      pending: [...this.pending.values()],
      open: [...this.execution.calls.commands()],
      logged: this.logged.length,
    })
  }

  #release(command: AnsweredCommand): void {
    const id = command.activityId
    switch (command.type) {
      case 'RunActivity':
        this.pending.set(id, { kind: 'activity', id, name: command.name, attempt: 1, firstAttemptAt: this.#now })
        return
      case 'StartTimer':
        this.pending.set(id, { kind: 'timer', id, dueAt: command.until ?? this.#now + (command.durationMs ?? 0) })
        return
      case 'ReceiveMessage':
        this.pending.set(id, { kind: 'message', id, channel: command.channel })
        return
      case 'WaitEvent':
        this.pending.set(id, { kind: 'event', id, eventType: command.eventType })
        return
      case 'AwaitChild':
        this.pending.set(id, { kind: 'child', id, childId: command.childId })
        return
      default:
        this.#asks.push(command)
    }
  }

  #anyPending(): AnsweredCommand | undefined {
    const ids = [...this.pending.keys()]
    const id = ids[Math.floor(this.#random.next() * ids.length)]
    return id === undefined ? undefined : this.execution.calls.get(id)?.command
  }

  #answerTo(command: AnsweredCommand): HistoryEvent {
    const fails = this.#random.next() < this.#failureRate
    const nonce = Math.floor(this.#random.next() * 1_000)
    this.#now += Math.floor(this.#random.next() * 5_000)
    return answerTo(command, { fails, nonce, now: this.#now })
  }
}

interface Chance {
  readonly fails: boolean
  readonly nonce: number
  readonly now: number
}

function answerTo(command: AnsweredCommand, chance: Chance): HistoryEvent {
  const { fails, nonce, now } = chance
  const id = command.activityId
  switch (command.type) {
    case 'RunActivity': {
      const about = { activityName: command.name, input: null }
      return fails
        ? event(id, 'ActivityFailed', { ...about, error: stored(errorOf(nonce)) }, now)
        : event(id, 'ActivityCompleted', { ...about, result: { nonce } }, now)
    }
    case 'StartTimer':
      return event(id, 'TimerExpired', { timerId: id, dueAt: now }, now)
    case 'Subscribe': {
      const { channel, mode } = command
      const refused = new ChannelModeConflictError({ channel, existingMode: 'direct', requestedMode: mode })
      const error = fails ? { error: stored(refused) } : {}
      return event(id, 'Subscribed', { channel, mode, cursor: nonce, ...error }, now)
    }
    case 'WaitEvent': {
      const { eventType: type } = command
      if (fails && command.timeoutMs !== undefined) return timeout(command, type, now)
      const received = { type, source: 'test', id: `e${nonce}`, extensions: {}, data: { nonce } }
      return event(id, 'EventReceived', received, now)
    }
    case 'ReceiveMessage': {
      const { channel } = command
      if (fails && command.timeoutMs !== undefined) return timeout(command, undefined, now)
      const received = { id: `m${nonce}`, channel, data: { nonce }, metadata: {}, publishedAt: now }
      return event(id, 'ChannelMessageReceived', received, now)
    }
    case 'SendTo': {
      const { channel, messageId, targetInstanceId } = command
      return event(id, 'MessagePublished', { channel, messageId, targetInstanceId, delivered: !fails }, now)
    }
    case 'StartChild': {
      const { childId } = command
      const error = fails ? { error: stored(new InstanceExistsError(childId)) } : {}
      return event(id, 'ChildStarted', { childId, workflowName: command.workflow.workflowName, ...error }, now)
    }
    case 'AwaitChild': {
      const { childId } = command
      const ended = fails
        ? { status: nonce % 2 ? ('failed' as const) : ('cancelled' as const), error: stored(errorOf(nonce)) }
        : { status: 'completed' as const, result: { nonce } }
      return event(id, 'ChildCompleted', { childId, ...ended }, now)
    }
  }
}

function timeout(
  command: Extract<AnsweredCommand, { type: 'WaitEvent' | 'ReceiveMessage' }>,
  eventType: string | undefined,
  now: number,
): HistoryEvent {
  const channel = command.type === 'WaitEvent' ? command.eventType : command.channel
  const timeoutSeconds = (command.timeoutMs ?? 0) / 1_000
  const about = { channel, timeoutAt: now, timeoutSeconds, ...(eventType === undefined ? {} : { eventType }) }
  return event(command.activityId, 'MessageTimeout', about, now)
}

/** Without stacks, so that the same run twice is the same text twice. */
export function stored(error: unknown): Failure {
  return JSON.parse(JSON.stringify(toFailure(error), (key, value) => (key === 'stack' ? undefined : value)))
}

function errorOf(nonce: number): Error {
  switch (nonce % 3) {
    case 0:
      return new TerminalError(`stop ${nonce}`)
    case 1:
      return new RetryExhaustedError(`gave up ${nonce}`, { cause: new RangeError(`out of range ${nonce}`) })
    default:
      return Object.assign(new Error(`declined ${nonce}`), { name: 'PaymentError', nonce })
  }
}

function recordOf(command: InlineCommand, seq: number, now: number): HistoryEvent {
  const id = command.activityId
  const at = <Type extends HistoryEventType>(type: Type, data: HistoryData[Type]): HistoryEvent =>
    event(id, type, data, now, seq)
  switch (command.type) {
    case 'Publish':
      return at('MessagePublished', { channel: command.channel, messageId: command.messageId })
    case 'Unsubscribe':
      return at('Unsubscribed', { channel: command.channel })
    case 'SetTags':
      return at('TagsSet', { tags: command.tags })
    case 'SetState':
      return at('StateSet', { state: JSON.parse(JSON.stringify(command.state)) })
    case 'MarkPatch':
      return at('PatchMarked', { id: command.id })
    case 'RegisterCompensation':
      return at('CompensationRegistered', {
        name: command.name,
        args: JSON.parse(JSON.stringify(command.args)),
      })
    case 'ClearCompensations':
      return at('CompensationsCleared', {})
  }
}

function event<Type extends HistoryEventType>(
  activityId: string,
  type: Type,
  data: HistoryData[Type],
  createdAt: number,
  seq = 0,
): HistoryEvent {
  // Type and data belong together by the signature; the union cannot be built from a type parameter.
  return { seq, activityId, type, data, createdAt } as unknown as HistoryEvent
}
