/**
 * What a flush holds before it decides: the rows of instances, by id, then those of channels, by name (S6), and what is read behind their locks.
 *
 * 1. Most flushes know beforehand whom and what they concern: then all of it is one round trip. Where the one has to be known to ask for the other
 *    (receivers that may have recurred, children, ends, channels that are left), it is asked for in that order.
 * 2. Channels are created only for units whose guard held (S1): a flush that meets an unknown one goes the long way.
 */
import type { OutgoingMessage } from '../rows'
import type { TransitionUnit } from '../units'
import { together } from './along'
import { type ChannelsWanted, channelsOf, loadChannels, loadExistingChannels } from './channels-load'
import type { ChannelsState } from './channels-state'
import { type Actor, addressed, judge, looksForAnswers, mayEnd, renamed } from './commit-actor'
import type { Context, Indexed } from './commit-context'
import { type Held, holdInstances, lockInstances, type Wanted } from './commit-locks'
import type { Arrival } from './commit-publish'

export interface Gathered {
  readonly held: Held
  readonly actors: Actor[]
  /** Positions of units that another owner has overtaken. */
  readonly lost: readonly number[]
  /** Undefined where the channels are still to be opened: {@link openChannels}. */
  readonly channels: ChannelsState | undefined
}

export async function gather(
  context: Context,
  transitions: readonly Indexed<TransitionUnit>[],
  arrivals: readonly Arrival[],
): Promise<Gathered> {
  const { sql, dialect, known } = context
  const wanted = instancesWanted(transitions, arrivals)
  if (wanted.heads.size === 0 && wanted.parents.size === 0 && transitions.every(({ unit }) => isForeseen(unit))) {
    const units = transitions.map(({ unit }) => ({ unit, fate: 'applied' as const }))
    const [facts, channels] = await together(
      lockInstances(sql, dialect, wanted.own),
      loadExistingChannels(sql, dialect, channelsWanted(units, arrivals, NO_HEADS), known),
    )
    if (channels) return { held: { facts, heads: NO_HEADS }, ...judged(transitions, facts), channels }
  }
  const held = await holdInstances(sql, dialect, wanted)
  return { held, ...judged(transitions, held.facts), channels: undefined }
}

const NO_HEADS: Held['heads'] = new Map()

/** Which channels it concerns can be told from the unit alone, and nothing is born on the way. */
function isForeseen({ asks, closedWaits, unsubscribe, recur, status }: TransitionUnit): boolean {
  const leaves = closedWaits.length > 0 || unsubscribe.length > 0 || status === 'suspended' || recur !== null
  return !leaves && asks.every((ask) => ask.type !== 'startChild')
}

function judged(
  transitions: readonly Indexed<TransitionUnit>[],
  facts: Held['facts'],
): Pick<Gathered, 'actors' | 'lost'> {
  const actors: Actor[] = []
  const lost: number[] = []
  for (const { index, unit } of transitions) {
    const actor = judge(index, unit, facts.get(unit.instanceId))
    if (actor) actors.push(actor)
    else lost.push(index)
  }
  return { actors, lost }
}

function instancesWanted(transitions: readonly Indexed<TransitionUnit>[], arrivals: readonly Arrival[]): Wanted {
  const heads = new Set<string>()
  const parents = new Set<string>()
  const address = (messages: readonly OutgoingMessage[]) => {
    for (const { targetInstanceId } of messages) if (targetInstanceId !== null) heads.add(targetInstanceId)
  }
  for (const { unit } of transitions) {
    address(unit.messages)
    for (const ask of unit.asks) if (ask.type === 'sendTo') heads.add(ask.targetInstanceId)
    if (looksForAnswers(unit)) for (const { childId } of unit.children) heads.add(childId)
    if (mayEnd(unit)) parents.add(unit.instanceId)
  }
  for (const { deliveries } of arrivals)
    for (const { delivery, duplicate } of deliveries) if (!duplicate) address(delivery.messages)
  return { own: new Set(transitions.map(({ unit }) => unit.instanceId)), heads, parents }
}

export async function openChannels(
  { sql, dialect, known }: Context,
  actors: readonly Actor[],
  arrivals: readonly Arrival[],
  held: Held,
): Promise<ChannelsState> {
  const wanted = channelsWanted(actors, arrivals, held.heads)
  const names = new Set(wanted.names)
  for (const name of await channelsOf(sql, dialect, wanted.leaving)) names.add(name)
  for (const { unit } of actors)
    if (unit.recur) for (const name of [...names]) names.add(renamed(name, unit.instanceId, unit.recur.id))
  return await loadChannels(sql, dialect, { ...wanted, names }, known)
}

/** As far as the units alone tell it. */
function channelsWanted(
  units: readonly Pick<Actor, 'unit' | 'fate'>[],
  arrivals: readonly Arrival[],
  heads: Held['heads'],
): ChannelsWanted {
  const names = new Set<string>()
  const instances = new Set<string>()
  const leaving = new Set<string>()
  const messages: OutgoingMessage[] = []
  const post = (message: OutgoingMessage) => {
    const outgoing = addressed(message, heads)
    messages.push(outgoing)
    names.add(outgoing.channel)
    if (outgoing.targetInstanceId !== null) instances.add(outgoing.targetInstanceId)
  }
  for (const { deliveries } of arrivals)
    for (const { delivery, duplicate } of deliveries) if (!duplicate) delivery.messages.forEach(post)
  for (const { unit, fate } of units) {
    unit.messages.forEach(post)
    for (const name of unit.unsubscribe) names.add(name)
    const leaves = unit.closedWaits.length > 0 || unit.unsubscribe.length > 0 || unit.status === 'suspended'
    if (leaves || mayEnd(unit)) leaving.add(unit.instanceId)
    if (fate === 'cancelled') continue
    for (const ask of unit.asks) {
      if (ask.type === 'subscribe') names.add(ask.channel)
      if (ask.type === 'sendTo') post({ ...ask.message, targetInstanceId: ask.targetInstanceId })
      if (ask.type !== 'startChild') instances.add(unit.instanceId)
    }
    if (looksForAnswers(unit) || unit.waits.some((wait) => wait.isNew))
      for (const wait of unit.waits) {
        names.add(wait.channel)
        instances.add(unit.instanceId)
      }
  }
  for (const id of leaving) instances.add(id)
  return { names, instances, messages, leaving }
}
