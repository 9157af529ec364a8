/** A work queue: one channel, several consumers that compete for its messages. Each starts afresh after some jobs, so that no history grows for ever. */
import { activity, channel, workflow } from '@edda/engine'
import { z } from 'zod'
import { work } from './pace'

const Job = z.object({ job: z.string(), effort: z.number().min(1).max(10) })
const jobs = channel('jobs', { mode: 'competing', schema: Job })

const JOBS_PER_INSTANCE = 25

const doJob = activity('doJob', { retry: { maxAttempts: 3 } }, async (ctx, job: z.output<typeof Job>) => {
  for (let part = 1; part <= job.effort; part++) {
    await work(ctx, 250)
    ctx.heartbeat({ part, of: job.effort })
  }
  return { job: job.job }
})

const jobConsumer = workflow(
  'jobConsumer',
  { description: 'Takes jobs from the queue, one at a time' },
  async (ctx, input: { name: string }) => {
    await ctx.subscribe(jobs)
    for (let done = 0; done < JOBS_PER_INSTANCE; done++) {
      const { data } = await ctx.receive(jobs)
      await doJob(ctx, data)
      ctx.setState({ consumer: input.name, done: done + 1, last: data.job })
    }
    await ctx.recur(input)
  },
)

const jobBatch = workflow(
  'jobBatch',
  {
    input: z.object({ name: z.string().min(1), jobs: z.number().int().min(1).max(100) }),
    description: 'Puts a batch of jobs into the queue',
  },
  async (ctx, input) => {
    for (let index = 1; index <= input.jobs; index++) {
      await ctx.publish('jobs', { job: `${input.name}-${index}`, effort: 1 + (index % 4) })
    }
    return { published: input.jobs }
  },
)

export const queueWorkflows = [jobConsumer, jobBatch]
