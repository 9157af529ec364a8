/**
 * One flush in one transaction. What needs no second look goes down the hot lane; the rest, and what the lane would not take, goes the general way.
 *
 * A flush may hold several units of one instance: then it is done in rounds, so that each unit sees what the one before it did.
 */
import { isTerminal } from '../../model/instance'
import type { PublishUnit, StartUnit, TransitionUnit, Unit, Verdict, Wakes } from '../units'
import { insertAudit } from './audit'
import { hasRiders, isPlain, isUnaided } from './commit-actor'
import type { Context, Indexed } from './commit-context'
import { commitGeneral } from './commit-general'
import { listOf } from './commit-locks'
import { writeRiders } from './commit-riders'
import { instanceColumns, toInstanceRow } from './rows'
import type { Birth } from './statements'

const NO_WAKES: Wakes = { ready: [], leased: [], outbox: false }
const OUTBOX_WAKES: Wakes = { ready: [], leased: [], outbox: true }

interface Sorted {
  readonly births: { readonly index: number; readonly unit: StartUnit; readonly birth: Birth }[]
  /** Starts whose first transition looks at more than its own row: born first, then taken as transitions. */
  readonly complex: Indexed<StartUnit>[]
  readonly unaided: Indexed<TransitionUnit>[]
  readonly transitions: Indexed<TransitionUnit>[]
  readonly publishes: Indexed<PublishUnit>[]
}

