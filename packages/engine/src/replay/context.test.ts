/** What each call of the context asks for, and what the context tells. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ActivityContext, WorkflowContext } from '../model/context'
import { activity, channel, compensation, event, workflow } from '../model/definition'
import { jsonValue, RUNS } from '../testing/arbitraries'
import { commands, completed, expired, history, outcome, STARTED_AT } from '../testing/builders'
import { deterministicId } from './determinism'

const charge = activity('charge', { timeout: 5 }, async () => null)
const undo = compensation('undo', async () => null)
const child = workflow('child', async () => null)
const jobs = channel('jobs', { mode: 'competing' })
const mine = channel('mine', { mode: 'direct' })
const paid = event('paid')

const messageId = (activityId: string) => deterministicId('order-1', activityId)
const from = { sourceInstanceId: 'order-1' }
const body = async (_ctx: ActivityContext) => 5

describe('a call asks for', () => {
  test.each<[string, (ctx: WorkflowContext) => unknown, object]>([
    [
      'an activity',
      (ctx) => charge(ctx, { cents: 5 }, { summary: 'five' }),
      {
        type: 'RunActivity',
        activityId: 'charge:1',
        name: 'charge',
        fn: charge.fn,
        options: { timeout: 5 },
        call: { summary: 'five' },
        input: { text: '{"cents":5}' },
      },
    ],
    [
      'a step',
      (ctx) => ctx.run('step', body),
      {
        type: 'RunActivity',
        activityId: 'step:1',
        name: 'step',
        fn: body,
        options: {},
        call: {},
        input: { text: 'null' },
      },
    ],
    [
      'a step with options',
      (ctx) => ctx.run('step', { activityId: 'own', timeout: 5, onFailure: undo, compensateOn: 'attempted' }, body),
      {
        type: 'RunActivity',
        activityId: 'own',
        name: 'step',
        fn: body,
        options: { onFailure: undo, compensateOn: 'attempted' },
        call: { activityId: 'own', timeout: 5 },
        input: { text: 'null' },
      },
    ],
    ['a timer', (ctx) => ctx.sleep('5m'), { type: 'StartTimer', activityId: 'sleep:1', durationMs: 300_000 }],
    [
      'a named timer',
      (ctx) => ctx.sleep(1, { timerId: 't' }),
      { type: 'StartTimer', activityId: 't', durationMs: 1_000 },
    ],
    [
      'a timer at a date',
      (ctx) => ctx.sleepUntil(new Date(STARTED_AT + 1)),
      { type: 'StartTimer', activityId: 'sleep_until:1', until: STARTED_AT + 1 },
    ],
    [
      'an event',
      (ctx) => ctx.waitEvent('paid'),
      { type: 'WaitEvent', activityId: 'receive_paid:1', eventType: 'paid' },
    ],
    [
      'an event with everything',
      (ctx) => ctx.waitEvent(paid, { timeout: 5, where: { 'order.id': 'A1' }, eventId: 'e' }),
      { type: 'WaitEvent', activityId: 'e', eventType: 'paid', timeoutMs: 5_000, where: { 'order.id': 'A1' } },
    ],
    [
      'a subscription',
      (ctx) => ctx.subscribe('news'),
      { type: 'Subscribe', activityId: 'subscribe_news:1', channel: 'news', mode: 'broadcast' },
    ],
    [
      'a subscription of a defined channel',
      (ctx) => ctx.subscribe(jobs),
      { type: 'Subscribe', activityId: 'subscribe_jobs:1', channel: 'jobs', mode: 'competing' },
    ],
    [
      'a direct subscription, private to the instance',
      (ctx) => ctx.subscribe('mine', { mode: 'direct' }),
      { type: 'Subscribe', activityId: 'subscribe_mine:1', channel: 'mine:order-1', mode: 'direct' },
    ],
    [
      'a message to all',
      (ctx) => ctx.publish('news', { n: 1 }),
      {
        type: 'Publish',
        activityId: 'publish_news:1',
        channel: 'news',
        data: { n: 1 },
        metadata: from,
        messageId: messageId('publish_news:1'),
      },
    ],
    [
      'a message to one',
      (ctx) => ctx.publish(mine, 5, { targetInstanceId: 'order-2', metadata: { k: 'v' } }),
      {
        type: 'Publish',
        activityId: 'publish_mine:1',
        channel: 'mine:order-2',
        data: 5,
        metadata: { ...from, k: 'v' },
        messageId: messageId('publish_mine:1'),
        targetInstanceId: 'order-2',
      },
    ],
    [
      'a message to a waiting instance',
      (ctx) => ctx.sendTo('order-2', 5),
      {
        type: 'SendTo',
        activityId: 'send_to___direct__:1',
        targetInstanceId: 'order-2',
        channel: '__direct__:order-2',
        data: 5,
        metadata: from,
        messageId: messageId('send_to___direct__:1'),
      },
    ],
    [
      'a message to a waiting instance on a channel',
      (ctx) => ctx.sendTo('order-2', 5, { channel: 'mine', metadata: { k: 'v' } }),
      {
        type: 'SendTo',
        activityId: 'send_to_mine:1',
        targetInstanceId: 'order-2',
        channel: 'mine:order-2',
        data: 5,
        metadata: { ...from, k: 'v' },
        messageId: messageId('send_to_mine:1'),
      },
    ],
    [
      'a child',
      (ctx) => ctx.startChild(child, null),
      {
        type: 'StartChild',
        activityId: 'child_child:1',
        workflow: child,
        input: null,
        childId: `child-${messageId('child_child:1')}`,
        parentClosePolicy: 'cancel',
      },
    ],
    [
      'a child of a given id that outlives its parent',
      (ctx) => ctx.startChild(child, null, { instanceId: 'c1', parentClosePolicy: 'abandon' }),
      {
        type: 'StartChild',
        activityId: 'child_child:1',
        workflow: child,
        input: null,
        childId: 'c1',
        parentClosePolicy: 'abandon',
      },
    ],
    [
      'a compensation',
      (ctx) => ctx.registerCompensation(undo, { a: 1 }),
      { type: 'RegisterCompensation', activityId: 'compensation_undo:1', name: 'undo', args: { a: 1 } },
    ],
    [
      'no compensations',
      (ctx) => ctx.clearCompensations(),
      { type: 'ClearCompensations', activityId: 'clear_compensations:1' },
    ],
    ['tags', (ctx) => ctx.setTags({ a: 'x' }), { type: 'SetTags', activityId: 'tags:1', tags: { a: 'x' } }],
    ['a state', (ctx) => ctx.setState([1]), { type: 'SetState', activityId: 'state:1', state: [1] }],
    ['a patch', (ctx) => ctx.patched('p'), { type: 'MarkPatch', activityId: 'patch:p', id: 'p' }],
  ])('%s', async (_, call, expected) => {
    const [first] = await commands((ctx) => {
      void call(ctx)
    })
    expect(first).toEqual(expected)
  })

  test('nothing when the date is past, but takes its id', async () => {
    const asked = await commands(async (ctx) => {
      await ctx.sleepUntil(new Date(STARTED_AT))
      void ctx.sleepUntil(new Date(STARTED_AT + 5))
    })
    expect(asked.map((command) => command.activityId)).toEqual(['sleep_until:2'])
  })

  test('what was given when it was called, whatever the code does to its objects afterwards', async () => {
    const asked = await commands((ctx) => {
      const order = { n: 1, lines: [1] }
      const bytes = Uint8Array.of(1)
      void charge(ctx, order)
      void ctx.publish('news', order)
      void ctx.publish('news', bytes)
      void ctx.sendTo('order-2', order)
      void ctx.registerCompensation(undo, order)
      ctx.setState(order)
      order.n = 2
      order.lines.push(2)
      bytes[0] = 9
    })
    const was = { n: 1, lines: [1] }
    expect(
      asked.map((command) =>
        'input' in command
          ? command.input
          : 'data' in command
            ? command.data
            : 'args' in command
              ? command.args
              : 'state' in command
                ? command.state
                : null,
      ),
    ).toEqual([{ text: JSON.stringify(was) }, was, Uint8Array.of(1), was, was, was])
  })

  test('what has no JSON form as it is: whoever stores it refuses it', async () => {
    const [asked] = await commands((ctx) => ctx.setState({ a: 1n }))
    expect(asked).toMatchObject({ state: { a: 1n } })
  })
})

describe('what the context tells', () => {
  test('is who it is and what time the last event had', async () => {
    const told = await outcome(
      async (ctx) => {
        const first = ctx.now().getTime()
        await ctx.sleep(1)
        return [ctx.instanceId, ctx.workflowName, ctx.workerId, first, ctx.now().getTime()]
      },
      history(expired('sleep:1')),
    )
    expect(told).toEqual({ kind: 'completed', value: ['order-1', 'order', 'w1', STARTED_AT, STARTED_AT + 1_000] })
  })

  test('as time is a copy that nobody can change for others', async () => {
    const told = await outcome(async (ctx) => {
      ctx.now().setTime(0)
      return ctx.now().getTime()
    })
    expect(told).toEqual({ kind: 'completed', value: STARTED_AT })
  })

  test('as result is what was recorded', () =>
    fc.assert(
      fc.asyncProperty(jsonValue, async (result) => {
        const told = await outcome((ctx) => charge(ctx, null), history(completed('charge:1', result)))
        expect(told).toEqual({ kind: 'completed', value: result })
      }),
      RUNS,
    ))
})
