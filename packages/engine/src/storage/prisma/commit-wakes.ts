/**
 * Waking: the last thing a flush does. Rows that somebody holds are skipped (S6): a claim or a parking in progress looks for itself, and what a crash
 * between the two leaves asleep with a hit is found by claiming (claim.ts).
 */
import type { ClaimedInstance, Wakes } from '../units'
import { type InstanceFacts, joinToLock, listOf, lockOf } from './commit-locks'
import type { Dialect, Sql } from './database'
import { ENDED, NOT_RUNNABLE, rowsParam } from './statements'
import { text, textOrNull } from './values'

/** What one unit does to others. */
export class Effects {
  readonly wake = new Set<string>()
  readonly born = new Map<string, string>()
  /** Owners that have lost their instance: there is nothing to wait for in what they run. */
  readonly told = new Map<string, string>()
  outbox = false

  /** A newborn instance is ready at its own time. */
  bear(id: string, workflowName: string, wakeAt: number, now: number): void {
    if (wakeAt <= now) this.born.set(id, workflowName)
  }
}

export interface Woken {
  readonly ready: ReadonlyMap<string, string>
  readonly leased: ReadonlyMap<string, string>
}

export const nobodyWoken: Woken = { ready: new Map(), leased: new Map() }

/** Of `workflow_instances i`: may be woken. */
export const PARKED = `i.lease_owner IS NULL AND i.status NOT IN ${NOT_RUNNABLE}`

/** On PostgreSQL one statement, sent before it returns its promise. */
export function wakeAll(sql: Sql, dialect: Dialect, ids: ReadonlySet<string>, now: number): Promise<Woken> {
  if (ids.size === 0) return Promise.resolve(nobodyWoken)
  return dialect.name === 'postgresql' ? wakeAtOnce(sql, dialect, ids, now) : wakeInSteps(sql, dialect, ids, now)
}

async function wakeAtOnce(sql: Sql, dialect: Dialect, ids: ReadonlySet<string>, now: number): Promise<Woken> {
  const wakeAt = dialect.least('COALESCE(workflow_instances.wake_at, free.now)', 'free.now')
  const rows = await sql.all(
    `WITH told AS (SELECT x.id, x.now FROM ${dialect.rows('?', { id: 'text', now: 'bigint' }, 'x')}),
       free AS MATERIALIZED (SELECT i.id, told.now FROM told JOIN workflow_instances i ON i.id = told.id WHERE ${PARKED} ORDER BY i.id${lockOf(dialect, 'i', 'skip')}),
       woken AS (${dialect.updateFrom('workflow_instances', { wake_at: wakeAt }, 'free', 'workflow_instances.id = free.id')} RETURNING workflow_instances.id, workflow_instances.workflow_name)
     SELECT id, workflow_name, NULL AS lease_owner FROM woken
     UNION ALL SELECT i.id, i.workflow_name, i.lease_owner FROM told JOIN workflow_instances i ON i.id = told.id WHERE i.lease_owner IS NOT NULL AND i.status NOT IN ${NOT_RUNNABLE}`,
    [rowsParam([...ids].sort().map((id) => ({ id, now })))],
  )
  const ready = new Map<string, string>()
  const leased = new Map<string, string>()
  for (const row of rows) {
    const owner = textOrNull(row.lease_owner)
    if (owner === null) ready.set(text(row.id), text(row.workflow_name))
    else leased.set(text(row.id), owner)
  }
  return { ready, leased }
}

