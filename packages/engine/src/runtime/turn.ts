/** What one turn takes in: ended attempts, due operations. Each becomes an event (or another attempt), is delivered, and its commands follow it. */
import { TimeoutError } from '../model/errors'
import { fromFailure } from '../model/failure'
import type { HistoryEvent } from '../model/history'
import type { PendingOperation } from '../model/pending'
import type { Session } from '../storage/storage'
import type { Verdict } from '../storage/units'
import type { Effects } from './activity-context'
import type { AttemptConsequence, EndedAttempt } from './attempts'
import { row } from './commands'
import { TransitionDraft } from './draft'
import { type Instance, WITHDRAWN } from './instance'

/** @returns a promise only where workflow code has something to say to it: this is the path of every step */
export function absorbAttempt(
  instance: Instance,
  ended: EndedAttempt,
  draft: TransitionDraft,
): Promise<void> | undefined {
  const consequence = consequenceOf(instance, ended, draft)
  return consequence && record(instance, ended, consequence, draft)
}

/**
 * An activity that used `ctx.session` commits its own transaction, in its instance's turn and with the same guard (one transition more).
 * @returns the verdict when the instance is not ours any more
 */
export async function absorbSession(
  instance: Instance,
  ended: EndedAttempt,
  session: Session,
  draft: TransitionDraft,
): Promise<'lost' | 'ok'> {
  const consequence = consequenceOf(instance, ended, draft)
  if (consequence?.kind !== 'event' || consequence.event.type !== 'ActivityCompleted') {
    await session.rollback()
    if (consequence) await record(instance, ended, consequence, draft)
    return 'ok'
  }
  const own = new TransitionDraft()
  const operation = instance.operations.delete(ended.id)
  addCompletion(instance, ended, consequence, own)
  let verdict: Verdict
  try {
    verdict = await session.commit(
      instance.transition(own, { now: instance.now(), status: 'running', lease: 'keep', wakeAt: null }),
    )
  } catch (error) {
    // The user's own statements broke the commit: a failed attempt, tried again by its policy.
    if (operation) instance.operations.set(operation)
    await absorbAttempt(instance, { ...ended, result: { ok: false, error } }, draft)
    return 'ok'
  }
  if (verdict.kind !== 'accepted' && verdict.kind !== 'cancel') return 'lost'
  instance.committed(own, verdict.nextSeq)
  instance.services.wake(verdict.wakes)
  draft.touched = true
  await instance.deliver(consequence.event, draft)
  return 'ok'
}

/** Fires everything whose time has come, in the order of due times. */
export async function absorbDue(instance: Instance, draft: TransitionDraft): Promise<void> {
  const now = instance.now()
  const { deadlineAt, definition } = instance.facts
  if (deadlineAt !== null && deadlineAt <= now) {
    draft.refusal = new TimeoutError(`Workflow '${definition.workflow.workflowName}' did not end by its deadline`)
    return
  }
  for (const operation of [...instance.operations.values()]
    .filter((one) => dueAt(one) <= now)
    .sort((a, b) => dueAt(a) - dueAt(b))) {
    await fire(instance, operation, draft)
  }
}

/** Records a result of an instance whose outcome is decided: no code runs, but what was done can be undone. */
export function recordOnly(instance: Instance, ended: EndedAttempt, draft: TransitionDraft): void {
  const consequence = consequenceOf(instance, ended, draft)
  if (consequence?.kind !== 'event') return
  instance.operations.delete(ended.id)
  draft.unheard++
  if (consequence.event.type === 'ActivityCompleted') addCompletion(instance, ended, consequence, draft)
  else draft.record(consequence.row)
}

async function fire(instance: Instance, operation: PendingOperation, draft: TransitionDraft): Promise<void> {
  // A race may have been decided by an event of this very turn.
  if (!instance.operations.has(operation.id)) return
  switch (operation.kind) {
    case 'activity':
      draft.start(operation.id)
      return
    case 'timer':
      return fireEvent(instance, operation.id, 'TimerExpired', { timerId: operation.id, dueAt: operation.dueAt }, draft)
    case 'message':
    case 'event': {
      const { timeoutAt = 0, timeoutSeconds = 0 } = operation
      const about =
        operation.kind === 'event'
          ? { channel: operation.eventType, eventType: operation.eventType }
          : { channel: operation.channel }
      draft.add('closedWaits', operation.id)
      return fireEvent(instance, operation.id, 'MessageTimeout', { ...about, timeoutAt, timeoutSeconds }, draft)
    }
    case 'child':
  }
}

