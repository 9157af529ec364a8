/** One instance from its first drain to its outcome: quiet, time, logs, what history passes over, what ends it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WorkflowContext } from '../model/context'
import { activity, workflow } from '../model/definition'
import { NonDeterminismError } from '../model/errors'
import type { HistoryEvent } from '../model/history'
import type { PendingOperation } from '../model/pending'
import { jsonValue, RUNS } from '../testing/arbitraries'
import {
  completed,
  execution,
  expired,
  failed,
  type GivenEvent,
  history,
  message,
  outcome,
  refusal,
  replayed,
  STARTED_AT,
  started,
  stateSet,
  subscribed,
  workflowWith,
} from '../testing/builders'

const charge = activity('charge', async () => null)
const refund = activity('refund', async () => null)
const last = (events: readonly HistoryEvent[]): HistoryEvent => events.at(-1) as HistoryEvent

describe('R8: quiet with nothing open', () => {
  const foreign = workflowWith(() => new Promise(() => {}))
  const text =
    "Workflow 'order' waits for something its context did not make: await only what ctx and activities return"

  test('at the start is an error that says so', async () => {
    const first = execution(foreign).start()
    await expect(first).rejects.toThrow(NonDeterminismError)
    await expect(first).rejects.toMatchObject({ expected: null, actual: [], message: expect.stringContaining(text) })
  })

  test('after an event is one too, live and on replay', async () => {
    const later = async (ctx: WorkflowContext) => {
      await charge(ctx, null)
      await new Promise(() => {})
    }
    const run = await started(later)
    await expect(run.deliver(last(history(completed('charge:1'))))).rejects.toThrow(text)
    await expect(replayed(later, history(completed('charge:1')))).rejects.toThrow(text)
  })

  test('is none while a call is open, since that cannot be seen', async () => {
    const both = (ctx: WorkflowContext) => Promise.all([new Promise(() => {}), charge(ctx, null)])
    expect((await started(both)).calls.size).toBe(1)
  })

  test('is none once the outcome is decided', async () => {
    expect(await outcome(async () => 'done')).toEqual({ kind: 'completed', value: 'done' })
  })

  test('any number of promise jobs is quiet still', async () => {
    const busy = async (ctx: WorkflowContext) => {
      for (let tick = 0; tick < 5_000; tick++) await null
      return charge(ctx, null)
    }
    expect((await started(busy)).takeCommands()).toHaveLength(1)
  })
})

describe('an outcome', () => {
  test('is the value returned, the error thrown, or the input of the next', async () => {
    const error = new Error('no')
    expect(await outcome(async () => 5)).toEqual({ kind: 'completed', value: 5 })
    expect(await refusal(() => Promise.reject(error))).toBe(error)
    expect(await outcome((ctx) => ctx.recur({ next: 1 }))).toEqual({ kind: 'recurred', input: { next: 1 } })
  })

  test('is made of the input that was given', async () => {
    const echo = workflow('echo', async (_ctx, input: unknown) => input)
    const run = execution(echo, { input: { order: 5 } })
    await run.start()
    expect(run.outcome).toEqual({ kind: 'completed', value: { order: 5 } })
  })

  test('of a recur is the input as it was at the call', () =>
    fc.assert(
      fc.asyncProperty(jsonValue, async (value) => {
        const box = { value }
        const recurring = async (ctx: WorkflowContext) => {
          const never = ctx.recur(box)
          box.value = 'changed'
          return never
        }
        expect(await outcome(recurring)).toEqual({ kind: 'recurred', input: { value } })
      }),
      RUNS,
    ))

  test('is decided once: what the code does afterwards has no effect', async () => {
    const run = await started(async (ctx) => {
      void ctx.recur(1)
      ctx.setState('late')
      void charge(ctx, null)
      ctx.patched('p')
      return 'late'
    })
    expect([run.outcome, run.takeCommands(), run.calls.size]).toEqual([{ kind: 'recurred', input: 1 }, [], 0])
  })

  test('withdraws nothing: what still runs may be recorded, so that it can be undone', async () => {
    const run = await started(async (ctx) => {
      const win = ctx.race({ a: charge(ctx, null), b: refund(ctx, null) })
      void win.then(() => ctx.recur(1))
      await Promise.race([charge(ctx, null)])
      return 'done'
    })
    await run.deliver(last(history(completed('charge:2'))))
    run.takeCommands()
    await run.deliver(last(history(completed('charge:1'))))
    expect([run.outcome, run.takeCommands()]).toEqual([{ kind: 'completed', value: 'done' }, []])
  })

  test('that is decided too early for its history is a divergence', async () => {
    const events = history(completed('charge:1'), expired('sleep:1'))
    const replay = replayed((ctx) => charge(ctx, null), events)
    await expect(replay).rejects.toMatchObject({
      expected: { kind: 'TimerExpired', activityId: 'sleep:1' },
      actual: [{ kind: 'workflow completed', activityId: '' }],
    })
  })
})

describe('delivering', () => {
  test('what nobody asks for is refused and changes nothing', async () => {
    const run = await started((ctx) => charge(ctx, null))
    expect(await run.deliver(last(history(completed('refund:1'))))).toBe(false)
    expect(await run.deliver(last(history(expired('charge:1'))))).toBe(false)
    expect([run.nowMs, run.calls.size]).toEqual([STARTED_AT, 1])
  })

  test('twice is refused the second time', async () => {
    const run = await started((ctx) => Promise.all([charge(ctx, null), refund(ctx, null)]))
    const event = last(history(completed('charge:1')))
    expect([await run.deliver(event), await run.deliver(event)]).toEqual([true, false])
  })

  test('moves the clock of the workflow to the event', async () => {
    const run = await started(async (ctx) => {
      await charge(ctx, null)
      return ctx.now().getTime()
    })
    await run.deliver({ ...last(history(completed('charge:1'))), createdAt: 77 })
    expect(run.outcome).toEqual({ kind: 'completed', value: 77 })
  })

  test('commands are taken once', async () => {
    const run = await started((ctx) => charge(ctx, null))
    expect([run.takeCommands().length, run.takeCommands().length]).toEqual([1, 0])
  })
})

describe('R1: one event, one drain', () => {
  // Two branches of unequal depth: delivered together they would call in another order than live.
  const uneven = async (ctx: WorkflowContext) => {
    const deep = async () => {
      await charge(ctx, null)
      for (let tick = 0; tick < 5; tick++) await null
      ctx.setState('after charge')
    }
    const flat = async () => {
      await refund(ctx, null)
      ctx.setState('after refund')
    }
    await Promise.all([deep(), flat()])
    await ctx.sleep(1)
  }

  test('so branches of any depth go on in the order of their events', async () => {
    const run = await started(uneven)
    const states: unknown[] = []
    for (const event of history(completed('charge:1'), completed('refund:1'))) {
      await run.deliver(event)
      for (const command of run.takeCommands()) if (command.type === 'SetState') states.push(command.state)
    }
    expect(states).toEqual(['after charge', 'after refund'])
    const recorded = history(
      completed('charge:1'),
      stateSet(1, 'after charge'),
      completed('refund:1'),
      stateSet(2, 'after refund'),
    )
    await expect(replayed(uneven, recorded)).resolves.toBeDefined()
  })
})

describe('a dropped instance', () => {
  test('asks for nothing more and has no outcome', async () => {
    const run = await started(async (ctx) => {
      const open = refund(ctx, null)
      await charge(ctx, null)
      ctx.setState('late')
      void ctx.sleep(1)
      ctx.patched('p')
      void ctx.race({ open, done: Promise.resolve() })
      return 'late'
    })
    run.close()
    await run.deliver(last(history(completed('charge:1'))))
    expect([run.takeCommands(), run.outcome, run.calls.size]).toEqual([[], undefined, 1])
  })
})

describe('history passes over', () => {
  test('what a retry superseded, wherever the retry stands', async () => {
    const events = history(
      completed('charge:1', 'kept'),
      failed('refund:1'),
      stateSet(1, 'cleaning up'),
      ['workflow_failed', 'WorkflowFailed', { error: { name: 'Error', message: 'x' } }],
      ['retry:5', 'WorkflowRetried', { supersedes: [2, 3, 4], by: null, reason: null }],
      completed('refund:1', 'second time'),
    )
    const undoing = async (ctx: WorkflowContext) => {
      const first = await charge(ctx, null)
      try {
        return [first, await refund(ctx, null)]
      } catch (error) {
        ctx.setState('cleaning up')
        throw error
      }
    }
    expect(await outcome(undoing, events)).toEqual({ kind: 'completed', value: ['kept', 'second time'] })
  })

  test('what is only for the record, between any two events', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 6 }), async (places) => {
        const plain = [completed('charge:1', 1), stateSet(1, 1), completed('charge:2', 2)] as const
        const records = [
          ['compensation:1', 'CompensationExecuted', { name: 'undo', compensationSeq: 1 }],
          ['cancel', 'CancelRequested', { by: null, reason: null }],
          [
            'compensation:2',
            'CompensationFailed',
            { name: 'undo', compensationSeq: 2, error: { name: 'E', message: 'm' } },
          ],
        ] as const
        const given: GivenEvent[] = [...plain]
        for (const [index, place] of places.entries())
          given.splice(Math.min(place, given.length), 0, records[index % 3] as GivenEvent)
        const noting = async (ctx: WorkflowContext) => {
          const one = await charge(ctx, null)
          ctx.setState(1)
          return [one, await charge(ctx, null)]
        }
        expect(await outcome(noting, history(...given))).toEqual({ kind: 'completed', value: [1, 2] })
      }),
      RUNS,
    ))

  test('ids of records, which calls may have too: their arguments are not forgotten', async () => {
    const again = activity('retry', async () => null)
    const run = await replayed(
      (ctx) => again(ctx, { n: 1 }),
      history(['retry:1', 'WorkflowRetried', { supersedes: [], by: null, reason: null }]),
    )
    expect(run.takeCommands()).toMatchObject([{ activityId: 'retry:1', input: { text: '{"n":1}' } }])
  })

  test('a failure that a record interrupts is not a new call: nothing is repeated', async () => {
    const run = await replayed(
      async (ctx) => {
        ctx.setState(1)
        await charge(ctx, null)
      },
      history(['cancel', 'CancelRequested', { by: null, reason: null }], stateSet(1, 1)),
    )
    expect(run.takeCommands().map((command) => command.type)).toEqual(['RunActivity'])
  })
})

describe('subscriptions that a recur moved here', () => {
  const inherited = history(
    ['inherited_news', 'Subscribed', { channel: 'news', mode: 'broadcast', cursor: 3, inherited: true }],
    ['inherited_mine', 'Subscribed', { channel: 'mine:order-1', mode: 'direct', cursor: 0, inherited: true }],
  )
  const reading = (ctx: WorkflowContext) => Promise.all([ctx.receive('news'), ctx.receive('mine')])
  const channels = (run: { calls: { commands(): Iterable<object> } }) =>
    [...run.calls.commands()].map((command) => (command as { channel?: string }).channel)

  test('are known at the first run, which is no replay', async () => {
    const run = execution(workflowWith(async (ctx) => (ctx.isReplaying ? 'replaying' : reading(ctx))))
    await run.start(inherited)
    expect(channels(run)).toEqual(['news', 'mine:order-1'])
  })

  test('are known on replay', async () => {
    const events = [...inherited, { ...last(history(message('receive_news:1', 'news', 1))), seq: 3 }]
    expect(channels(await replayed(reading, events))).toEqual(['mine:order-1'])
  })

  test('are those of the source in a fork, under its own name', async () => {
    const events = history([
      'inherited_mine',
      'Subscribed',
      { channel: 'mine:source', mode: 'direct', cursor: 0, inherited: true },
    ])
    const run = execution(
      workflowWith((ctx) => ctx.receive('mine')),
      { instanceId: 'fork', seed: 'source' },
    )
    await run.replay(events, [])
    expect(channels(run)).toEqual(['mine:fork'])
  })

  test('are known by their stored name where that names nobody known', async () => {
    const elsewhere = history(['i', 'Subscribed', { channel: 'mine:else', mode: 'direct', cursor: 0, inherited: true }])
    const run = execution(workflowWith((ctx) => ctx.receive('mine:else')))
    await run.replay(elsewhere, [])
    expect(channels(run)).toEqual(['mine:else:order-1'])
  })

  test('are those at the head of the history only', async () => {
    const events = history(completed('charge:1'), subscribed('news', { inherited: true }))
    const late = async (ctx: WorkflowContext) => {
      await charge(ctx, null)
      await ctx.receive('news')
    }
    expect(await outcome(late, events)).toMatchObject({ kind: 'failed', error: { code: 'NOT_SUBSCRIBED' } })
  })
})

describe('operations registered before a crash', () => {
  const race = async (ctx: WorkflowContext) => {
    await ctx.race({ charge: charge(ctx, null), timer: ctx.sleep(5) })
    await refund(ctx, null)
    await charge(ctx, null)
  }
  const timer: PendingOperation = { kind: 'timer', id: 'sleep:1', dueAt: 0 }
  const activityCharge: PendingOperation = {
    kind: 'activity',
    id: 'charge:1',
    name: 'charge',
    attempt: 1,
    firstAttemptAt: 0,
  }

  test('fit when the last event answered one and made the code withdraw the other', async () => {
    const run = execution(workflowWith(race))
    await run.replay(history(completed('charge:1')), [activityCharge, timer])
    expect(run.takeCommands().map(({ type, activityId }) => `${type} ${activityId}`)).toContain('Withdraw sleep:1')
  })

  test('do not fit when an earlier event would have withdrawn them', async () => {
    const replay = execution(workflowWith(race)).replay(history(completed('charge:1'), completed('refund:1')), [timer])
    await expect(replay).rejects.toMatchObject({ expected: { kind: 'timer', activityId: 'sleep:1' } })
  })
})

test('a history of 10,000 events is replayed to its end', async () => {
  const n = 10_000
  const summing = async (ctx: WorkflowContext) => {
    let sum = 0
    for (let i = 1; i <= n; i++) sum += (await charge(ctx, i)) as unknown as number
    return sum
  }
  const events = history(...Array.from({ length: n }, (_, i) => completed(`charge:${i + 1}`, i + 1)))
  expect(await outcome(summing, events)).toEqual({ kind: 'completed', value: (n * (n + 1)) / 2 })
})
