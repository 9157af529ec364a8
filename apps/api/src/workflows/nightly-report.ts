/** A report that makes itself again every night: one instance a night, linked as a chain. */
import { activity, workflow } from '@edda/engine'
import { z } from 'zod'
import { work } from './pace'

const Night = z.object({ night: z.number().int().min(1).default(1) })

const collectFigures = activity('collectFigures', async (ctx, region: string) => {
  await work(ctx, 700)
  return { region, orders: 40 + region.length * 3, revenue: 1_000 + region.length * 111 }
})

const sendReport = activity(
  'sendReport',
  { retry: { maxAttempts: 3 } },
  async (ctx, report: { night: number; revenue: number }) => {
    await work(ctx, 300)
    return { sent: true, night: report.night }
  },
)

const nightlyReport = workflow(
  'nightlyReport',
  { input: Night, description: 'Collects the figures of all regions, then sleeps until the next night' },
  async (ctx, input) => {
    const regions = await Promise.all(['north', 'south', 'east', 'west'].map((region) => collectFigures(ctx, region)))
    await sendReport(ctx, { night: input.night, revenue: regions.reduce((sum, { revenue }) => sum + revenue, 0) })
    const next = ctx.now()
    next.setUTCHours(26, 0, 0, 0)
    await ctx.sleepUntil(next)
    await ctx.recur({ night: input.night + 1 })
  },
)

export const reportWorkflows = [nightlyReport]
