import { expect, test } from 'vitest'
import { activity, type Workflow, type WorkflowContext, workflow } from '../../src/index'
import { describeEverywhere, historyOf } from './fixture'

const calls: string[] = []
const named = (name: string) =>
  activity(name, async () => {
    calls.push(name)
    return name
  })
const a = named('a')
const b = named('b')
const c = named('c')
const n = named('n')
type Body = (ctx: WorkflowContext) => Promise<unknown>
/** The function itself: its text is what tells one version of the code from another. */
const code = (body: Body): Workflow => workflow('evolving', body) as Workflow

/** What was recorded by `before` is replayed by `after`; the first recorded event that does not fit is `expected`. */
interface Change {
  readonly title: string
  readonly before: Body
  readonly after: Body
  readonly expected: string
  readonly actual: readonly string[]
}

const abThenSleep: Body = async (ctx) => {
  const parts = [await a(ctx, null), await b(ctx, null)]
  await ctx.sleep('1h')
  return [...parts, await c(ctx, null)].join('')
}

const CHANGES: readonly Change[] = [
  {
    title: 'a renamed activity',
    before: abThenSleep,
    after: async (ctx) => [await a(ctx, null), await n(ctx, null), await ctx.sleep('1h'), await c(ctx, null)].join(''),
    expected: 'ActivityCompleted b:1',
    actual: ['RunActivity n:1'],
  },
  {
    title: 'a removed activity',
    before: abThenSleep,
    after: async (ctx) => [await a(ctx, null), await ctx.sleep('1h'), await c(ctx, null)].join(''),
    expected: 'ActivityCompleted b:1',
    actual: ['StartTimer sleep:1'],
  },
  {
    title: 'an inserted activity',
    before: abThenSleep,
    after: async (ctx) => [await a(ctx, null), await n(ctx, null), await b(ctx, null), await ctx.sleep('1h')].join(''),
    expected: 'ActivityCompleted b:1',
    actual: ['RunActivity n:1'],
  },
  {
    title: 'two activities in another order',
    before: abThenSleep,
    after: async (ctx) => [await b(ctx, null), await a(ctx, null), await ctx.sleep('1h'), await c(ctx, null)].join(''),
    expected: 'ActivityCompleted a:1',
    actual: ['RunActivity b:1'],
  },
  {
    title: 'a workflow that ends before its recorded events do',
    before: abThenSleep,
    after: async (ctx) => a(ctx, null),
    expected: 'ActivityCompleted b:1',
    actual: ['workflow completed '],
  },
  {
    title: 'a workflow that throws before its recorded events end',
    before: abThenSleep,
    after: async (ctx) => {
      await a(ctx, null)
      throw new Error('new bug')
    },
    expected: 'ActivityCompleted b:1',
    actual: ['workflow failed '],
  },
  {
    title: 'a registered timer that is no longer asked for',
    before: abThenSleep,
    after: async (ctx) => [await a(ctx, null), await b(ctx, null), await c(ctx, null)].join(''),
    expected: 'timer sleep:1',
    actual: ['RunActivity c:1'],
  },
  {
    title: 'a timer that became a wait for an event',
    before: abThenSleep,
    after: async (ctx) => [await a(ctx, null), await b(ctx, null), await ctx.waitEvent('sleep')].join(''),
    expected: 'timer sleep:1',
    actual: ['WaitEvent receive_sleep:1'],
  },
  {
    title: 'an inserted publish',
    before: abThenSleep,
    after: async (ctx) => {
      await a(ctx, null)
      await ctx.publish('out', 1)
      await b(ctx, null)
      await ctx.sleep('1h')
    },
    expected: 'ActivityCompleted b:1',
    actual: ['Publish publish_out:1'],
  },
  {
    title: 'a removed publish',
    before: async (ctx) => {
      await a(ctx, null)
      await ctx.publish('out', 1)
      await ctx.sleep('1h')
    },
    after: async (ctx) => {
      await a(ctx, null)
      await ctx.sleep('1h')
    },
    expected: 'MessagePublished publish_out:1',
    actual: ['StartTimer sleep:1'],
  },
  {
    title: 'another event type waited for',
    before: async (ctx) => (await ctx.waitEvent('one', { eventId: 'fixed' })).data,
    after: async (ctx) => ctx.waitEvent('two', { eventId: 'fixed' }),
    expected: 'event fixed',
    actual: ['WaitEvent fixed'],
  },
]

