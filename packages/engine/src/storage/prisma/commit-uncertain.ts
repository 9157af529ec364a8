/**
 * A connection that dies during COMMIT leaves the outcome unknown. Before such units are written again the database is asked whether they were: under
 * the row's lock, because the lost COMMIT may still be under way and holds it.
 *
 * 1. A transition was committed iff its row still has its epoch, has moved on from its `nextSeq`, and holds exactly its events there: within one epoch
 *    there is one writer, which waits for each answer, so nobody else can have written them.
 * 2. A transition without events changes nothing that a second writing would not change to the same.
 * 3. Who was woken is not known any more: polling finds what a lost notice would have told.
 */
import { isTerminal } from '../../model/instance'
import type { HistoryRow } from '../rows'
import type { Delivery, StartUnit, TransitionUnit, Unit, Verdict, Wakes } from '../units'
import { type InstanceFacts, lockInstances } from './commit-locks'
import type { Dialect, Sql } from './database'
import { HISTORY_COLUMNS, toHistoryRow } from './rows'
import { numOrNull, text, textOrNull } from './values'

const UNKNOWN_WAKES: Wakes = { ready: [], leased: [], outbox: true }

/** @returns the verdict of a unit that was committed after all; undefined when it was not */
export async function outcomeOf(sql: Sql, dialect: Dialect, unit: Unit): Promise<Verdict | undefined> {
  switch (unit.kind) {
    case 'transition':
      return await outcomeOfTransition(sql, dialect, unit)
    case 'start':
      return await outcomeOfStart(sql, unit)
    case 'publish': {
      const deliveries: { duplicate: boolean; receivers: string[] }[] = []
      for (const delivery of unit.deliveries) {
        const receivers = await outcomeOfDelivery(sql, delivery)
        // they commit together: one that is missing says that all are
        if (!receivers) return undefined
        deliveries.push({ duplicate: false, receivers })
      }
      return deliveries.length > 0 ? { kind: 'published', deliveries, wakes: UNKNOWN_WAKES } : undefined
    }
  }
}

async function outcomeOfTransition(sql: Sql, dialect: Dialect, unit: TransitionUnit): Promise<Verdict | undefined> {
  const facts = (await lockInstances(sql, dialect, [unit.instanceId])).get(unit.instanceId)
  if (!facts || facts.epoch !== unit.epoch) return undefined
  if (facts.nextSeq === unit.nextSeq) return outcomeWithoutEvents(unit, facts)
  if (facts.nextSeq < unit.nextSeq + unit.events.length) return undefined
  const rows = await historyFrom(sql, unit.instanceId, unit.nextSeq)
  if (!holds(rows, unit.events)) return undefined
  const answers = rows.slice(unit.events.length)
  const isCancelled = facts.cancel !== null && !facts.cancelSeen && !unit.acknowledgesCancel
  if (isCancelled && !isTerminal(facts.status) && answers.length === 0)
    return {
      kind: 'cancel',
      nextSeq: facts.nextSeq,
      by: facts.cancel?.by ?? null,
      reason: facts.cancel?.reason ?? null,
      wakes: UNKNOWN_WAKES,
    }
  return { kind: 'accepted', answers, nextSeq: facts.nextSeq, wakes: UNKNOWN_WAKES }
}

function outcomeWithoutEvents(unit: TransitionUnit, facts: InstanceFacts): Verdict | undefined {
  const hasEnded = unit.events.length === 0 && isTerminal(unit.status) && facts.status === unit.status
  return hasEnded ? { kind: 'accepted', answers: [], nextSeq: facts.nextSeq, wakes: UNKNOWN_WAKES } : undefined
}

async function outcomeOfStart(sql: Sql, { instance, first }: StartUnit): Promise<Verdict | undefined> {
  const [row] = await sql.all(
    'SELECT workflow_name, input, started_at, epoch, lease_owner, next_seq FROM workflow_instances WHERE id = ?',
    [instance.id],
  )
  if (!row) return undefined
  const isOurs =
    text(row.workflow_name) === instance.workflowName &&
    text(row.input) === instance.input &&
    numOrNull(row.started_at) === instance.startedAt &&
    numOrNull(row.epoch) === (first ? 1 : 0)
  const owner = textOrNull(row.lease_owner)
  if (!isOurs || (first && owner !== null && owner !== first.leaseOwner)) return undefined
  const rows = await historyFrom(sql, instance.id, 1)
  const events = first?.events ?? []
  if (!holds(rows, events)) return undefined
  return { kind: 'accepted', answers: rows.slice(events.length), nextSeq: rows.length + 1, wakes: UNKNOWN_WAKES }
}

/** @returns who received it, or undefined when it is not there */
async function outcomeOfDelivery(sql: Sql, { inbox, messages, starts }: Delivery): Promise<string[] | undefined> {
  if (inbox) {
    const [row] = await sql.all(
      'SELECT routed_to, received_at FROM inbox_events WHERE source = ? AND id = ? AND received_at = ?',
      [inbox.source, inbox.id, inbox.receivedAt],
    )
    const routedTo = textOrNull(row?.routed_to ?? null)
    return routedTo === null ? undefined : (JSON.parse(routedTo) as { receivers: string[] }).receivers
  }
  for (const { channel, id } of messages) {
    const [row] = await sql.all('SELECT id FROM channel_messages WHERE channel = ? AND id = ? LIMIT 1', [channel, id])
    if (row) return []
  }
  for (const { id } of starts) {
    const [row] = await sql.all('SELECT id FROM workflow_instances WHERE id = ?', [id])
    if (row) return []
  }
  return undefined
}

async function historyFrom(sql: Sql, instanceId: string, seq: number): Promise<HistoryRow[]> {
  const rows = await sql.all(
    `SELECT ${HISTORY_COLUMNS} FROM workflow_history WHERE instance_id = ? AND seq >= ? ORDER BY seq`,
    [instanceId, seq],
  )
  return rows.map(toHistoryRow)
}

function holds(rows: readonly HistoryRow[], events: TransitionUnit['events']): boolean {
  return events.every((event, position) => {
    const row = rows[position]
    return (
      row?.activityId === event.activityId &&
      row.type === event.type &&
      row.createdAt === event.createdAt &&
      row.data === event.data
    )
  })
}
