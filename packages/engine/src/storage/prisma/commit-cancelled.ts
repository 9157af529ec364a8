/** S8: of a transition that a cancel request overtook, the events and what rides with them are kept; the row stays as it is otherwise. */
import type { Actor } from './commit-actor'
import type { Context } from './commit-context'
import { eventsOfUnits } from './commit-lane'
import { rowsParam } from './statements'

export async function writeCancelled({ sql, dialect, lane }: Context, actors: readonly Actor[]): Promise<void> {
  if (actors.length === 0) return
  const columns = { id: 'text', to_seq: 'int', now: 'bigint', tags: 'text', state: 'text' } as const
  await sql.run(
    dialect.updateFrom(
      'workflow_instances',
      {
        next_seq: 't.to_seq',
        updated_at: 't.now',
        takeovers: '0',
        tags: 'COALESCE(t.tags, workflow_instances.tags)',
        state: 'COALESCE(t.state, workflow_instances.state)',
      },
      dialect.rows('?', columns, 't'),
      'workflow_instances.id = t.id',
    ),
    [
      rowsParam(
        actors.map(({ unit }) => ({
          id: unit.instanceId,
          to_seq: unit.nextSeq + unit.events.length,
          now: unit.now,
          tags: unit.tags,
          state: unit.state,
        })),
      ),
    ],
  )
  await lane.record(sql, eventsOfUnits(actors.map(({ unit }) => unit)))
}
