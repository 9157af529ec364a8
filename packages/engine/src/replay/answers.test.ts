/** How recorded events read to workflow code: the same classes and values on every replay. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { WorkflowContext } from '../model/context'
import { activity, channel, event, workflow } from '../model/definition'
import {
  ChannelModeConflictError,
  EventTimeoutError,
  InstanceExistsError,
  ReceiveTimeoutError,
  RetryExhaustedError,
  TerminalError,
  ValidationError,
  WorkflowCancelledError,
  WorkflowFailedError,
} from '../model/errors'
import { toFailure } from '../model/failure'
import type { HistoryEvent } from '../model/history'
import { jsonValue, RUNS } from '../testing/arbitraries'
import { completed, history, message, outcome, refusal, replayed, STARTED_AT, subscribed } from '../testing/builders'
import * as answers from './answers'

const charge = activity('charge', async () => null)
const child = workflow('child', async () => null)
const number = channel('numbers', { mode: 'broadcast', schema: z.object({ n: z.number() }) })
const paid = event('paid', z.object({ cents: z.number() }))
/** A check that takes its time. */
const slow = z.object({ n: z.number() }).refine(async ({ n }) => n > 0, 'must be positive')

const attributes = { type: 'paid', source: 'shop', id: 'e1', extensions: { tenant: 'x' } }
const value = async (fn: (ctx: WorkflowContext) => Promise<unknown>, events: readonly HistoryEvent[]) => {
  const ended = await outcome(fn, events)
  if (ended?.kind !== 'completed') throw ended?.kind === 'failed' ? ended.error : new Error('it waits')
  return ended.value
}

describe('an activity that failed', () => {
  test.each<[string, Error, new (...args: never[]) => Error]>([
    ['for good', new TerminalError('stop'), TerminalError],
    [
      'after its last attempt',
      new RetryExhaustedError('gave up', { cause: new RangeError('inner') }),
      RetryExhaustedError,
    ],
    ['by input that its schema refused', new ValidationError({ what: 'input', issues: [] }), ValidationError],
    ['in a way of its user', Object.assign(new Error('declined'), { name: 'Declined', reason: 'limit' }), Error],
  ])('%s rejects with the class, the message and the cause that were recorded', async (_, error, Kind) => {
    const events = history([
      'charge:1',
      'ActivityFailed',
      { activityName: 'charge', input: null, error: toFailure(error) },
    ])
    const thrown = (await refusal((ctx) => charge(ctx, null), events)) as Error
    expect(thrown).toBeInstanceOf(Kind)
    expect(toFailure(thrown)).toEqual(toFailure(error))
  })

  test('can be caught, and the workflow goes on', async () => {
    const events = history(
      ['charge:1', 'ActivityFailed', { activityName: 'charge', input: null, error: { name: 'Error', message: 'no' } }],
      completed('charge:2', 'yes'),
    )
    const twice = (ctx: WorkflowContext) => charge(ctx, null).catch(() => charge(ctx, null))
    expect(await value(twice, events)).toBe('yes')
  })

  test('that nobody awaits fails nobody', async () => {
    const events = history(
      ['charge:1', 'ActivityFailed', { activityName: 'charge', input: null, error: { name: 'Error', message: 'no' } }],
      completed('charge:2', 'yes'),
    )
    const careless = async (ctx: WorkflowContext) => {
      void charge(ctx, null)
      return charge(ctx, null)
    }
    expect(await value(careless, events)).toBe('yes')
  })
})

