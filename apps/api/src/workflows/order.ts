/**
 * The order saga: reserve, charge, wait for the parcel, ship. What was done is undone, last first, when a later step fails for good; one order in
 * twenty cannot even be undone by itself and waits for an operator.
 */
import { activity, compensation, TerminalError, workflow } from '@edda/engine'
import { z } from 'zod'
import { fateOf, work } from './pace'

const Order = z.object({
  orderId: z
    .string()
    .min(1)
    .max(40)
    .meta({ title: 'Order', examples: ['A-1001'] }),
  customer: z.object({ name: z.string().min(1), email: z.email() }),
  lines: z
    .array(z.object({ sku: z.string().min(1), quantity: z.number().int().min(1).max(99) }))
    .min(1)
    .meta({ title: 'Lines' }),
  total: z.number().positive().meta({ title: 'Total, EUR' }),
  shipping: z.enum(['standard', 'express']).default('standard'),
})
type Order = z.output<typeof Order>

const releaseStock = compensation('releaseStock', async (ctx) => {
  await work(ctx, 300)
})

const refund = compensation(
  'refund',
  { retry: { initialInterval: 1, maxAttempts: 3 } },
  async (ctx, { input }: { input: Order }) => {
    await work(ctx, 400)
    if (fateOf(input.orderId) >= 95) throw new Error(`The bank does not accept the refund of order ${input.orderId}`)
  },
)

const reserveStock = activity('reserveStock', { onFailure: releaseStock }, async (ctx, order: Order) => {
  await work(ctx, 300)
  return { reservation: `R-${order.orderId}`, lines: order.lines.length }
})

const chargeCard = activity(
  'chargeCard',
  { onFailure: refund, retry: { initialInterval: 2, backoffCoefficient: 2, maxAttempts: 5 }, timeout: '20s' },
  async (ctx, order: Order) => {
    await work(ctx, 500)
    if (fateOf(order.orderId) % 4 === 0 && ctx.attempt <= 2)
      throw new Error(`Payment gateway timed out (attempt ${ctx.attempt})`)
    return { payment: `P-${order.orderId}`, amount: order.total, key: ctx.idempotencyKey }
  },
)

const shipParcel = activity('shipParcel', { retry: { maxAttempts: 2 } }, async (ctx, order: Order) => {
  await work(ctx, 600)
  if (fateOf(order.orderId) >= 85) throw new TerminalError(`The carrier refuses the address of ${order.customer.name}`)
  ctx.sendEventTransactional('order.shipped', '/samples/orders', { orderId: order.orderId, total: order.total })
  return { parcel: `T-${order.orderId}`, carrier: order.shipping === 'express' ? 'swift' : 'steady' }
})

const packParcel = workflow(
  'packParcel',
  { description: 'Packs one parcel; a child of an order' },
  async (ctx, parcel: { orderId: string; lines: number }) => {
    await ctx.sleep(`${Math.min(20, 4 * parcel.lines)}s`)
    return { packed: parcel.lines }
  },
)

const order = workflow(
  'order',
  {
    input: Order,
    version: 2,
    description: 'Reserves, charges and ships an order; undoes it all when shipping fails',
    tags: (input) => ({ customer: input.customer.name, shipping: input.shipping }),
  },
  async (ctx, input) => {
    ctx.setState({ step: 'reserving' })
    const stock = await reserveStock(ctx, input)
    const payment = await chargeCard(ctx, input)
    ctx.setState({ step: 'packing', payment: payment.payment })
    if (input.shipping === 'standard') await ctx.sleep('8s')
    await ctx.call(packParcel, { orderId: input.orderId, lines: stock.lines })
    const parcel = await shipParcel(ctx, input)
    ctx.setState({ step: 'shipped', parcel: parcel.parcel })
    return { orderId: input.orderId, ...parcel }
  },
)

export const orderWorkflows = [order, packParcel]
