/**
 * OpenWorkflow with its worker in the same process, a hundred slots as in its own benchmark. `handle.result()` looks once a second and cannot be told
 * otherwise, so for one workflow alone the result is read through the backend every 2 ms. What remains of its latency is the worker's own poll, whose
 * rhythm (100 ms, doubling to 1 s while idle) has no option.
 */
import { OpenWorkflow } from 'openworkflow'
import { BackendPostgres } from 'openworkflow/postgres'
import type { Contender } from '../lib/work'
import { polled } from './poll'

export async function open(url: string): Promise<Contender> {
  const backend = await BackendPostgres.connect(url)
  const client = new OpenWorkflow({ backend })
  const steps = client.defineWorkflow<number, unknown>({ name: 'steps' }, async ({ input, step }) => {
    let last: unknown
    for (let k = 0; k < input; k++) last = await step.run({ name: 'step' }, () => ({ k }))
    return last
  })
  const waits = client.defineWorkflow<string, unknown>({ name: 'waits' }, async ({ input, step }) =>
    step.waitForSignal({ signal: input, timeout: '10m' }),
  )
  const worker = client.newWorker({ concurrency: 100 })
  await worker.start()
  const result = async (workflowRunId: string): Promise<unknown> =>
    polled(async () => {
      const run = await backend.getWorkflowRun({ workflowRunId })
      if (run?.status === 'failed') throw new Error(`it failed: ${JSON.stringify(run.error)}`)
      return run?.status === 'completed' ? { value: run.output } : undefined
    })
  let running = 0
  return {
    name: 'OpenWorkflow',
    async run(n) {
      running++
      const handle = await steps.run(n)
      // a thousand waiting together would poll the database to death
      const value = await (running > 1 ? handle.result() : result(handle.workflowRun.id))
      running--
      return value
    },
    wait: async (key) => {
      const { workflowRun } = await waits.run(key)
      return async () => {
        // a signal that nobody waits for yet is lost
        await polled(async () =>
          (await client.sendSignal({ signal: key, data: { key } })).workflowRunIds.length > 0
            ? { value: null }
            : undefined,
        )
        return result(workflowRun.id)
      }
    },
    async close() {
      await worker.stop()
      await backend.stop()
    },
  }
}
