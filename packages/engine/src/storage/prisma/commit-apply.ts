/**
 * One unit, decided in memory on held rows. Order within a unit: what rides with its events (waits closed, messages) · asks · new waits · answers to
 * waits and children · its end · hits handed on. So what a turn sends precedes what it subscribes to in the same turn.
 */
import { ChannelModeConflictError, InstanceExistsError } from '../../model/errors'
import { toFailure } from '../../model/failure'
import type { HistoryData } from '../../model/history'
import type { InstanceStatus } from '../../model/instance'
import type { JsonValue } from '../../model/json'
import type { MessageRow, NewHistoryRow, NewInstance, OutgoingMessage } from '../rows'
import type { Ask, Wait } from '../units'
import type { StoredMessages } from './channels-messages'
import { type ChannelsState, HELD } from './channels-state'
import { type Actor, addressed, ends, eventRow, looksForAnswers, plainName, renamed, written } from './commit-actor'
import { type Held, isLive } from './commit-locks'
import type { Effects } from './commit-wakes'
import type { Birth } from './statements'

/** How an instance ended. */
export interface Outcome {
  readonly status: InstanceStatus
  readonly output: string | null
  readonly error: string | null
  /** Of a cancelled one. */
  readonly cancel: { readonly by: string | null; readonly reason: string | null } | null
}

/** What the units of a flush decide on and leave behind. */
export interface Stage extends Held {
  readonly channels: ChannelsState
  readonly stored: StoredMessages
  /** Heads of chains that have ended, by id. */
  readonly outcomes: Map<string, Outcome>
  /** Children that this flush could insert; each is given to the first who asked. */
  readonly children: Set<string>
  readonly successors: Birth[]
  /** Instances that ended without a successor. */
  readonly ended: { readonly id: string; readonly now: number; readonly effects: Effects }[]
  readonly handedOver: { readonly from: string; readonly to: string }[]
  /** Messages on shared channels that are for a successor now. */
  readonly retargeted: {
    readonly channel: string
    readonly after: number
    readonly from: string
    readonly to: string
  }[]
}

export async function applyTransition(stage: Stage, actor: Actor): Promise<void> {
  const { channels } = stage
  const { unit } = actor
  const id = unit.instanceId
  for (const activityId of unit.closedWaits) {
    const wait = channels.wait(id, activityId)
    if (wait) channels.closeWait(wait)
  }
  for (const channel of unit.unsubscribe) channels.unsubscribe(id, channel)
  for (const message of unit.messages) send(stage, message, actor.effects)
  if (actor.fate === 'applied') {
    for (const ask of unit.asks) actor.answers.push(answerAsk(stage, actor, ask))
    const looks = looksForAnswers(unit)
    for (const wait of unit.waits)
      if (wait.isNew || (looks && !channels.wait(id, wait.activityId))) openWait(stage, actor, wait)
    if (actor.answers.length === 0 && looks) await answerWait(stage, actor)
    if (ends(actor)) await end(stage, actor)
    else if (written(actor).status === 'suspended') channels.forgetHits(id)
  }
  for (const told of await channels.settle(stage.stored)) actor.effects.wake.add(told)
}

/** @returns ids of the instances that were waiting for it */
export function send(stage: Stage, message: OutgoingMessage, effects: Effects): readonly string[] {
  const outgoing = addressed(message, stage.heads)
  const receivers = stage.channels.send(outgoing)
  for (const id of receivers) effects.wake.add(id)
  const target = outgoing.targetInstanceId
  if (target !== null && isLive(stage.facts.get(target))) stage.channels.hold(target, outgoing.channel)
  return receivers
}

function answerAsk(stage: Stage, actor: Actor, ask: Ask): NewHistoryRow {
  const { now, instanceId } = actor.unit
  switch (ask.type) {
    case 'subscribe': {
      const { activityId, channel, mode } = ask
      try {
        const { cursor } = stage.channels.subscribe(instanceId, channel, mode)
        return eventRow('Subscribed', activityId, { channel, mode, cursor }, now)
      } catch (error) {
        if (!(error instanceof ChannelModeConflictError)) throw error
        return eventRow('Subscribed', activityId, { channel, mode, cursor: 0, error: toFailure(error) }, now)
      }
    }
    case 'sendTo': {
      const { activityId, targetInstanceId, message } = ask
      const head = stage.heads.get(targetInstanceId)
      const isEnded = head === undefined || stage.outcomes.has(head) || !isLive(stage.facts.get(head))
      const receivers = isEnded ? [] : send(stage, { ...message, targetInstanceId }, actor.effects)
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
      if (stage.children.delete(instance.id)) {
        actor.effects.bear(instance.id, instance.workflowName, instance.wakeAt, now)
        return eventRow('ChildStarted', activityId, child, now)
      }
      const error = toFailure(new InstanceExistsError(instance.id))
      return eventRow('ChildStarted', activityId, { ...child, error }, now)
    }
  }
}

/** One that its channel's mode refuses is the answer, if there is none yet; otherwise it is refused when it is looked at again. */
function openWait(stage: Stage, { unit, answers }: Actor, wait: Wait): void {
  try {
    stage.channels.openWait(unit.instanceId, wait)
  } catch (error) {
    if (!(error instanceof ChannelModeConflictError)) throw error
    const refused = { channel: wait.channel, mode: 'broadcast', cursor: 0, error: toFailure(error) } as const
    if (answers.length === 0) answers.push(eventRow('Subscribed', wait.activityId, refused, unit.now))
  }
}

