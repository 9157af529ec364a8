/**
 * The core promise: what a worker rebuilds from history goes on exactly as the one that was lost would have. Random programs, random completion orders,
 * every place where a crash can cut.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../model/command'
import { type HistoryEvent, INLINE_EVENTS } from '../model/history'
import { program, RUNS } from '../testing/arbitraries'
import { type Boundary, ExecutionDriver, stored } from '../testing/execution-driver'
import { type Step, workflowOf } from '../testing/program'

const seed = fc.nat()
/** Answered events are delivered; inline ones the code makes by itself. `sendTo` is answered by a MessagePublished that tells whether it was delivered. */
const isAnswer = (event: HistoryEvent): boolean =>
  !INLINE_EVENTS.has(event.type) || (event.type === 'MessagePublished' && event.data.delivered !== undefined)

async function live(steps: Step, chosen: number, failureRate?: number): Promise<ExecutionDriver> {
  const options = failureRate === undefined ? { seed: chosen } : { seed: chosen, failureRate }
  return (await new ExecutionDriver(workflowOf(steps), options).start()).run()
}

/** Another worker: the history up to a boundary, then what came after it. */
async function interrupted(steps: Step, whole: ExecutionDriver, at: Boundary): Promise<ExecutionDriver> {
  const other = new ExecutionDriver(workflowOf(steps))
  if (at === whole.boundaries[0]) await other.start()
  else await other.replay(whole.history.slice(0, at.events), at.pending)
  return other.follow(whole.history.slice(Math.max(at.events, other.history.length)), isAnswer)
}

function told(outcome: Outcome | undefined): unknown {
  return outcome?.kind === 'failed' ? { kind: 'failed', failure: stored(outcome.error) } : outcome
}

const opened = (driver: ExecutionDriver): string[] =>
  [...driver.execution.calls.commands()].map((command) => JSON.stringify(command))

function property<Values extends [unknown, ...unknown[]]>(
  name: string,
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  check: (...values: Values) => Promise<void>,
): void {
  test(name, () => fc.assert(fc.asyncProperty(...arbitraries, check), RUNS))
}

describe('replay of any prefix and the rest of the events', () => {
  property('gives the same history', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    for (const at of whole.boundaries) expect((await interrupted(steps, whole, at)).history).toEqual(whole.history)
  })

  property('gives the same outcome', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    for (const at of whole.boundaries)
      expect(told((await interrupted(steps, whole, at)).execution.outcome)).toEqual(told(whole.execution.outcome))
  })

  property('ends with the same operations pending', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    const now = Object.fromEntries(whole.pending)
    for (const at of whole.boundaries)
      expect(Object.fromEntries((await interrupted(steps, whole, at)).pending)).toEqual(now)
  })

  property(
    'is the same with patched code, whatever each place was told',
    [program({ patched: true }), seed],
    async (steps, chosen) => {
      const whole = await live(steps, chosen)
      for (const at of whole.boundaries) {
        const other = await interrupted(steps, whole, at)
        expect({ history: other.history, outcome: told(other.execution.outcome) }).toEqual({
          history: whole.history,
          outcome: told(whole.execution.outcome),
        })
      }
    },
  )

  property(
    'is the same when it is cut between a result and what that result caused',
    [program(), seed],
    async (steps, chosen) => {
      const whole = await live(steps, chosen)
      for (const { events, pending } of whole.recordedOnly) {
        const other = await new ExecutionDriver(workflowOf(steps)).replay(whole.history.slice(0, events), pending)
        await other.follow(whole.history.slice(other.history.length), isAnswer)
        expect([other.history, Object.fromEntries(other.pending)]).toEqual([
          whole.history,
          Object.fromEntries(whole.pending),
        ])
      }
    },
  )

  property(
    'is the same when it is cut in the midst of what a result caused',
    [program(), seed],
    async (steps, chosen) => {
      const whole = await live(steps, chosen)
      for (let cut = 1; cut < whole.history.length; cut++) {
        const other = await new ExecutionDriver(workflowOf(steps)).replay(whole.history.slice(0, cut), [])
        await other.follow(whole.history.slice(other.history.length), isAnswer)
        expect(other.history).toEqual(whole.history)
      }
    },
  )

  property(
    'is the same when every single event is delivered by another worker',
    [program(), seed],
    async (steps, chosen) => {
      const whole = await live(steps, chosen)
      let history: readonly HistoryEvent[] = whole.history.slice(0, whole.boundaries[0]?.events)
      let pending = whole.boundaries[0]?.pending ?? []
      let outcome: Outcome | undefined = whole.boundaries.length === 1 ? whole.execution.outcome : undefined
      while (history.length < whole.history.length) {
        const worker = await new ExecutionDriver(workflowOf(steps)).replay(history, pending)
        const next = whole.history[worker.history.length]
        if (next) await worker.answer(next)
        history = worker.history
        pending = [...worker.pending.values()]
        outcome = worker.execution.outcome
      }
      expect({ history, outcome: told(outcome) }).toEqual({
        history: whole.history,
        outcome: told(whole.execution.outcome),
      })
    },
  )
})

