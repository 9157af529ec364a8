/** What users rely on without annotations, and misuse that must not compile. Checked by the type checker; never run. */
import { type } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import type { ActivityContext, ChannelMessage, ReceivedEvent, WorkflowContext } from './context'
import { activity, channel, compensation, event, type Workflow, workflow } from './definition'
import type { JsonValue } from './json'

interface Order {
  id: string
  cents: number
}
const zodOrder = z.object({ id: z.string(), cents: z.number() })
const valibotOrder = v.object({ id: v.string(), cents: v.number() })
const arkOrder = type({ id: 'string', cents: 'number' })

declare const ctx: WorkflowContext
declare const activityCtx: ActivityContext
declare const order: Order

// ---------------------------------------------------------------- workflows

const plain = workflow('plain', async (_ctx, name: string) => name.length)
expectTypeOf(plain).toEqualTypeOf<Workflow<string, number>>()
expectTypeOf(plain(ctx, 'x')).toEqualTypeOf<Promise<number>>()

const byZod = workflow('byZod', { input: zodOrder }, async (context, input) => {
  expectTypeOf(context).toEqualTypeOf<WorkflowContext>()
  expectTypeOf(input).toEqualTypeOf<Order>()
  return input.cents
})
const byValibot = workflow('byValibot', { input: valibotOrder }, async (_ctx, input) => input.id)
const byArktype = workflow('byArktype', { input: arkOrder }, async (_ctx, input) => input)
expectTypeOf(byZod).toEqualTypeOf<Workflow<Order, number>>()
expectTypeOf(byValibot).toEqualTypeOf<Workflow<Order, string>>()
expectTypeOf(byArktype).toEqualTypeOf<Workflow<Order, Order>>()

// what a schema makes of the input is what the function gets
workflow(
  'coerced',
  { input: z.object({ at: z.coerce.date(), n: z.string().transform(Number) }) },
  async (_ctx, input) => {
    expectTypeOf(input).toEqualTypeOf<{ at: Date; n: number }>()
  },
)
// every option
workflow(
  'full',
  {
    input: zodOrder,
    output: z.number(),
    eventHandler: 'order.placed',
    lockTimeoutSeconds: 30,
    deadline: '7d',
    version: 2,
    tags: (input) => ({ id: input.id }),
    description: 'all of it',
    retention: '30d',
  },
  async (_ctx, input) => input.cents,
)
// definitions of any input and output fit one list
const list: readonly Workflow[] = [plain, byZod, byValibot, byArktype]
expectTypeOf(list).items.toEqualTypeOf<Workflow>()

void byZod.start(order)
void byZod.start(order, { instanceId: 'a' })
// @ts-expect-error the input belongs to the workflow
void byZod.start({ id: 5 })
// @ts-expect-error there is an input
void byZod.start()
// @ts-expect-error a workflow function gives a promise
workflow('sync', () => 5)
// @ts-expect-error a workflow has a function
workflow('none', { input: zodOrder })
// @ts-expect-error no such option
workflow('odd', { inputs: zodOrder }, async () => null)
// @ts-expect-error not a duration
workflow('odd', { deadline: '5 minutes' }, async () => null)
// @ts-expect-error a schema, not a parser
workflow('odd', { input: JSON.parse('{}') as { parse(): Order } }, async () => null)
// @ts-expect-error the result must fit the output schema
workflow('odd', { output: z.number() }, async () => 'text')
// @ts-expect-error tags are text
workflow('odd', { tags: () => ({ a: 5 }) }, async () => null)

// ---------------------------------------------------------------- activities

const charge = activity('charge', async (context, input: Order) => {
  expectTypeOf(context).toEqualTypeOf<ActivityContext>()
  return { receipt: input.id }
})
expectTypeOf(charge(ctx, order)).toEqualTypeOf<Promise<{ receipt: string }>>()
expectTypeOf(
  charge(ctx, order, { activityId: 'a', timeout: '5s', retry: { maxAttempts: 2 }, summary: 's' }),
).toEqualTypeOf<Promise<{ receipt: string }>>()

// a plain function, and a schema of each library
expectTypeOf(activity('sync', (_ctx, n: number) => n * 2)(ctx, 1)).toEqualTypeOf<Promise<number>>()
expectTypeOf(activity('zod', { input: zodOrder }, async (_ctx, input) => input.cents)(ctx, order)).toEqualTypeOf<
  Promise<number>
>()
expectTypeOf(activity('valibot', { input: valibotOrder }, async (_ctx, input) => input.id)(ctx, order)).toEqualTypeOf<
  Promise<string>
>()
expectTypeOf(
  activity('arktype', { input: arkOrder, output: type('number') }, (_ctx, input) => input.cents)(ctx, order),
).toEqualTypeOf<Promise<number>>()

// @ts-expect-error an activity is called with the context of a workflow
void charge(activityCtx, order)
// @ts-expect-error the input belongs to the activity
void charge(ctx, { id: 'a' })
// @ts-expect-error no such option
void charge(ctx, order, { retries: 3 })
// @ts-expect-error not a policy
activity('odd', { retry: { attempts: 3 } }, async () => null)
// @ts-expect-error what undoes is a compensation
activity('odd', { onFailure: async () => null }, async () => null)
// @ts-expect-error one of two words
activity('odd', { compensateOn: 'always' }, async () => null)
// @ts-expect-error the URL of a module
activity('odd', { thread: './work.js' }, async () => null)
// @ts-expect-error the result must fit the output schema
activity('odd', { output: z.number() }, async () => 'text')

