/** R3: code that does not fit its history says so before it does anything, and the code that fits goes on. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { activity, compensation, type Workflow } from '../model/definition'
import { NonDeterminismError, type OperationDescription } from '../model/errors'
import { type HistoryEvent, INLINE_EVENTS } from '../model/history'
import type { PendingOperation } from '../model/pending'
import { program, RUNS } from '../testing/arbitraries'
import { completed, execution, history, subscribed, workflowWith } from '../testing/builders'
import { ExecutionDriver } from '../testing/execution-driver'
import { rewrite, type Step, stepsOf, workflowOf } from '../testing/program'

const seed = fc.nat()
const names: fc.Arbitrary<string[]> = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e', 'f', 'g'), {
  minLength: 2,
  maxLength: 6,
})

interface Divergence {
  readonly expected: OperationDescription | null
  readonly actual: readonly OperationDescription[]
}

/** Replays and expects a divergence that released nothing. */
async function divergence(
  definition: Workflow,
  events: readonly HistoryEvent[],
  pending: readonly PendingOperation[] = [],
): Promise<Divergence & { readonly message: string }> {
  const replayed = execution(definition)
  const error = await replayed.replay(events, pending).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof NonDeterminismError)) throw new Error(`expected a divergence, not ${String(error)}`)
  expect(replayed.takeCommands()).toEqual([])
  const { expected, actual, message } = error
  return { expected, actual, message }
}

async function fits(definition: Workflow, events: readonly HistoryEvent[], pending: readonly PendingOperation[] = []) {
  await expect(execution(definition).replay(events, pending)).resolves.toBeUndefined()
}

async function live(steps: Step, chosen: number): Promise<ExecutionDriver> {
  return (await new ExecutionDriver(workflowOf(steps), { seed: chosen }).start()).run()
}

const sequence = (order: readonly string[]): Step => ({
  do: 'seq',
  steps: order.map((name) => ({ do: 'activity', name })),
})
const parallel = (order: readonly string[]): Step => ({
  do: 'allSettled',
  branches: order.map((name) => ({ do: 'activity', name })),
})
const activityEvent = (name: string) => ({ kind: 'ActivityCompleted', activityId: `${name}:1`, name })
const runActivity = (name: string) => ({ kind: 'RunActivity', activityId: `${name}:1`, name })
const allCompleted = (order: readonly string[]) => history(...order.map((name) => completed(`${name}:1`)))

describe('in a sequence of activities', () => {
  test('a renamed one diverges at its place', () =>
    fc.assert(
      fc.asyncProperty(names, fc.nat(), async (order, pick) => {
        const at = pick % order.length
        const changed = order.map((name, index) => (index === at ? 'renamed' : name))
        const found = await divergence(workflowOf(sequence(changed)), allCompleted(order))
        expect(found).toMatchObject({ expected: activityEvent(order[at] as string), actual: [runActivity('renamed')] })
        await fits(workflowOf(sequence(order)), allCompleted(order))
      }),
      RUNS,
    ))

  test('a removed one diverges where the next is asked for in its stead', () =>
    fc.assert(
      fc.asyncProperty(names, fc.nat(), async (order, pick) => {
        const at = pick % order.length
        const found = await divergence(
          workflowOf(sequence(order.filter((_, index) => index !== at))),
          allCompleted(order),
        )
        const next = order[at + 1]
        expect(found).toMatchObject({
          expected: activityEvent(order[at] as string),
          actual: [next === undefined ? { kind: 'workflow completed', activityId: '' } : runActivity(next)],
        })
        await fits(workflowOf(sequence(order)), allCompleted(order))
      }),
      RUNS,
    ))

  test('an inserted one diverges before everything that is recorded behind it', () =>
    fc.assert(
      fc.asyncProperty(names, fc.nat(), async (order, pick) => {
        const at = pick % order.length
        const changed = [...order.slice(0, at), 'inserted', ...order.slice(at)]
        const found = await divergence(workflowOf(sequence(changed)), allCompleted(order))
        expect(found).toMatchObject({ expected: activityEvent(order[at] as string), actual: [runActivity('inserted')] })
        await fits(workflowOf(sequence(order)), allCompleted(order))
      }),
      RUNS,
    ))

  test('one inserted behind all that is recorded is no divergence', () =>
    fc.assert(
      fc.asyncProperty(names, async (order) => {
        const extended = execution(workflowOf(sequence([...order, 'inserted'])))
        await extended.replay(allCompleted(order), [])
        expect([...extended.calls.commands()].map((command) => command.activityId)).toEqual(['inserted:1'])
      }),
      RUNS,
    ))

  test('two that changed places diverge at the first of them', () =>
    fc.assert(
      fc.asyncProperty(names, fc.nat(), async (order, pick) => {
        const at = pick % (order.length - 1)
        const [one, two] = [order[at] as string, order[at + 1] as string]
        const changed = order.with(at, two).with(at + 1, one)
        const found = await divergence(workflowOf(sequence(changed)), allCompleted(order))
        expect(found).toMatchObject({ expected: activityEvent(one), actual: [runActivity(two)] })
        await fits(workflowOf(sequence(order)), allCompleted(order))
      }),
      RUNS,
    ))

  test('a kind that changed under the same id diverges', () =>
    fc.assert(
      fc.asyncProperty(names, fc.nat(), async (order, pick) => {
        const at = pick % order.length
        const id = `${order[at]}:1`
        const events = allCompleted(order).map((event) =>
          event.activityId === id
            ? ({ ...event, type: 'TimerExpired', data: { timerId: id, dueAt: 0 } } as const)
            : event,
        )
        const found = await divergence(workflowOf(sequence(order)), events)
        expect(found).toMatchObject({
          expected: { kind: 'TimerExpired', activityId: id },
          actual: [runActivity(order[at] as string)],
        })
      }),
      RUNS,
    ))
})

