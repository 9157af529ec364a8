import { randomUUID } from 'node:crypto'
import { type HistoryEventType, type InstanceListing, InstanceNotFoundError } from '@edda/engine'
import { z } from 'zod'
import { auditOf, operatorOf } from '../audit-entry'
import { operator, router, viewer } from '../init'
import { byId, filter, instanceId, limit, present, reason, tags, workflowName } from '../inputs'
import { bulkRouter } from './bulk'

const find = viewer
  .input(filter.extend({ limit, pageToken: z.string().max(1_000).optional() }))
  .query(({ ctx, input }) => ctx.app.admin.instances.find(present(input) as InstanceListing))

const get = viewer.input(byId).query(async ({ ctx, input }) => {
  const details = await ctx.app.admin.instances.get(input.id, ctx.view)
  if (!details) throw new InstanceNotFoundError(input.id)
  return details
})

const history = viewer
  .input(
    byId.extend({
      after: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(1_000).default(1_000),
      /** Payloads above this are left out (`cut`); ask for one event with `after: seq - 1, limit: 1`. */
      maxBytes: z.number().int().min(0).max(10_000_000).default(16_384),
      types: z.array(z.string().max(40)).max(30).optional(),
    }),
  )
  .query(async ({ ctx, input: { id, types, ...rest } }) => {
    const listing = types ? { ...rest, types: types as HistoryEventType[] } : rest
    const page = await ctx.app.admin.instances.history(id, listing, ctx.view)
    if (!page) throw new InstanceNotFoundError(id)
    return page
  })

const counts = viewer.query(({ ctx }) => ctx.shared.counts())

const start = operator
  .input(
    z.object({
      workflowName,
      input: z.unknown(),
      instanceId: instanceId.optional(),
      tags: tags.optional(),
      startAt: z.date().optional(),
      reason,
    }),
  )
  .mutation(async ({ ctx, input }) => {
    const id = input.instanceId ?? `${input.workflowName}-${randomUUID()}`
    const audit = auditOf(ctx, input.reason, {
      action: 'instance.start',
      target: id,
      after: { workflowName: input.workflowName },
    })
    const { tags, startAt } = input
    const options = { ...present({ tags, startAt }), instanceId: id, audit }
    const { instanceId: started } = await ctx.app.start(input.workflowName, input.input, options)
    return { instanceId: started }
  })

const cancel = operator.input(byId.extend({ reason })).mutation(async ({ ctx, input }) => {
  const cancelled = await ctx.app.admin.instances.cancel(input.id, operatorOf(ctx, input.reason))
  return { instanceId: input.id, cancelled }
})

const retry = operator.input(byId.extend({ reason })).mutation(async ({ ctx, input }) => {
  const audit = auditOf(ctx, input.reason, { action: 'instance.retry', target: input.id })
  await ctx.app.retry(input.id, { by: ctx.principal.actor, ...present({ reason: input.reason }), audit })
  return { instanceId: input.id }
})

const replay = operator
  .input(
    byId.extend({
      /** The history before this number is copied; 0 or absent starts from the beginning. */
      fromSeq: z.number().int().min(0).optional(),
      /** Absent: the source's own input. */
      input: z.unknown().optional(),
      instanceId: instanceId.optional(),
      reason,
    }),
  )
  .mutation(async ({ ctx, input }) => {
    const id = input.instanceId ?? `fork-${randomUUID()}`
    const after = { forkedFrom: input.id, fromSeq: input.fromSeq ?? 0 }
    const audit = auditOf(ctx, input.reason, { action: 'instance.replay', target: id, after })
    const { fromSeq, input: edited } = input
    const options = { ...present({ fromSeq, reason: input.reason }), instanceId: id, by: ctx.principal.actor, audit }
    const fork = await ctx.app.fork(input.id, edited === undefined ? options : { ...options, input: edited })
    return { instanceId: fork.instanceId, forkedFrom: input.id }
  })

const dryReplay = viewer.input(byId).query(({ ctx, input }) => ctx.app.dryReplay(input.id))

const suspend = operator.input(byId.extend({ reason })).mutation(async ({ ctx, input }) => {
  await ctx.app.admin.instances.suspend(input.id, operatorOf(ctx, input.reason))
  return { instanceId: input.id }
})

const resume = operator.input(byId.extend({ reason })).mutation(async ({ ctx, input }) => {
  await ctx.app.admin.instances.resume(input.id, operatorOf(ctx, input.reason))
  return { instanceId: input.id }
})

export const instancesRouter = router({
  find,
  get,
  history,
  counts,
  start,
  cancel,
  retry,
  replay,
  dryReplay,
  suspend,
  resume,
  bulk: bulkRouter,
})