// two contexts: what waits belongs to workflows, what touches the world to activities
// @ts-expect-error activities do not wait durably
void activityCtx.sleep(1)
// @ts-expect-error activities start no children
void activityCtx.startChild(plain, 'x')
// @ts-expect-error workflows show no sign of life
ctx.heartbeat()
// @ts-expect-error workflows have no transaction
void ctx.session
// @ts-expect-error workflows have no signal
void ctx.signal

// ---------------------------------------------------------------- events and channels

const paid = event('order.paid', zodOrder)
expectTypeOf(ctx.waitEvent(paid)).toEqualTypeOf<Promise<ReceivedEvent<Order>>>()
expectTypeOf(ctx.waitEvent(event('v', valibotOrder))).toEqualTypeOf<Promise<ReceivedEvent<Order>>>()
expectTypeOf(ctx.waitEvent(event('a', arkOrder))).toEqualTypeOf<Promise<ReceivedEvent<Order>>>()
expectTypeOf(ctx.waitEvent('order.paid')).toEqualTypeOf<Promise<ReceivedEvent<JsonValue>>>()
expectTypeOf(ctx.waitEvent('order.paid', { schema: zodOrder })).toEqualTypeOf<Promise<ReceivedEvent<Order>>>()
void ctx.waitEvent(paid, { where: { 'order.id': 'A1', n: 1, ok: true, gone: null }, timeout: '3d', eventId: 'e' })
// @ts-expect-error equality is of scalars
void ctx.waitEvent(paid, { where: { order: { id: 'A1' } } })
// @ts-expect-error a channel is no event
void ctx.waitEvent(channel('c', { mode: 'direct' }))

const jobs = channel('jobs', { mode: 'competing', schema: zodOrder })
expectTypeOf(ctx.receive(jobs)).toEqualTypeOf<Promise<ChannelMessage<Order>>>()
expectTypeOf(ctx.receive(channel('v', { mode: 'direct', schema: valibotOrder }))).toEqualTypeOf<
  Promise<ChannelMessage<Order>>
>()
expectTypeOf(ctx.receive(channel('a', { mode: 'direct', schema: arkOrder }))).toEqualTypeOf<
  Promise<ChannelMessage<Order>>
>()
expectTypeOf(ctx.receive('jobs')).toEqualTypeOf<Promise<ChannelMessage<JsonValue | Uint8Array>>>()
expectTypeOf(ctx.receive<Order>('jobs')).toEqualTypeOf<Promise<ChannelMessage<Order>>>()
expectTypeOf(ctx.publish(jobs, order)).toEqualTypeOf<Promise<string>>()
expectTypeOf(ctx.sendTo('order-2', order)).toEqualTypeOf<Promise<boolean>>()
// @ts-expect-error one of three modes
channel('odd', { mode: 'unicast' })
// @ts-expect-error a mode belongs to a channel
channel('odd', {})
// @ts-expect-error an event is no channel
void ctx.subscribe(paid)

// ---------------------------------------------------------------- flow

async function races(): Promise<void> {
  const win = await ctx.race({ paid: ctx.waitEvent(paid), late: ctx.sleep('1d'), job: ctx.receive(jobs) })
  if (win.key === 'paid') expectTypeOf(win.value).toEqualTypeOf<ReceivedEvent<Order>>()
  else if (win.key === 'late') expectTypeOf(win.value).toEqualTypeOf<void>()
  else expectTypeOf(win.value).toEqualTypeOf<ChannelMessage<Order>>()
  // @ts-expect-error no such branch
  if (win.key === 'never') return
  const [a, b] = await Promise.all([charge(ctx, order), ctx.sleep(1)])
  expectTypeOf(a).toEqualTypeOf<{ receipt: string }>()
  expectTypeOf(b).toEqualTypeOf<void>()
}
void races

expectTypeOf(ctx.run('step', () => 5)).toEqualTypeOf<Promise<number>>()
expectTypeOf(ctx.run('step', { timeout: '5s' }, async (context) => context.attempt)).toEqualTypeOf<Promise<number>>()
// @ts-expect-error a step has a function
void ctx.run('step', { timeout: '5s' })

expectTypeOf(ctx.call(byZod, order)).toEqualTypeOf<Promise<number>>()
async function children(): Promise<void> {
  const handle = await ctx.startChild(byZod, order, { instanceId: 'c', parentClosePolicy: 'abandon' })
  expectTypeOf(handle.result()).toEqualTypeOf<Promise<number>>()
}
void children
// @ts-expect-error the input belongs to the child
void ctx.call(byZod, 'x')
// @ts-expect-error one of two words
void ctx.startChild(byZod, order, { parentClosePolicy: 'ignore' })

const undo = compensation('undo', async (context, args: { input: Order }) => {
  expectTypeOf(context).toEqualTypeOf<ActivityContext>()
  return args.input.id
})
void ctx.registerCompensation(undo, { input: order })
// @ts-expect-error the arguments belong to the compensation
void ctx.registerCompensation(undo, { input: 'x' })
activity('undone', { onFailure: undo }, async (_ctx, input: Order) => input)

void ctx.sleep('500ms')
void ctx.sleep(1.5)
// @ts-expect-error a unit
void ctx.sleep('5')
// @ts-expect-error a unit that exists
void ctx.sleep('5w')
// @ts-expect-error a date
void ctx.sleepUntil('tomorrow')
// @ts-expect-error tags are text
ctx.setTags({ a: 5 })
expectTypeOf(ctx.patched('p')).toEqualTypeOf<boolean>()
expectTypeOf(ctx.recur(null)).toEqualTypeOf<Promise<never>>()