describe('an event', () => {
  test('comes with its attributes, frozen', async () => {
    const events = history(['receive_paid:1', 'EventReceived', { ...attributes, data: { cents: 5 } }])
    const received = await value((ctx) => ctx.waitEvent('paid'), events)
    expect(received).toEqual({ ...attributes, data: { cents: 5 } })
    expect(Object.isFrozen(received)).toBe(true)
  })

  test('without data has null, with bytes has them', async () => {
    const bytes = Uint8Array.of(1, 2)
    const events = history(
      ['receive_paid:1', 'EventReceived', attributes],
      ['receive_paid:2', 'EventReceived', attributes, { binary: bytes }],
    )
    const both = async (ctx: WorkflowContext) => [
      (await ctx.waitEvent('paid')).data,
      (await ctx.waitEvent('paid')).data,
    ]
    expect(await value(both, events)).toEqual([null, bytes])
  })

  test('that its schema refuses rejects with ValidationError, naming the event and the path', async () => {
    const events = history(['receive_paid:1', 'EventReceived', { ...attributes, data: { cents: 'five' } }])
    for (const wait of [
      (ctx: WorkflowContext) => ctx.waitEvent(paid),
      (ctx: WorkflowContext) => ctx.waitEvent('paid', { schema: z.object({ cents: z.number() }) }),
    ]) {
      const error = await refusal(wait, events)
      expect(error).toBeInstanceOf(ValidationError)
      expect(error).toMatchObject({
        issues: [{ path: 'cents' }],
        message: expect.stringContaining('data of event paid'),
      })
    }
  })

  test('that stays away rejects with EventTimeoutError', async () => {
    const about = { channel: 'paid', eventType: 'paid', timeoutAt: STARTED_AT, timeoutSeconds: 5 }
    const error = await refusal(
      (ctx) => ctx.waitEvent('paid', { timeout: 5 }),
      history(['receive_paid:1', 'MessageTimeout', about]),
    )
    expect(error).toBeInstanceOf(EventTimeoutError)
    expect(error).toMatchObject({ eventType: 'paid', timeoutSeconds: 5 })
  })

  test('is named by its channel where its type was not recorded', () => {
    const [late] = history(['receive_paid:1', 'MessageTimeout', { channel: 'paid', timeoutAt: 0, timeoutSeconds: 5 }])
    expect(() => answers.receivedEvent(late as HistoryEvent, undefined)).toThrow(
      "Event 'paid' did not arrive within 5 s",
    )
  })

  test('whose channel has another mode rejects with the conflict', async () => {
    const conflict = new ChannelModeConflictError({
      channel: 'paid',
      existingMode: 'competing',
      requestedMode: 'broadcast',
    })
    const refused = { channel: 'paid', mode: 'broadcast' as const, cursor: 0, error: toFailure(conflict) }
    const error = await refusal((ctx) => ctx.waitEvent('paid'), history(['receive_paid:1', 'Subscribed', refused]))
    expect(error).toBeInstanceOf(ChannelModeConflictError)
  })
})

describe('a message', () => {
  const reading = (fn: (ctx: WorkflowContext) => Promise<unknown>) => async (ctx: WorkflowContext) => {
    await ctx.subscribe('numbers')
    return fn(ctx)
  }

  test('comes with id, channel, metadata and time, frozen', async () => {
    const about = { id: 'm1', channel: 'numbers', data: 5, metadata: { k: 'v' }, publishedAt: STARTED_AT }
    const events = history(subscribed('numbers'), ['receive_numbers:1', 'ChannelMessageReceived', about])
    const received = await value(
      reading((ctx) => ctx.receive('numbers')),
      events,
    )
    expect(received).toEqual({ ...about, publishedAt: new Date(STARTED_AT) })
    expect(Object.isFrozen(received)).toBe(true)
  })

  test('of bytes has them, without anything has null', async () => {
    const about = { id: 'm', channel: 'numbers', metadata: {}, publishedAt: 0 }
    const events = history(
      subscribed('numbers'),
      ['receive_numbers:1', 'ChannelMessageReceived', about, { binary: Uint8Array.of(7) }],
      ['receive_numbers:2', 'ChannelMessageReceived', about],
    )
    const both = reading(async (ctx) => [(await ctx.receive('numbers')).data, (await ctx.receive('numbers')).data])
    expect(await value(both, events)).toEqual([Uint8Array.of(7), null])
  })

  test('that its schema refuses rejects with ValidationError and is consumed: the next one is read', async () => {
    const events = history(
      subscribed('numbers'),
      message('receive_numbers:1', 'numbers', { n: 'one' }),
      message('receive_numbers:2', 'numbers', { n: 2 }),
    )
    const refusing = reading(async (ctx) => {
      const error = await ctx.receive(number).catch((thrown: unknown) => thrown)
      return [error, (await ctx.receive(number)).data]
    })
    expect(await value(refusing, events)).toEqual([expect.any(ValidationError), { n: 2 }])
  })

  test('may be checked slowly, in the same drain', async () => {
    const patient = channel('numbers', { mode: 'broadcast', schema: slow })
    const events = (n: number) => history(subscribed('numbers'), message('receive_numbers:1', 'numbers', { n }))
    expect(
      await value(
        reading(async (ctx) => (await ctx.receive(patient)).data),
        events(1),
      ),
    ).toEqual({ n: 1 })
    expect(
      await refusal(
        reading((ctx) => ctx.receive(patient)),
        events(-1),
      ),
    ).toBeInstanceOf(ValidationError)
  })

  test('that stays away rejects with ReceiveTimeoutError', async () => {
    const about = { channel: 'numbers', timeoutAt: STARTED_AT, timeoutSeconds: 0.5 }
    const events = history(subscribed('numbers'), ['receive_numbers:1', 'MessageTimeout', about])
    const error = await refusal(
      reading((ctx) => ctx.receive('numbers', { timeout: 0.5 })),
      events,
    )
    expect(error).toBeInstanceOf(ReceiveTimeoutError)
    expect(error).toMatchObject({ channel: 'numbers', timeoutSeconds: 0.5 })
  })

  test.each([true, false])('sent to an instance tells whether it waited: %s', async (delivered) => {
    const sent = { channel: '__direct__:b', messageId: 'm', targetInstanceId: 'b', delivered }
    expect(await value((ctx) => ctx.sendTo('b', 1), history(['send_to___direct__:1', 'MessagePublished', sent]))).toBe(
      delivered,
    )
  })
})

