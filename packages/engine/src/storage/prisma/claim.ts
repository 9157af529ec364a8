/**
 * Who runs an instance: claims, renewals, releases. One column decides: an instance is due when its `wake_at` has come, leased or not.
 *
 * 1. A look that finds nothing is one statement over partial indexes; only what is due costs a transaction.
 * 2. Rows that somebody holds are skipped: they are being claimed, woken or written.
 * 3. A hit is a wake-up too: an instance that is parked with one (its waker died between telling the wait and waking the instance) is due.
 * 4. When more is due than may be claimed, each workflow has its share of the places (fairness.ts). Where nothing is left over, nothing is asked.
 */
import { fairly, Turns } from '../fairness'
import type { ClaimedInstance, ClaimRequest, Storage } from '../storage'
import { joinToLock, listOf, lockOf } from './commit-locks'
import type { Database, Dialect, Row, Sql, SqlValue } from './database'
import { retryRead } from './retry-read'
import { instanceColumns, toInstanceRow } from './rows'
import { NOT_RUNNABLE, rowsParam } from './statements'
import { bool, num, text } from './values'

const BY_KEY = { byKey: true } as const

type Claims = Pick<Storage, 'claim' | 'renew' | 'release' | 'expireLeases'>

export function createClaim(database: Database): Claims {
  const { dialect } = database
  const turns = new Turns()
  return {
    async claim(request) {
      const now = await database.now()
      const seen = await look(database, request, now)
      const wants = request.limit > 0 && request.workflowNames.length > 0 && (seen.isAnyDue || seen.isAnyAsleep)
      const claimed = wants ? await acquire(database, request, now, seen.isAnyAsleep, turns) : []
      const nudges = new Set(seen.nudges)
      let nextWakeAt = seen.nextWakeAt
      for (const { instance, hasNews } of claimed) {
        const { id, wakeAt } = instance.row
        if (hasNews) nudges.add(id)
        if (wakeAt !== null && (nextWakeAt === null || wakeAt < nextWakeAt)) nextWakeAt = wakeAt
      }
      const mayHavePassedOver = dialect.skipLocked !== '' && wants && claimed.length < request.limit
      const instances = claimed.map(({ instance }) => instance)
      return {
        now,
        instances,
        nudges: [...nudges].sort(),
        nextWakeAt,
        ...(mayHavePassedOver ? { mayHavePassedOver } : {}),
      }
    },

    async renew(workerId, leases) {
      if (leases.length === 0) return []
      const now = await database.now()
      const sorted = [...leases].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
      const columns = { id: 'text', epoch: 'int', lease_until: 'bigint' } as const
      const source = dialect.rows('?', columns, 't')
      const held = `workflow_instances.id = t.id AND workflow_instances.epoch = t.epoch AND workflow_instances.lease_owner = ?`
      const list = JSON.stringify(
        sorted.map(({ instanceId, epoch, leaseMs }) => ({ id: instanceId, epoch, lease_until: now + leaseMs })),
      )
      const kept = await database.transaction(async (sql) => {
        await sql.run(
          dialect.updateFrom(
            'workflow_instances',
            { lease_until: 't.lease_until', wake_at: 't.lease_until' },
            source,
            held,
          ),
          [list, workerId],
        )
        return await sql.all(`SELECT workflow_instances.id FROM ${source} JOIN workflow_instances ON ${held}`, [
          list,
          workerId,
        ])
      })
      const ids = new Set(kept.map((row) => text(row.id)))
      return leases.map(({ instanceId }) => instanceId).filter((id) => !ids.has(id))
    },

    async release(workerId, leases) {
      if (leases.length === 0) return
      const now = await database.now()
      const columns = { id: 'text', epoch: 'int', now: 'bigint' } as const
      const statement = dialect.updateFrom(
        'workflow_instances',
        { lease_owner: 'NULL', lease_until: 'NULL', wake_at: 't.now' },
        dialect.rows('?', columns, 't'),
        'workflow_instances.id = t.id AND workflow_instances.epoch = t.epoch AND workflow_instances.lease_owner = ?',
      )
      const list = leases.map(({ instanceId, epoch }) => ({ id: instanceId, epoch, now }))
      await database.transaction((sql) => sql.run(statement, [rowsParam(list), workerId]), BY_KEY)
    },

    async expireLeases(workerId) {
      const now = await database.now()
      return await database.transaction((sql) =>
        // the lease stays named, so that whoever claims the instance knows that it was interrupted
        sql.run(
          'UPDATE workflow_instances SET lease_until = ?, wake_at = ? WHERE lease_owner = ? AND lease_until > ?',
          [now, now, workerId, now],
        ),
      )
    },
  }
}

interface Seen {
  readonly isAnyDue: boolean
  /** Told of a message, and not woken: invariant 3. */
  readonly isAnyAsleep: boolean
  readonly nextWakeAt: number | null
  readonly nudges: readonly string[]
}

