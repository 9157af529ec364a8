/**
 * What one turn produced, on its way to the commit queue: events in the order in which they were delivered, with the inline calls that each of them
 * caused right behind it. That order is what replay verifies.
 */

import type { CompensationState, InstanceStatus } from '../model/instance'
import type { JsonValue } from '../model/json'
import type { NewHistoryRow, NewInstance, OutboxRow, OutgoingMessage } from '../storage/rows'
import type { Ask, TransitionBody, TransitionUnit } from '../storage/units'
import type { Operations } from './operations'

const NOTHING: readonly never[] = []

type Push = TransitionBody['compensations']['push'][number]
type Fill = TransitionBody['compensations']['fill'][number]
type Update = TransitionBody['compensations']['update'][number]

/** Most turns add an event and nothing else, so the rarer lists are made when something is added to them. */
export class TransitionDraft {
  #rows: NewHistoryRow[] | undefined
  #toStart: string[] | undefined
  asks: readonly Ask[] = NOTHING
  messages: readonly OutgoingMessage[] = NOTHING
  outbox: readonly OutboxRow[] = NOTHING
  unsubscribe: readonly string[] = NOTHING
  closedWaits: readonly string[] = NOTHING
  push: readonly Push[] = NOTHING
  fill: readonly Fill[] = NOTHING
  updates: readonly Update[] = NOTHING
  afterCommit: readonly (() => void)[] = NOTHING
  clearsCompensations = false
  tags: Readonly<Record<string, string>> | undefined = undefined
  state: string | undefined = undefined
  poll = false
  /** Events at its end that came in when the outcome was decided: no code ran for them. */
  unheard = 0
  /** Something other than an event must be written (an attempt's number, a heartbeat, the parking itself). */
  touched = false
  /** What the workflow asked for cannot be stored: it fails with this. */
  refusal: Error | undefined = undefined

  get rows(): readonly NewHistoryRow[] {
    return this.#rows ?? NOTHING
  }

  /** Activities whose next attempt may start once this is durable. */
  get toStart(): readonly string[] {
    return this.#toStart ?? NOTHING
  }

  /** The usual one event of a turn is a literal: an array that grows begins with room for sixteen. */
  record(row: NewHistoryRow): void {
    if (this.#rows) this.#rows.push(row)
    else this.#rows = [row]
  }

  start(id: string): void {
    if (this.#toStart) this.#toStart.push(id)
    else this.#toStart = [id]
  }

  /** What was recorded is durable already, by another transaction. */
  forgetRows(): void {
    this.#rows = undefined
  }

  get isEmpty(): boolean {
    return (
      !this.touched && !this.poll && this.rows.length === 0 && this.asks.length === 0 && this.closedWaits.length === 0
    )
  }

  add<
    List extends
      | 'asks'
      | 'messages'
      | 'outbox'
      | 'unsubscribe'
      | 'closedWaits'
      | 'push'
      | 'fill'
      | 'updates'
      | 'afterCommit',
  >(list: List, ...items: TransitionDraft[List] & readonly unknown[]): void {
    this[list] = [...this[list], ...items] as never
  }
}

export interface BodyFacts {
  readonly now: number
  readonly status: InstanceStatus
  readonly lease: 'keep' | 'release'
  readonly wakeAt: number | null
  readonly output?: string
  readonly error?: string
  readonly compensationState?: CompensationState
  readonly suspendReason?: string
  readonly acknowledgesCancel?: boolean
  readonly recur?: NewInstance
}

/** Draft and operations to the storage's form, in one allocation. An ended instance has no operations left. */
export function toTransition(
  position: { readonly id: string; readonly epoch: number; readonly nextSeq: number },
  draft: TransitionDraft,
  operations: Operations | undefined,
  facts: BodyFacts,
): TransitionUnit {
  const push = draft.push.length > 0
  const ridesWithCompensations = push || draft.fill.length > 0 || draft.updates.length > 0 || draft.clearsCompensations
  return {
    kind: 'transition',
    instanceId: position.id,
    epoch: position.epoch,
    nextSeq: position.nextSeq,
    now: facts.now,
    events: draft.rows,
    asks: draft.asks,
    status: facts.status,
    pending: operations ? operations.encode() : null,
    wakeAt: facts.wakeAt,
    lease: facts.lease,
    output: facts.output ?? null,
    error: facts.error ?? null,
    waits: operations ? operations.waits() : NOTHING,
    closedWaits: draft.closedWaits,
    children: operations ? operations.children() : NOTHING,
    poll: draft.poll,
    messages: draft.messages,
    unsubscribe: draft.unsubscribe,
    outbox: draft.outbox,
    compensations: ridesWithCompensations
      ? { push: draft.push, fill: draft.fill, clear: draft.clearsCompensations, update: draft.updates }
      : NO_COMPENSATIONS,
    tags: draft.tags && JSON.stringify(draft.tags),
    state: draft.state,
    compensationState: facts.compensationState ?? (push ? 'pending' : draft.clearsCompensations ? 'none' : undefined),
    suspendReason: facts.suspendReason,
    acknowledgesCancel: facts.acknowledgesCancel ?? false,
    recur: facts.recur ?? null,
  }
}

/** Event data of an activity, put together from texts that are encoded already. */
export function activityData(
  name: string,
  inputText: string,
  member: 'result' | 'error',
  text: string,
  retryMetadata: JsonValue | undefined,
): string {
  const metadata = retryMetadata === undefined ? '' : `,"retryMetadata":${JSON.stringify(retryMetadata)}`
  return `{"activityName":${JSON.stringify(name)},"input":${inputText},"${member}":${text}${metadata}}`
}

const NO_COMPENSATIONS: TransitionBody['compensations'] = { push: [], fill: [], clear: false, update: [] }