/** One at a time: what it makes the code do is recorded right behind it, and may be to withdraw the other waits. */
async function answerWait(stage: Stage, { unit, answers }: Actor): Promise<void> {
  for (const wait of unit.waits) {
    const message = await stage.channels.take(unit.instanceId, wait, stage.stored)
    if (!message) continue
    answers.push(received(wait, message, unit.now))
    return
  }
  for (const { activityId, childId } of unit.children) {
    const outcome = stage.outcomes.get(stage.heads.get(childId) ?? '')
    if (!outcome) continue
    const data: HistoryData['ChildCompleted'] = {
      childId,
      status: outcome.status,
      ...(outcome.output === null ? {} : { result: JSON.parse(outcome.output) as JsonValue }),
      ...(outcome.error === null ? {} : { error: JSON.parse(outcome.error) as HistoryData['WorkflowFailed']['error'] }),
      ...(outcome.cancel ? { cancel: outcome.cancel } : {}),
    }
    answers.push(eventRow('ChildCompleted', activityId, data, unit.now))
    return
  }
}

/** A CloudEvent keeps its attributes in its message's metadata; a plain message reads as an event of its channel's name. */
export function received(wait: Pick<Wait, 'kind' | 'activityId'>, message: MessageRow, now: number): NewHistoryRow {
  const { id, channel, publishedAt, binary } = message
  const metadata = JSON.parse(message.metadata) as HistoryData['ChannelMessageReceived']['metadata']
  const payload = message.data === null ? {} : { data: JSON.parse(message.data) as JsonValue }
  if (wait.kind === 'message') {
    const data = { id, channel, ...payload, metadata, publishedAt }
    return eventRow('ChannelMessageReceived', wait.activityId, data, now, binary)
  }
  const attributes = metadata.cloudEvent as Omit<HistoryData['EventReceived'], 'data'>
  const source = typeof metadata.source === 'string' ? metadata.source : 'unknown'
  const plain = { type: channel, source, id, extensions: {} }
  return eventRow(
    'EventReceived',
    wait.activityId,
    { ...(message.isEvent ? attributes : plain), ...payload },
    now,
    binary,
  )
}

/** What it held is set free, whom it concerns is told. */
async function end(stage: Stage, actor: Actor): Promise<void> {
  const { unit, facts, effects } = actor
  const { channels } = stage
  for (const wait of channels.waitsOf(facts.id)) channels.closeWait(wait)
  if (unit.recur) return await passOn(stage, actor, unit.recur)
  for (const subscription of channels.subscriptionsOf(facts.id)) channels.removeSubscription(subscription)
  const { status, output, error } = unit
  stage.outcomes.set(facts.id, { status, output, error, cancel: status === 'cancelled' ? facts.cancel : null })
  stage.ended.push({ id: facts.id, now: unit.now, effects })
  if (facts.parentId !== null) effects.wake.add(facts.parentId)
}

/** A recur is an end with a successor: subscriptions, positions, pending messages addressed to it, parent and children pass to the successor. */
async function passOn(stage: Stage, { unit, facts, effects }: Actor, recur: NewInstance): Promise<void> {
  const { channels, stored } = stage
  const instance: NewInstance = {
    ...recur,
    chainId: facts.chainId,
    continuedFrom: facts.id,
    parentId: recur.parentId ?? facts.parentId,
    parentClosePolicy: recur.parentClosePolicy ?? facts.parentClosePolicy,
    tags: recur.tags ?? unit.tags ?? facts.tags,
    wakeAt: unit.now,
  }
  const events: NewHistoryRow[] = []
  const subscriptions = channels.subscriptionsOf(facts.id)
  for (const subscription of subscriptions) {
    const { mode, matchKey } = subscription
    const isDirect = mode === 'direct'
    const plain = isDirect ? plainName(subscription.channel, facts.id) : subscription.channel
    const channel = isDirect ? renamed(subscription.channel, facts.id, instance.id) : subscription.channel
    const cursor = isDirect ? 0 : subscription.cursor
    const moved = { ...subscription, instanceId: instance.id, channel, cursor }
    if (matchKey === HELD) channels.hold(instance.id, channel)
    else channels.addSubscription(moved)
    channels.removeSubscription(subscription)
    if (matchKey !== '') continue
    const data = { channel, mode, cursor, inherited: true }
    events.push(eventRow('Subscribed', `inherited_${plain}`, data, unit.now))
  }
  const known = new Set(subscriptions.flatMap(({ channel, matchKey }) => (matchKey === '' ? [channel] : [])))
  for (const { channel, matchKey, cursor } of subscriptions) {
    // where it is subscribed its position says what is unread
    if (matchKey !== '' && (matchKey !== HELD || known.has(channel))) continue
    if (renamed(channel, facts.id, instance.id) !== channel) {
      const readdressed = (message: MessageRow) => toSuccessor(message, facts.id, instance.id)
      await channels.forward(channel, cursor, readdressed, stored)
    } else stage.retargeted.push({ channel, after: cursor, from: facts.id, to: instance.id })
  }
  stage.successors.push({ instance, body: null, events })
  stage.handedOver.push({ from: facts.id, to: instance.id })
  effects.bear(instance.id, instance.workflowName, unit.now, unit.now)
}

function toSuccessor({ seq: _, ...message }: MessageRow, oldId: string, newId: string): OutgoingMessage {
  const targetInstanceId = message.targetInstanceId === null ? null : newId
  return { ...message, channel: renamed(message.channel, oldId, newId), targetInstanceId }
}