describe('in parallel', () => {
  test('completion order and call order are free: activities that changed places still fit', () =>
    fc.assert(
      fc.asyncProperty(names, seed, seed, async (order, one, two) => {
        const shuffled = (by: number) => [...order].sort((a, b) => hash(a, by) - hash(b, by))
        await fits(workflowOf(parallel(shuffled(one))), allCompleted(shuffled(two)))
      }),
      RUNS,
    ))

  test('a renamed one diverges when its result comes', () =>
    fc.assert(
      fc.asyncProperty(names, fc.nat(), async (order, pick) => {
        const at = pick % order.length
        const changed = order.map((name, index) => (index === at ? 'renamed' : name))
        const found = await divergence(workflowOf(parallel(changed)), allCompleted(order))
        expect(found).toMatchObject({
          expected: activityEvent(order[at] as string),
          actual: changed.slice(at).map(runActivity),
        })
      }),
      RUNS,
    ))
})

describe('in any program', () => {
  const renamed = (step: Step, name: string): Step =>
    rewrite(step, (one) => (one.do === 'activity' && one.name === name ? { ...one, name: 'renamed' } : one))

  test('a renamed activity diverges at its first recorded result', () =>
    fc.assert(
      fc.asyncProperty(program(), seed, async (steps, chosen) => {
        const whole = await live(steps, chosen)
        const first = whole.history.find((event) => 'activityName' in event.data && event.activityId !== 'inline:1')
        if (!first || !('activityName' in first.data) || first.data.activityName === 'inline') return
        const name = first.data.activityName
        // ctx.run may share the name of an activity; then its results keep theirs.
        if (stepsOf(steps).some((step) => step.do === 'run' && step.name === name)) return
        const found = await divergence(workflowOf(renamed(steps, name)), whole.history)
        expect(found.expected).toEqual({ kind: first.type, activityId: first.activityId, name })
        expect(found.actual.map((one) => one.name)).toContain('renamed')
        await fits(workflowOf(steps), whole.history)
      }),
      RUNS,
    ))

  test('an activity inserted before everything diverges at the first event', () =>
    fc.assert(
      fc.asyncProperty(program(), seed, async (steps, chosen) => {
        const whole = await live(steps, chosen)
        const [first] = whole.history
        if (!first) return
        const changed: Step = { do: 'seq', steps: [{ do: 'activity', name: 'inserted' }, steps] }
        const found = await divergence(workflowOf(changed), whole.history)
        expect(found.expected).toMatchObject({ kind: first.type, activityId: first.activityId })
        expect(found.actual).toEqual([runActivity('inserted')])
      }),
      RUNS,
    ))

  test('removed inline calls diverge', () =>
    fc.assert(
      fc.asyncProperty(program(), seed, async (steps, chosen) => {
        const whole = await live(steps, chosen)
        const first = whole.history.find((event) => event.type === 'StateSet')
        const without = rewrite(steps, (one) => (one.do === 'setState' ? { do: 'nothing' } : one))
        if (!first) return fits(workflowOf(without), whole.history)
        const found = await divergence(workflowOf(without), whole.history)
        expect(found.expected).toMatchObject({ kind: 'StateSet', activityId: 'state:1' })
      }),
      RUNS,
    ))

  test('inserted inline calls diverge while anything is recorded behind them', () =>
    fc.assert(
      fc.asyncProperty(program(), seed, async (steps, chosen) => {
        const whole = await live(steps, chosen)
        const [first] = whole.history
        const changed: Step = { do: 'seq', steps: [{ do: 'publish', channel: 'inserted' }, steps] }
        if (!first) return
        const found = await divergence(workflowOf(changed), whole.history)
        expect(found).toMatchObject({
          expected: { kind: first.type, activityId: first.activityId },
          actual: [{ kind: 'Publish', activityId: 'publish_inserted:1', name: 'inserted' }],
        })
      }),
      RUNS,
    ))

  test('an operation that is registered and no longer asked for diverges', () =>
    fc.assert(
      fc.asyncProperty(program(), seed, async (steps, chosen) => {
        const whole = await live(steps, chosen)
        const stray: PendingOperation = { kind: 'timer', id: 'sleep:99', dueAt: 0 }
        const found = await divergence(workflowOf(steps), whole.history, [...whole.pending.values(), stray])
        expect(found.expected).toEqual({ kind: 'timer', activityId: 'sleep:99' })
        await fits(workflowOf(steps), whole.history, [...whole.pending.values()])
      }),
      RUNS,
    ))

  test('history that lost an event diverges or waits, and never goes on as if it had been there', () =>
    fc.assert(
      fc.asyncProperty(program(), seed, fc.nat(), async (steps, chosen, pick) => {
        const whole = await live(steps, chosen)
        const answers = whole.history.filter((event) => !INLINE_EVENTS.has(event.type))
        const lost = answers[pick % answers.length]
        if (!lost || lost.type === 'MessagePublished') return
        const rest = whole.history.filter((event) => event !== lost)
        const replayed = execution(workflowOf(steps))
        const result = await replayed.replay(rest, []).catch((error: unknown) => error)
        if (result instanceof NonDeterminismError) return
        // Then nothing that is recorded depended on it, and the call is still open.
        expect(result).toBeUndefined()
        expect(replayed.calls.get(lost.activityId)).toBeDefined()
      }),
      RUNS,
    ))
})

