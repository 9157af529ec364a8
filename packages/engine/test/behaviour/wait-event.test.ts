import { expect, test } from 'vitest'
import { z } from 'zod'
import { EventTimeoutError, event, ValidationError, workflow } from '../../src/index'
import { describeEverywhere, historyOf, rejection } from './fixture'

const paid = event('payment.completed', z.object({ orderId: z.string(), cents: z.number() }))
const order = workflow('order', async (ctx, orderId: string) => {
  const received = await ctx.waitEvent(paid, { where: { orderId } })
  return received.data.cents
})

describeEverywhere('waitEvent', (makeTest) => {
  test('C23 the instance parks waiting_for_event and goes on with the payload', async () => {
    const wf = workflow('waiting', async (ctx, _input: null) => {
      const received = await ctx.waitEvent('ping')
      await ctx.sleep('1h')
      return [received.type, received.data, Object.isFrozen(received)]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe('waiting_for_event')
    await kit.app.publish('ping', { n: 1 })
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual(['ping', { n: 1 }, true])
    expect(await historyOf(kit, run.instanceId)).toEqual(['EventReceived receive_ping:1', 'TimerExpired sleep:1'])
  })

  test('where: an event finds only the instances whose condition it meets', async () => {
    const kit = await makeTest({ workflows: [order] })
    const runs = [await kit.start(order, 'a'), await kit.start(order, 'b'), await kit.start(order, 'a')]
    await kit.settle()
    await kit.app.publish('payment.completed', { orderId: 'a', cents: 5 })
    await kit.settle()
    expect(await runs[0]?.result()).toBe(5)
    expect(await runs[2]?.result()).toBe(5)
    expect(await runs[1]?.status()).toBe('waiting_for_event')
  })

  test.each<[string, Record<string, string | number | boolean | null>, unknown, boolean]>([
    ['nested path', { 'order.id': 'x' }, { order: { id: 'x' } }, true],
    ['number is not its text', { n: 1 }, { n: '1' }, false],
    ['boolean', { ok: false }, { ok: false }, true],
    ['null matches missing', { gone: null }, {}, true],
    ['null matches null', { gone: null }, { gone: null }, true],
    ['missing', { n: 1 }, {}, false],
    ['two paths, one wrong', { a: 1, b: 2 }, { a: 1, b: 3 }, false],
    ['two paths, both right', { b: 2, a: 1 }, { a: 1, b: 2 }, true],
    ['data that is no object', { a: 1 }, 'text', false],
    ['empty where', {}, 'anything', true],
  ])('where: %s', async (_name, where, data, hits) => {
    const wf = workflow('filtered', async (ctx, _input: null) => (await ctx.waitEvent('e', { where })).data)
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.publish('e', data)
    await kit.settle()
    expect(await run.status()).toBe(hits ? 'completed' : 'waiting_for_event')
  })

  test('a bad path in where is refused', async () => {
    const wf = workflow('badWhere', async (ctx, _input: null) => ctx.waitEvent('e', { where: { 'a..b': 1 } }))
    const kit = await makeTest({ workflows: [wf] })
    expect((await rejection((await kit.start(wf, null)).result())).cause).toMatchObject({ code: 'INVALID_FILTER' })
  })

  test('C24 a timeout is EventTimeoutError with type and seconds, the same class on replay', async () => {
    const seen: unknown[] = []
    const wf = workflow('timing', async (ctx, _input: null) => {
      seen.push(await ctx.waitEvent('never', { timeout: '90s' }).catch((error: unknown) => error))
      await ctx.sleep('1h')
      return 'went on'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('90s')
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe('went on')
    expect(seen.length).toBeGreaterThan(1)
    for (const error of seen) {
      expect(error).toBeInstanceOf(EventTimeoutError)
      expect(error).toMatchObject({ eventType: 'never', timeoutSeconds: 90, code: 'EVENT_TIMEOUT' })
    }
    expect(await historyOf(kit, run.instanceId)).toEqual(['MessageTimeout receive_never:1', 'TimerExpired sleep:1'])
  })

  test('an uncaught timeout fails the workflow with it', async () => {
    const wf = workflow('timing', async (ctx, _input: null) => ctx.waitEvent('never', { timeout: 1 }))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1s')
    expect((await rejection(run.result())).cause).toBeInstanceOf(EventTimeoutError)
  })

  test('data that the schema refuses rejects the wait with ValidationError and is consumed', async () => {
    const wf = workflow('strict', async (ctx, _input: null) => {
      const error = await ctx.waitEvent(paid).catch((caught: unknown) => caught)
      return [error instanceof ValidationError, (await ctx.waitEvent(paid)).data.cents]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.publish('payment.completed', { orderId: 7 })
    await kit.settle()
    expect(await run.status()).toBe('waiting_for_event')
    await kit.app.publish('payment.completed', { orderId: 'a', cents: 9 })
    await kit.settle()
    kit.crash()
    expect(await run.result()).toEqual([true, 9])
  })

  test('a schema given to the wait types it, and its output is what the workflow gets', async () => {
    const wf = workflow('shaping', async (ctx, _input: null) => {
      const schema = z.object({ n: z.string().transform(Number) }) as never
      return (await ctx.waitEvent<{ n: number }>('e', { schema })).data.n
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.publish('e', { n: '42' })
    await kit.settle()
    expect(await run.result()).toBe(42)
  })

  test('C26 without a condition every waiter resumes; one that does not wait yet misses it', async () => {
    const wf = workflow('any', async (ctx, delay: number) => {
      if (delay > 0) await ctx.sleep(delay)
      return (await ctx.waitEvent('e')).data
    })
    const kit = await makeTest({ workflows: [wf] })
    const [one, two, late] = [await kit.start(wf, 0), await kit.start(wf, 0), await kit.start(wf, 60)]
    await kit.settle()
    await kit.app.publish('e', 1)
    await kit.advance('1m')
    expect([await one.result(), await two.result()]).toEqual([1, 1])
    expect(await late.status()).toBe('waiting_for_event')
    await kit.app.publish('e', 2)
    await kit.settle()
    expect(await late.result()).toBe(2)
  })

  test('an event between two waits of one type is kept for the second', async () => {
    const wf = workflow('again', async (ctx, _input: null) => {
      const first = await ctx.waitEvent('e')
      await ctx.sleep('1m')
      const second = await ctx.waitEvent('e')
      const third = await ctx.waitEvent('e', { timeout: '1m' }).catch((error: Error) => error.name)
      return [first.data, second.data, third]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.publish('e', 1)
    await kit.settle()
    await kit.app.publish('e', 'between the waits')
    await kit.advance('2m')
    expect(await run.result()).toEqual([1, 'between the waits', 'EventTimeoutError'])
  })

  test('several waits of one instance at once', async () => {
    const wf = workflow('both', async (ctx, _input: null) => {
      const [a, b] = await Promise.all([ctx.waitEvent('a'), ctx.waitEvent('b', { eventId: 'mine' })])
      const win = await ctx.race({ c: ctx.waitEvent('c'), d: ctx.waitEvent('d'), late: ctx.sleep('1h') })
      return [a.data, b.data, win.key]
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    for (const type of ['b', 'a', 'd']) {
      await kit.app.publish(type, type)
      await kit.settle()
      kit.crash()
      await kit.settle()
    }
    expect(await run.result()).toEqual(['a', 'b', 'd'])
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'EventReceived mine',
      'EventReceived receive_a:1',
      'EventReceived receive_d:1',
    ])
  })

  test('an event for one instance only wakes that one', async () => {
    const wf = workflow('any', async (ctx, _input: null) => (await ctx.waitEvent('e')).data)
    const kit = await makeTest({ workflows: [wf] })
    const [one, two] = [await kit.start(wf, null), await kit.start(wf, null)]
    await kit.settle()
    await kit.app.publish('e', 'for two', { targetInstanceId: two.instanceId })
    await kit.settle()
    expect(await two.result()).toBe('for two')
    expect(await one.status()).toBe('waiting_for_event')
  })

  test('N8 a catch around waitEvent does not swallow the suspension', async () => {
    const wf = workflow('careful', async (ctx, _input: null) => {
      try {
        return (await ctx.waitEvent('e')).data
      } catch {
        return 'swallowed'
      }
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe('waiting_for_event')
    await kit.app.publish('e', 'arrived')
    await kit.settle()
    expect(await run.result()).toBe('arrived')
  })

  test('several waits that are refused at once are heard one by one, live and on replay', async () => {
    const holder = workflow('holder', async (ctx, _input: null) => {
      for (const name of ['a', 'b', 'c']) await ctx.subscribe(name, { mode: 'competing' })
      await ctx.sleep('1d')
    })
    const wf = workflow('refused', async (ctx, _input: null) => {
      const wait = (type: string) =>
        ctx.waitEvent(type).catch((error: Error) => {
          ctx.setState(type)
          return error.name
        })
      const names = await Promise.all([wait('a'), wait('b'), wait('free'), wait('c')].map((one) => one))
      return names.map((name) => (typeof name === 'string' ? name : name.data))
    })
    const kit = await makeTest({ workflows: [holder, wf] })
    await kit.start(holder, null)
    await kit.settle()
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await kit.app.dryReplay(run.instanceId)).toMatchObject({ ok: true })
    kit.crash()
    await kit.settle()
    await kit.app.publish('free', 'came')
    await kit.settle()
    expect(await run.status()).toBe('completed')
    const refusal = 'ChannelModeConflictError'
    expect(await kit.handle(run.instanceId).result()).toEqual([refusal, refusal, 'came', refusal])
  })
})
