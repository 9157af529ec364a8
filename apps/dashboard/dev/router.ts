/**
 * A stand-in for the API over canned data: every answer has the type that the real router infers, so it cannot drift from it unseen. For looking at pages
 * with no, little or a lot of data, and for what is hard to bring about by hand (a viewer, a slow or silent API).
 */

import { TRPCError, tracked } from '@trpc/server'
import type {
  BulkOperation,
  ChannelDetails,
  EventPreview,
  Overview,
  SessionState,
  WorkerList,
  WorkflowDetails,
  WorkflowDiagram,
} from '../src/lib/api-types'
import { channel, find, found, groups, instance, overview, preview, session, summaryOf, workers } from './answers'
import { abortBulk, bulkOf, listBulks, startBulk } from './bulks'
import { diagramOf } from './diagrams'
import { type In, type Out, procedure, t } from './trpc'
import { WORKFLOWS } from './workflows'
import { countsOf } from './world'

const instances = t.router({
  find: procedure<In['instances']['find']>().query(({ ctx, input }): Out['instances']['find'] =>
    find(ctx.world, input),
  ),
  get: procedure<In['instances']['get']>().query(({ ctx, input }): Out['instances']['get'] => {
    const canned = instance(ctx.world, input.id)
    const details = { ...canned.details, now: new Date() }
    return ctx.role === 'viewer'
      ? { ...details, redacted: true, instance: { ...details.instance, input: null, output: null, state: null } }
      : details
  }),
  history: procedure<In['instances']['history']>().query(({ ctx, input }): Out['instances']['history'] => {
    const { history } = instance(ctx.world, input.id)
    const after = input.after ?? 0
    const limit = input.limit ?? 1_000
    const events = history.slice(after, after + limit)
    return {
      events,
      nextAfter: after + limit < history.length ? after + limit : null,
      total: history.length,
      redacted: ctx.role === 'viewer',
    }
  }),
  counts: t.procedure.query(({ ctx }): Out['instances']['counts'] => countsOf(ctx.world)),
  start: procedure<In['instances']['start']>().mutation(({ input }): Out['instances']['start'] => {
    if (input.workflowName === 'orderWorkflow' && !(input.input as { orderId?: unknown })?.orderId) {
      throw new TRPCError({ code: 'BAD_REQUEST', message: 'input of workflow orderWorkflow: orderId: Required' })
    }
    return { instanceId: input.instanceId ?? 'order-A-1042' }
  }),
  cancel: procedure<In['instances']['cancel']>().mutation(({ input }): Out['instances']['cancel'] => ({
    instanceId: input.id,
    cancelled: true,
  })),
  retry: procedure<In['instances']['retry']>().mutation(({ input }): Out['instances']['retry'] => ({
    instanceId: input.id,
  })),
  replay: procedure<In['instances']['replay']>().mutation(({ input }): Out['instances']['replay'] => ({
    instanceId: 'order-A-1039',
    forkedFrom: input.id,
  })),
  dryReplay: procedure<In['instances']['dryReplay']>().query(({ ctx, input }): Out['instances']['dryReplay'] => {
    const { summary, history } = instance(ctx.world, input.id)
    if (summary.status !== 'suspended') return { ok: true, events: history.length }
    const message = 'Recorded event 2 is exportShard:2, but the code asked for loadShard:1'
    return {
      ok: false,
      events: 1,
      divergence: {
        message,
        expected: { type: 'ActivityCompleted', id: 'exportShard:2' } as never,
        actual: [{ type: 'RunActivity', id: 'loadShard:1' } as never],
      },
    }
  }),
  suspend: procedure<In['instances']['suspend']>().mutation(({ input }): Out['instances']['suspend'] => ({
    instanceId: input.id,
  })),
  resume: procedure<In['instances']['resume']>().mutation(({ input }): Out['instances']['resume'] => ({
    instanceId: input.id,
  })),
  bulk: t.router({
    start: procedure<In['instances']['bulk']['start']>().mutation(({ input }): BulkOperation => startBulk(input)),
    get: procedure<{ id: string }>().query(({ input }): BulkOperation => bulkOf(input.id)),
    list: t.procedure.query((): readonly BulkOperation[] => listBulks()),
    abort: procedure<{ id: string }>().mutation(({ input }): BulkOperation => abortBulk(input.id)),
  }),
})

const compensations = t.router({
  list: procedure<{ id: string }>().query(
    ({ ctx, input }): Out['compensations']['list'] => instance(ctx.world, input.id).details.compensations,
  ),
  retry: procedure<In['compensations']['retry']>().mutation(({ input }): Out['compensations']['retry'] => input),
  skip: procedure<In['compensations']['skip']>().mutation(({ input }): Out['compensations']['skip'] => input),
  markDone: procedure<In['compensations']['markDone']>().mutation(
    ({ input }): Out['compensations']['markDone'] => input,
  ),
})