async function wakeInSteps(sql: Sql, dialect: Dialect, ids: ReadonlySet<string>, now: number): Promise<Woken> {
  const source = dialect.rows('?', { id: 'text' }, 'x')
  const rows = await sql.all(
    `SELECT i.id, i.workflow_name, i.lease_owner FROM ${source} JOIN workflow_instances i ON i.id = x.id WHERE i.status NOT IN ${NOT_RUNNABLE}`,
    [listOf([...ids].sort())],
  )
  const ready = new Map<string, string>()
  const leased = new Map<string, string>()
  for (const row of rows) {
    const owner = textOrNull(row.lease_owner)
    if (owner === null) ready.set(text(row.id), text(row.workflow_name))
    else leased.set(text(row.id), owner)
  }
  if (ready.size === 0) return { ready, leased }
  if (dialect.skipLocked !== '') {
    const held = await sql.all(
      `SELECT i.id FROM ${source} ${joinToLock(dialect)} workflow_instances i ON i.id = x.id WHERE ${PARKED} ORDER BY i.id${lockOf(dialect, 'i', 'skip')}`,
      [listOf(ready.keys())],
    )
    const free = new Set(held.map((row) => text(row.id)))
    for (const id of [...ready.keys()]) if (!free.has(id)) ready.delete(id)
    if (ready.size === 0) return { ready, leased }
  }
  await sql.run(
    dialect.updateFrom(
      'workflow_instances',
      { wake_at: `${dialect.least('COALESCE(workflow_instances.wake_at, t.now)', 't.now')}` },
      dialect.rows('?', { id: 'text', now: 'bigint' }, 't'),
      'workflow_instances.id = t.id',
    ),
    [rowsParam([...ready.keys()].map((id) => ({ id, now })))],
  )
  return { ready, leased }
}

/** What to tell the caller of a unit. */
export function wakesOf(effects: Effects, woken: Woken, claims?: Map<string, ClaimedInstance>): Wakes {
  const ready = new Map(effects.born)
  const leased: Wakes['leased'][number][] = [...effects.told].map(([instanceId, leaseOwner]) => ({
    instanceId,
    leaseOwner,
  }))
  const claimed: ClaimedInstance[] = []
  for (const instanceId of effects.wake) {
    const claim = claims?.get(instanceId)
    // given to the first who woke it
    if (claim && claims?.delete(instanceId)) claimed.push(claim)
    const workflowName = woken.ready.get(instanceId)
    if (workflowName !== undefined) ready.set(instanceId, workflowName)
    const leaseOwner = woken.leased.get(instanceId)
    if (leaseOwner !== undefined) leased.push({ instanceId, leaseOwner })
  }
  return {
    ready: [...ready].map(([instanceId, workflowName]) => ({ instanceId, workflowName })),
    leased,
    outbox: effects.outbox,
    ...(claimed.length > 0 ? { claimed } : {}),
  }
}

/** The live children that close with their parents: asked to cancel, unless they were asked before. @returns child id → its parent */
export async function cancelChildren(
  sql: Sql,
  dialect: Dialect,
  ended: readonly { readonly id: string; readonly now: number }[],
  facts: ReadonlyMap<string, InstanceFacts>,
): Promise<Map<string, string>> {
  const parents = new Map(ended.map(({ id, now }) => [id, now]))
  const closing = [...facts.values()].filter(
    (child) =>
      child.parentId !== null &&
      parents.has(child.parentId) &&
      child.parentClosePolicy === 'cancel' &&
      child.cancel === null &&
      child.status !== 'compensating',
  )
  if (closing.length === 0) return new Map()
  await sql.run(
    dialect.updateFrom(
      'workflow_instances',
      {
        // as an operator's cancel does: the request frees it from a suspension
        status: "CASE WHEN workflow_instances.status = 'suspended' THEN 'running' ELSE workflow_instances.status END",
        suspend_reason: 'NULL',
        error: 'NULL',
        cancel_requested_at: 't.now',
        cancel_requested_by: "'parent'",
        cancel_reason: 't.reason',
        updated_at: 't.now',
      },
      dialect.rows('?', { id: 'text', reason: 'text', now: 'bigint' }, 't'),
      `workflow_instances.id = t.id AND workflow_instances.status NOT IN ${ENDED} AND workflow_instances.status <> 'compensating' AND workflow_instances.cancel_requested_at IS NULL`,
    ),
    [
      rowsParam(
        closing.map(({ id, parentId }) => ({
          id,
          reason: `parent ${parentId} ended`,
          now: parents.get(parentId ?? ''),
        })),
      ),
    ],
  )
  return new Map(closing.map(({ id, parentId }) => [id, parentId ?? '']))
}