async function fireEvent(
  instance: Instance,
  id: string,
  type: 'TimerExpired' | 'MessageTimeout',
  data: object,
  draft: TransitionDraft,
): Promise<void> {
  const now = instance.now()
  const event = { seq: instance.seqIn(draft), activityId: id, type, data, createdAt: now } as HistoryEvent
  instance.operations.delete(id)
  draft.record(row(id, type, JSON.stringify(data), now))
  await instance.deliver(event, draft)
}

function consequenceOf(
  instance: Instance,
  ended: EndedAttempt,
  draft: TransitionDraft,
): AttemptConsequence | undefined {
  const command = instance.execution?.calls.get(ended.id)?.command
  const operation = instance.operations.activity(ended.id)
  if (command?.type === 'RunActivity' && operation)
    return instance.attempts.consequence(ended, command, operation, instance.seqIn(draft))
  instance.attempts.drop(ended.id, WITHDRAWN)
  // Withdrawn meanwhile: what it did in its transaction is undone with it.
  if (ended.result.ok) void ended.result.session?.rollback().catch(() => {})
  return undefined
}

function record(
  instance: Instance,
  ended: EndedAttempt,
  consequence: AttemptConsequence,
  draft: TransitionDraft,
): Promise<void> | undefined {
  const { hook } = instance.services
  if (consequence.kind === 'retry') {
    const { operation, delayMs, error } = consequence
    instance.operations.set(operation)
    draft.touched = true
    hook(
      'onActivityRetry',
      instance.id,
      operation.id,
      operation.name,
      asError(error),
      operation.attempt - 1,
      delayMs / 1_000,
    )
    return undefined
  }
  const { event } = consequence
  instance.operations.delete(ended.id)
  if (event.type === 'ActivityCompleted') addCompletion(instance, ended, consequence, draft)
  else draft.record(consequence.row)
  if (event.type === 'ActivityFailed')
    hook('onActivityFailed', instance.id, ended.id, event.data.activityName, fromFailure(event.data.error))
  return instance.deliver(event, draft)
}

/** Everything that commits with a completed activity: its event, its compensation, what it published and sent. */
function addCompletion(
  instance: Instance,
  ended: EndedAttempt,
  consequence: Extract<AttemptConsequence, { kind: 'event' }>,
  draft: TransitionDraft,
): void {
  const { event, compensation } = consequence
  draft.record(consequence.row)
  if (compensation) {
    if (compensation.isRegistered) draft.add('fill', { activityId: ended.id, args: compensation.args })
    else draft.add('push', { name: compensation.name, args: compensation.args, activityId: ended.id })
  }
  if (event.type === 'ActivityCompleted') {
    instance.services.hook(
      'onActivityComplete',
      instance.id,
      ended.id,
      event.data.activityName,
      event.data.result,
      false,
    )
  }
  if (ended.result.ok && ended.result.effects) addEffects(instance, ended.result.effects, draft)
}

export function addEffects(instance: Instance, effects: Effects, draft: TransitionDraft): void {
  draft.add('messages', ...effects.messages)
  draft.add('outbox', ...effects.outbox)
  draft.add('afterCommit', () => {
    for (const sent of effects.sent) instance.services.hook('onEventSent', sent.type, sent.source, sent.data)
    void runPostCommit(instance, effects.postCommit)
  })
}

/** In order of registration; a failing one is logged and the rest still run. */
async function runPostCommit(instance: Instance, callbacks: readonly (() => unknown)[]): Promise<void> {
  for (const callback of callbacks) {
    try {
      await callback()
    } catch (error) {
      instance.services.log.error({ err: error, instanceId: instance.id }, 'a post-commit callback failed')
    }
  }
}

function dueAt(operation: PendingOperation): number {
  switch (operation.kind) {
    case 'activity':
      return operation.nextAttemptAt ?? Number.POSITIVE_INFINITY
    case 'timer':
      return operation.dueAt
    case 'message':
    case 'event':
      return operation.timeoutAt ?? Number.POSITIVE_INFINITY
    case 'child':
      return Number.POSITIVE_INFINITY
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/**
 * Effects begin only now that the transition which released them is durable; a stopping process begins none.
 * @returns false when this process stood still for so long that another one may be the owner: what was released is begun there
 */
export function startAttempts(instance: Instance, draft: TransitionDraft): boolean {
  if (instance.services.isStopping() || draft.toStart.length === 0) return true
  if (!instance.isTrusted) return false
  for (const id of draft.toStart) {
    const command = instance.execution?.calls.get(id)?.command
    const operation = instance.operations.activity(id)
    if (command?.type !== 'RunActivity' || !operation) continue
    const { nextAttemptAt: _due, ...running } = operation
    if (operation.nextAttemptAt !== undefined) instance.operations.set(running)
    instance.attempts.start(command, running, instance.epoch)
  }
  return true
}
