/** What rides with events: outbox rows and compensations. Kept even when a cancel request refuses the rest of a transition. */
import type { TransitionBody } from '../units'
import type { ColumnType, Dialect, Sql } from './database'
import { deleteRows, insertOutbox, insertRows, rowsParam } from './statements'
import { num, text } from './values'

interface Rider {
  readonly instanceId: string
  readonly body: TransitionBody
}
type Columns = Readonly<Record<string, ColumnType>>

const PUSHED: Columns = {
  instance_id: 'text',
  seq: 'int',
  name: 'text',
  args: 'text',
  activity_id: 'text',
  state: 'text',
  attempts: 'int',
}
const UPDATED: Columns = {
  instance_id: 'text',
  seq: 'int',
  state: 'text',
  attempts: 'int',
  last_error: 'text',
  next_attempt_at: 'bigint',
  executed_at: 'bigint',
}

export async function writeRiders(sql: Sql, dialect: Dialect, riders: readonly Rider[]): Promise<void> {
  await clear(sql, dialect, riders)
  await push(sql, dialect, riders)
  await fill(sql, dialect, riders)
  await update(sql, dialect, riders)
  await insertOutbox(
    sql,
    dialect,
    riders.flatMap(({ body }) => body.outbox),
  )
}

async function clear(sql: Sql, dialect: Dialect, riders: readonly Rider[]): Promise<void> {
  const rows = riders
    .filter(({ body }) => body.compensations.clear)
    .map(({ instanceId }) => ({ instance_id: instanceId, state: 'registered' }))
  await deleteRows(sql, dialect, 'workflow_compensations', { instance_id: 'text', state: 'text' }, rows)
}

async function push(sql: Sql, dialect: Dialect, riders: readonly Rider[]): Promise<void> {
  const pushing = riders.filter(({ body }) => body.compensations.push.length > 0)
  if (pushing.length === 0) return
  // the guard's row lock makes this instance's numbers ours
  const rows = await sql.all(
    `SELECT x.id, COALESCE(MAX(c.seq), 0) AS last_seq FROM ${dialect.rows('?', { id: 'text' }, 'x')} LEFT JOIN workflow_compensations c ON c.instance_id = x.id GROUP BY x.id`,
    [rowsParam(pushing.map(({ instanceId }) => ({ id: instanceId })))],
  )
  const last = new Map(rows.map((row) => [text(row.id), num(row.last_seq)]))
  const values = pushing.flatMap(({ instanceId, body }) =>
    body.compensations.push.map((pushed, position) => ({
      instance_id: instanceId,
      seq: (last.get(instanceId) ?? 0) + 1 + position,
      name: pushed.name,
      args: pushed.args,
      activity_id: pushed.activityId,
      state: 'registered',
      attempts: 0,
    })),
  )
  await insertRows(sql, dialect, 'workflow_compensations', PUSHED, values)
}

async function fill(sql: Sql, dialect: Dialect, riders: readonly Rider[]): Promise<void> {
  const values = riders.flatMap(({ instanceId, body }) =>
    body.compensations.fill.map(({ activityId, args }) => ({ instance_id: instanceId, activity_id: activityId, args })),
  )
  if (values.length === 0) return
  await sql.run(
    dialect.updateFrom(
      'workflow_compensations',
      { args: 't.args' },
      dialect.rows('?', { instance_id: 'text', activity_id: 'text', args: 'text' }, 't'),
      "workflow_compensations.instance_id = t.instance_id AND workflow_compensations.activity_id = t.activity_id AND workflow_compensations.state = 'registered'",
    ),
    [rowsParam(values)],
  )
}

async function update(sql: Sql, dialect: Dialect, riders: readonly Rider[]): Promise<void> {
  const values = riders.flatMap(({ instanceId, body }) =>
    body.compensations.update.map((change) => ({
      instance_id: instanceId,
      seq: change.seq,
      state: change.state,
      attempts: change.attempts,
      last_error: change.lastError,
      next_attempt_at: change.nextAttemptAt,
      executed_at: change.executedAt,
    })),
  )
  if (values.length === 0) return
  const set = Object.fromEntries(
    ['state', 'attempts', 'last_error', 'next_attempt_at', 'executed_at'].map((column) => [column, `t.${column}`]),
  )
  await sql.run(
    dialect.updateFrom(
      'workflow_compensations',
      set,
      dialect.rows('?', UPDATED, 't'),
      'workflow_compensations.instance_id = t.instance_id AND workflow_compensations.seq = t.seq',
    ),
    [rowsParam(values)],
  )
}
