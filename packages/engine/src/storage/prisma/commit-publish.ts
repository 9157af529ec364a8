/** What comes from outside: deliveries that commit together, each known by (source, id) and taken once. */
import type { ClaimedInstance, Delivery, PublishUnit, Verdict } from '../units'
import { insertAudit } from './audit'
import { type Stage, send } from './commit-apply'
import type { Context, Indexed } from './commit-context'
import { Effects, type Woken, wakesOf } from './commit-wakes'
import type { Dialect, Sql } from './database'
import { insertRows, rowsParam } from './statements'
import { text } from './values'

export interface Arrival {
  readonly index: number
  readonly unit: PublishUnit
  readonly effects: Effects
  readonly deliveries: readonly {
    readonly delivery: Delivery
    readonly duplicate: boolean
    readonly started: string[]
    readonly receivers: Set<string>
  }[]
}

const INBOX = { source: 'text', id: 'text', type: 'text', data: 'text', received_at: 'bigint' } as const

/** Takes what is new into the inbox and inserts the instances that it starts. Whoever comes second with the same event waits for the first here. */
export async function receive(context: Context, publishes: readonly Indexed<PublishUnit>[]): Promise<Arrival[]> {
  if (publishes.length === 0) return []
  const { sql, dialect, lane } = context
  const fresh = await takeIn(
    sql,
    dialect,
    publishes.flatMap(({ unit }) => unit.deliveries.map(({ inbox }) => inbox)),
  )
  const arrivals = publishes.map(({ index, unit }) => ({
    index,
    unit,
    effects: new Effects(),
    deliveries: unit.deliveries.map((delivery) => ({
      delivery,
      duplicate: delivery.inbox !== null && !fresh.delete(keyOf(delivery.inbox)),
      started: [] as string[],
      receivers: new Set<string>(),
    })),
  }))
  const taken = arrivals.flatMap(({ deliveries }) => deliveries.filter(({ duplicate }) => !duplicate))
  const starts = new Map(taken.flatMap(({ delivery }) => delivery.starts.map((start) => [start.id, start])))
  const births = [...starts.values()].map((instance) => ({ instance, body: null, events: [] }))
  const born = new Set(births.length === 0 ? [] : await lane.bear(sql, births))
  for (const { unit, effects, deliveries } of arrivals)
    for (const { delivery, duplicate, started } of deliveries)
      for (const { id, workflowName, wakeAt } of duplicate ? [] : delivery.starts) {
        if (!born.delete(id)) continue
        started.push(id)
        effects.bear(id, workflowName, wakeAt, unit.now)
      }
  return arrivals
}

export async function applyPublish(stage: Stage, { effects, deliveries }: Arrival): Promise<void> {
  for (const { delivery, duplicate, receivers } of deliveries) {
    if (duplicate) continue
    for (const message of delivery.messages) for (const id of send(stage, message, effects)) receivers.add(id)
  }
  for (const told of await stage.channels.settle(stage.stored)) effects.wake.add(told)
}

/** Completes the inbox rows: what each event did. */
export async function settleArrivals({ sql, dialect, along }: Context, arrivals: readonly Arrival[]): Promise<void> {
  const rows = arrivals.flatMap(({ deliveries }) =>
    deliveries.flatMap(({ delivery: { inbox, handlers = 0 }, duplicate, started, receivers }) =>
      inbox === null || duplicate
        ? []
        : [
            {
              source: inbox.source,
              id: inbox.id,
              routed_to: JSON.stringify({ started, receivers: [...receivers], handlers }),
            },
          ],
    ),
  )
  if (rows.length > 0)
    along(
      sql.run(
        dialect.updateFrom(
          'inbox_events',
          { routed_to: 't.routed_to' },
          dialect.rows('?', { source: 'text', id: 'text', routed_to: 'text' }, 't'),
          'inbox_events.source = t.source AND inbox_events.id = t.id',
        ),
        [rowsParam(rows)],
      ),
    )
  for (const { unit } of arrivals) if (unit.audit) await insertAudit(sql, unit.audit, unit.now)
}

export function publishedVerdict(
  { deliveries, effects }: Arrival,
  woken: Woken,
  claims: Map<string, ClaimedInstance>,
): Verdict {
  return {
    kind: 'published',
    deliveries: deliveries.map(({ duplicate, receivers }) => ({ duplicate, receivers: [...receivers] })),
    wakes: wakesOf(effects, woken, claims),
  }
}

type Inbox = Delivery['inbox']

function keyOf(inbox: NonNullable<Inbox>): string {
  return `${inbox.source}\0${inbox.id}`
}

/** @returns keys of those that were not known */
async function takeIn(sql: Sql, dialect: Dialect, entries: readonly Inbox[]): Promise<Set<string>> {
  const unique = new Map(entries.flatMap((inbox) => (inbox === null ? [] : [[keyOf(inbox), inbox] as const])))
  if (unique.size === 0) return new Set()
  const values = [...unique.values()]
    .map(({ source, id, type, data, receivedAt }) => ({ source, id, type, data, received_at: receivedAt }))
    .sort((a, b) => (`${a.source}\0${a.id}` < `${b.source}\0${b.id}` ? -1 : 1))
  if (dialect.returning) {
    const names = Object.keys(INBOX)
    const rows = await sql.all(
      `${dialect.insertIgnore('inbox_events', `(${names.join(', ')}) SELECT ${names.map((name) => `x.${name}`).join(', ')} FROM ${dialect.rows('?', INBOX, 'x')}`)} RETURNING source, id`,
      [rowsParam(values)],
    )
    return new Set(rows.map((row) => `${text(row.source)}\0${text(row.id)}`))
  }
  for (;;) {
    const rows = await sql.all(
      `SELECT i.source, i.id FROM ${dialect.rows('?', { source: 'text', id: 'text' }, 'x')} JOIN inbox_events i ON i.source = x.source AND i.id = x.id`,
      [rowsParam(values)],
    )
    const known = new Set(rows.map((row) => `${text(row.source)}\0${text(row.id)}`))
    const fresh = values.filter(({ source, id }) => !known.has(`${source}\0${id}`))
    if (fresh.length === 0) return new Set()
    try {
      await insertRows(sql, dialect, 'inbox_events', INBOX, fresh)
      return new Set(fresh.map(({ source, id }) => `${source}\0${id}`))
    } catch (error) {
      // somebody else took one in between: it is visible now
      if (!dialect.isUnique(error)) throw error
    }
  }
}
