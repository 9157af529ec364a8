/** Races: the order of events decides, live and on replay alike; what lost a `ctx.race` is withdrawn. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WorkflowContext } from '../model/context'
import { activity, workflow } from '../model/definition'
import type { HistoryEvent } from '../model/history'
import { RUNS } from '../testing/arbitraries'
import {
  completed,
  execution,
  expired,
  failed,
  history,
  message,
  outcome,
  replayed,
  subscribed,
  workflowWith,
} from '../testing/builders'

const names = ['a', 'b', 'c', 'd'] as const
const activities = Object.fromEntries(names.map((name) => [name, activity(name, async () => null)]))
const call = (ctx: WorkflowContext, name: string): Promise<unknown> =>
  (activities[name] as (typeof activities)['a'])(ctx, null)
const child = workflow('child', async () => null)
const order = fc.shuffledSubarray([...names], { minLength: names.length })
/** One activity of each name, and its end in this order, failed or not. */
const ends = fc.tuple(order, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
const eventsOf = (names: readonly string[], fails: readonly boolean[]): HistoryEvent[] =>
  history(
    ...names.map((name, index) => (fails[index] ? failed(`${name}:1`, 'Error', name) : completed(`${name}:1`, name))),
  )

/** Live: started, then one event after the other; told what it asked for in between. */
async function live(fn: (ctx: WorkflowContext) => Promise<unknown>, events: readonly HistoryEvent[]) {
  const run = execution(workflowWith(fn))
  await run.start()
  const taken = [...run.takeCommands()]
  const delivered: boolean[] = []
  for (const event of events) {
    delivered.push(await run.deliver(event))
    taken.push(...run.takeCommands())
  }
  return {
    run,
    taken,
    delivered,
    withdrawn: taken.filter((one) => one.type === 'Withdraw').map((one) => one.activityId),
  }
}

describe('native combinators', () => {
  const combinators: [string, (branches: Promise<unknown>[]) => Promise<unknown>][] = [
    ['race', (branches) => Promise.race(branches)],
    ['any', (branches) => Promise.any(branches)],
    ['all', (branches) => Promise.all(branches)],
    ['allSettled', (branches) => Promise.allSettled(branches)],
  ]
  test.each(combinators)('Promise.%s is decided by the order of events, live and on replay', (name, combine) =>
    fc.assert(
      fc.asyncProperty(ends, async ([finishing, fails]) => {
        const fn = async (ctx: WorkflowContext) => {
          const result = await combine(names.map((name) => call(ctx, name))).catch((error: Error) => error.message)
          await ctx.sleep(1)
          return result
        }
        const events = eventsOf(finishing, fails)
        const { run } = await live(fn, events)
        const again = await replayed(fn, events)
        const rest: HistoryEvent = { ...history(expired('sleep:1'))[0], seq: 9 } as HistoryEvent
        await run.deliver(rest)
        await again.deliver(rest)
        expect(again.outcome).toEqual(run.outcome)
        const [first, firstGood] = [finishing[0], finishing.find((_name, index) => !fails[index])]
        const expected: Record<string, unknown> = { race: first, any: firstGood ?? 'All promises were rejected' }
        if (name in expected) expect(run.outcome).toEqual({ kind: 'completed', value: expected[name] })
      }),
      RUNS,
    ),
  )

  test('losers of Promise.race stay open: their results are recorded and heard by nobody', async () => {
    const fn = async (ctx: WorkflowContext) => {
      const winner = await Promise.race([call(ctx, 'a'), call(ctx, 'b')])
      await ctx.sleep(1)
      return winner
    }
    const { run, delivered, withdrawn } = await live(
      fn,
      history(completed('b:1', 'b'), completed('a:1', 'a'), expired('sleep:1')),
    )
    expect([delivered, withdrawn, run.outcome]).toEqual([[true, true, true], [], { kind: 'completed', value: 'b' }])
  })
})

describe('ctx.race', () => {
  const race = (ctx: WorkflowContext) => ctx.race(Object.fromEntries(names.map((name) => [name, call(ctx, name)])))

  test('names the winner and withdraws all others, live and on replay', () =>
    fc.assert(
      fc.asyncProperty(ends, async ([finishing, fails]) => {
        const fn = async (ctx: WorkflowContext) => {
          const win = await race(ctx).catch((error: Error) => ({ lost: error.message }))
          await ctx.sleep(1)
          return win
        }
        const [winner] = finishing as [string]
        const losers = names.filter((name) => name !== winner).map((name) => `${name}:1`)
        const events = eventsOf(finishing, fails)
        const { run, delivered, withdrawn } = await live(fn, events)
        expect([delivered, withdrawn]).toEqual([[true, false, false, false], losers])
        const again = await replayed(fn, events.slice(0, 1))
        expect([...again.calls.commands()].map((one) => one.activityId)).toEqual(['sleep:1'])
        for (const one of [run, again]) {
          await one.deliver({ ...history(expired('sleep:1'))[0], seq: 9 } as HistoryEvent)
          const value = fails[0] ? { lost: winner } : { key: winner, value: winner }
          expect(one.outcome).toEqual({ kind: 'completed', value })
        }
      }),
      RUNS,
    ))

  test('withdraws waits of every kind', async () => {
    const fn = async (ctx: WorkflowContext) => {
      await ctx.subscribe('news')
      const { key } = await ctx.race({
        done: call(ctx, 'a'),
        timer: ctx.sleep(5),
        event: ctx.waitEvent('paid'),
        message: ctx.receive('news'),
      })
      return key
    }
    const { run, withdrawn } = await live(fn, history(subscribed('news'), completed('a:1')))
    expect(withdrawn).toEqual(['sleep:1', 'receive_paid:1', 'receive_news:1'])
    expect(run.outcome).toEqual({ kind: 'completed', value: 'done' })
  })

  test('inside a race is withdrawn with all its branches', async () => {
    const fn = (ctx: WorkflowContext) =>
      ctx
        .race({ inner: ctx.race({ a: call(ctx, 'a'), b: ctx.race({ b: call(ctx, 'b') }) }), c: call(ctx, 'c') })
        .then(({ key }) => key)
    const { run, withdrawn } = await live(fn, history(completed('c:1')))
    expect([withdrawn, run.outcome]).toEqual([['a:1', 'b:1'], { kind: 'completed', value: 'c' }])
  })

  test('withdraws the result of a child that was called', async () => {
    const fn = (ctx: WorkflowContext) =>
      ctx.race({ child: ctx.call(child, null), c: call(ctx, 'c') }).then(({ key }) => key)
    const started = ['child_child:1', 'ChildStarted', { childId: 'c1', workflowName: 'child' }] as const
    const { withdrawn } = await live(fn, history(started, completed('c:1')))
    expect(withdrawn).toEqual(['child_child:1:result'])
  })

  test('leaves alone what its own transition has answered already: a subscription that lost still is one', async () => {
    const fn = async (ctx: WorkflowContext) => {
      const { key } = await ctx.race({
        sent: ctx.sendTo('b', 1),
        sub: ctx.subscribe('news'),
        child: ctx.startChild(child, null),
      })
      await call(ctx, 'a')
      const { data } = await ctx.receive('news')
      return [key, data]
    }
    const events = history(
      ['send_to___direct__:1', 'MessagePublished', { channel: '__direct__:b', messageId: 'm', delivered: false }],
      subscribed('news'),
      ['child_child:1', 'ChildStarted', { childId: 'c1', workflowName: 'child' }],
      completed('a:1'),
      message('receive_news:1', 'news', 7),
    )
    const { run, delivered, withdrawn } = await live(fn, events)
    expect([delivered, withdrawn]).toEqual([[true, true, true, true, true], []])
    expect(run.outcome).toEqual({ kind: 'completed', value: ['sent', 7] })
    expect(await outcome(fn, events)).toEqual(run.outcome)
  })

  test('is won at once by what needs no waiting', async () => {
    const fn = (ctx: WorkflowContext) =>
      ctx.race({ past: ctx.sleepUntil(new Date(0)), a: call(ctx, 'a') }).then(({ key }) => key)
    const { run, withdrawn } = await live(fn, [])
    expect([run.outcome, withdrawn]).toEqual([{ kind: 'completed', value: 'past' }, ['a:1']])
  })

  test('takes helpers too, whose calls it cannot know and leaves open', async () => {
    const fn = async (ctx: WorkflowContext) => {
      const helper = async () => [await call(ctx, 'a')]
      const { key } = await ctx.race({ helper: helper(), b: call(ctx, 'b') })
      await ctx.sleep(1)
      return key
    }
    const { run, withdrawn, delivered } = await live(
      fn,
      history(completed('b:1'), completed('a:1'), expired('sleep:1')),
    )
    expect([withdrawn, delivered, run.outcome]).toEqual([[], [true, true, true], { kind: 'completed', value: 'b' }])
  })

  test('of one promise under two names withdraws nothing', async () => {
    const fn = (ctx: WorkflowContext) => {
      const one = call(ctx, 'a')
      return ctx.race({ first: one, second: one }).then(({ key }) => key)
    }
    const { withdrawn, run } = await live(fn, history(completed('a:1')))
    expect([withdrawn, run.outcome]).toEqual([[], { kind: 'completed', value: 'first' }])
  })
})