/** Verdicts are complete when what was sent along has been answered. */
export async function flush(context: Context, units: readonly Unit[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = new Array(units.length)
  for (const round of roundsOf(units)) await commitRound(context, round, verdicts)
  return verdicts
}

/** Whether all of it is starts and events, so that the hot lane's one statement is the whole transaction. */
export function isHot(units: readonly Unit[]): boolean {
  return (
    units.every((unit) =>
      unit.kind === 'transition'
        ? isPlain(unit)
        : unit.kind === 'start' && !unit.audit && (!unit.first || (isPlain(unit.first) && isSolitary(unit))),
    ) && roundsOf(units).length === 1
  )
}

/** {@link flush} for what {@link isHot}: verdicts of what could be applied at once, `undefined` where a second look is needed. */
export async function flushAtOnce(
  { sql, atOnce, now }: Pick<Context, 'sql' | 'now'> & { readonly atOnce: NonNullable<Context['lane']['atOnce']> },
  units: readonly Unit[],
): Promise<(Verdict | undefined)[]> {
  const { births, unaided } = sort(units.map((unit, index) => ({ unit, index })))
  const { born, advanced } = await atOnce(
    sql,
    births.map(({ birth }) => birth),
    unaided.map(({ unit }) => unit),
  )
  const verdicts: (Verdict | undefined)[] = new Array(units.length)
  for (const { index, birth } of births) if (born.has(birth.instance.id)) verdicts[index] = bornVerdict(birth, now)
  for (const { index, unit } of unaided) if (advanced.has(unit.instanceId)) verdicts[index] = advancedVerdict(unit)
  return verdicts
}

async function commitRound(context: Context, round: readonly Indexed<Unit>[], verdicts: Verdict[]): Promise<void> {
  const sorted = sort(round)
  const { births, complex, unaided, transitions, publishes } = sorted
  await commitBirths(context, sorted, verdicts)
  const rest = context.isSecondLook ? [...transitions, ...unaided] : [...transitions]
  if (unaided.length > 0 && !context.isSecondLook) {
    const plain = unaided.map(({ unit }) => unit)
    const applied = await context.lane.advance(context.sql, plain)
    for (const { index, unit } of unaided) {
      if (applied.has(unit.instanceId)) verdicts[index] = advancedVerdict(unit)
      else rest.push({ index, unit })
    }
    const riders = plain.filter((unit) => applied.has(unit.instanceId) && hasRiders(unit))
    await writeRiders(
      context.sql,
      context.dialect,
      riders.map((unit) => ({ instanceId: unit.instanceId, body: unit })),
    )
  }
  for (const { index, unit } of complex) {
    const { instance, first } = unit
    if (first && verdicts[index] === undefined)
      rest.push({
        index,
        unit: { ...first, kind: 'transition', instanceId: instance.id, epoch: 1, nextSeq: 1 },
      })
  }
  if (rest.length > 0 || publishes.length > 0)
    await commitGeneral(context, { transitions: rest, publishes }, (index, verdict) => {
      verdicts[index] = verdict
    })
  // of the complex ones that were born the verdict may still be on its way
  for (const { index, unit } of [...births, ...complex])
    if (unit.audit && (verdicts[index]?.kind ?? 'accepted') === 'accepted')
      await insertAudit(context.sql, unit.audit, unit.instance.startedAt)
}

async function commitBirths(context: Context, { births, complex }: Sorted, verdicts: Verdict[]): Promise<void> {
  if (births.length + complex.length === 0) return
  const { sql, dialect, lane, now } = context
  const reserved = complex.map(({ unit }) => reserve(unit))
  const born = await lane.bear(sql, [...births.map(({ birth }) => birth), ...reserved])
  const taken: Indexed<StartUnit>[] = []
  for (const { index, unit, birth } of births) {
    if (born.has(birth.instance.id)) verdicts[index] = bornVerdict(birth, now)
    else taken.push({ index, unit })
  }
  for (const one of complex) if (!born.has(one.unit.instance.id)) taken.push(one)
  const riders = births.flatMap(({ birth: { instance, body } }) =>
    body && born.has(instance.id) && hasRiders(body) ? [{ instanceId: instance.id, body }] : [],
  )
  await writeRiders(sql, dialect, riders)
  if (taken.length === 0) return
  const rows = await sql.all(
    `SELECT ${instanceColumns('i')} FROM ${dialect.rows('?', { id: 'text' }, 'x')} JOIN workflow_instances i ON i.id = x.id`,
    [listOf(taken.map(({ unit }) => unit.instance.id))],
  )
  const existing = new Map(rows.map(toInstanceRow).map((row) => [row.id, row]))
  for (const { index, unit } of taken) {
    const instance = existing.get(unit.instance.id)
    if (!instance) throw new Error(`Instance ${unit.instance.id} was taken and is gone`)
    verdicts[index] = { kind: 'exists', instance }
  }
}

function roundsOf(units: readonly Unit[]): Indexed<Unit>[][] {
  const rounds: Indexed<Unit>[][] = [[]]
  let seen = new Set<string>()
  units.forEach((unit, index) => {
    const id = unit.kind === 'start' ? unit.instance.id : unit.kind === 'transition' ? unit.instanceId : undefined
    if (id !== undefined && seen.has(id)) {
      seen = new Set()
      rounds.push([])
    }
    if (id !== undefined) seen.add(id)
    rounds.at(-1)?.push({ unit, index })
  })
  return rounds
}

function sort(round: readonly Indexed<Unit>[]): Sorted {
  const sorted: Sorted = { births: [], complex: [], unaided: [], transitions: [], publishes: [] }
  for (const { index, unit } of round) {
    switch (unit.kind) {
      case 'publish':
        sorted.publishes.push({ index, unit })
        break
      case 'transition':
        ;(isUnaided(unit) ? sorted.unaided : sorted.transitions).push({ index, unit })
        break
      case 'start': {
        const { instance, first } = unit
        if (!first || (isUnaided(first) && isSolitary(unit)))
          sorted.births.push({ index, unit, birth: { instance, body: first, events: first?.events ?? [] } })
        else sorted.complex.push({ index, unit })
      }
    }
  }
  return sorted
}

/** Ends at once and has nobody to tell. */
function isSolitary({ instance, first }: StartUnit): boolean {
  return !first || !isTerminal(first.status) || instance.parentId === null
}

function reserve({ instance, first }: StartUnit): Birth {
  if (!first) return { instance, body: null, events: [] }
  return {
    instance,
    body: { ...first, events: [], status: 'running', lease: 'keep', output: null, error: null },
    events: [],
  }
}

function bornVerdict({ instance, body, events }: Birth, now: number): Verdict {
  const { id: instanceId, workflowName, wakeAt } = instance
  const wakes: Wakes =
    body === null && wakeAt <= now
      ? { ...NO_WAKES, ready: [{ instanceId, workflowName }] }
      : body && body.outbox.length > 0
        ? OUTBOX_WAKES
        : NO_WAKES
  return { kind: 'accepted', answers: [], nextSeq: 1 + events.length, wakes }
}

function advancedVerdict(unit: TransitionUnit): Verdict {
  const wakes = unit.outbox.length > 0 ? OUTBOX_WAKES : NO_WAKES
  return { kind: 'accepted', answers: [], nextSeq: unit.nextSeq + unit.events.length, wakes }
}
