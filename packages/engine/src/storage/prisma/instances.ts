/** Reading instances. Lists go by keyset over (started_at, id); every query has an index or a limit. */
import { INSTANCE_STATUSES, type InstanceStatus, isTerminal } from '../../model/instance'
import { checkQuery } from '../filters'
import type { InstanceRow, Storage } from '../storage'
import type { Condition, Database, Sql } from './database'
import { conditionsOf, namesContaining, pagesOf } from './instance-search'
import { retryRead } from './retry-read'
import { instanceColumns, toInstanceRow } from './rows'
import { num, text } from './values'

type InstanceReads = Pick<Storage, 'instance' | 'chainHead' | 'ended' | 'instances' | 'counts' | 'openCounts'>

const OPEN = INSTANCE_STATUSES.filter((status) => !isTerminal(status))
  .map((status) => `'${status}'`)
  .join(', ')

/** In the order of its index, each status is a walk that ends at its limit, whatever the statistics say. */
const COUNTS = INSTANCE_STATUSES.map(
  (status) => `SELECT '${status}' AS status, COUNT(*) AS many
    FROM (SELECT started_at FROM workflow_instances WHERE status = '${status}' ORDER BY started_at DESC, id DESC LIMIT ?) ${status}_ones`,
).join(' UNION ALL ')

export function createInstanceReads(database: Database): InstanceReads {
  const { read, single, dialect } = database
  const ids = dialect.rows('?', { id: 'text' }, 'asked')

  return {
    async instance(id) {
      const [row] = await read.all(`SELECT ${instanceColumns()} FROM workflow_instances WHERE id = ?`, [id])
      return row ? toInstanceRow(row) : null
    },

    async chainHead(id) {
      // all members of a chain but its head have ended as `recurred`
      const [row] = await read.all(
        `SELECT ${instanceColumns()} FROM workflow_instances
          WHERE chain_id = COALESCE((SELECT member.chain_id FROM workflow_instances member WHERE member.id = ?), ?)
          ORDER BY CASE WHEN status = 'recurred' THEN 1 ELSE 0 END, started_at DESC, id DESC LIMIT 1`,
        [id, id],
      )
      return row ? toInstanceRow(row) : null
    },

    async ended(list) {
      if (list.length === 0) return []
      const rows = await read.all(
        `SELECT asked.id AS asked_id, ${instanceColumns('head')} FROM ${ids}
           LEFT JOIN workflow_instances member ON member.id = asked.id
           JOIN workflow_instances head ON head.chain_id = COALESCE(member.chain_id, asked.id)
          WHERE head.status IN ('completed', 'failed', 'cancelled')`,
        [asked(list)],
      )
      return rows.map((row) => ({ id: text(row.asked_id), row: toInstanceRow(row) }))
    },

    async instances(query) {
      checkQuery(query)
      const names = query.workflowName ? await namesContaining(read, query.workflowName) : null
      if (names?.length === 0) return []
      const conditions = conditionsOf(query, names, database)
      const candidates = database.candidates?.(query) ?? null
      const [listed, found] = pagesOf(conditions, candidates, query.limit)
      const rows = await page(read, listed)
      if (rows.length === query.limit || !found) return rows
      return await (single ? retryRead(() => page(single, found), dialect.isDown) : page(read, found))
    },

    async counts(upTo) {
      const limits = INSTANCE_STATUSES.map((status) => (isTerminal(status) ? upTo.ended : upTo.open))
      const count = single
        ? () => retryRead(() => single.all(COUNTS, limits), dialect.isDown)
        : () => read.all(COUNTS, limits)
      return (await count()).flatMap((row) => {
        const many = num(row.many)
        return many === 0 ? [] : [{ status: text(row.status) as InstanceStatus, count: many }]
      })
    },

    async openCounts() {
      const rows = await read.all(
        `SELECT status, workflow_name, COUNT(*) AS many FROM workflow_instances WHERE status IN (${OPEN})
          GROUP BY status, workflow_name ORDER BY status, workflow_name`,
      )
      return rows.map((row) => ({
        status: text(row.status) as InstanceStatus,
        workflowName: text(row.workflow_name),
        count: num(row.many),
      }))
    },
  }
}

/** @param ids with columns of one index only, this part need not touch the table's rows */
async function page(sql: Sql, ids: Condition): Promise<readonly InstanceRow[]> {
  const rows = await sql.all(
    // CROSS: SQLite then begins with the page; it cannot know how short a bound LIMIT makes it
    `SELECT ${instanceColumns('i')} FROM (${ids.sql}) found CROSS JOIN workflow_instances i WHERE i.id = found.id
      ORDER BY i.started_at DESC, i.id DESC`,
    ids.params,
  )
  return rows.map(toInstanceRow)
}

/** The parameter of `rows('?', { id: 'text' }, …)`. */
export function asked(ids: Iterable<string>): string {
  return JSON.stringify([...ids].map((id) => ({ id })))
}
