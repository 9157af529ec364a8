/** A transition on its way through a flush: what was asked, what the row's guard says, what the storage answers. */

import type { HistoryData, HistoryEventType } from '../../model/history'
import { isTerminal } from '../../model/instance'
import type { HistoryRow, NewHistoryRow, OutgoingMessage } from '../rows'
import type { ClaimedInstance, TransitionBody, TransitionUnit, Verdict } from '../units'
import type { InstanceFacts } from './commit-locks'
import { Effects, type Woken, wakesOf } from './commit-wakes'

export interface Actor {
  /** Position of its unit in the flush. */
  readonly index: number
  readonly unit: TransitionUnit
  readonly effects: Effects
  readonly answers: NewHistoryRow[]
  facts: InstanceFacts
  fate: 'applied' | 'cancelled'
}

export function judge(index: number, unit: TransitionUnit, facts: InstanceFacts | undefined): Actor | null {
  // S1
  if (!facts || facts.epoch !== unit.epoch || facts.nextSeq !== unit.nextSeq || isTerminal(facts.status)) return null
  // S8
  const isCancelled = facts.cancel !== null && !facts.cancelSeen && !unit.acknowledgesCancel
  return { index, unit, facts, answers: [], effects: new Effects(), fate: isCancelled ? 'cancelled' : 'applied' }
}

/** Asks are answered in any case, and an answered instance goes on: it neither parks nor ends. */
export function mayEnd(body: TransitionBody): boolean {
  return isTerminal(body.status) && body.asks.length === 0
}

export function looksForAnswers(body: TransitionBody): boolean {
  if (isTerminal(body.status) || body.status === 'suspended') return false
  if (body.waits.length === 0 && body.children.length === 0) return false
  return body.poll || body.lease === 'release' || body.waits.some((wait) => wait.isNew)
}

/** Nothing but events and the row: the hot lane takes it if its row agrees. */
export function isPlain(body: TransitionBody): boolean {
  return isUnaided(body) && !hasRiders(body)
}

/** Needs no channel, no other instance. */
export function isUnaided(body: TransitionBody): boolean {
  return (
    body.asks.length === 0 &&
    body.messages.length === 0 &&
    body.closedWaits.length === 0 &&
    body.unsubscribe.length === 0 &&
    body.recur === null &&
    body.status !== 'suspended' &&
    !looksForAnswers(body)
  )
}

/** Rows that only ride with the events. */
export function hasRiders(body: TransitionBody): boolean {
  const { push, fill, clear, update } = body.compensations
  return body.outbox.length > 0 || push.length > 0 || fill.length > 0 || clear || update.length > 0
}

/** The transition as it is written: with its answers, or with what a cancel request leaves of it. */
export function written(actor: Actor): TransitionUnit {
  const { unit, answers } = actor
  if (answers.length === 0) return unit
  return {
    ...unit,
    events: [...unit.events, ...answers],
    status: unit.status === 'compensating' ? 'compensating' : 'running',
    lease: 'keep',
    output: null,
    error: null,
  }
}

export function ends(actor: Actor): boolean {
  return actor.fate === 'applied' && isTerminal(written(actor).status)
}

export function verdictOf(actor: Actor, woken: Woken, claims: Map<string, ClaimedInstance>): Verdict {
  const { unit, facts, answers } = actor
  const wakes = wakesOf(actor.effects, woken, claims)
  const nextSeq = unit.nextSeq + unit.events.length + answers.length
  if (actor.fate === 'cancelled')
    return { kind: 'cancel', nextSeq, by: facts.cancel?.by ?? null, reason: facts.cancel?.reason ?? null, wakes }
  const first = unit.nextSeq + unit.events.length
  const numbered: HistoryRow[] = answers.map((answer, position) => ({ ...answer, seq: first + position }))
  return { kind: 'accepted', answers: numbered, nextSeq, wakes }
}

export function eventRow<Type extends HistoryEventType>(
  type: Type,
  activityId: string,
  data: HistoryData[Type],
  createdAt: number,
  binary: Uint8Array | null = null,
): NewHistoryRow {
  return { activityId, type, data: JSON.stringify(data), binary, createdAt }
}

/** A message to one instance follows that instance's chain; a direct channel carries the instance's id. */
export function addressed(message: OutgoingMessage, heads: ReadonlyMap<string, string>): OutgoingMessage {
  const target = message.targetInstanceId
  const head = target === null ? undefined : heads.get(target)
  if (target === null || head === undefined || head === target) return message
  return { ...message, channel: renamed(message.channel, target, head), targetInstanceId: head }
}

export function renamed(channel: string, oldId: string, newId: string): string {
  const plain = plainName(channel, oldId)
  return plain === channel ? channel : `${plain}:${newId}`
}

/** Of a direct channel of this instance the name that code knows it by. */
export function plainName(channel: string, id: string): string {
  const suffix = `:${id}`
  return channel.endsWith(suffix) ? channel.slice(0, -suffix.length) : channel
}
