/** A payment through a gateway that fails more often than not: retries, and some that give up. */
import { activity, workflow } from '@edda/engine'
import { z } from 'zod'
import { fateOf, work } from './pace'

const Payment = z.object({
  paymentId: z.string().min(1),
  amount: z.number().positive(),
  currency: z.enum(['EUR', 'USD', 'GBP']).default('EUR'),
})

class GatewayError extends Error {
  override readonly name = 'GatewayError'
}

const callGateway = activity(
  'callGateway',
  { retry: { initialInterval: 3, backoffCoefficient: 1.8, maxInterval: 20, maxAttempts: 5 } },
  async (ctx, payment: z.output<typeof Payment>) => {
    await work(ctx, 400)
    const needed = fateOf(payment.paymentId) % 8
    if (ctx.attempt <= needed) throw new GatewayError(`Gateway answered 503 for payment ${payment.paymentId}`)
    return { receipt: `G-${payment.paymentId}`, attempts: ctx.attempt }
  },
)

const flakyPayment = workflow(
  'flakyPayment',
  { input: Payment, description: 'Pays through a gateway that often fails' },
  async (ctx, input) => {
    return callGateway(ctx, input)
  },
)

export const paymentWorkflows = [flakyPayment]
