/** R2: every call has an id of its own from the moment it is made; and what a call refuses, it refuses then. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ActivityContext, WorkflowContext } from '../model/context'
import { activity, channel, workflow } from '../model/definition'
import { InvalidFilterError } from '../model/errors'
import { RUNS } from '../testing/arbitraries'
import { commands, history, refusal, replayed } from '../testing/builders'

const charge = activity('charge', async () => null)
const child = workflow('child', async () => null)
const mine = channel('mine', { mode: 'direct' })
const body = async (_ctx: ActivityContext) => 5

describe('ids', () => {
  test('count the calls of each name', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('charge', 'sleep', 'step')), async (calls) => {
        const asked = await commands((ctx) => {
          for (const call of calls) {
            if (call === 'charge') void charge(ctx, null)
            else if (call === 'sleep') void ctx.sleep(1)
            else void ctx.run('step', body)
          }
        })
        const seen: Record<string, number> = {}
        expect(asked.map((command) => command.activityId)).toEqual(
          calls.map((call) => {
            seen[call] = (seen[call] ?? 0) + 1
            return `${call}:${seen[call]}`
          }),
        )
      }),
      RUNS,
    ))

  test('are never given twice, explicit or counted, in whatever order', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.option(fc.constantFrom('charge:1', 'charge:2', 'charge:3', 'own', 'charge:01'), { nil: undefined }),
        ),
        async (ids) => {
          const given: string[] = []
          const asked = await commands((ctx) => {
            for (const activityId of ids) {
              try {
                void charge(ctx, null, activityId === undefined ? {} : { activityId })
                given.push(activityId ?? 'counted')
              } catch (error) {
                expect(error).toBeInstanceOf(TypeError)
                expect((error as Error).message).toBe(
                  `The activityId '${activityId}' is used twice in one workflow: every call needs its own`,
                )
              }
            }
          })
          const taken = asked.map((command) => command.activityId)
          expect(new Set(taken).size).toBe(taken.length)
          expect(taken.length).toBe(given.length)
          taken.forEach((id, index) => {
            if (given[index] !== 'counted') expect(id).toBe(given[index])
          })
        },
      ),
      RUNS,
    ))

  test('of 200 characters are the longest', async () => {
    const [asked] = await commands((ctx) => {
      void charge(ctx, null, { activityId: 'x'.repeat(200) })
    })
    expect(asked?.activityId).toHaveLength(200)
  })

  test('given by hand do not advance the counter', async () => {
    const asked = await commands((ctx) => {
      void charge(ctx, null, { activityId: 'first' })
      void charge(ctx, null)
    })
    expect(asked.map((command) => command.activityId)).toEqual(['first', 'charge:1'])
  })

  test('of results of children are their own', async () => {
    const events = history(['child_child:1', 'ChildStarted', { childId: 'c1', workflowName: 'child' }])
    const run = await replayed(async (ctx) => {
      const handle = await ctx.startChild(child, null, { instanceId: 'c1' })
      void handle.result()
      await Promise.all([handle.result(), charge(ctx, null, { activityId: 'child_child:1:result' })])
    }, events)
    expect(run.outcome).toMatchObject({ kind: 'failed', error: { message: expect.stringContaining('is used twice') } })
  })
})

describe('a call refuses', () => {
  test.each<[string, (ctx: WorkflowContext) => unknown, string]>([
    [
      'an empty activityId',
      (ctx) => charge(ctx, null, { activityId: '' }),
      'An activityId must be a string of 1 to 200',
    ],
    ['a long activityId', (ctx) => charge(ctx, null, { activityId: 'x'.repeat(201) }), 'An activityId must be'],
    [
      'an activityId that does not show',
      (ctx) => charge(ctx, null, { activityId: 'a\u0000' }),
      'An activityId must be',
    ],
    ['an activityId that is none', (ctx) => charge(ctx, null, { activityId: 5 as never }), 'An activityId must be'],
    [
      'a step without a function',
      (ctx) => ctx.run('step', {} as never),
      "ctx.run('step') needs a function as its last argument",
    ],
    ['a step without a name', (ctx) => ctx.run('', body), 'A step needs a name'],
    ['a race of nothing', (ctx) => ctx.race({}), 'ctx.race needs at least one branch'],
    [
      'a mode that is none',
      (ctx) => ctx.subscribe('news', { mode: 'many' as never }),
      'Invalid subscription mode: many',
    ],
    ['a channel without a name', (ctx) => ctx.publish('', 1), 'A channel needs a name'],
    ['metadata that are a list', (ctx) => ctx.publish('a', 1, { metadata: [] as never }), 'must be an object'],
    ['metadata that are text', (ctx) => ctx.sendTo('a', 1, { metadata: 'x' as never }), 'must be an object'],
    ['metadata that are null', (ctx) => ctx.sendTo('a', 1, { metadata: null as never }), 'must be an object'],
    ['a receiver without an id', (ctx) => ctx.publish('a', 1, { targetInstanceId: '' }), 'An instance id needs a name'],
    ['an event without a type', (ctx) => ctx.waitEvent(''), 'An event needs a name'],
    ['an instance without an id', (ctx) => ctx.sendTo('', 1), 'An instance id needs a name'],
    ['a child without an id', (ctx) => ctx.startChild(child, null, { instanceId: '' }), 'An instance id needs a name'],
    ['a patch without an id', (ctx) => ctx.patched(''), 'A patch needs a name'],
    ['tags that are no text', (ctx) => ctx.setTags({ a: 5 as never }), "Tag 'a' must be a string"],
    [
      'a direct channel without a receiver',
      (ctx) => ctx.publish(mine, 1),
      "Channel 'mine' is direct: publish with { targetInstanceId }, or use ctx.sendTo",
    ],
  ])('%s, with a TypeError', async (_, call, text) => {
    const error = await refusal(call)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(text)
  })

  test.each<[string, (ctx: WorkflowContext) => unknown]>([
    ['no duration', (ctx) => ctx.sleep('soon' as never)],
    ['no date', (ctx) => ctx.sleepUntil('tomorrow' as never)],
    ['no valid date', (ctx) => ctx.sleepUntil(new Date(Number.NaN))],
    ['no timeout of an event', (ctx) => ctx.waitEvent('paid', { timeout: -1 })],
    ['no timeout of an activity', (ctx) => charge(ctx, null, { timeout: -1 })],
    ['no policy of a step', (ctx) => ctx.run('step', { retry: { maxAttempts: 0 } }, body)],
  ])('%s, with a RangeError', async (_, call) => {
    expect(await refusal(call)).toBeInstanceOf(RangeError)
  })

  test('a condition that no event could meet', async () => {
    expect(await refusal((ctx) => ctx.waitEvent('paid', { where: { 'a b': 1 } }))).toBeInstanceOf(InvalidFilterError)
  })
})
