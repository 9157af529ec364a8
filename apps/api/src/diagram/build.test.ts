import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildDiagram } from './build'
import type { DiagramNode } from './diagram'

/** `kind label` a line, branches indented under their label. */
function outline(nodes: readonly DiagramNode[], indent = ''): string[] {
  return nodes.flatMap(({ kind, label, branches }) => [
    `${indent}${kind === label ? kind : `${kind} ${label}`}`,
    ...branches.flatMap((branch) => [`${indent}  ${branch.label}:`, ...outline(branch.nodes, `${indent}    `)]),
  ])
}
const inner = (source: string) => outline(buildDiagram(source).nodes.slice(1, -1))
const arrow = (body: string) => `async (ctx, order) => {${body}}`

const cases: readonly [string, string, string[]][] = [
  [
    'activities in the order of evaluation',
    arrow('const paid = await charge(ctx, await price(ctx, order)); return ship(ctx, paid)'),
    ['activity price', 'activity charge', 'activity ship', 'return return ship(ctx, paid)'],
  ],
  ['a concise arrow', 'async (c, o) => pay(c, o)', ['activity pay']],
  ['a function', 'async function buy(context, o) { await shop.pay(context, o) }', ['activity pay']],
  ['a method', 'async buy(ctx) { await pay(ctx) }', ['activity pay']],
  [
    'a condition with an else',
    arrow('if (order.total > 100) await review(ctx, order); else { await pay(ctx, order) }'),
    ['condition order.total > 100', '  then:', '    activity review', '  else:', '    activity pay'],
  ],
  [
    'a condition that does nothing vanishes',
    arrow('if (order.debug) console.log(1); await pay(ctx)'),
    ['activity pay'],
  ],
  [
    '?: and &&',
    arrow('order.a ? await x(ctx) : null; order.b && (await y(ctx)); order.c ?? (await z(ctx))'),
    [
      'condition order.a',
      '  then:',
      '    activity x',
      '  else:',
      'condition order.b',
      '  then:',
      '    activity y',
      '  else:',
      'condition not order.c',
      '  then:',
      '    activity z',
      '  else:',
    ],
  ],
  [
    'an early return',
    arrow('if (!order.ok) return null; await pay(ctx)'),
    ['condition !order.ok', '  then:', '    return return null', '  else:', 'activity pay'],
  ],
  [
    'loops',
    arrow(
      'for (const line of order.lines) await pick(ctx, line); while (true) { await ctx.sleep("1h") } do { await x(ctx) } while (await more(ctx)); for (let i = 0; i < 3; i++) await y(ctx)',
    ),
    [
      'loop for each of order.lines',
      '  body:',
      '    activity pick',
      'loop for ever',
      '  body:',
      '    sleep sleep 1h',
      'loop while await more(ctx)',
      '  body:',
      '    activity more',
      '    activity x',
      'loop while i < 3',
      '  body:',
      '    activity y',
    ],
  ],
  [
    'a switch',
    arrow("switch (order.kind) { case 'gift': await wrap(ctx); break; default: await pack(ctx) }"),
    ['switch order.kind', "  case 'gift':", '    activity wrap', '  default:', '    activity pack'],
  ],
  [
    'try, catch, finally',
    arrow('try { await pay(ctx) } catch (e) { await refund(ctx); throw e } finally { await note(ctx) }'),
    [
      'try',
      '  try:',
      '    activity pay',
      '  catch:',
      '    activity refund',
      '    throw throw e',
      '  finally:',
      '    activity note',
    ],
  ],
  [
    'branches side by side',
    arrow('const [a, b] = await Promise.all([pay(ctx), (async () => { await pick(ctx); await pack(ctx) })()])'),
    ['parallel all of', '  1:', '    activity pay', '  2:', '    activity pick', '    activity pack'],
  ],
  [
    'a fan-out',
    arrow('await Promise.allSettled(order.lines.map((line) => pick(ctx, line)))'),
    ['parallel all, settled', '  each:', '    loop for each of order.lines', '      body:', '        activity pick'],
  ],
  [
    'a race with names',
    arrow("await ctx.race({ answer: ctx.waitEvent('approved', { timeout: '1h' }), late: ctx.sleep('2h') })"),
    ['race first of', '  answer:', '    wait-event wait for approved', '  late:', '    sleep sleep 2h'],
  ],
  [
    'native races',
    arrow('await Promise.race([a(ctx), b(ctx)]); await Promise.any([c(ctx)])'),
    [
      'race first of',
      '  1:',
      '    activity a',
      '  2:',
      '    activity b',
      'race first to succeed of',
      '  1:',
      '    activity c',
    ],
  ],
  [
    'a helper where it is called, a recursive one once',
    arrow('const step = async (n) => { await pay(ctx, n); if (n) { await step(n - 1) } }; await step(3)'),
    ['helper step', '  body:', '    activity pay'],
  ],
  [
    'a hoisted helper whose return ends only itself',
    arrow('await go(); await after(ctx); async function go() { return pay(ctx) }'),
    ['helper go', '  body:', '    activity pay', 'activity after'],
  ],
  [
    'everything the context does',
    arrow(
      "await ctx.run('tell', async () => fetch('x')); await ctx.subscribe('jobs'); const m = await ctx.receive('jobs'); await ctx.publish('done', m); await ctx.sendTo(order.boss, 1); await ctx.call(shipping, order); await ctx.startChild(audit, order); await ctx.registerCompensation(undo, {}); await ctx.sleepUntil(order.due); ctx.setTags({}); await ctx.recur(order)",
    ),
    [
      'run tell',
      'receive receive jobs',
      'publish publish done',
      'send send to order.boss',
      'child call shipping',
      'child start audit',
      'compensation on failure undo',
      'sleep sleep until order.due',
      'recur recur order',
    ],
  ],
  [
    'the free functions',
    arrow("await sleep(ctx, '1s'); await waitEvent(ctx, 'paid'); subscribe(ctx, 'a')"),
    ['sleep sleep 1s', 'wait-event wait for paid'],
  ],
  [
    'callbacks of promises',
    arrow('await pay(ctx).then(() => ship(ctx)).catch(() => refund(ctx))'),
    ['activity pay', 'activity ship', 'activity refund'],
  ],
]

