/** Every curl line of docs/cloud-events.md, run as it stands there against the app of its first block, and its answer compared. */
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EddaApp, toNodeHandler, workflow } from '../../src/index'

const HERE = 'http://localhost:8080'
const text = readFileSync(new URL('../../../../docs/cloud-events.md', import.meta.url), 'utf8')
const lines = [...text.matchAll(/```sh\n(curl [^\n]+)\n# → ([^\n]+)\n```/g)].map(([, line, answer]) => ({
  line: line ?? '',
  answer: answer ?? '',
}))

function missingProgram(): string | undefined {
  try {
    execFileSync('sh', ['-c', 'curl --version'])
    return undefined
  } catch {
    return 'curl'
  }
}
const missing = missingProgram()
if (missing) process.stdout.write(`not tested: docs/cloud-events.md (no ${missing})\n`)

const onOrder = workflow(
  'order.placed',
  { eventHandler: true },
  async (_ctx, order: { orderId: string }) => order.orderId,
)
const approval = workflow('approval', async (ctx, orderId: string) =>
  ctx.waitEvent('order.approved', { where: { orderId }, timeout: '3d' }),
)

describe.skipIf(missing)('docs/cloud-events.md', () => {
  let app: EddaApp
  let url = ''
  let close: () => Promise<void>
  beforeAll(async () => {
    app = new EddaApp({ serviceName: 'shop', dbUrl: ':memory:', workflows: [onOrder, approval] })
    await app.initialize()
    await app.start(approval, 'A1', { instanceId: 'approval-1' })
    await app.start(approval, 'A9', { instanceId: 'approval-2' })
    const handler = toNodeHandler(app)
    const server = createServer((request, response) => void handler(request, response))
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    close = async () => {
      await new Promise((done) => server.close(done))
      await app.shutdown()
    }
  })
  afterAll(() => close())

  it('has lines', () => expect(lines.length).toBeGreaterThanOrEqual(8))

  it.each(lines)('$line', async ({ line, answer }) => {
    const { stdout } = await promisify(execFile)('sh', ['-c', line.replace(HERE, url)])
    expect(stdout).toBe(answer)
  })

  it('says what they do', async () => {
    const orders = await app.findInstances({ workflowName: 'order.placed' })
    const results = await Promise.all(orders.instances.map((one) => app.handle(one.instanceId).result()))
    expect(results.toSorted()).toEqual(['A1', 'A2', 'A3', 'A4'])
    const extensions = { eddainstanceid: 'approval-1', traceparent: expect.stringMatching(/^00-/) }
    expect(await app.handle('approval-1').result()).toMatchObject({ data: { orderId: 'A1' }, extensions })
  })
})