describe('what an explicit id does not tell', () => {
  const charge = activity('charge', () => null)
  const refund = activity('refund', () => null)
  const cancelled = compensation('cancelled', () => null)
  const refunded = compensation('refunded', () => null)
  test('another activity under the same explicit id diverges', async () => {
    const events = history(['pay', 'ActivityCompleted', { activityName: 'charge', input: null, result: 1 }])
    await fits(
      workflowWith((ctx) => charge(ctx, null, { activityId: 'pay' })),
      events,
    )
    expect(
      await divergence(
        workflowWith((ctx) => refund(ctx, null, { activityId: 'pay' })),
        events,
      ),
    ).toMatchObject({
      expected: { kind: 'ActivityCompleted', activityId: 'pay', name: 'charge' },
      actual: [{ kind: 'RunActivity', activityId: 'pay', name: 'refund' }],
    })
  })

  test('another pending activity under the same explicit id diverges', async () => {
    const pending: PendingOperation = { kind: 'activity', id: 'pay', name: 'charge', attempt: 2, firstAttemptAt: 0 }
    await fits(
      workflowWith((ctx) => charge(ctx, null, { activityId: 'pay' })),
      [],
      [pending],
    )
    expect(
      await divergence(
        workflowWith((ctx) => refund(ctx, null, { activityId: 'pay' })),
        [],
        [pending],
      ),
    ).toMatchObject({
      expected: { kind: 'activity', activityId: 'pay', name: 'charge' },
      actual: [{ kind: 'RunActivity', activityId: 'pay', name: 'refund' }],
    })
  })

  test('a pending operation of another kind under the same id diverges', async () => {
    const pending: PendingOperation = { kind: 'timer', id: 'charge:1', dueAt: 0 }
    expect(
      await divergence(
        workflowWith((ctx) => charge(ctx, null)),
        [],
        [pending],
      ),
    ).toMatchObject({
      expected: { kind: 'timer', activityId: 'charge:1' },
      actual: [{ kind: 'RunActivity', activityId: 'charge:1', name: 'charge' }],
    })
  })

  test('another event awaited under the same explicit id diverges', async () => {
    const pending: PendingOperation = { kind: 'event', id: 'answer', eventType: 'paid' }
    await fits(
      workflowWith((ctx) => ctx.waitEvent('paid', { eventId: 'answer' })),
      [],
      [pending],
    )
    expect(
      await divergence(
        workflowWith((ctx) => ctx.waitEvent('refunded', { eventId: 'answer' })),
        [],
        [pending],
      ),
    ).toMatchObject({ expected: { kind: 'event', activityId: 'answer', name: 'paid' } })
    const events = history(['answer', 'EventReceived', { type: 'paid', source: '/shop', id: '1', extensions: {} }])
    expect(
      await divergence(
        workflowWith((ctx) => ctx.waitEvent('refunded', { eventId: 'answer' })),
        events,
      ),
    ).toMatchObject({ expected: { kind: 'EventReceived', activityId: 'answer', name: 'paid' } })
  })

  test('another channel read under the same explicit id diverges', async () => {
    const pending: PendingOperation = { kind: 'message', id: 'next', channel: 'jobs' }
    const events = history(subscribed('jobs'), subscribed('news'))
    const reading = (channel: string) =>
      workflowWith(async (ctx) => {
        await ctx.subscribe('jobs')
        await ctx.subscribe('news')
        await ctx.receive(channel, { messageId: 'next' })
      })
    await fits(reading('jobs'), events, [pending])
    expect(await divergence(reading('news'), events, [pending])).toMatchObject({
      expected: { kind: 'message', activityId: 'next', name: 'jobs' },
      actual: [{ kind: 'ReceiveMessage', activityId: 'next', name: 'news' }],
    })
  })

  test('another compensation under the same explicit id diverges', async () => {
    const events = history(['undo', 'CompensationRegistered', { name: 'cancelled', args: 1 }], completed('charge:1'))
    const registering = (comp: typeof cancelled) =>
      workflowWith(async (ctx) => {
        await ctx.registerCompensation(comp, 1, { activityId: 'undo' })
        await charge(ctx, null)
      })
    await fits(registering(cancelled), events)
    expect(await divergence(registering(refunded), events)).toMatchObject({
      expected: { kind: 'CompensationRegistered', activityId: 'undo', name: 'cancelled' },
      actual: [{ kind: 'RegisterCompensation', activityId: 'undo', name: 'refunded' }],
    })
  })

  test('a timeout of a message wait does not answer an event wait of the same id', async () => {
    const about = { channel: 'paid', timeoutAt: 0, timeoutSeconds: 5 }
    const events = history(['receive_paid:1', 'MessageTimeout', about])
    const waiting = workflowWith((ctx) => ctx.waitEvent('paid', { timeout: 5 }).catch(() => 'late'))
    expect(await divergence(waiting, events)).toMatchObject({
      expected: { kind: 'MessageTimeout', activityId: 'receive_paid:1', name: 'paid' },
      actual: [{ kind: 'WaitEvent', activityId: 'receive_paid:1', name: 'paid' }],
    })
    await fits(waiting, history(['receive_paid:1', 'MessageTimeout', { ...about, eventType: 'paid' }]))
  })
})

function hash(text: string, by: number): number {
  let value = by
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 2654435761)
  return value
}
