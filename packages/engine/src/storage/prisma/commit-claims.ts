/**
 * Claiming what a flush wakes, for the worker that commits it: then an event, the claim of its waiter and the answer to the waiter's first poll are one
 * transaction instead of three.
 *
 * 1. Rows are taken as waking takes them: at the end, skipping those that somebody holds (S6). What cannot be had is woken as always.
 * 2. An instance is answered here iff its coroutine stands where its row does (what is not in memory is verified against its history first, R3) and
 *    exactly one of its waits has been told of a message on the channels that this flush holds; all others ask for themselves, in the order of their calls. An unseen cancel request (S8) is for a claim to find.
 * 3. The fence rises with the claim (S1) and the answer is recorded under it, so a lost worker's instance is taken over like any other.
 */
import type { HistoryRow, InstanceRow, NewHistoryRow } from '../rows'
import type { ClaimedInstance } from '../units'
import { together } from './along'
import { subscriptionsOf } from './channels-load'
import { received, type Stage } from './commit-apply'
import type { ClaimDesk, Context } from './commit-context'
import { joinToLock, listOf, lockOf } from './commit-locks'
import { type Effects, PARKED } from './commit-wakes'
import { type Dialect, placeholders, type Sql } from './database'
import { instanceColumns, toInstanceRow } from './rows'
import { rowsParam } from './statements'

export type Claims = ReadonlyMap<string, ClaimedInstance>

const NO_CLAIMS: Claims = new Map()

/** @param units whose effects say whom the flush wakes; who takes a message that a claim has freed is added to the first */
export async function claimTold(
  { desk, sql, dialect, now }: Context,
  stage: Stage,
  units: readonly { readonly effects: Effects }[],
): Promise<Claims> {
  const told = new Set(units.flatMap(({ effects }) => [...effects.wake]))
  if (!desk || told.size === 0) return NO_CLAIMS
  const { workflowNames, workerId, limit } = desk.request
  const room = limit - desk.made.length
  if (room <= 0 || workflowNames.length === 0) return NO_CLAIMS
  const list = listOf([...told].sort().slice(0, room))
  // no LIMIT, and an expression around the name: nothing may look better to a planner than the list, which is short
  const [rows, subscriptions] = await together(
    sql.all(
      `SELECT ${instanceColumns('i')} FROM ${dialect.rows('?', { id: 'text' }, 'x')} ${joinToLock(dialect)} workflow_instances i ON i.id = x.id WHERE ${PARKED} AND i.cancel_requested_at IS NULL AND COALESCE(i.workflow_name, '') IN (${placeholders(workflowNames.length)}) ORDER BY i.id${lockOf(dialect, 'i', 'skip')}`,
      [list, ...workflowNames],
    ),
    subscriptionsOf(sql, dialect, told),
  )
  const claims = new Map<string, ClaimedInstance>()
  const taken = rows.map(toInstanceRow)
  const ids = new Set(taken.map(({ id }) => id))
  stage.channels.join(subscriptions.filter(({ instanceId }) => ids.has(instanceId)))
  for (const row of taken) {
    const answer = desk.request.isWarm(row) ? await answerOf(stage, row, now) : undefined
    const claim = claimed(row, answer, workerId, now)
    claims.set(row.id, claim)
    desk.made.push({ instanceId: row.id, epoch: claim.row.epoch })
  }
  for (const id of await stage.channels.settle(stage.stored)) units[0]?.effects.wake.add(id)
  return claims
}

async function answerOf({ channels, stored }: Stage, { id, status }: InstanceRow, now: number) {
  const waits = channels.waitsOf(id).filter((wait) => wait.hitSeq !== null)
  const [wait] = waits
  if (!wait || waits.length > 1 || status === 'compensating') return undefined
  const message = await channels.take(id, wait, stored)
  return message ? received(wait, message, now) : undefined
}

function claimed(
  row: InstanceRow,
  answer: NewHistoryRow | undefined,
  workerId: string,
  now: number,
): ClaimedInstance & { readonly answers: readonly HistoryRow[] } {
  const leaseUntil = now + row.leaseMs
  const after: InstanceRow = {
    ...row,
    epoch: row.epoch + 1,
    nextSeq: row.nextSeq + (answer ? 1 : 0),
    status: answer ? 'running' : row.status,
    leaseOwner: workerId,
    leaseUntil,
    wakeAt: leaseUntil,
    updatedAt: answer ? now : row.updatedAt,
  }
  return { row: after, takenOver: false, answers: answer ? [{ ...answer, seq: row.nextSeq }] : [] }
}

/** All statements are sent before it returns its promise. */
export async function writeClaims({ sql, dialect, lane }: Context, claims: Claims): Promise<void> {
  if (claims.size === 0) return
  const all = [...claims.values()]
  const update = dialect.updateFrom(
    'workflow_instances',
    {
      epoch: 't.epoch',
      next_seq: 't.next_seq',
      status: 't.status',
      lease_owner: 't.lease_owner',
      lease_until: 't.lease_until',
      wake_at: 't.lease_until',
      updated_at: 't.updated_at',
    },
    dialect.rows('?', CLAIM, 't'),
    'workflow_instances.id = t.id',
  )
  const values = all.map(({ row }) => ({
    id: row.id,
    epoch: row.epoch,
    next_seq: row.nextSeq,
    status: row.status,
    lease_owner: row.leaseOwner,
    lease_until: row.leaseUntil,
    updated_at: row.updatedAt,
  }))
  const recorded = all.flatMap(({ row: { id, epoch }, answers = [] }) =>
    answers.map((answer) => ({ instanceId: id, epoch, seq: answer.seq, events: [answer] })),
  )
  await Promise.all([sql.run(update, [rowsParam(values)]), lane.record(sql, recorded)])
}

/** Leases that may have been taken and that nobody keeps: due at once, whatever was recorded with them. */
export async function giveBack(sql: Sql, dialect: Dialect, { request, made }: ClaimDesk): Promise<void> {
  const statement = dialect.updateFrom(
    'workflow_instances',
    { lease_owner: 'NULL', lease_until: 'NULL', wake_at: 'workflow_instances.updated_at' },
    dialect.rows('?', { id: 'text', epoch: 'int' }, 't'),
    'workflow_instances.id = t.id AND workflow_instances.epoch = t.epoch AND workflow_instances.lease_owner = ?',
  )
  const list = made.map(({ instanceId, epoch }) => ({ id: instanceId, epoch }))
  await sql.run(statement, [rowsParam(list), request.workerId])
}

const CLAIM = {
  id: 'text',
  epoch: 'int',
  next_seq: 'int',
  status: 'text',
  lease_owner: 'text',
  lease_until: 'bigint',
  updated_at: 'bigint',
} as const
