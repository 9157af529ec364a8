/** Sources and schemas of the canned workflows. */
export const ORDER_SOURCE = `async (ctx, order) => {
  const { reservationId } = await reserveInventory(ctx, order)
  const payment = await chargeCard(ctx, { orderId: order.orderId, cents: order.cents })
  const win = await ctx.race({
    approved: ctx.waitEvent(orderApproved, { where: { orderId: order.orderId } }),
    late: ctx.sleep('1d'),
  })
  if (win.key === 'late') {
    throw new TerminalError('not approved in time')
  }
  for (const item of order.items) {
    await pickItem(ctx, item)
  }
  await Promise.all([printLabel(ctx, order), sendReceipt(ctx, order)])
  return { status: 'shipped', reservationId, paymentId: payment.id }
}`

export const ORDER_SCHEMA = {
  type: 'object',
  required: ['orderId', 'cents', 'customer', 'items'],
  properties: {
    orderId: { type: 'string', minLength: 1, description: 'Your own number of the order', examples: ['A-100'] },
    cents: { type: 'integer', minimum: 1, description: 'Total in cents' },
    express: { type: 'boolean', default: false },
    channel: { enum: ['web', 'shop', 'phone'], default: 'web' },
    customer: {
      type: 'object',
      required: ['name', 'email'],
      properties: {
        name: { type: 'string' },
        email: { type: 'string', format: 'email' },
        address: {
          type: 'object',
          properties: {
            street: { type: 'string' },
            city: { type: 'string' },
            country: { enum: ['NO', 'SE', 'DK', 'DE'] },
          },
        },
      },
    },
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['sku', 'quantity'],
        properties: { sku: { type: 'string' }, quantity: { type: 'integer', minimum: 1, default: 1 } },
      },
    },
    payment: {
      description: 'How it is paid',
      anyOf: [
        {
          title: 'Card',
          type: 'object',
          required: ['kind', 'last4'],
          properties: { kind: { const: 'card' }, last4: { type: 'string', pattern: '^[0-9]{4}$' } },
        },
        {
          title: 'Invoice',
          type: 'object',
          required: ['kind'],
          properties: { kind: { const: 'invoice' }, days: { type: 'integer', default: 14 } },
        },
      ],
    },
    notes: { type: ['string', 'null'] },
  },
}

export const REPORT_SOURCE = `async (ctx, { day }) => {
  const shards = await ctx.run('list shards', () => listShards(day))
  const rows = await Promise.all(shards.map((shard) => exportShard(ctx, shard)))
  await publishReport(ctx, { day, rows })
  await ctx.sleep('1d')
  return ctx.recur({ day: nextDay(day) })
}`

export const PAYMENT_SOURCE = `async (ctx, { account, cents }) => {
  try {
    return await charge(ctx, { account, cents })
  } catch (error) {
    await notifySupport(ctx, { account, error: error.message })
    throw error
  }
}`

export const JOBS_SOURCE = `async (ctx, { worker }) => {
  await ctx.subscribe(jobs)
  for (let done = 0; done < 100; done++) {
    const job = await ctx.receive(jobs, { timeout: '1h' })
    await resizeImage(ctx, job.data)
  }
  return ctx.recur({ worker })
}`
