/** How many instances a worker asks for at once: `maxWorkflowsPerBatch`. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { EddaApp, type EddaAppOptions, workflow } from '../../src/index'
import { cpuBatchSize } from '../../src/runtime/cpu'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage'

const machine = vi.hoisted(() => ({ load: 0, cores: 4 }))
vi.mock('node:os', async (actual) => ({
  ...(await actual<typeof import('node:os')>()),
  loadavg: () => [machine.load, 0, 0],
  cpus: () => Array.from({ length: machine.cores }),
}))

const noop = workflow('noop', async () => null)

/** The limits of the claims that it takes to run this many waiting instances. */
async function limitsFor(waiting: number, options: Pick<EddaAppOptions, 'maxWorkflowsPerBatch'>): Promise<number[]> {
  const memory = createMemoryStorage({ clock: { now: () => Date.now() } })
  const limits: number[] = []
  const storage: typeof memory = {
    ...memory,
    close: async () => {},
    claim(request) {
      limits.push(request.limit)
      return memory.claim(request)
    },
  }
  const open = async (more: Partial<EddaAppOptions>) => {
    const app = new EddaApp(
      { serviceName: 'batches', dbUrl: ':memory:', workflows: [noop], ...more },
      { storage: async () => storage },
    )
    onTestFinished(() => app.shutdown())
    await app.initialize()
    return app
  }
  const client = await open({ worker: false })
  const handles = await Promise.all(Array.from({ length: waiting }, () => client.start(noop, null)))
  await open(options)
  await Promise.all(handles.map((handle) => handle.result()))
  return limits
}

test('a number is the most that one claim takes', async () => {
  const limits = await limitsFor(20, { maxWorkflowsPerBatch: 4 })
  expect(new Set(limits)).toEqual(new Set([4]))
  expect(limits.length).toBeGreaterThanOrEqual(5)
})

test('auto begins small and doubles while there is a backlog', async () => {
  expect((await limitsFor(60, { maxWorkflowsPerBatch: 'auto' })).slice(0, 3)).toEqual([10, 20, 40])
  expect((await limitsFor(60, {})).slice(0, 3)).toEqual([10, 20, 40])
})

test('auto:cpu begins with as many as the machine has room for, and doubles likewise', async () => {
  machine.load = 1.9
  expect((await limitsFor(120, { maxWorkflowsPerBatch: 'auto:cpu' })).slice(0, 2)).toEqual([50, 100])
})

test.each([
  [0, 4, 100],
  [1.1, 4, 100],
  [1.2, 4, 50],
  [2, 4, 20],
  [2.8, 4, 10],
  [40, 4, 10],
  [0.5, 0, 20],
])('a load of %d on %d cores has room for %d', (load, cores, size) => {
  Object.assign(machine, { load, cores })
  expect(cpuBatchSize()).toBe(size)
})