async function look({ dialect, read, single }: Database, request: ClaimRequest, now: number): Promise<Seen> {
  const { workerId, workflowNames } = request
  const names = [...new Set(workflowNames)]
  const parts = [
    `SELECT 'news' AS kind, i.id, 0 AS due_at FROM workflow_instances i WHERE i.lease_owner = ? AND i.cancel_requested_at IS NOT NULL AND i.cancel_seen = ${dialect.name === 'postgresql' ? 'false' : '0'}`,
    `SELECT 'news' AS kind, i.id, 0 AS due_at FROM ${TOLD} JOIN workflow_instances i ON i.id = told.instance_id WHERE i.lease_owner = ?`,
  ]
  const params: SqlValue[] = [workerId, workerId]
  if (names.length > 0) {
    const own = runnable(names)
    parts.push(
      `SELECT 'due' AS kind, i.id, i.wake_at AS due_at FROM workflow_instances i WHERE i.wake_at <= ? AND ${own} ORDER BY i.wake_at LIMIT 1`,
      `SELECT 'next' AS kind, i.id, i.wake_at AS due_at FROM workflow_instances i WHERE i.wake_at > ? AND ${own} ORDER BY i.wake_at LIMIT 1`,
      `SELECT 'asleep' AS kind, i.id, 0 AS due_at FROM ${TOLD} JOIN workflow_instances i ON i.id = told.instance_id WHERE ${ASLEEP} AND ${own} LIMIT 1`,
    )
    params.push(now, ...names, now, ...names, now, ...names)
  }
  const all = parts.map((part, n) => `SELECT kind, id, due_at FROM (${part}) p${n}`).join(' UNION ALL ')
  const rows = single ? await retryRead(() => single.all(all, params), dialect.isDown) : await read.all(all, params)
  const next = rows.find((row) => row.kind === 'next')
  return {
    isAnyDue: rows.some((row) => row.kind === 'due'),
    isAnyAsleep: rows.some((row) => row.kind === 'asleep'),
    nextWakeAt: next ? num(next.due_at) : null,
    nudges: rows.filter((row) => row.kind === 'news').map((row) => text(row.id)),
  }
}

/** The few instances that were told of a message. Its limit, never reached, keeps every planner from joining the other way round. */
const TOLD = '(SELECT DISTINCT w.instance_id FROM workflow_waits w WHERE w.hit_seq IS NOT NULL LIMIT 10000) told'
/** See invariant 3. The parameter is now. */
const ASLEEP = 'i.lease_owner IS NULL AND (i.wake_at IS NULL OR i.wake_at > ?)'

/** The expression around the name keeps every planner from preferring the name's index, which holds all that ever ran, to that of what is due. */
function runnable(names: readonly string[]): string {
  return `COALESCE(i.workflow_name, '') IN (${names.map(() => '?').join(', ')}) AND i.status NOT IN ${NOT_RUNNABLE}`
}

interface Claimed {
  readonly instance: ClaimedInstance
  readonly hasNews: boolean
}

async function acquire(
  database: Database,
  request: ClaimRequest,
  now: number,
  isAnyAsleep: boolean,
  turns: Turns,
): Promise<Claimed[]> {
  const { dialect } = database
  const names = [...new Set(request.workflowNames)]
  const own = runnable(names)
  const ids = request.instanceIds
  const wanted = ids ? ` AND i.id IN (SELECT x.id FROM ${dialect.rows('?', { id: 'text' }, 'x')})` : ''
  const idParams = ids ? [listOf(ids)] : []
  const hasHit = 'EXISTS (SELECT 1 FROM workflow_waits h WHERE h.instance_id = i.id AND h.hit_seq IS NOT NULL)'
  const columns = `${instanceColumns('i')}, i.cancel_seen, CASE WHEN ${hasHit} THEN 1 ELSE 0 END AS has_hit`
  const take = dialect.updateFrom(
    'workflow_instances',
    {
      epoch: 'workflow_instances.epoch + 1',
      takeovers: 't.takeovers',
      lease_owner: 't.lease_owner',
      lease_until: 't.lease_until',
      wake_at: 't.lease_until',
    },
    dialect.rows('?', { id: 'text', takeovers: 'int', lease_owner: 'text', lease_until: 'bigint' }, 't'),
    'workflow_instances.id = t.id',
  )

  // MySQL's index has the id behind the time already, and a sort would lock all that is due
  const order = dialect.name === 'mysql' ? 'i.wake_at' : 'i.wake_at, i.id'
  const acquiring = async (sql: Sql): Promise<Claimed[]> => {
    const due = await sql.all(
      `SELECT ${columns} FROM workflow_instances i WHERE i.wake_at <= ? AND ${own}${wanted} ORDER BY ${order} LIMIT ?${dialect.skipLocked}`,
      [now, ...names, ...idParams, request.limit],
    )
    const isCrowded = due.length === request.limit && names.length > 1 && !ids
    const rows = [...(isCrowded ? await shared(sql, { dialect, columns, names, due, now, turns }) : due)]
    if (isAnyAsleep && rows.length < request.limit)
      rows.push(
        ...(await sql.all(
          `SELECT ${columns} FROM ${TOLD} JOIN workflow_instances i ON i.id = told.instance_id WHERE ${ASLEEP} AND ${own}${wanted} ORDER BY i.id LIMIT ?${lockOf(dialect, 'i', 'skip')}`,
          [now, ...names, ...idParams, request.limit - rows.length],
        )),
      )
    if (rows.length === 0) return []
    const all = rows.map((row) => claimed(row, request.workerId, now))
    await sql.run(take, [
      rowsParam(
        all.map(({ instance: { row } }) => ({
          id: row.id,
          takeovers: row.takeovers,
          lease_owner: row.leaseOwner,
          lease_until: row.leaseUntil,
        })),
      ),
    ])
    return all
  }
  return await database.transaction(acquiring, BY_KEY)
}

