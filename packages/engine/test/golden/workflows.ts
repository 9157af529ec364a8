/**
 * Workflows whose recorded histories must replay for ever. Frozen: a definition here is never changed once a history of it is recorded; what is new gets
 * a workflow of its own, and its history a file beside the others (`npm run golden`).
 *
 * `live` drives one to where its history is recorded.
 */
import {
  activity,
  channel,
  compensation,
  EventTimeoutError,
  event,
  TerminalError,
  type Workflow,
  type WorkflowContext,
  workflow,
} from '../../src/index'
import type { TestApp } from '../../src/testing/index'

export interface Golden {
  readonly workflow: Workflow
  /** Others that it starts or is answered by. */
  readonly beside?: readonly Workflow[]
  readonly input: unknown
  live?(kit: TestApp, instanceId: string): Promise<void>
}

const ONCE = { maxAttempts: 1 }
const echo = activity('echo', async (_ctx, value: unknown) => value)
const slow = activity('slow', async (_ctx, turns: number) => {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve()
  return turns
})
const refuse = activity('refuse', { retry: ONCE }, async (_ctx, why: string) => {
  throw new TypeError(why, { cause: new RangeError('beneath') })
})
const flaky = activity('flaky', { retry: { initialInterval: 2 } }, async (ctx) => {
  if (ctx.attempt < 3) throw new Error(`attempt ${ctx.attempt}`)
  return ctx.attempt
})
const undo = compensation('undo', async () => {})
const book = activity('book', { onFailure: undo }, async (_ctx, what: string) => `booked ${what}`)
const paid = event<{ orderId: string }>('golden.paid')
const jobs = channel('golden-jobs', { mode: 'competing' })

/** Everything that a replay can observe goes into the result. */
function seen(ctx: WorkflowContext, values: object): object {
  return { ...values, at: ctx.now().toISOString(), random: ctx.random(), uuid: ctx.uuid() }
}

const steps = workflow('goldenSteps', async (ctx, input: { n: number }) => {
  const results: unknown[] = []
  for (let i = 0; i < input.n; i++) results.push(await echo(ctx, { i }))
  results.push(await echo(ctx, 'mine', { activityId: 'mine' }), await ctx.run('inline', () => 42))
  return seen(ctx, { results })
})

const failures = workflow('goldenFailures', async (ctx, _input: null) => {
  const refused = await refuse(ctx, 'no').catch((error: Error) => [error.name, error.message, String(error.cause)])
  const tried = await flaky(ctx, null)
  await refuse(ctx, 'never').catch((error: Error) => {
    throw new TerminalError('gave up', { cause: error })
  })
  return { refused, tried }
})

const parallel = workflow('goldenParallel', async (ctx, _input: null) => {
  const all = await Promise.all([slow(ctx, 20), slow(ctx, 1), echo(ctx, 'quick')])
  const settled = await Promise.allSettled([refuse(ctx, 'one of two'), echo(ctx, 2)])
  const win = await ctx.race({ timer: ctx.sleep('1h'), quick: echo(ctx, 'won') })
  const any = await Promise.any([refuse(ctx, 'any'), slow(ctx, 2)])
  return seen(ctx, { all, settled: settled.map(({ status }) => status), win, any })
})

const timers = workflow('goldenTimers', async (ctx, _input: null) => {
  const from = ctx.now().getTime()
  await ctx.sleep('90s')
  await ctx.sleepUntil(new Date(from + 3_600_000), { timerId: 'the-hour' })
  await ctx.sleepUntil(new Date(from))
  const lost = await ctx.race({ short: ctx.sleep(1), long: ctx.sleep('7d') })
  return seen(ctx, { lost: lost.key, after: ctx.now().getTime() - from })
})

const events = workflow('goldenEvents', async (ctx, input: { orderId: string }) => {
  const first = await ctx.waitEvent(paid, { where: { orderId: input.orderId } })
  const second = await ctx
    .waitEvent('golden.never', { timeout: '1m' })
    .catch((error: unknown) => error instanceof EventTimeoutError && error.timeoutSeconds)
  return seen(ctx, { first, second })
})

