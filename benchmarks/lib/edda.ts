/** Our engine as a contender. */
import { activity, EddaApp, event, workflow } from '@edda/engine'
import type { Contender } from './work'

const step = activity('step', async (_ctx, input: { k: number }) => input)

export const steps = workflow('steps', async (ctx, input: { n: number }) => {
  let last: unknown
  for (let k = 0; k < input.n; k++) last = await step(ctx, { k })
  return last
})

const go = event('bench.go')

export const waits = workflow('waits', async (ctx, input: { key: string }) => {
  const received = await ctx.waitEvent(go, { where: { key: input.key } })
  return received.id
})

export async function edda(dbUrl: string): Promise<Contender & { readonly app: EddaApp }> {
  const app = new EddaApp({ serviceName: 'bench', dbUrl, workflows: [steps, waits] })
  await app.initialize()
  return {
    name: 'edda',
    app,
    run: async (n) => (await app.start(steps, { n })).result(),
    wait: async (key) => {
      const handle = await app.start(waits, { key })
      return async () => {
        await app.handleCloudEvent({
          specversion: '1.0',
          id: key,
          source: 'bench',
          type: 'bench.go',
          data: { key },
        } as never)
        return handle.result()
      }
    },
    counters: () => app.metrics,
    close: () => app.shutdown(),
  }
}
