import * as v from 'valibot'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { activity, SerializationError, ValidationError, workflow } from '../../src/index'
import { describeEverywhere, rejection } from './fixture'

const LIMIT = 2_048
const BIG = 'x'.repeat(LIMIT)
const circular: { self?: unknown } = {}
circular.self = { deep: [circular] }

describeEverywhere('payloads', (makeTest) => {
  test('an input that the schema refuses is a ValidationError with the paths, and nothing is stored', async () => {
    const zod = workflow(
      'zod',
      { input: z.object({ order: z.object({ lines: z.array(z.object({ sku: z.string() })) }), cents: z.number() }) },
      async () => 1,
    )
    const valibot = workflow('valibot', { input: v.object({ order: v.object({ id: v.string() }) }) }, async () => 1)
    const kit = await makeTest({ workflows: [zod, valibot] })
    const error = await rejection(kit.app.start(zod, { order: { lines: [{ sku: 'a' }, { sku: 1 }] } } as never))
    expect(error).toBeInstanceOf(ValidationError)
    expect((error.issues as { path: string }[]).map((issue) => issue.path).sort()).toEqual([
      'cents',
      'order.lines.1.sku',
    ])
    expect(error.message).toContain('input of workflow zod')
    const other = await rejection(kit.app.start(valibot, { order: { id: 7 } } as never))
    expect(other).toMatchObject({ code: 'VALIDATION', issues: [{ path: 'order.id' }] })
    expect((await kit.app.findInstances()).instances).toEqual([])
  })

  test('the workflow gets what the schema makes of the input: defaults, transforms; the input itself is stored as given', async () => {
    const schema = z.object({ n: z.number().default(5), at: z.iso.datetime().transform((text) => new Date(text)) })
    const wf = workflow('shaping', { input: schema as never }, async (ctx, input: { n: number; at: Date }) => {
      await ctx.sleep('1h')
      return [input.n, input.at.getTime(), 'extra' in input]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, { at: '1970-01-01T00:00:01.000Z', extra: 1 } as never)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual([5, 1_000, false])
    expect((await kit.app.getInstance(run.instanceId))?.input).toEqual({ at: '1970-01-01T00:00:01.000Z', extra: 1 })
  })

  test('an activity whose input or output the schema refuses fails with ValidationError at once, not retried', async () => {
    let calls = 0
    const strictIn = activity('strictIn', { input: z.object({ n: z.number() }) }, async () => ++calls)
    const strictOut = activity('strictOut', { output: z.object({ id: z.string() }) as never }, async () => {
      calls++
      return { id: 7 }
    })
    const wf = workflow('strict', async (ctx, _input: null) => {
      const errors: unknown[] = []
      for (const call of [() => strictIn(ctx, { n: 'x' } as never), () => strictOut(ctx, null)])
        errors.push(await call().catch((error: unknown) => error))
      return errors.map((error) => [error instanceof ValidationError, (error as ValidationError).issues[0]?.path])
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    expect(await run.result()).toEqual([
      [true, 'n'],
      [true, 'id'],
    ])
    expect(calls).toBe(1)
  })

  test('the output of an activity is what its schema makes of it', async () => {
    const act = activity('shaped', { output: z.object({ id: z.string() }) }, async () => ({ id: 'a', secret: 'x' }))
    const wf = workflow('shaping', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    expect(await (await kit.start(wf, null)).result()).toEqual({ id: 'a' })
  })

  test('an output of a workflow that its schema refuses fails the workflow', async () => {
    const wf = workflow('badOutput', { output: z.object({ id: z.string() }) as never }, async () => ({ id: 7 }))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    const error = (await rejection(run.result())).cause
    expect(error).toBeInstanceOf(ValidationError)
    expect(error).toMatchObject({ issues: [{ path: 'id' }] })
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({ status: 'failed', output: null })
  })

  test('an input that has no JSON form or is too large is refused where it is given, with path, size and limit', async () => {
    const wf = workflow('taking', async () => 1)
    const kit = await makeTest({ workflows: [wf], maxPayloadBytes: LIMIT })
    expect(await rejection(kit.app.start(wf, circular))).toMatchObject({
      code: 'SERIALIZATION',
      path: '$.self.deep[0]',
      message: expect.stringContaining('circular reference'),
    })
    expect(await rejection(kit.app.start(wf, { a: { b: 1n } }))).toMatchObject({ path: '$.a.b' })
    expect(await rejection(kit.app.start(wf, (() => {}) as never))).toMatchObject({ code: 'SERIALIZATION', path: '$' })
    expect(await rejection(kit.app.start(wf, BIG))).toMatchObject({ bytes: LIMIT + 2, limit: LIMIT })
    expect(await rejection(kit.app.start(wf, '€'.repeat(LIMIT / 2)))).toMatchObject({ code: 'SERIALIZATION' })
    expect((await kit.app.findInstances()).instances).toEqual([])
  })

  test('a payload of exactly the limit is taken', async () => {
    const wf = workflow('exact', async (_ctx, input: string) => input.length)
    const kit = await makeTest({ workflows: [wf], maxPayloadBytes: LIMIT })
    expect(await (await kit.start(wf, 'x'.repeat(LIMIT - 2))).result()).toBe(LIMIT - 2)
  })

  test.each<[string, () => unknown, RegExp]>([
    ['too large', () => BIG, /result of activity giving:1 at \$: too large/],
    ['circular', () => circular, /circular/],
    ['a BigInt', () => ({ n: 1n }), /\$\.n: a BigInt/],
    ['a function', () => () => 1, /function/],
  ])(
    'a result of an activity that cannot be stored (%s) is a SerializationError, not retried, catchable',
    async (_name, value, text) => {
      let calls = 0
      const act = activity('giving', async () => {
        calls++
        return value()
      })
      const wf = workflow('catching', async (ctx, _input: null) => {
        const error = await act(ctx, null).catch((caught: unknown) => caught as Error)
        return [error instanceof SerializationError, (error as Error).message]
      })
      const kit = await makeTest({ workflows: [wf], maxPayloadBytes: LIMIT })
      const [isTyped, message] = (await (await kit.start(wf, null)).result()) as [boolean, string]
      expect(isTyped).toBe(true)
      expect(message).toMatch(text)
      expect(calls).toBe(1)
    },
  )

  test('an input of an activity that cannot be stored fails that call, and its siblings are unharmed', async () => {
    const act = activity('taking', async (_ctx, _input: unknown) => 'ok')
    const wf = workflow('siblings', async (ctx, _input: null) => {
      const settled = await Promise.allSettled([act(ctx, 1), act(ctx, BIG), act(ctx, { n: 1n }), act(ctx, 2)])
      return settled.map((one) => (one.status === 'rejected' ? (one.reason as Error).name : one.value))
    })
    const kit = await makeTest({ workflows: [wf], maxPayloadBytes: LIMIT })
    expect(await (await kit.start(wf, null)).result()).toEqual(['ok', 'SerializationError', 'SerializationError', 'ok'])
  })

  test('an output of a workflow that cannot be stored fails the workflow with the reason', async () => {
    for (const value of [() => BIG, () => circular, () => ({ n: 1n })]) {
      const wf = workflow('returning', async () => value())
      const kit = await makeTest({ workflows: [wf], maxPayloadBytes: LIMIT })
      const error = (await rejection((await kit.start(wf, null)).result())).cause
      expect(error).toBeInstanceOf(SerializationError)
    }
  })

  test('a workflow output that cannot be stored compensates what was done', async () => {
    const undone: string[] = []
    const { compensation } = await import('../../src/index')
    const undo = compensation('undoIt', async () => {
      undone.push('undone')
    })
    const act = activity('doing', { onFailure: undo }, async () => 1)
    const wf = workflow('late', async (ctx, _input: null) => {
      await act(ctx, null)
      return { n: 1n }
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await rejection(run.result())
    expect(undone).toEqual(['undone'])
    expect((await kit.app.getInstance(run.instanceId))?.compensationState).toBe('completed')
  })

  test('a state, a message or arguments of a compensation that cannot be stored throw where they are given', async () => {
    const { compensation } = await import('../../src/index')
    const comp = compensation('comp', async () => {})
    const wf = workflow('giving', async (ctx, _input: null) => {
      const names: string[] = []
      const attempts: (() => unknown)[] = [
        () => ctx.setState({ n: 1n }),
        () => ctx.setState(BIG),
        () => ctx.publish('c', BIG),
        () => ctx.sendTo('nobody', BIG),
        () => ctx.registerCompensation(comp, BIG),
      ]
      for (const attempt of attempts) {
        try {
          await attempt()
          names.push('taken')
        } catch (error) {
          names.push((error as Error).name)
        }
      }
      return names
    })
    const kit = await makeTest({ workflows: [wf], maxPayloadBytes: LIMIT })
    const run = await kit.start(wf, null)
    const outcome = await run.result().catch((error: Error) => (error.cause as Error).name)
    expect(['SerializationError', JSON.stringify(new Array(5).fill('SerializationError'))]).toContain(
      typeof outcome === 'string' ? outcome : JSON.stringify(outcome),
    )
  })

  test('a message from outside that cannot be stored or is too large is refused, bytes included', async () => {
    const kit = await makeTest({ maxPayloadBytes: LIMIT, workflows: [] })
    expect(await rejection(kit.app.publish('c', BIG))).toBeInstanceOf(SerializationError)
    expect(await rejection(kit.app.publish('c', 1n))).toBeInstanceOf(SerializationError)
    expect(await rejection(kit.app.publish('c', new Uint8Array(LIMIT + 1)))).toBeInstanceOf(SerializationError)
    expect(await rejection(kit.app.publish('c', 1, { metadata: { big: BIG } }))).toBeInstanceOf(SerializationError)
    expect(await kit.app.channelStats()).toEqual([])
  })

  test('what an activity publishes is bounded too, bytes included', async () => {
    const act = activity('publishing', async (ctx) => ctx.publish('c', new Uint8Array(LIMIT + 1)))
    const wf = workflow('wf', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ maxPayloadBytes: LIMIT, workflows: [wf] })
    expect((await rejection((await kit.start(wf, null)).result())).cause).toBeInstanceOf(SerializationError)
  })
})
