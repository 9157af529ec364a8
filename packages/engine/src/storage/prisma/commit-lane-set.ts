/** Server databases: every round trip counts, so rows travel as one JSON parameter and a statement serves all units of a flush. */
import type { TransitionUnit } from '../units'
import { eventsOfBirths, eventsOfUnits, type Lane, nobody } from './commit-lane'
import type { Dialect, Sql } from './database'
import {
  type Birth,
  birthValues,
  ENDED,
  endsAlone,
  GUARD_ON,
  GUARD_SET,
  HISTORY,
  historyValues,
  INSTANCE,
  insertSource,
  type Recorded,
  rowsParam,
  TRANSITION,
  transitionValues,
} from './statements'
import { text } from './values'

/** Almost always NULL: by its statistics this index would find everything. */
const BY_PARENT = ' FORCE INDEX (workflow_instances_parent_id)'

/** MySQL and MariaDB: no data in the answer of an UPDATE, so rows are locked and judged first. */
export function createSetLane(dialect: Dialect): Lane {
  const insertHistory = `INSERT INTO workflow_history ${insertSource(dialect, HISTORY)}`
  const insertInstances = `INSERT INTO workflow_instances ${insertSource(dialect, INSTANCE)}`
  const update = dialect.updateFrom('workflow_instances', GUARD_SET, dialect.rows('?', TRANSITION, 't'), GUARD_ON)
  const taken = `SELECT i.id FROM ${dialect.rows('?', { id: 'text' }, 'x')} JOIN workflow_instances i ON i.id = x.id`
  const plain =
    `SELECT i.id FROM ${dialect.rows('?', { id: 'text', epoch: 'int', next_seq: 'int', ends: 'bool', ack: 'bool' }, 't')} STRAIGHT_JOIN workflow_instances i ON i.id = t.id` +
    ` WHERE i.epoch = t.epoch AND i.next_seq = t.next_seq AND i.status NOT IN ${ENDED} AND (i.cancel_requested_at IS NULL OR i.cancel_seen OR t.ack)` +
    ` AND CASE WHEN t.ends THEN ${endsAlone('i', BY_PARENT)} ELSE TRUE END${dialect.forUpdate}`

  const record = async (sql: Sql, recorded: readonly Recorded[]) => {
    const rows = historyValues(recorded)
    if (rows.length > 0) await sql.run(insertHistory, [rowsParam(rows)])
  }
  const write = async (sql: Sql, units: readonly TransitionUnit[]) => {
    if (units.length === 0) return
    await Promise.all([sql.run(update, [rowsParam(units.map(transitionValues))]), record(sql, eventsOfUnits(units))])
  }

  return {
    record,
    write,
    async bear(sql, births) {
      if (births.length === 0) return nobody
      const sorted = [...births].sort(byId)
      for (;;) {
        const rows = await sql.all(taken, [rowsParam(sorted.map(({ instance }) => ({ id: instance.id })))])
        const known = new Set(rows.map((row) => text(row.id)))
        const free = sorted.filter(({ instance }) => !known.has(instance.id))
        const born = new Set(free.map(({ instance }) => instance.id))
        if (free.length === 0) return born
        try {
          await sql.run(insertInstances, [rowsParam(free.map(birthValues))])
        } catch (error) {
          // somebody took one of the ids in between: it is visible now
          if (dialect.isUnique(error)) continue
          throw error
        }
        await record(sql, eventsOfBirths(free, born))
        return born
      }
    },
    async advance(sql, units) {
      if (units.length === 0) return nobody
      // sorted: the rows are locked in the order of the list (S6)
      const sorted = [...units].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
      const rows = await sql.all(plain, [rowsParam(sorted.map(transitionValues))])
      const applied = new Set(rows.map((row) => text(row.id)))
      await write(
        sql,
        sorted.filter((unit) => applied.has(unit.instanceId)),
      )
      return applied
    },
  }
}

function byId(a: Birth, b: Birth): number {
  return a.instance.id < b.instance.id ? -1 : 1
}
