/**
 * The hot lane: a start or a transition, applied as a whole or not at all.
 *
 * Order within a unit: events · what rides with them (compensations, tags, messages, outbox rows) · asks · new waits · answers to waits and children ·
 * the row itself · the end of the instance (ending.ts) · hits handed on. So what a turn sends precedes what it subscribes to in the same turn.
 *
 * A unit that gets any answer does not park and does not end: the instance stays leased, and the next transition says what follows.
 */
import { InstanceExistsError } from '../../model/errors'
import { toFailure } from '../../model/failure'
import { isTerminal } from '../../model/instance'
import type { Ask, HistoryRow, NewHistoryRow, StartUnit, TransitionBody, TransitionUnit, Verdict } from '../storage'
import { closeWait, forgetHits, openWait, sendMessage, settleChannels, subscribe, unsubscribe } from './channels'
import { Effects } from './effects'
import { endInstance } from './ending'
import { appendEvent, chainHead, currentRow, eventRow, insertInstance } from './instances'
import { addOutboxRow } from './outbox'
import { answerChild, answerWait } from './receiving'
import { writeAudit } from './registry'
import { type Database, type InstanceRecord, toInstanceRow } from './tables'

export function applyStart(db: Database, unit: StartUnit): Verdict {
  const { instance, first } = unit
  const taken = db.tables.instances.get(instance.id)
  if (taken) return { kind: 'exists', instance: toInstanceRow(taken) }
  if (unit.audit) writeAudit(db, unit.audit)
  const effects = new Effects(db)
  if (!first) {
    insertInstance(db, instance)
    effects.born(instance.id, instance.workflowName, instance.wakeAt)
    return { kind: 'accepted', answers: [], nextSeq: 1, wakes: effects.wakes() }
  }
  const leaseUntil = db.now() + instance.leaseMs
  const { leaseOwner } = first
  insertInstance(db, instance, { status: 'running', epoch: 1, leaseOwner, leaseUntil, wakeAt: leaseUntil })
  return applyBody(db, instance.id, first, effects)
}

export function applyTransition(db: Database, unit: TransitionUnit): Verdict {
  const row = db.tables.instances.get(unit.instanceId)
  // S1
  if (!row || row.epoch !== unit.epoch || row.nextSeq !== unit.nextSeq || isTerminal(row.status))
    return { kind: 'lost' }
  const effects = new Effects(db)
  // S8
  if (row.cancelRequestedAt !== null && !row.cancelSeen && !unit.acknowledgesCancel) {
    recordEvents(db, row.id, unit, effects)
    settleChannels(db, effects)
    const { nextSeq, cancelRequestedBy: by, cancelReason: reason } = currentRow(db, row.id)
    db.tables.instances.put({ ...currentRow(db, row.id), takeovers: 0, updatedAt: unit.now })
    return { kind: 'cancel', nextSeq, by, reason, wakes: effects.wakes() }
  }
  return applyBody(db, row.id, unit, effects)
}

function applyBody(db: Database, id: string, body: TransitionBody, effects: Effects): Verdict {
  recordEvents(db, id, body, effects)
  const answers = body.asks.map((ask) => appendEvent(db, id, answerAsk(db, id, ask, body.now, effects)))
  openWaits(db, id, body, answers)
  if (answers.length === 0) answers.push(...answerWaits(db, id, body, effects))
  writeRow(db, id, body, answers.length > 0)
  const { status } = currentRow(db, id)
  if (isTerminal(status)) endInstance(db, id, body.recur, body.now, effects)
  else if (status === 'suspended') forgetHits(db, id, effects)
  settleChannels(db, effects)
  return { kind: 'accepted', answers, nextSeq: currentRow(db, id).nextSeq, wakes: effects.wakes() }
}

/** The events and what rides with them: kept even when a cancel request refuses the rest. */
function recordEvents(db: Database, id: string, body: TransitionBody, effects: Effects): void {
  for (const event of body.events) appendEvent(db, id, event)
  recordCompensations(db, id, body.compensations)
  const { tags, state } = body
  db.tables.instances.put({
    ...currentRow(db, id),
    ...(tags === undefined ? {} : { tags }),
    ...(state === undefined ? {} : { state }),
  })
  for (const activityId of body.closedWaits) {
    const wait = db.tables.waits.get(id, activityId)
    if (wait) closeWait(db, wait, effects)
  }
  for (const channel of body.unsubscribe) unsubscribe(db, id, channel)
  for (const message of body.messages) sendMessage(db, message, effects)
  for (const row of body.outbox) addOutboxRow(db, row, effects)
}