describe('the diagram of', () => {
  test.each(cases)('%s', (_, source, expected) => {
    expect(inner(source)).toEqual(expected)
    expect(buildDiagram(source)).toMatchObject({ exact: true, reason: null })
  })
})

test('nodes carry the ids that history will have, their line, and a summary as label', () => {
  const source =
    "async (ctx) => {\n  await charge(ctx, 1, { activityId: 'pay-once', summary: 'take the money' })\n  await ctx.waitEvent('paid')\n  await ctx.sleep(5, { timerId: 'nap' })\n  await ctx.receive(name)\n}"
  const nodes = buildDiagram(source).nodes.slice(1, -1)
  expect(nodes.map(({ id, label, name, activityPrefix, line }) => ({ id, label, name, activityPrefix, line }))).toEqual(
    [
      { id: 'root/0', label: 'take the money', name: 'charge', activityPrefix: 'pay-once', line: 2 },
      { id: 'root/1', label: 'wait for paid', name: 'paid', activityPrefix: 'receive_paid', line: 3 },
      { id: 'root/2', label: 'sleep 5', name: '5', activityPrefix: 'nap', line: 4 },
      { id: 'root/3', label: 'receive name', name: 'name', activityPrefix: null, line: 5 },
    ],
  )
})

test('children, compensations and direct messages carry the name of their variable', () => {
  const source = arrow(
    'await ctx.call(shipping, 1); await ctx.startChild(shop.audit, 1); await ctx.registerCompensation(undo, {}); await ctx.sendTo(boss, 1)',
  )
  expect(
    buildDiagram(source)
      .nodes.slice(1, -1)
      .map(({ activityPrefix }) => activityPrefix),
  ).toEqual(['child_shipping', null, 'compensation_undo', 'send_to___direct__'])
})

test('edges part at branches, join behind them, return in loops and lead errors to their catch', () => {
  const source = arrow(
    'try { if (order.x) await a(ctx); else throw new Error("no") } catch { await b(ctx) } while (order.y) await c(ctx)',
  )
  const edges = buildDiagram(source).edges.map(
    ({ from, to, label, kind }) => `${from} -${kind}-> ${to}${label ? ` (${label})` : ''}`,
  )
  expect(edges).toEqual([
    'start -next-> root/0',
    'root/0 -branch-> root/0/try/0',
    'root/0/try/0 -branch-> root/0/try/0/then/0 (then)',
    'root/0/try/0 -branch-> root/0/try/0/else/0 (else)',
    'root/0/try/0/else/0 -error-> root/0/catch/0 (throws)',
    'root/0 -error-> root/0/catch/0 (catch)',
    'root/0/try/0/then/0 -next-> root/1',
    'root/0/catch/0 -next-> root/1',
    'root/1 -branch-> root/1/body/0 (body)',
    'root/1/body/0 -back-> root/1',
    'root/1 -next-> end',
  ])
})

describe('odd sources', () => {
  test.each([
    ['function () { [native code] }'],
    ['not code at all {{{'],
    [''],
    ['42'],
    ['class A { }'],
    ['({})'],
    [`async (ctx) => { ${'await a(ctx);'.repeat(3_000)} }`],
    [`async (ctx) => ${'('.repeat(5_000)}`],
    [`/${'x'.repeat(600_000)}/`],
  ])('%.40s gives a flat list and a reason', (source) => {
    const diagram = buildDiagram(source)
    expect(diagram.exact).toBe(false)
    expect(diagram.reason).toEqual(expect.any(String))
  })

  test('calls in text that is no code are still listed', () => {
    expect(outline(buildDiagram('async (ctx) => { await pay(ctx, 1); await ctx.sleep(5); oops( }').nodes)).toEqual([
      'activity pay',
      'run sleep',
    ])
  })

  test('a context that is taken apart is said', () => {
    expect(buildDiagram('async ({ sleep }) => { await sleep(5) }')).toMatchObject({
      exact: false,
      reason: expect.stringContaining('no name of its own'),
    })
  })

  test('no text makes it throw, and edges name only nodes that exist', () => {
    const words = [
      'async (ctx) => {',
      '}',
      'await a(ctx)',
      'if (x)',
      'else',
      'try {',
      'catch {',
      'finally {',
      'for (;;)',
      'return',
      ';',
      'Promise.all([',
      '])',
      'ctx.race({ a:',
      '})',
      'throw e',
      'switch (x) { case 1:',
      'const f = () => ',
      'f()',
      '"',
      '`${',
    ]
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 30 }), (parts) => {
        const { nodes, edges } = buildDiagram(parts.join(' '))
        const ids = new Set<string>()
        const collect = (list: readonly DiagramNode[]): void => {
          for (const node of list) {
            expect(ids.has(node.id)).toBe(false)
            ids.add(node.id)
            for (const branch of node.branches) collect(branch.nodes)
          }
        }
        collect(nodes)
        for (const { from, to } of edges) expect([ids.has(from), ids.has(to)]).toEqual([true, true])
      }),
      { numRuns: 500 },
    )
  })
})
