/** The samples end as their descriptions say; the moments that their activities take are left out. */
import type { Workflow } from '@edda/engine'
import { createTestApp } from '@edda/engine/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { workflows } from './index'

vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }))

async function samples() {
  const engine = await createTestApp({ workflows })
  onTestFinished(() => engine.close())
  const named = (name: string): Workflow => workflows.find(({ workflowName }) => workflowName === name) ?? raise(name)
  return { engine, named, status: async (id: string) => (await engine.app.getInstance(id))?.status }
}
function raise(name: string): never {
  throw new Error(`no sample '${name}'`)
}
const order = (orderId: string, more: object = {}) => ({
  orderId,
  customer: { name: 'Ada', email: 'ada@example.com' },
  lines: [{ sku: 'S', quantity: 1 }],
  total: 10,
  shipping: 'standard',
  ...more,
})

test('orders are shipped, rolled back, or left to an operator, and every order knows which', async () => {
  const { engine, named } = await samples()
  const ids = Array.from({ length: 150 }, (_, i) => `A-${i}`)
  for (const id of ids) await engine.app.start(named('order'), order(id), { instanceId: id })
  await engine.advance('10m')
  const ends = await Promise.all(ids.map((id) => engine.app.getInstance(id)))
  const kinds = new Set(ends.map((end) => `${end?.status}, compensation ${end?.compensationState}`))
  expect([...kinds].sort()).toEqual([
    'completed, compensation none',
    'failed, compensation completed',
    'failed, compensation failed',
  ])
  const shipped = ends.filter((end) => end?.status === 'completed').length
  expect(shipped).toBeGreaterThan(100)
  expect((await engine.storage.outbox({ limit: 200 })).length).toBe(shipped)
})

test('pictures, payments and batches end; some payments give up', async () => {
  const { engine, named, status } = await samples()
  await engine.app.start(named('thumbnails'), { picture: 'p', sizes: [64, 128, 320] }, { instanceId: 'pic' })
  for (let i = 0; i < 20; i++)
    await engine.app.start(named('flakyPayment'), { paymentId: `p${i}`, amount: 5 }, { instanceId: `p${i}` })
  await engine.advance('10m')
  expect(await status('pic')).toBe('completed')
  const payments = await Promise.all(Array.from({ length: 20 }, (_, i) => status(`p${i}`)))
  expect(new Set(payments)).toEqual(new Set(['completed', 'failed']))
})

test('the report is made every night by a new link of its chain', async () => {
  const { engine, named, status } = await samples()
  await engine.app.start(named('nightlyReport'), { night: 1 }, { instanceId: 'n' })
  await engine.settle()
  expect(await status('n')).toBe('waiting_for_timer')
  await engine.advance('3d')
  expect(await status('n')).toBe('recurred')
  const chain = await engine.storage.instances({ chainId: 'n', limit: 10 })
  expect(chain.map(({ input }) => JSON.parse(input))).toEqual([{ night: 3 }, { night: 2 }, { night: 1 }])
})

test('an expense waits for its decision, and is escalated without one', async () => {
  const { engine, named, status } = await samples()
  const expense = (id: string) => ({ id, employee: 'Ada', amount: 5, purpose: 'travel' })
  for (const id of ['E1', 'E2']) await engine.app.start(named('expenseApproval'), expense(id), { instanceId: id })
  await engine.settle()
  await engine.app.publish('expense.decided', { expense: { id: 'E1' }, approved: true, by: 'Grace' })
  await engine.settle()
  expect([await status('E1'), await status('E2')]).toEqual(['completed', 'waiting_for_event'])
  await engine.advance('10m')
  expect(await engine.app.getInstance('E2')).toMatchObject({
    status: 'completed',
    output: { approved: false, by: 'nobody' },
  })
})

test('consumers share the jobs of a batch and start afresh after some', async () => {
  const { engine, named } = await samples()
  for (const name of ['north', 'south']) await engine.app.start(named('jobConsumer'), { name }, { instanceId: name })
  await engine.settle()
  await engine.app.start(named('jobBatch'), { name: 'b', jobs: 60 })
  await engine.settle()
  const [queue] = await engine.app.channelStats('jobs')
  expect(queue).toMatchObject({ mode: 'competing', depth: 0, nextSeq: 61 })
  const consumers = await engine.storage.instances({ workflowName: 'jobConsumer', limit: 20 })
  expect(consumers.filter(({ status }) => status === 'waiting_for_message')).toHaveLength(2)
  expect(consumers.filter(({ status }) => status === 'recurred')).toHaveLength(2)
})
