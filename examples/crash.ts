/** The shortest reason for all this: the process dies in the middle, and nothing that was done is done again. Run it twice. */
import { activity, EddaApp, workflow } from '@edda/engine'

interface Order {
  readonly id: string
}

const reserve = activity('reserve', async (_ctx, order: Order) => {
  process.stdout.write(`reserving ${order.id}\n`)
  return { shelf: 'B7' }
})

const charge = activity('charge', async (ctx, order: Order) => {
  process.stdout.write(`charging ${order.id}, attempt ${ctx.attempt}, idempotency key ${ctx.idempotencyKey}\n`)
  if (ctx.attempt === 1) process.kill(process.pid, 'SIGKILL') // the power goes out while the card is charged
  return { receipt: `receipt of ${order.id}` }
})

const order = workflow('order', async (ctx, input: Order) => {
  const { shelf } = await reserve(ctx, input)
  const { receipt } = await charge(ctx, input)
  return { shelf, receipt }
})

const app = new EddaApp({ serviceName: 'example', dbUrl: 'file:./data/example.db', workflows: [order] })
await app.initialize()
const run = await app.start(order, { id: 'A1' }, { instanceId: 'order-A1', onConflict: 'return-existing' })
process.stdout.write(`${JSON.stringify(await run.result())}\n`)
await app.shutdown()
