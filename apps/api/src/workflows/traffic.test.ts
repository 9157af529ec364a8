import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startTraffic } from './traffic'

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

function scene(status = 200) {
  const sent: { path: string; body: Record<string, unknown> }[] = []
  const errors: unknown[] = []
  const post = async (url: URL, init: RequestInit) => {
    sent.push({ path: url.pathname, body: JSON.parse(String(init.body)) })
    return new Response('{}', { status })
  }
  const traffic = startTraffic({
    baseUrl: 'http://127.0.0.1:1',
    onError: (error) => errors.push(error),
    fetch: post as typeof fetch,
  })
  return { sent, errors, traffic }
}
const kinds = (sent: { path: string; body: Record<string, unknown> }[]) =>
  new Set(
    sent.map(({ path, body }) =>
      path === '/' ? String(body.type) : (body.json as { workflowName: string }).workflowName,
    ),
  )

test('two minutes bring every sample, through the public addresses only', async () => {
  const { sent, errors, traffic } = scene()
  await vi.advanceTimersByTimeAsync(120_000)
  traffic.stop()
  expect([...new Set(sent.map(({ path }) => path))].sort()).toEqual(['/', '/trpc/instances.start'])
  expect([...kinds(sent)].sort()).toEqual([
    'expense.decided',
    'expense.submitted',
    'flakyPayment',
    'jobBatch',
    'jobConsumer',
    'nightlyReport',
    'order',
    'thumbnails',
  ])
  expect(errors).toEqual([])
})

test('afterwards it is calm, and stops when told', async () => {
  const { sent, traffic } = scene()
  await vi.advanceTimersByTimeAsync(180_000)
  const before = sent.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sent.length - before).toBeLessThanOrEqual(6)
  traffic.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('what is there from an earlier start is no error; anything else is told and tried on', async () => {
  const taken = scene(409)
  await vi.advanceTimersByTimeAsync(3_000)
  expect([taken.errors, taken.sent.length > 4]).toEqual([[], true])
  taken.traffic.stop()
  const broken = scene(500)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(broken.errors).toHaveLength(3)
  broken.traffic.stop()
})