/** SQLite takes 500 arms of a UNION. */
const MOST_ARMS = 100

interface Crowd {
  readonly dialect: Dialect
  readonly columns: string
  readonly names: readonly string[]
  /** As many as may be claimed, those that have been due for longest. */
  readonly due: readonly Row[]
  readonly now: number
  readonly turns: Turns
}

/**
 * What is due of each of some workflows, by the index that begins with the name, whatever the planner thinks of that of what is due: behind a flood of another
 * workflow it would walk through the flood. MySQL is told so; elsewhere the index is of an expression that the other has not.
 */
function dueOf(dialect: Dialect, workflows: number): string {
  const isMysql = dialect.name === 'mysql'
  const at = isMysql ? 'i.wake_at' : 'COALESCE(i.wake_at, 9223372036854775807)'
  const from = `workflow_instances i${isMysql ? ' FORCE INDEX (workflow_instances_workflow_wake_at)' : ''}`
  const one = `SELECT i.id, i.workflow_name FROM ${from} WHERE i.workflow_name = ? AND ${at} <= ? AND i.status NOT IN ${NOT_RUNNABLE} ORDER BY ${at} LIMIT ?`
  return Array.from({ length: workflows }, (_, n) => `SELECT id, workflow_name FROM (${one}) w${n}`).join(' UNION ALL ')
}

/** Invariant 4. */
async function shared(sql: Sql, { dialect, columns, names, due, now, turns }: Crowd): Promise<readonly Row[]> {
  const nameOf = (row: Row) => text(row.workflow_name)
  const oldest = (of: readonly string[], limit: number) =>
    sql.all(
      dueOf(dialect, of.length),
      of.flatMap((name) => [name, now, limit]),
    )
  const dueNames: string[] = []
  for (let first = 0; first < names.length; first += MOST_ARMS)
    dueNames.push(...(await oldest(names.slice(first, first + MOST_ARMS), 1)).map(nameOf))
  if (dueNames.length < 2) return due
  const turn = turns.take(dueNames, due.length)
  const lacking = turn.names.filter((name) => due.filter((row) => nameOf(row) === name).length < turn.share)
  if (lacking.length === 0) return fairly(due, nameOf, turn, due.length)
  const known = new Set(due.map((row) => text(row.id)))
  const others = (await oldest(lacking, turn.share)).map((row) => text(row.id)).filter((id) => !known.has(id))
  const more = await sql.all(
    `SELECT ${columns} FROM ${dialect.rows('?', { id: 'text' }, 'x')} ${joinToLock(dialect)} workflow_instances i ON i.id = x.id
      WHERE i.wake_at <= ? AND i.status NOT IN ${NOT_RUNNABLE} ORDER BY i.id${lockOf(dialect, 'i', 'skip')}`,
    [listOf(others), now],
  )
  const age = (a: Row, b: Row) => num(a.wake_at) - num(b.wake_at) || (text(a.id) < text(b.id) ? -1 : 1)
  return fairly([...due, ...more].sort(age), nameOf, turn, due.length)
}

function claimed(before: Row, workerId: string, now: number): Claimed {
  const row = toInstanceRow(before)
  const takenOver = row.leaseOwner !== null
  const leaseUntil = now + row.leaseMs
  const instance: ClaimedInstance = {
    row: {
      ...row,
      epoch: row.epoch + 1,
      leaseOwner: workerId,
      leaseUntil,
      wakeAt: leaseUntil,
      takeovers: row.takeovers + (takenOver ? 1 : 0),
    },
    takenOver,
  }
  const hasNews = (row.cancelRequestedAt !== null && !bool(before.cancel_seen)) || num(before.has_hit) !== 0
  return { instance, hasNews }
}
