import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import { notFound } from '../errors'
import { operator, router, viewer } from '../init'
import { filter, instanceId, reason } from '../inputs'

const id = z.object({ id: z.string().max(64) })

export const bulkRouter = router({
  /** Returns at once; watch it with `get` or the topic `bulk` of `live.changes`. */
  start: operator
    .input(
      z.object({
        action: z.enum(['cancel', 'retry', 'suspend', 'resume']),
        members: z.union([
          z.object({ ids: z.array(instanceId).min(1).max(1_000) }),
          /** Listed at the start, newest first, up to `max`. */
          z.object({ filter, max: z.number().int().min(1).max(10_000).default(1_000) }),
        ]),
        ratePerSecond: z.number().min(0.1).max(200).default(20),
        reason,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const operation = await ctx.bulk.start(input, { actor: ctx.principal.actor, requestId: ctx.requestId })
      if (operation === 'busy')
        throw new TRPCError({
          code: 'TOO_MANY_REQUESTS',
          message: 'Five bulk operations are running: wait for one or abort it',
        })
      return operation
    }),
  get: viewer.input(id).query(({ ctx, input }) => {
    const operation = ctx.bulk.get(input.id)
    if (!operation)
      throw notFound(
        `No bulk operation '${input.id}': they are kept for an hour after their end, in the process that ran them`,
      )
    return operation
  }),
  list: viewer.query(({ ctx }) => ctx.bulk.list()),
  abort: operator.input(id.extend({ reason })).mutation(async ({ ctx, input }) => {
    const operation = await ctx.bulk.abort(input.id, {
      actor: ctx.principal.actor,
      reason: input.reason ?? null,
      requestId: ctx.requestId,
    })
    if (!operation) throw notFound(`No bulk operation '${input.id}'`)
    return operation
  }),
})
