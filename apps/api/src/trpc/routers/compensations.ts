import { z } from 'zod'
import { operatorOf } from '../audit-entry'
import { operator, router, viewer } from '../init'
import { byId, instanceId, reason } from '../inputs'

const one = z.object({ instanceId, seq: z.number().int().min(1), reason })

export const compensationsRouter = router({
  list: viewer.input(byId).query(({ ctx, input }) => ctx.app.admin.compensations.list(input.id, ctx.view)),
  retry: operate('retry'),
  skip: operate('skip'),
  markDone: operate('done'),
})

function operate(action: 'retry' | 'skip' | 'done') {
  return operator.input(one).mutation(async ({ ctx, input }) => {
    await ctx.app.admin.compensations.operate(input.instanceId, input.seq, action, operatorOf(ctx, input.reason))
    return { instanceId: input.instanceId, seq: input.seq }
  })
}