const messages = workflow('goldenMessages', async (ctx, _input: null) => {
  await ctx.subscribe('golden-news', { mode: 'broadcast' })
  await ctx.subscribe(jobs)
  await ctx.subscribe('golden-direct', { mode: 'direct' })
  const sent = await ctx.publish('golden-news', { from: ctx.instanceId }, { metadata: { k: 'v' } })
  const news = await ctx.receive('golden-news')
  const job = await ctx.receive(jobs)
  const bytes = await ctx.receive('golden-direct')
  await ctx.unsubscribe('golden-news')
  const late = await ctx.receive(jobs, { timeout: '5m' }).catch((error: Error) => error.name)
  const delivered = await ctx.sendTo('nobody', { lost: true })
  return seen(ctx, {
    isMine: news.id === sent,
    news: news.data,
    job: job.data,
    bytes: [...(bytes.data as Uint8Array)],
    late,
    delivered,
  })
})

const child = workflow('goldenChild', async (ctx, n: number) => (n < 0 ? refuse(ctx, 'negative') : echo(ctx, n * 2)))
const parent = workflow('goldenParent', async (ctx, _input: null) => {
  const handle = await ctx.startChild(child, 1, { instanceId: 'golden-child-1' })
  const called = await ctx.call(child, 20)
  const failed = await ctx.call(child, -1).catch((error: Error) => [error.name, String(error.cause)])
  return seen(ctx, { child: handle.instanceId, result: await handle.result(), called, failed })
})

const saga = workflow('goldenSaga', async (ctx, _input: null) => {
  await book(ctx, 'flight')
  await ctx.registerCompensation(undo, { input: 'by hand', output: null })
  await book(ctx, 'hotel')
  await ctx.sleep('10s')
  throw new TerminalError('sold out')
})

const loop = workflow('goldenLoop', async (ctx, input: { n: number }) => {
  await echo(ctx, input.n)
  if (input.n < 2) return ctx.recur({ n: input.n + 1 })
  return seen(ctx, input)
})

const marked = workflow('goldenMarked', async (ctx, _input: null) => {
  ctx.setTags({ customer: 'Ada' })
  ctx.setState({ phase: 'one' })
  const isNew = ctx.patched('golden-patch')
  await echo(ctx, 'between')
  ctx.setState({ phase: 'two' })
  return seen(ctx, { isNew, again: ctx.patched('golden-patch') })
})

const waiting = workflow('goldenWaiting', async (ctx, _input: null) => {
  await echo(ctx, 'first')
  await ctx.race({ event: ctx.waitEvent('golden.wait'), timer: ctx.sleep('30d'), child: ctx.call(child, 3) })
  await ctx.waitEvent('golden.for-ever')
})

export const GOLDEN: Readonly<Record<string, Golden>> = {
  steps: { workflow: steps as Workflow, input: { n: 5 } },
  failures: { workflow: failures as Workflow, input: null, live: (kit) => kit.advance('1m') },
  parallel: { workflow: parallel as Workflow, input: null },
  timers: { workflow: timers as Workflow, input: null, live: (kit) => kit.advance('2h') },
  events: {
    workflow: events as Workflow,
    input: { orderId: 'A1' },
    async live(kit) {
      const type = 'golden.paid'
      await kit.app.handleCloudEvent({ id: '0', source: '/shop', type, data: { orderId: 'B2' } })
      await kit.app.handleCloudEvent({ id: '1', source: '/shop', type, subject: 's', data: { orderId: 'A1' } })
      await kit.advance('2m')
    },
  },
  messages: {
    workflow: messages as Workflow,
    input: null,
    async live(kit, instanceId) {
      await kit.app.publish(jobs as never, { url: 'https://example.com' })
      await kit.app.sendTo(instanceId, new Uint8Array([0, 255, 7]), { channel: 'golden-direct' })
      await kit.advance('10m')
    },
  },
  parent: { workflow: parent as Workflow, beside: [child as Workflow], input: null },
  saga: { workflow: saga as Workflow, input: null, live: (kit) => kit.advance('1m') },
  loop: { workflow: loop as Workflow, input: { n: 1 } },
  marked: { workflow: marked as Workflow, input: null },
  waiting: { workflow: waiting as Workflow, beside: [child as Workflow], input: null },
}
