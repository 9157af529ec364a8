/** One workflow that waits for one event of its own. */
import { event, workflow } from '@edda/engine'

export const PAID = 'order.paid'
const paid = event(PAID)

export const waits = workflow('waits', async (ctx, input: { orderId: string }) => {
  const received = await ctx.waitEvent(paid, { where: { orderId: input.orderId } })
  return received.id
})