const channels = t.router({
  list: t.procedure.query(({ ctx }): Out['channels']['list'] => [...ctx.world.channels]),
  get: procedure<In['channels']['get']>().query(({ ctx, input }): ChannelDetails => channel(ctx.world, input.name)),
  messages: procedure<In['channels']['messages']>().query(({ ctx }): Out['channels']['messages'] => ({
    messages: ctx.world.messages,
    nextAfter: null,
    redacted: false,
  })),
  publish: procedure<In['channels']['publish']>().mutation((): Out['channels']['publish'] => ({
    messageId: 'm-new',
    receivers: ['jobs-worker-1'],
  })),
  redeliver: procedure<In['channels']['redeliver']>().mutation((): Out['channels']['redeliver'] => ({
    messageId: 'm-again',
    receivers: [],
  })),
  delete: procedure<In['channels']['delete']>().mutation((): Out['channels']['delete'] => ({ messageId: 'm-gone' })),
})

const outbox = t.router({
  list: procedure<In['outbox']['list']>().query(({ ctx, input }): Out['outbox']['list'] => ({
    rows: ctx.world.outbox
      .filter((row) => !input.status || input.status.includes(row.status))
      .slice(0, input.limit ?? 50),
    nextBefore: null,
    redacted: false,
  })),
  get: procedure<{ id: string }>().query(({ ctx, input }): Out['outbox']['get'] =>
    found(ctx.world.outbox.find((row) => row.id === input.id)),
  ),
  redrive: procedure<In['outbox']['redrive']>().mutation(({ input }): Out['outbox']['redrive'] => ({
    count: input.ids.length,
  })),
  discard: procedure<In['outbox']['discard']>().mutation(({ input }): Out['outbox']['discard'] => ({
    count: input.ids.length,
  })),
})

const workflows = t.router({
  list: t.procedure.query(({ ctx }): Out['workflows']['list'] =>
    ctx.world.size === 'none' ? [] : WORKFLOWS.map(({ name }) => summaryOf(ctx.world, name)),
  ),
  get: procedure<In['workflows']['get']>().query(({ ctx, input }): WorkflowDetails => {
    const workflow = found(WORKFLOWS.find(({ name }) => name === input.name))
    const summary = summaryOf(ctx.world, input.name)
    const recentInputs = [...ctx.world.instances.values()]
      .filter((one) => one.summary.workflowName === input.name)
      .slice(0, 5)
      .map((one) => one.details.instance.input)
    const sources = [
      { sourceHash: summary.sourceHash, version: 3, registeredAt: summary.registeredAt },
      { sourceHash: '00aa11bb22cc', version: 2, registeredAt: new Date(Date.now() - 40 * 86_400_000) },
    ]
    return {
      ...summary,
      source: workflow.source,
      inputSchema: workflow.schema,
      outputSchema: null,
      sources,
      recentInputs,
      redacted: false,
    }
  }),
  diagram: procedure<In['workflows']['diagram']>().query(
    ({ input }): WorkflowDiagram => diagramOf(input.name, input.sourceHash ?? 'newest'),
  ),
})

const workersRouter = t.router({ list: t.procedure.query(({ ctx }): WorkerList => workers(ctx.world)) })

const events = t.router({
  list: procedure<In['events']['list']>().query(({ ctx, input }): Out['events']['list'] => ({
    events: ctx.world.inbox.filter((row) => !input.unmatchedOnly || row.unmatched),
    nextBefore: null,
    redacted: false,
  })),
  send: procedure<In['events']['send']>().mutation((): Out['events']['send'] => ({
    id: 'ev-new',
    source: '/dashboard',
  })),
  preview: procedure<In['events']['preview']>().query(({ ctx, input }): EventPreview => preview(ctx.world, input)),
})

const errors = t.router({
  groups: procedure<In['errors']['groups']>().query(({ ctx }): Out['errors']['groups'] => ({
    groups: groups(ctx.world),
    examined: 412,
    truncated: false,
  })),
})

const stats = t.router({
  overview: procedure<In['stats']['overview']>().query(
    ({ ctx, input }): Overview => overview(ctx.world, input?.windowMinutes ?? 60),
  ),
})

const audit = t.router({
  list: procedure<In['audit']['list']>().query(({ ctx, input }): Out['audit']['list'] => ({
    entries: ctx.world.audit.filter((entry) => !input?.target || entry.target === input.target),
    nextBefore: null,
  })),
})

const sessionRouter = t.router({
  me: t.procedure.query(({ ctx }): SessionState => session(ctx.role)),
  login: procedure<{ token: string }>().mutation(({ ctx, input }): SessionState => {
    if (input.token !== 'edda')
      throw new TRPCError({ code: 'UNAUTHORIZED', message: 'This token is unknown, expired or revoked' })
    return session(ctx.role)
  }),
  logout: t.procedure.mutation(() => ({ signedOut: true as const })),
})

const live = t.router({
  changes: procedure<In['live']['changes']>().subscription(async function* ({ signal }) {
    for (let id = 1; !signal?.aborted; id++) {
      yield tracked(String(id), {
        id: String(id),
        reset: id === 1,
        topics: id === 1 ? [] : (['instances'] as const),
        instanceIds: ['order-A-1042'],
        at: new Date(),
      })
      await new Promise((resolve) => setTimeout(resolve, 5_000))
    }
  }),
})

export function createMockRouter() {
  return t.router({
    instances,
    compensations,
    channels,
    outbox,
    workflows,
    workers: workersRouter,
    events,
    errors,
    stats,
    audit,
    session: sessionRouter,
    live,
  })
}
