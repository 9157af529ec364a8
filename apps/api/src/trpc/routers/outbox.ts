import { z } from 'zod'
import { operatorOf } from '../audit-entry'
import { notFound } from '../errors'
import { admin, operator, router, viewer } from '../init'
import { before, instanceId, limit, outboxStatus, present, reason } from '../inputs'

const eventId = z.string().min(1).max(191)
const many = z.object({ ids: z.array(eventId).min(1).max(200), reason })

export const outboxRouter = router({
  list: viewer
    .input(
      z.object({ status: z.array(outboxStatus).max(5).optional(), instanceId: instanceId.optional(), limit, before }),
    )
    .query(({ ctx, input }) => ctx.app.admin.outbox.list(present(input), ctx.view)),
  get: viewer.input(z.object({ id: eventId })).query(async ({ ctx, input }) => {
    const row = await ctx.app.admin.outbox.get(input.id, ctx.view)
    if (!row) throw notFound(`No outbox event '${input.id}'`)
    return row
  }),
  /** failed, invalid, expired → due now, attempts from 0. */
  redrive: operator.input(many).mutation(async ({ ctx, input }) => {
    const count = await ctx.app.admin.outbox.redrive(input.ids, operatorOf(ctx, input.reason))
    return { count }
  }),
  /** Deletes unpublished rows: they will never be sent. */
  discard: admin.input(many).mutation(async ({ ctx, input }) => {
    const count = await ctx.app.admin.outbox.discard(input.ids, operatorOf(ctx, input.reason))
    return { count }
  }),
})
