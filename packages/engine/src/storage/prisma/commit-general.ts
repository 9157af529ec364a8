/**
 * The part of a flush that looks at more than one row: asks, waits, messages, children, ends that concern others, recorded cancel requests.
 *
 * 1. Instances are held first, by id; then channels, by name; then everything is decided in memory, unit by unit in their order; then written (S6).
 *    What is written is sent in one go, COMMIT behind it: nothing waits for an answer that it does not need.
 * 2. What is decided here is written by the same statements as on the hot lane (commit-lane.ts).
 */
import { InstanceExistsError } from '../../model/errors'
import type { InstanceStatus } from '../../model/instance'
import type { PublishUnit, TransitionUnit, Verdict } from '../units'
import { StoredMessages } from './channels-messages'
import type { ChannelsState } from './channels-state'
import { storeChannels } from './channels-store'
import { type Actor, looksForAnswers, verdictOf, written } from './commit-actor'
import { applyTransition, type Outcome, type Stage } from './commit-apply'
import { writeCancelled } from './commit-cancelled'
import { claimTold, writeClaims } from './commit-claims'
import type { Context, Indexed } from './commit-context'
import { type Gathered, gather, openChannels } from './commit-gather'
import { type Held, listOf } from './commit-locks'
import { type Arrival, applyPublish, publishedVerdict, receive, settleArrivals } from './commit-publish'
import { writeRiders } from './commit-riders'
import { cancelChildren, wakeAll } from './commit-wakes'
import type { Birth } from './statements'
import { ENDED } from './statements'
import { text, textOrNull } from './values'

export interface GeneralWork {
  readonly transitions: readonly Indexed<TransitionUnit>[]
  readonly publishes: readonly Indexed<PublishUnit>[]
}

/** Tells each unit's verdict by its position. Those that depend on who was woken are known when the last statement is answered. */
export async function commitGeneral(
  context: Context,
  work: GeneralWork,
  tell: (index: number, verdict: Verdict) => void,
): Promise<void> {
  const { now } = context
  const arrivals = await receive(context, work.publishes)
  const gathered = await gather(context, work.transitions, arrivals)
  const { actors } = gathered
  for (const index of gathered.lost) tell(index, { kind: 'lost' })
  const stage = await prepare(context, gathered, arrivals)
  for (const one of [...actors, ...arrivals].sort((a, b) => a.index - b.index))
    await ('answers' in one ? applyTransition(stage, one) : applyPublish(stage, one))

  const everybody = [...actors, ...arrivals]
  const claims = new Map(await claimTold(context, stage, everybody))
  await write(context, stage, actors)
  context.along(writeClaims(context, claims))
  await settleArrivals(context, arrivals)
  const told = new Set(everybody.flatMap((one) => [...one.effects.wake].filter((id) => !claims.has(id))))
  const waking = wakeAll(context.sql, context.dialect, told, now).then((woken) => {
    for (const actor of actors) tell(actor.index, verdictOf(actor, woken, claims))
    for (const arrival of arrivals) tell(arrival.index, publishedVerdict(arrival, woken, claims))
  })
  context.along(waking)
}

async function prepare(
  context: Context,
  { actors, held, channels: opened }: Gathered,
  arrivals: readonly Arrival[],
): Promise<Stage> {
  const { sql, lane } = context
  const asked = actors
    .filter(({ fate }) => fate === 'applied')
    .flatMap(({ unit }) => unit.asks.flatMap((ask) => (ask.type === 'startChild' ? [ask.instance] : [])))
  const births = new Map(asked.map((instance) => [instance.id, { instance, body: null, events: [] } as Birth]))
  const children = new Set(births.size === 0 ? [] : await lane.bear(sql, [...births.values()]))
  const outcomes = await outcomesOf(context, actors, held)
  const channels = opened ?? (await openChannels(context, actors, arrivals, held))
  const stored = new StoredMessages(sql)
  await prefetch(context, channels, stored, actors)
  const lists = { successors: [], ended: [], handedOver: [], retargeted: [] }
  return { ...held, channels, stored, outcomes, children, ...lists }
}

/** Chains that ended before: results that awaiting parents take, receivers that take no more. */
async function outcomesOf(
  { sql, dialect }: Context,
  actors: readonly Actor[],
  held: Held,
): Promise<Map<string, Outcome>> {
  const ids = new Set<string>()
  for (const { unit } of actors)
    if (looksForAnswers(unit))
      for (const { childId } of unit.children) {
        const head = held.heads.get(childId)
        if (head !== undefined) ids.add(head)
      }
  if (ids.size === 0) return new Map()
  const rows = await sql.all(
    `SELECT i.id, i.status, i.output, i.error, i.cancel_requested_by, i.cancel_reason FROM ${dialect.rows('?', { id: 'text' }, 'x')} JOIN workflow_instances i ON i.id = x.id WHERE i.status IN ${ENDED}`,
    [listOf(ids)],
  )
  return new Map(
    rows.map((row) => {
      const status = text(row.status) as InstanceStatus
      const by = textOrNull(row.cancel_requested_by)
      const reason = textOrNull(row.cancel_reason)
      const cancel = status === 'cancelled' ? { by, reason } : null
      return [text(row.id), { status, output: textOrNull(row.output), error: textOrNull(row.error), cancel }]
    }),
  )
}

async function prefetch(
  { dialect }: Context,
  channels: ChannelsState,
  stored: StoredMessages,
  actors: readonly Actor[],
): Promise<void> {
  const starts = new Map<string, { after: number; upTo: number }>()
  for (const { unit, fate } of actors) {
    if (fate === 'cancelled' || !looksForAnswers(unit)) continue
    for (const wait of unit.waits) {
      const from = channels.lookFrom(unit.instanceId, wait)
      const known = starts.get(wait.channel)
      if (from && (!known || from.after < known.after)) starts.set(wait.channel, from)
    }
  }
  await stored.prefetch(dialect, starts)
}

async function write(context: Context, stage: Stage, actors: readonly Actor[]): Promise<void> {
  const { sql, dialect, lane, along } = context
  const { facts, successors, ended, handedOver, retargeted } = stage
  const applied = actors.filter((actor) => actor.fate === 'applied')
  along(lane.write(sql, applied.map(written)))
  await writeCancelled(
    context,
    actors.filter((actor) => actor.fate === 'cancelled'),
  )
  const born = await lane.bear(sql, successors)
  for (const { instance } of successors) if (!born.has(instance.id)) throw new InstanceExistsError(instance.id)
  for (const { from, to } of handedOver)
    await sql.run('UPDATE workflow_instances SET parent_id = ? WHERE parent_id = ?', [to, from])
  along(storeChannels(sql, dialect, stage.channels.changes()))
  for (const { channel, after, from, to } of retargeted)
    await sql.run(
      'UPDATE channel_messages SET target_instance_id = ? WHERE channel = ? AND seq > ? AND target_instance_id = ?',
      [to, channel, after, from],
    )
  await writeRiders(
    sql,
    dialect,
    actors.map(({ unit }) => ({ instanceId: unit.instanceId, body: unit })),
  )
  for (const { unit, effects } of actors) if (unit.outbox.length > 0) effects.outbox = true
  const cancelled = await cancelChildren(sql, dialect, ended, facts)
  for (const { id, effects } of ended)
    for (const [child, parent] of cancelled) if (parent === id) effects.wake.add(child)
}
