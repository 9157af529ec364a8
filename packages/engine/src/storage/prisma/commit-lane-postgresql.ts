/** PostgreSQL: data-modifying CTEs make starts, guard and events one statement, which is a transaction of its own when nothing else rides with it. */
import type { TransitionUnit } from '../units'
import { eventsOfUnits, type Lane, nobody } from './commit-lane'
import type { Dialect, Row, Sql } from './database'
import {
  type Birth,
  birthValues,
  ENDS_ALONE,
  GUARD_ON,
  GUARD_SET,
  HISTORY,
  historyValues,
  INSTANCE,
  insertSource,
  NO_UNSEEN_CANCEL,
  rowsParam,
  TRANSITION,
  transitionValues,
} from './statements'
import { text } from './values'

export function createPostgresLane(dialect: Dialect): Lane {
  const insertHistory = `INSERT INTO workflow_history ${insertSource(dialect, HISTORY)}`
  const transitions = dialect.rows('?', TRANSITION, 't')
  const on = `${GUARD_ON} AND ${NO_UNSEEN_CANCEL} AND CASE WHEN t.ends THEN ${ENDS_ALONE} ELSE TRUE END`
  const born = `born AS (${dialect.insertIgnore('workflow_instances', insertSource(dialect, INSTANCE))} RETURNING id)`
  const advanced = `advanced AS (${dialect.updateFrom('workflow_instances', GUARD_SET, transitions, on)} RETURNING workflow_instances.id)`
  // IS TRUE keeps the planner from making a join of it: the ids are hashed once
  const recorded = (applied: string) =>
    `, recorded AS (${insertHistory} WHERE (x.instance_id IN (SELECT id FROM ${applied})) IS TRUE)`
  const BORN = `WITH ${born}${recorded('born')} SELECT id, TRUE AS is_new FROM born`
  const ADVANCED = `WITH ${advanced}${recorded('advanced')} SELECT id, FALSE AS is_new FROM advanced`
  const BOTH = `WITH ${born}, ${advanced}, applied AS (SELECT id, TRUE AS is_new FROM born UNION ALL SELECT id, FALSE FROM advanced)${recorded('applied')} SELECT id, is_new FROM applied`
  const write = dialect.updateFrom('workflow_instances', GUARD_SET, transitions, GUARD_ON)

  const record: Lane['record'] = async (sql, events) => {
    const rows = historyValues(events)
    if (rows.length > 0) await sql.run(insertHistory, [rowsParam(rows)])
  }

  return {
    record,
    async write(sql, units) {
      if (units.length === 0) return
      await Promise.all([sql.run(write, [rowsParam(units.map(transitionValues))]), record(sql, eventsOfUnits(units))])
    },
    async bear(sql, births) {
      if (births.length === 0) return nobody
      return new Set((await sql.all(BORN, [newborn(births), firstEvents(births)])).map((row) => text(row.id)))
    },
    async advance(sql, units) {
      if (units.length === 0) return nobody
      return new Set((await sql.all(ADVANCED, [guards(units), events(units)])).map((row) => text(row.id)))
    },
    async atOnce(sql, births, units) {
      const rows = await one(sql, births, units)
      const idsOf = (isNew: boolean) => new Set(rows.filter((row) => row.is_new === isNew).map((row) => text(row.id)))
      return { born: idsOf(true), advanced: idsOf(false) }
    },
  }

  function one(sql: Sql, births: readonly Birth[], units: readonly TransitionUnit[]): Promise<readonly Row[]> {
    if (births.length === 0) return sql.all(ADVANCED, [guards(units), events(units)])
    if (units.length === 0) return sql.all(BORN, [newborn(births), firstEvents(births)])
    const rows = JSON.stringify([...birthEvents(births), ...historyValues(eventsOfUnits(units))])
    return sql.all(BOTH, [newborn(births), guards(units), rows])
  }
}

/** Sorted, so that rivals take the rows in one order (S6). */
function guards(units: readonly TransitionUnit[]): string {
  const sorted = [...units].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
  return JSON.stringify(sorted.map(transitionValues))
}

function newborn(births: readonly Birth[]): string {
  const sorted = [...births].sort((a, b) => (a.instance.id < b.instance.id ? -1 : 1))
  return JSON.stringify(sorted.map(birthValues))
}

function events(units: readonly TransitionUnit[]): string {
  return JSON.stringify(historyValues(eventsOfUnits(units)))
}

function firstEvents(births: readonly Birth[]): string {
  return JSON.stringify(birthEvents(births))
}

function birthEvents(births: readonly Birth[]): object[] {
  return historyValues(
    births.map(({ instance, body, events }) => ({ instanceId: instance.id, epoch: body ? 1 : 0, seq: 1, events })),
  )
}
