/** Rows of instances that a flush must hold before it decides, taken in the order of their ids (S6), and what it needs to know of them. */
import { type InstanceStatus, isTerminal, type ParentClosePolicy } from '../../model/instance'
import { together } from './along'
import type { Dialect, Row, Sql } from './database'
import { ENDED } from './statements'
import { bool, num, numOrNull, text, textOrNull } from './values'

export interface InstanceFacts {
  readonly id: string
  readonly workflowName: string
  readonly status: InstanceStatus
  readonly epoch: number
  readonly nextSeq: number
  readonly chainId: string
  readonly parentId: string | null
  readonly parentClosePolicy: ParentClosePolicy | null
  readonly tags: string | null
  readonly cancel: { readonly by: string | null; readonly reason: string | null } | null
  readonly cancelSeen: boolean
}

const FACTS =
  'i.id, i.workflow_name, i.status, i.epoch, i.next_seq, i.chain_id, i.parent_id, i.parent_close_policy, i.tags, ' +
  'i.cancel_requested_at, i.cancel_requested_by, i.cancel_reason, i.cancel_seen'

export async function lockInstances(
  sql: Sql,
  dialect: Dialect,
  ids: Iterable<string>,
): Promise<Map<string, InstanceFacts>> {
  const sorted = [...new Set(ids)].sort()
  if (sorted.length === 0) return new Map()
  const rows = await sql.all(
    `SELECT ${FACTS} FROM ${dialect.rows('?', { id: 'text' }, 'x')} ${joinToLock(dialect)} workflow_instances i ON i.id = x.id ORDER BY i.id${lockOf(dialect, 'i')}`,
    [listOf(sorted)],
  )
  return new Map(rows.map((row) => [text(row.id), toFacts(row)]))
}

/** `FOR UPDATE` of one table of a join: PostgreSQL cannot lock a source that is made from a parameter. */
export function lockOf(dialect: Dialect, alias: string, waits: 'wait' | 'skip' = 'wait'): string {
  const lock = waits === 'wait' ? dialect.forUpdate : dialect.skipLocked
  return dialect.name === 'postgresql' ? lock.replace('FOR UPDATE', `FOR UPDATE OF ${alias}`) : lock
}

/** From a list to the rows that are to be locked: MySQL would scan a small table instead, and wait for rows that others hold. */
export function joinToLock(dialect: Dialect): string {
  return dialect.name === 'mysql' ? 'STRAIGHT_JOIN' : 'JOIN'
}

/** The parameter of {@link Dialect.rows} with one column `id`. */
export function listOf(ids: Iterable<string>): string {
  return JSON.stringify([...ids].map((id) => ({ id })))
}

function toFacts(row: Row): InstanceFacts {
  const isAsked = numOrNull(row.cancel_requested_at) !== null
  return {
    id: text(row.id),
    workflowName: text(row.workflow_name),
    status: text(row.status) as InstanceStatus,
    epoch: num(row.epoch),
    nextSeq: num(row.next_seq),
    chainId: text(row.chain_id),
    parentId: textOrNull(row.parent_id),
    parentClosePolicy: textOrNull(row.parent_close_policy) as ParentClosePolicy | null,
    tags: textOrNull(row.tags),
    cancel: isAsked ? { by: textOrNull(row.cancel_requested_by), reason: textOrNull(row.cancel_reason) } : null,
    cancelSeen: bool(row.cancel_seen),
  }
}

/** The newest instance of each id's chain. The id of a chain's first member finds it even after retention has removed that member. */
export async function chainHeads(sql: Sql, dialect: Dialect, ids: ReadonlySet<string>): Promise<Map<string, string>> {
  if (ids.size === 0) return new Map()
  const rows = await sql.all(
    `SELECT x.id AS asked, h.id AS head FROM ${dialect.rows('?', { id: 'text' }, 'x')}
       LEFT JOIN workflow_instances t ON t.id = x.id
       JOIN workflow_instances h ON h.chain_id = COALESCE(t.chain_id, x.id) AND h.status <> 'recurred'`,
    [listOf(ids)],
  )
  return new Map(rows.map((row) => [text(row.asked), text(row.head)]))
}

export interface Wanted {
  /** Rows to write. */
  readonly own: ReadonlySet<string>
  /** Ids whose newest instance must not recur or end meanwhile: receivers of messages, awaited children. */
  readonly heads: ReadonlySet<string>
  /** Their live children are held too: they are cancelled or handed over. */
  readonly parents: ReadonlySet<string>
}
export interface Held {
  readonly facts: ReadonlyMap<string, InstanceFacts>
  /** Asked id → id of the newest instance of its chain. */
  readonly heads: ReadonlyMap<string, string>
}

/**
 * Locks the union in one statement. A chain that went on, or a child that was born, between looking and locking is found by looking again behind the
 * locks: then the rest is locked after all, out of order, and a deadlock that may follow is retried.
 */
export async function holdInstances(sql: Sql, dialect: Dialect, wanted: Wanted): Promise<Held> {
  const facts = new Map<string, InstanceFacts>()
  let isFirst = true
  for (;;) {
    const [heads, children] = await together(chainHeads(sql, dialect, wanted.heads), liveChildren(sql, wanted.parents))
    const ids = [...(isFirst ? wanted.own : []), ...heads.values(), ...children].filter((id) => !facts.has(id))
    isFirst = false
    if (ids.length === 0) return { facts, heads }
    const [locked, born] = await together(lockInstances(sql, dialect, ids), liveChildren(sql, wanted.parents))
    for (const [id, row] of locked) facts.set(id, row)
    const settled = [...heads.values()].every((id) => facts.get(id)?.status !== 'recurred')
    if (settled && born.every((id) => facts.has(id))) return { facts, heads }
  }
}

/** By a list of parameters: of a column that is almost always NULL, MySQL's statistics say that a join by its index finds everything. */
async function liveChildren(sql: Sql, parents: ReadonlySet<string>): Promise<string[]> {
  const ids: string[] = []
  const all = [...parents]
  for (let from = 0; from < all.length; from += MOST_PARENTS) {
    const some = padded(all.slice(from, from + MOST_PARENTS))
    const marks = some.map(() => '?').join(', ')
    const rows = await sql.all(
      `SELECT i.id FROM workflow_instances i WHERE i.parent_id IN (${marks}) AND i.status NOT IN ${ENDED}`,
      some,
    )
    ids.push(...rows.map((row) => text(row.id)))
  }
  return ids
}

const MOST_PARENTS = 256

/** To a power of two, so that few texts of statements serve all lengths. */
function padded(ids: readonly string[]): string[] {
  const length = 2 ** Math.ceil(Math.log2(ids.length))
  return Array.from({ length }, (_, index) => ids[Math.min(index, ids.length - 1)] ?? '')
}

export function isLive(facts: InstanceFacts | undefined): facts is InstanceFacts {
  return facts !== undefined && !isTerminal(facts.status)
}
