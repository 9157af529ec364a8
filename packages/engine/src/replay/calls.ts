/**
 * The calls that workflow code has open, and the ids they took. Identity is given when called (R2): synchronously, before any await, so that
 * `Promise.all` needs no ids of its own and completion order never renames anything.
 */
import { ANSWERS_OF, type AnsweredCommand, type InlineCommand } from '../model/command'
import { isWellFormed } from '../model/definition'
import type { OperationDescription } from '../model/errors'
import type { HistoryEvent } from '../model/history'
import type { PendingOperation } from '../model/pending'

export interface OpenCall {
  readonly command: AnsweredCommand
  readonly settle: (event: HistoryEvent) => void
}

export class Calls {
  readonly #open = new Map<string, OpenCall>()
  readonly #counters = new Map<string, number>()
  #explicit: Set<string> | undefined

  /** The n-th call of `name` is `name:n`; an explicit id wins and does not advance the counter. No id is given twice. */
  nextId(name: string, explicit: string | undefined): string {
    if (explicit !== undefined) return this.#takeExplicit(explicit)
    let n = this.#counters.get(name) ?? 0
    do n++
    while (this.#explicit?.has(`${name}:${n}`))
    this.#counters.set(name, n)
    return `${name}:${n}`
  }

  add(call: OpenCall): void {
    this.#open.set(call.command.activityId, call)
  }

  /** Removes and returns the call that this event answers. */
  take(event: HistoryEvent): OpenCall | undefined {
    if (!this.asksFor(event)) return undefined
    const call = this.#open.get(event.activityId)
    this.#open.delete(event.activityId)
    return call
  }

  /** Whether a call is open that this event would answer. */
  asksFor(event: HistoryEvent): boolean {
    const call = this.#open.get(event.activityId)
    return call !== undefined && isAnswer(call.command, event)
  }

  get(activityId: string): OpenCall | undefined {
    return this.#open.get(activityId)
  }

  withdraw(activityId: string): boolean {
    return this.#open.delete(activityId)
  }

  get size(): number {
    return this.#open.size
  }

  commands(): IterableIterator<AnsweredCommand> {
    const calls = this.#open.values()
    return (function* () {
      for (const call of calls) yield call.command
    })()
  }

  #takeExplicit(id: string): string {
    if (typeof id !== 'string' || id.length === 0 || id.length > 200 || !isWellFormed(id))
      throw new TypeError(
        `An activityId must be a string of 1 to 200 characters without control characters, not ${JSON.stringify(id)}`,
      )
    this.#explicit ??= new Set()
    if (this.#explicit.has(id) || this.#wasCounted(id))
      throw new TypeError(`The activityId '${id}' is used twice in one workflow: every call needs its own`)
    this.#explicit.add(id)
    return id
  }

  #wasCounted(id: string): boolean {
    const colon = id.lastIndexOf(':')
    const n = Number(id.slice(colon + 1))
    return (
      colon > 0 && n <= (this.#counters.get(id.slice(0, colon)) ?? 0) && id === `${id.slice(0, colon)}:${n}` && n > 0
    )
  }
}

/** Whether this event answers this call: the right kind, and the right activity or wait where an explicit id does not tell it. */
function isAnswer(command: AnsweredCommand, event: HistoryEvent): boolean {
  if (!ANSWERS_OF[command.type].includes(event.type)) return false
  switch (event.type) {
    case 'ActivityCompleted':
    case 'ActivityFailed':
      return nameOf(command).name === event.data.activityName
    case 'MessageTimeout':
      return (command.type === 'WaitEvent') === (event.data.eventType !== undefined)
    case 'EventReceived':
      return nameOf(command).name === event.data.type
    default:
      return true
  }
}

/** Kind of pending operation that each waiting command becomes; the others are answered within their own transition. */
const PENDING_KIND: Readonly<Partial<Record<AnsweredCommand['type'], PendingOperation['kind']>>> = {
  RunActivity: 'activity',
  StartTimer: 'timer',
  ReceiveMessage: 'message',
  WaitEvent: 'event',
  AwaitChild: 'child',
}

/** Whether nobody but a later event can end this call, so that a lost race may withdraw it. */
export function isWithdrawable(command: AnsweredCommand): boolean {
  return PENDING_KIND[command.type] !== undefined
}

/** Whether this call still asks for what the operation registered. */
export function isRegisteredAs(command: AnsweredCommand, operation: PendingOperation): boolean {
  if (PENDING_KIND[command.type] !== operation.kind) return false
  const registered = nameOfPending(operation)
  return registered === undefined || registered === nameOf(command).name
}

export function describePending(operation: PendingOperation): OperationDescription {
  const name = nameOfPending(operation)
  return { kind: operation.kind, activityId: operation.id, ...(name === undefined ? {} : { name }) }
}

function nameOfPending(operation: PendingOperation): string | undefined {
  switch (operation.kind) {
    case 'activity':
      return operation.name
    case 'message':
      return operation.channel
    case 'event':
      return operation.eventType
    case 'timer':
    case 'child':
      return undefined
  }
}

export function describeCommand(command: AnsweredCommand | InlineCommand): OperationDescription {
  return { kind: command.type, activityId: command.activityId, ...nameOf(command) }
}

export function describeEvent(event: HistoryEvent): OperationDescription {
  const data = event.data as Partial<
    Readonly<Record<'activityName' | 'channel' | 'type' | 'name' | 'workflowName', string>>
  >
  const name = data.activityName ?? data.channel ?? data.type ?? data.name ?? data.workflowName
  return { kind: event.type, activityId: event.activityId, ...(name === undefined ? {} : { name }) }
}

function nameOf(command: AnsweredCommand | InlineCommand): { name?: string } {
  switch (command.type) {
    case 'RunActivity':
    case 'RegisterCompensation':
      return { name: command.name }
    case 'Publish':
    case 'Unsubscribe':
    case 'Subscribe':
    case 'ReceiveMessage':
    case 'SendTo':
      return { name: command.channel }
    case 'WaitEvent':
      return { name: command.eventType }
    case 'StartChild':
      return { name: command.workflow.workflowName }
    case 'AwaitChild':
      return { name: command.childId }
    default:
      return {}
  }
}
