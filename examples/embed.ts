/** Embedding the engine in a service of one's own: an HTTP handler that starts an approval, and one that decides it by a CloudEvent. */
import { createServer } from 'node:http'
import { activity, compensation, EddaApp, event, TerminalError, toNodeHandler, workflow } from '@edda/engine'
import { z } from 'zod'

const Request = z.object({ requestId: z.string(), cents: z.number().int().positive() })
const decided = event('request.decided', z.object({ requestId: z.string(), approved: z.boolean() }))

const release = compensation('release', async (ctx, { input }: { input: z.infer<typeof Request> }) => {
  ctx.log.info(`budget of ${input.requestId} released`)
})
const hold = activity(
  'hold',
  { input: Request, onFailure: release, retry: { maxAttempts: 3 } },
  async (ctx, request) => ({
    heldAs: ctx.idempotencyKey,
    cents: request.cents,
  }),
)

const approval = workflow('approval', { input: Request }, async (ctx, request) => {
  await hold(ctx, request)
  const first = await ctx.race({
    decision: ctx.waitEvent(decided, { where: { requestId: request.requestId } }),
    late: ctx.sleep('3d'),
  })
  if (first.key === 'late' || !first.value.data.approved) throw new TerminalError('not approved') // the budget is released
  return { approved: true }
})

const app = new EddaApp({ serviceName: 'approvals', dbUrl: 'file:./data/approvals.db', workflows: [approval] })
await app.initialize()
const events = toNodeHandler(app)
const server = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/requests') return void events(request, response)
  const start = async (): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const input = Request.parse(JSON.parse(Buffer.concat(chunks).toString()))
    const run = await app.start(approval, input, {
      instanceId: `approval-${input.requestId}`,
      onConflict: 'return-existing',
    })
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ instanceId: run.instanceId }))
  }
  start().catch((error: unknown) => response.writeHead(400).end(String(error)))
})
server.listen(8090, '127.0.0.1', () => process.stdout.write('http://127.0.0.1:8090\n'))
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    void app.shutdown()
  })
}
