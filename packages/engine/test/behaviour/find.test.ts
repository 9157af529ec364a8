import { expect, test } from 'vitest'
import type { FindOptions } from '../../src/find'
import { InvalidFilterError, InvalidPageTokenError, workflow } from '../../src/index'
import type { TestApp } from '../../src/testing/index'
import { describeEverywhere, rejection } from './fixture'

const order = workflow('OrderFlow', async (_ctx, _input: unknown) => 'ok')
const refund = workflow('refundFlow', async (ctx, _input: unknown) => ctx.sleep('1h'))
const broken = workflow('broken', async (_ctx, _input: unknown) => {
  throw new Error('no')
})

async function idsOf(kit: TestApp, options: FindOptions): Promise<string[]> {
  return (await kit.app.findInstances(options)).instances.map((one) => one.instanceId)
}

describeEverywhere('findInstances', (makeTest) => {
  const populated = async (): Promise<TestApp> => {
    const kit = await makeTest({ workflows: [order, refund, broken] })
    const put = async (wf: typeof order | typeof refund, instanceId: string, input: unknown, tags = {}) => {
      await kit.start(wf as typeof order, input, { instanceId, tags })
      await kit.advance('1m')
    }
    await put(order, 'Order-1', { customer: { id: 'c1', vip: true }, cents: 100, note: null }, { region: 'eu' })
    await put(order, 'order-2', { customer: { id: 'c2', vip: false }, cents: 250.5 }, { region: 'us', tier: 'gold' })
    await put(refund, 'refund-1', { customer: { id: 'c1' }, cents: 100 }, { region: 'eu', tier: 'gold' })
    await put(broken as never, 'broken-1', 'plain text')
    return kit
  }

  test('C40 without filters: everything, newest first', async () => {
    const kit = await populated()
    expect(await kit.app.findInstances()).toMatchObject({ hasMore: false, nextPageToken: null })
    expect(await idsOf(kit, {})).toEqual(['broken-1', 'refund-1', 'order-2', 'Order-1'])
    expect(await idsOf(kit, { inputFilters: {}, tags: {}, status: [] })).toHaveLength(4)
  })

  test.each<[string, FindOptions, string[]]>([
    ['one status', { status: 'completed' }, ['order-2', 'Order-1']],
    ['several statuses', { status: ['failed', 'waiting_for_timer'] }, ['broken-1', 'refund-1']],
    ['name, a case-insensitive part', { workflowName: 'orderf' }, ['order-2', 'Order-1']],
    ['name in common', { workflowName: 'FLOW' }, ['refund-1', 'order-2', 'Order-1']],
    ['id, a case-insensitive part', { instanceId: 'ORDER-' }, ['order-2', 'Order-1']],
    ['name AND id', { workflowName: 'flow', instanceId: '-1' }, ['refund-1', 'Order-1']],
    ['name AND id that nothing meets', { workflowName: 'refund', instanceId: 'order' }, []],
    ['wildcards mean themselves', { instanceId: '%' }, []],
    ['underscore means itself', { instanceId: 'order_1' }, []],
    ['nested text', { inputFilters: { 'customer.id': 'c1' } }, ['refund-1', 'Order-1']],
    ['number', { inputFilters: { cents: 100 } }, ['refund-1', 'Order-1']],
    ['fraction', { inputFilters: { cents: 250.5 } }, ['order-2']],
    ['true', { inputFilters: { 'customer.vip': true } }, ['Order-1']],
    ['false', { inputFilters: { 'customer.vip': false } }, ['order-2']],
    ['number is not text', { inputFilters: { cents: '100' } }, []],
    ['text is not number', { inputFilters: { 'customer.id': 1 } }, []],
    ['true is not 1', { inputFilters: { 'customer.vip': 1 } }, []],
    ['null matches null and missing', { inputFilters: { note: null } }, ['broken-1', 'refund-1', 'order-2', 'Order-1']],
    ['null does not match a value', { inputFilters: { cents: null } }, ['broken-1']],
    ['several paths', { inputFilters: { 'customer.id': 'c1', cents: 100, 'customer.vip': true } }, ['Order-1']],
    ['a path of the prototype finds nothing', { inputFilters: { '__proto__.x': 'y' } }, []],
    ['one tag', { tags: { region: 'eu' } }, ['refund-1', 'Order-1']],
    ['two tags', { tags: { region: 'eu', tier: 'gold' } }, ['refund-1']],
    ['an unknown tag', { tags: { nobody: 'x' } }, []],
    [
      'everything together',
      { status: 'completed', workflowName: 'order', inputFilters: { cents: 100 }, tags: { region: 'eu' } },
      ['Order-1'],
    ],
  ])('C40 filter: %s', async (_name, options, expected) => {
    const kit = await populated()
    expect(await idsOf(kit, options)).toEqual(expected)
  })

  test('C40 dates are inclusive on both ends', async () => {
    const kit = await populated()
    const second = (await kit.app.getInstance('order-2'))?.startedAt as Date
    const third = (await kit.app.getInstance('refund-1'))?.startedAt as Date
    expect(await idsOf(kit, { startedAfter: second, startedBefore: third })).toEqual(['refund-1', 'order-2'])
    expect(await idsOf(kit, { startedAfter: new Date(third.getTime() + 1) })).toEqual(['broken-1'])
    expect(await idsOf(kit, { startedBefore: new Date(0) })).toEqual([])
  })

  test('C40 pages of ten over 25: 10, 10, 5, with a token while there is more', async () => {
    const kit = await makeTest({ workflows: [order] })
    for (let n = 0; n < 25; n++) {
      await kit.start(order, n, { instanceId: `i-${String(n).padStart(2, '0')}` })
      if (n % 3 === 0) await kit.advance('1s')
    }
    await kit.settle()
    const pages: string[][] = []
    let pageToken: string | undefined
    do {
      const page = await kit.app.findInstances({ limit: 10, ...(pageToken ? { pageToken } : {}) })
      pages.push(page.instances.map((one) => one.instanceId))
      expect(page.hasMore).toBe(page.nextPageToken !== null)
      pageToken = page.nextPageToken ?? undefined
    } while (pageToken)
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5])
    expect(pages.flat()).toEqual(Array.from({ length: 25 }, (_, n) => `i-${String(24 - n).padStart(2, '0')}`))
  })

  test('a page stays where it is while new instances arrive', async () => {
    const kit = await makeTest({ workflows: [order] })
    for (const instanceId of ['a', 'b', 'c']) {
      await kit.start(order, 1, { instanceId })
      await kit.advance('1s')
    }
    const first = await kit.app.findInstances({ limit: 2 })
    await kit.start(order, 1, { instanceId: 'd' })
    await kit.settle()
    const second = await kit.app.findInstances({ limit: 2, pageToken: first.nextPageToken as string })
    expect(second.instances.map((one) => one.instanceId)).toEqual(['a'])
  })

  test('a forged token, and one of other filters, is an InvalidPageTokenError', async () => {
    const kit = await populated()
    const { nextPageToken } = await kit.app.findInstances({ limit: 1 })
    for (const options of [
      { pageToken: 'forged' },
      { pageToken: '' },
      { pageToken: `${nextPageToken}x` },
      { pageToken: nextPageToken as string, status: 'failed' as const },
      { pageToken: nextPageToken as string, inputFilters: { cents: 1 } },
    ])
      expect(await rejection(kit.app.findInstances(options))).toBeInstanceOf(InvalidPageTokenError)
  })

  test.each<[string, FindOptions]>([
    ['an unknown status', { status: 'done' as never }],
    ['a path with a space', { inputFilters: { 'a b': 1 } }],
    ['a path with a quote', { inputFilters: { "a'; DROP TABLE x; --": 1 } }],
    ['an empty path', { inputFilters: { '': 1 } }],
    ['a path that is too deep', { inputFilters: { 'a.b.c.d.e.f.g.h.i': 1 } }],
    ['a path name that is too long', { inputFilters: { ['a'.repeat(65)]: 1 } }],
    ['too many paths', { inputFilters: Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`p${n}`, 1])) }],
    ['a value that is no scalar', { inputFilters: { a: [] as never } }],
    ['NaN', { inputFilters: { a: Number.NaN } }],
    ['limit 0', { limit: 0 }],
    ['limit 201', { limit: 201 }],
    ['limit 1.5', { limit: 1.5 }],
    ['an invalid date', { startedAfter: new Date(Number.NaN) }],
    ['a date that is none', { startedBefore: '2026-01-01' as never }],
    ['tags that are no strings', { tags: { a: 1 as never } }],
  ])('refused with InvalidFilterError: %s', async (_name, options) => {
    const kit = await makeTest({ workflows: [] })
    expect(await rejection(kit.app.findInstances(options))).toBeInstanceOf(InvalidFilterError)
  })

  test('text with quotes, percent signs and unicode is found exactly', async () => {
    const kit = await makeTest({ workflows: [order] })
    const odd = `it's 100% "naïve" \\ 😀`
    await kit.start(order, { text: odd }, { instanceId: 'odd', tags: { 'k\'"': odd } })
    await kit.start(order, { text: 'plain' }, { instanceId: 'plain' })
    await kit.settle()
    expect(await idsOf(kit, { inputFilters: { text: odd } })).toEqual(['odd'])
    expect(await idsOf(kit, { tags: { 'k\'"': odd } })).toEqual(['odd'])
  })
})