describe('replay', () => {
  property('leaves the same calls open, in the same order', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    for (const at of whole.boundaries.slice(1)) {
      const other = await new ExecutionDriver(workflowOf(steps)).replay(whole.history.slice(0, at.events), at.pending)
      expect(opened(other)).toEqual(at.open.map((command) => JSON.stringify(command)))
    }
  })

  property('releases nothing that was released before', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    for (const at of whole.boundaries.slice(1)) {
      const other = await new ExecutionDriver(workflowOf(steps)).replay(whole.history.slice(0, at.events), at.pending)
      // An ask without its answer was never released: both are of one transition.
      const asks = ['Subscribe', 'SendTo', 'StartChild']
      const again = other.released.filter((command) => command.type !== 'Withdraw' && !asks.includes(command.type))
      expect(again).toEqual([])
    }
  })

  property('gives every call an id of its own', [program(), seed], async (steps, chosen) => {
    const { released } = await live(steps, chosen)
    const ids = released.filter((command) => command.type !== 'Withdraw').map((command) => command.activityId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  property('says nothing again that was said before', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    for (const at of whole.boundaries) {
      const { logged } = await interrupted(steps, whole, at)
      expect(logged).toEqual(at === whole.boundaries[0] ? whole.logged : whole.logged.slice(at.logged))
    }
  })

  property('of a whole history ends where it ended', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    const other = await new ExecutionDriver(workflowOf(steps)).replay(whole.history, [...whole.pending.values()])
    expect(told(other.execution.outcome)).toEqual(told(whole.execution.outcome))
    expect(other.execution.isReplaying).toBe(false)
  })

  property(
    'of the history of the same run with other results never confuses them',
    [program({ throws: false }), seed, seed],
    async (steps, one, two) => {
      // The same seeds give the same run: chance comes from nowhere else.
      const [first, again] = [await live(steps, one), await live(steps, one)]
      expect(again.history).toEqual(first.history)
      const other = await live(steps, two)
      const replayed = await new ExecutionDriver(workflowOf(steps)).replay(other.history, [...other.pending.values()])
      expect(told(replayed.execution.outcome)).toEqual(told(other.execution.outcome))
    },
  )

  property('tolerates what finished after the outcome was decided', [program(), seed], async (steps, chosen) => {
    const whole = await live(steps, chosen)
    if (!whole.execution.outcome) return
    const late = [...whole.execution.calls.commands()].filter((command) => command.type === 'RunActivity')
    const events = late.map<HistoryEvent>((command, index) => ({
      seq: whole.history.length + 1 + index,
      activityId: command.activityId,
      type: 'ActivityCompleted',
      data: { activityName: command.name, input: null, result: 'late' },
      createdAt: 0,
    }))
    const other = await new ExecutionDriver(workflowOf(steps)).replay([...whole.history, ...events], [])
    expect(told(other.execution.outcome)).toEqual(told(whole.execution.outcome))
  })
})

describe('waiting', () => {
  property(
    'never throws through try, catch and finally',
    [program({ throws: false, asks: false }), seed],
    async (steps, chosen) => {
      // Where nothing fails, no handler runs and no finalizer runs before its body is done, wherever the run is parked.
      const noReceive = JSON.parse(
        JSON.stringify(steps)
          .replaceAll('"receive"', '"waitEvent"')
          .replaceAll('"channel":"jobs"', '"channel":"jobs","type":"jobs"')
          .replaceAll('"channel":"news"', '"channel":"news","type":"news"'),
      ) as Step
      const guarded: Step = {
        do: 'try',
        body: noReceive,
        handler: { do: 'log', text: 'handler' },
        finalizer: { do: 'log', text: 'finalizer' },
      }
      const whole = await live(guarded, chosen, 0)
      const said = whole.logged.map((line) => (line.fields as { text: string }).text)
      expect(said).not.toContain('handler')
      expect(said.includes('finalizer')).toBe(whole.execution.outcome !== undefined)
    },
  )
})
