/**
 * An instance that ended while activities ran, and is retried: random programs, any moment, any results that came in late. What a worker rebuilds from
 * such a history goes on as the one that was lost would have.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HistoryEvent } from '../model/history'
import { program, RUNS } from '../testing/arbitraries'
import { ExecutionDriver, stored } from '../testing/execution-driver'
import { type Step, workflowOf } from '../testing/program'

/** Branches that make a call as soon as their first activity has ended: results that came in late make them together. */
const branching = fc.array(program(), { minLength: 2, maxLength: 3 }).map(
  (rest): Step => ({
    do: 'all',
    branches: rest.map((one, n) => ({
      do: 'seq',
      steps: [{ do: 'activity', name: `act${n}` }, { do: 'setState', value: n }, one],
    })),
  }),
)
const comings = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 })

test('a retried instance replays as it ran, also what it heard late', () =>
  fc.assert(
    fc.asyncProperty(branching, fc.nat(), fc.nat(), comings, async (steps, seed, moment, comesIn) => {
      const first = await (await new ExecutionDriver(workflowOf(steps), { seed }).start()).run()
      const open = first.execution.outcome ? first.boundaries.slice(0, -1) : first.boundaries
      const at = open[moment % Math.max(open.length, 1)]
      if (!at) return
      const late = at.pending.filter(({ kind }, index) => kind === 'activity' && comesIn[index % comesIn.length])
      const begun = first.history.slice(0, at.events)
      const ended = numbered([
        ...begun,
        ...late.map(({ id, ...operation }) => {
          const activityName = 'name' in operation ? operation.name : ''
          return event(id, 'ActivityCompleted', { activityName, input: null, result: { late: true } })
        }),
        event('workflow_failed', 'WorkflowFailed', { error: stored(new Error('ended')), unheard: late.length }),
        event('retry', 'WorkflowRetried', { supersedes: [begun.length + late.length + 1], by: null, reason: null }),
      ])
      const again = new ExecutionDriver(workflowOf(steps), { seed, maxEvents: ended.length + 25 })
      const retried = await (await again.replay(ended, [])).run()
      for (const { events, pending } of retried.boundaries) {
        const other = await new ExecutionDriver(workflowOf(steps)).replay(retried.history.slice(0, events), pending)
        expect(other.history).toEqual(retried.history.slice(0, events))
        expect(Object.fromEntries(other.pending)).toEqual(Object.fromEntries(pending.map((one) => [one.id, one])))
      }
    }),
    RUNS,
  ))

function numbered(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.map((one, index) => ({ ...one, seq: index + 1 }))
}

function event(activityId: string, type: HistoryEvent['type'], data: object): HistoryEvent {
  // Type and data belong together where this is called.
  return { seq: 0, activityId, type, data, createdAt: 0 } as unknown as HistoryEvent
}