describe('a subscription', () => {
  test('that the database refuses rejects, and is none', async () => {
    const conflict = new ChannelModeConflictError({
      channel: 'news',
      existingMode: 'competing',
      requestedMode: 'broadcast',
    })
    const events = history(subscribed('news', { error: toFailure(conflict) }))
    const told = async (ctx: WorkflowContext) => {
      const first = await ctx.subscribe('news').catch((error: unknown) => error)
      const second = await ctx.receive('news').catch((error: Error) => error.name)
      return [first, second]
    }
    expect(await value(told, events)).toEqual([expect.any(ChannelModeConflictError), 'NotSubscribedError'])
  })
})

describe('a child', () => {
  const begun = ['child_child:1', 'ChildStarted', { childId: 'c1', workflowName: 'child' }] as const
  const ended = (data: object) =>
    history(begun, ['child_child:1:result', 'ChildCompleted', { childId: 'c1', ...data } as never])
  const calling = (ctx: WorkflowContext) => ctx.call(child, null)

  test('gives its result', () =>
    fc.assert(
      fc.asyncProperty(jsonValue, async (result) => {
        expect(await value(calling, ended({ status: 'completed', result }))).toEqual(result)
      }),
      RUNS,
    ))

  test('that failed rejects with its error as cause', async () => {
    const error = (await refusal(
      calling,
      ended({ status: 'failed', error: toFailure(new TerminalError('stop')) }),
    )) as Error
    expect(error).toBeInstanceOf(WorkflowFailedError)
    expect(error).toMatchObject({ instanceId: 'c1', cause: { message: 'stop', code: 'TERMINAL' } })
    expect(error.cause).toBeInstanceOf(TerminalError)
  })

  test('that failed without a word says so', async () => {
    expect(await refusal(calling, ended({ status: 'failed' }))).toMatchObject({
      cause: { message: 'child ended failed' },
    })
  })

  test.each([
    [{ cancel: { by: 'ann', reason: 'late' } }, { by: 'ann', reason: 'late' }],
    [{}, { by: null, reason: null }],
  ])('that was cancelled rejects with who and why', async (data, fields) => {
    const error = await refusal(calling, ended({ status: 'cancelled', ...data }))
    expect(error).toBeInstanceOf(WorkflowCancelledError)
    expect(error).toMatchObject({ instanceId: 'c1', ...fields })
  })

  test('that could not be started rejects at once', async () => {
    const taken = { childId: 'c1', workflowName: 'child', error: toFailure(new InstanceExistsError('c1')) }
    expect(await refusal(calling, history(['child_child:1', 'ChildStarted', taken]))).toBeInstanceOf(
      InstanceExistsError,
    )
  })

  test('is the recorded one, whatever id this instance would give it: a fork replays children of another', async () => {
    const run = await replayed(async (ctx) => {
      const handle = await ctx.startChild(child, null)
      expect(handle.instanceId).toBe('c1')
      await handle.result()
    }, history(begun))
    expect([...run.calls.commands()]).toEqual([
      { type: 'AwaitChild', activityId: 'child_child:1:result', childId: 'c1' },
    ])
  })

  test('is asked for its result once, however often the code asks', async () => {
    const run = await replayed(async (ctx) => {
      const handle = await ctx.startChild(child, null)
      await Promise.all([handle.result(), handle.result()])
    }, history(begun))
    expect(run.calls.size).toBe(1)
  })
})

test('a publish has the id that was recorded: a fork replays what another instance published', async () => {
  const events = history(['publish_news:1', 'MessagePublished', { channel: 'news', messageId: 'recorded' }])
  expect(await value((ctx) => ctx.publish('news', 1), events)).toBe('recorded')
})

describe('an event that answers nothing of the kind', () => {
  const [timer] = history(['sleep:1', 'TimerExpired', { timerId: 'sleep:1', dueAt: 0 }]) as [HistoryEvent]
  test.each<[string, () => unknown]>([
    ['an activity', () => answers.activityResult(timer)],
    ['an event wait', () => answers.receivedEvent(timer, undefined)],
    ['a message wait', () => answers.channelMessage(timer, 'news', undefined)],
    ['a child', () => answers.childResult(timer)],
    ['a start', () => answers.startedChild(timer)],
    ['a publish', () => answers.publishedId(timer)],
  ])('is an error of the engine: %s', (_, read) => {
    expect(read).toThrow("Event TimerExpired 'sleep:1' cannot answer this call")
  })
})
