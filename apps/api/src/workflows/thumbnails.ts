/** A fan-out: every size of a picture is made side by side. */
import { activity, workflow } from '@edda/engine'
import { z } from 'zod'
import { fateOf, work } from './pace'

const Picture = z.object({
  picture: z.string().min(1),
  sizes: z.array(z.number().int().min(16).max(4_096)).min(1).max(50),
})

const resize = activity(
  'resize',
  { retry: { initialInterval: 0.5, maxAttempts: 4 } },
  async (ctx, input: { picture: string; size: number }) => {
    await work(ctx, 200 + (input.size % 700))
    if (fateOf(`${input.picture}${input.size}`) < 15 && ctx.attempt === 1) throw new Error('The image service is busy')
    return { size: input.size, bytes: input.size * 37 }
  },
)

const writeIndex = activity('writeIndex', async (ctx, made: readonly { size: number; bytes: number }[]) => {
  await work(ctx, 150)
  return { files: made.length, bytes: made.reduce((sum, { bytes }) => sum + bytes, 0) }
})

const thumbnails = workflow(
  'thumbnails',
  { input: Picture, description: 'Makes all sizes of a picture in parallel' },
  async (ctx, input) => {
    const made = await Promise.all(input.sizes.map((size) => resize(ctx, { picture: input.picture, size })))
    return writeIndex(ctx, made)
  },
)

export const thumbnailWorkflows = [thumbnails]