function recordCompensations(db: Database, instanceId: string, changes: TransitionBody['compensations']): void {
  const table = db.tables.compensations
  if (changes.clear)
    for (const row of table.by('instance', instanceId)) if (row.state === 'registered') table.delete(row)
  let last = Math.max(0, ...table.by('instance', instanceId).map((row) => row.seq))
  for (const registered of changes.push)
    table.put({
      ...registered,
      instanceId,
      seq: ++last,
      state: 'registered',
      attempts: 0,
      lastError: null,
      nextAttemptAt: null,
      executedAt: null,
    })
  for (const { activityId, args } of changes.fill)
    for (const row of table.by('instance', instanceId))
      if (row.activityId === activityId && row.state === 'registered') table.put({ ...row, args })
  for (const change of changes.update) {
    const row = table.get(instanceId, change.seq)
    if (row) table.put({ ...row, ...change })
  }
}

function answerAsk(db: Database, id: string, ask: Ask, now: number, effects: Effects): NewHistoryRow {
  switch (ask.type) {
    case 'subscribe': {
      const { activityId, channel, mode } = ask
      try {
        const { cursor } = subscribe(db, id, channel, mode)
        return eventRow('Subscribed', activityId, { channel, mode, cursor }, now)
      } catch (error) {
        return eventRow('Subscribed', activityId, { channel, mode, cursor: 0, error: toFailure(error) }, now)
      }
    }
    case 'sendTo': {
      const { activityId, targetInstanceId, message } = ask
      const head = chainHead(db, targetInstanceId)
      const isLive = head !== undefined && !isTerminal(head.status)
      const receivers = isLive ? sendMessage(db, { ...message, targetInstanceId }, effects) : []
      const sent = {
        channel: message.channel,
        messageId: message.id,
        targetInstanceId,
        delivered: receivers.length > 0,
      }
      return eventRow('MessagePublished', activityId, sent, now)
    }
    case 'startChild': {
      const { activityId, instance } = ask
      const child = { childId: instance.id, workflowName: instance.workflowName }
      if (db.tables.instances.get(instance.id)) {
        const error = toFailure(new InstanceExistsError(instance.id))
        return eventRow('ChildStarted', activityId, { ...child, error }, now)
      }
      insertInstance(db, instance)
      effects.born(instance.id, instance.workflowName, instance.wakeAt)
      return eventRow('ChildStarted', activityId, child, now)
    }
  }
}

/** Inserts the new waits. One that its channel's mode refuses is the answer, if there is none yet; otherwise it is refused when it is looked at again. */
function openWaits(db: Database, id: string, body: TransitionBody, answers: HistoryRow[]): void {
  for (const wait of body.waits) {
    const isOpen = !wait.isNew && (!looksForAnswers(body) || db.tables.waits.get(id, wait.activityId))
    if (isOpen) continue
    try {
      openWait(db, id, wait)
    } catch (error) {
      const refused = { channel: wait.channel, mode: 'broadcast', cursor: 0, error: toFailure(error) } as const
      if (answers.length === 0)
        answers.push(appendEvent(db, id, eventRow('Subscribed', wait.activityId, refused, body.now)))
    }
  }
}

function looksForAnswers(body: TransitionBody): boolean {
  if (isTerminal(body.status) || body.status === 'suspended') return false
  return body.poll || body.lease === 'release' || body.waits.some((wait) => wait.isNew)
}

/** One at a time: what it makes the code do is recorded right behind it, and may be to withdraw the other waits. */
function answerWaits(db: Database, id: string, body: TransitionBody, effects: Effects): HistoryRow[] {
  if (!looksForAnswers(body)) return []
  for (const wait of body.waits) {
    const event = answerWait(db, id, wait, body.now, effects)
    if (event) return [appendEvent(db, id, event)]
  }
  for (const { activityId, childId } of body.children) {
    const event = answerChild(db, activityId, childId, body.now)
    if (event) return [appendEvent(db, id, event)]
  }
  return []
}

function writeRow(db: Database, id: string, body: TransitionBody, isAnswered: boolean): void {
  const row = currentRow(db, id)
  const cancelSeen = row.cancelSeen || (body.acknowledgesCancel && row.cancelRequestedAt !== null)
  const common: InstanceRecord = {
    ...row,
    pending: body.pending,
    takeovers: 0,
    updatedAt: body.now,
    cancelSeen,
    compensationState: body.compensationState ?? row.compensationState,
    suspendReason: body.suspendReason ?? row.suspendReason,
  }
  // What an answer held up is told again by the transition that follows.
  const told = isAnswered ? common : { ...common, output: body.output ?? row.output, error: body.error ?? row.error }
  if (isAnswered || body.lease === 'keep') {
    const status = isAnswered && body.status !== 'compensating' ? 'running' : body.status
    db.tables.instances.put({ ...told, status })
    return
  }
  const isOver = isTerminal(body.status)
  db.tables.instances.put({
    ...told,
    status: body.status,
    leaseOwner: null,
    leaseUntil: null,
    wakeAt: isOver || body.status === 'suspended' ? null : body.wakeAt,
    completedAt: isOver ? body.now : null,
  })
}