describeEverywhere('determinism', (makeTest) => {
  test.each(CHANGES.map((change) => [change.title, change] as const))(
    'R3 %s suspends with what was expected and what was asked for, and goes on when the code is restored',
    async (_title, change) => {
      const [before, after] = [code(change.before), code(change.after)]
      const control = await makeTest({ workflows: [before] })
      const undisturbed = await control.start(before, null, { instanceId: 'one' })
      await control.settle()
      await control.app.publish('one', 'event')
      await control.advance('2h')
      const outcome = await undisturbed.result()
      const finalHistory = await historyOf(control, 'one')

      const kit = await makeTest({ workflows: [before] })
      const run = await kit.start(before, null, { instanceId: 'one' })
      await kit.settle()
      const recorded = await run.history()
      calls.length = 0
      await kit.redeploy({ workflows: [after] })
      await kit.app.publish('one', 'event')
      await kit.advance('2h')
      const suspended = await kit.app.getInstance('one')
      expect(suspended?.status).toBe('suspended')
      expect(suspended?.suspendReason).toContain('does not fit the history of one')
      const fields = suspended?.error?.fields as {
        expected: { kind: string; activityId: string }
        actual: { kind: string; activityId: string }[]
      }
      expect(`${fields.expected.kind} ${fields.expected.activityId}`).toBe(change.expected)
      expect(fields.actual.map((one) => `${one.kind} ${one.activityId}`)).toEqual(change.actual)
      expect(suspended?.error?.name).toBe('NonDeterminismError')
      // nothing new was released, the record is as it was
      expect(calls).toEqual([])
      expect(await kit.handle('one').history()).toEqual(recorded)

      await kit.redeploy({ workflows: [before] })
      await kit.advance('2h')
      expect(await kit.handle('one').result()).toEqual(outcome)
      expect(await historyOf(kit, 'one')).toEqual(finalHistory)
      expect(await kit.app.getInstance('one')).toMatchObject({ suspendReason: null, error: null })
    },
  )

  test('the same code is not tried again and again; resume tries it at once', async () => {
    const kit = await makeTest({ workflows: [code(abThenSleep)] })
    const run = await kit.start(code(abThenSleep), null)
    await kit.settle()
    const wrong = code(async (ctx) => n(ctx, null))
    await kit.redeploy({ workflows: [wrong] })
    await kit.advance('2h')
    const before = await kit.storage.instance(run.instanceId)
    kit.crash()
    await kit.advance('2h')
    expect(await kit.storage.instance(run.instanceId)).toEqual(before)
    await kit.app.resume(run.instanceId)
    await kit.settle()
    const after = await kit.storage.instance(run.instanceId)
    expect(after?.status).toBe('suspended')
    expect(after?.epoch).toBeGreaterThan(before?.epoch ?? 0)
  })

  test('code after the recorded part may change freely', async () => {
    const kit = await makeTest({ workflows: [code(abThenSleep)] })
    const run = await kit.start(code(abThenSleep), null)
    await kit.settle()
    const extended = code(async (ctx) => {
      const parts = [await a(ctx, null), await b(ctx, null)]
      await ctx.sleep('1h')
      await ctx.sleep('1h')
      return [...parts, await n(ctx, null)].join('')
    })
    await kit.redeploy({ workflows: [extended] })
    await kit.advance('2h')
    expect(await kit.handle(run.instanceId).result()).toBe('abn')
  })

  test('a schema that no longer accepts the stored input suspends; nothing is lost', async () => {
    const { z } = await import('zod')
    const body: Body = async (ctx) => {
      await ctx.sleep('1h')
      return 'done'
    }
    const loose = workflow('typed', async (ctx, _input: unknown) => body(ctx))
    const strict = workflow('typed', { input: z.object({ needed: z.string() }) }, async (ctx) => body(ctx))
    const kit = await makeTest({ workflows: [loose] })
    const run = await kit.start(loose, { n: 1 })
    await kit.settle()
    await kit.redeploy({ workflows: [strict] })
    await kit.advance('2h')
    expect((await kit.app.getInstance(run.instanceId))?.suspendReason).toContain('no longer accepts the stored input')
    await kit.redeploy({ workflows: [loose] })
    expect(await kit.handle(run.instanceId).result()).toBe('done')
  })

  test('a diverged instance can be cancelled and compensated with code that does not fit', async () => {
    const kit = await makeTest({ workflows: [code(abThenSleep)] })
    const run = await kit.start(code(abThenSleep), null)
    await kit.settle()
    await kit.redeploy({ workflows: [code(async (ctx) => n(ctx, null))] })
    await kit.advance('2h')
    expect(await kit.handle(run.instanceId).status()).toBe('suspended')
    expect(await kit.app.cancel(run.instanceId)).toBe(true)
    await kit.settle()
    expect(await kit.handle(run.instanceId).status()).toBe('cancelled')
  })
})
