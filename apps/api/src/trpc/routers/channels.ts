import type { ChannelRecord } from '@edda/engine'
import { z } from 'zod'
import { operatorOf } from '../audit-entry'
import { notFound } from '../errors'
import { admin, type Context, operator, router, viewer } from '../init'
import { channelName, instanceId, present, reason } from '../inputs'

/** A channel and the workflows that publish to it: by a literal name in their source, or seen in its newest messages. */
export interface ListedChannel extends ChannelRecord {
  readonly publishers: readonly string[]
}

/** Direct channels of single instances come in thousands; who publishes is looked up for the busiest. */
const LOOKED_UP = 50

async function withPublishers<Channel extends ChannelRecord>(
  ctx: Context,
  channels: readonly Channel[],
): Promise<(Channel & ListedChannel)[]> {
  const busiest = [...channels].sort((a, b) => b.published - a.published).slice(0, LOOKED_UP)
  const asked = busiest.map(({ name, published }) => ({ name, published }))
  const [seen, written] = await Promise.all([ctx.app.admin.channels.publishers(asked), ctx.diagrams.publishers()])
  return channels.map((channel) => {
    const publishers = new Set([...(written.get(channel.name) ?? []), ...(seen.get(channel.name) ?? [])])
    return { ...channel, publishers: [...publishers].sort() }
  })
}

export const channelsRouter = router({
  list: viewer.query(async ({ ctx }) => withPublishers(ctx, await ctx.app.admin.channels.list())),
  get: viewer.input(z.object({ name: channelName })).query(async ({ ctx, input }) => {
    const found = await ctx.app.admin.channels.get(input.name)
    const [channel] = found ? await withPublishers(ctx, [found]) : []
    if (!channel) throw notFound(`No channel '${input.name}'`)
    return channel
  }),
  messages: viewer
    .input(
      z.object({
        name: channelName,
        /** Exclusive number to read on from; with `newest` it is ignored and the last ones are given. */
        after: z.number().int().min(0).default(0),
        limit: z.number().int().min(1).max(200).default(50),
        newest: z.boolean().default(false),
      }),
    )
    .query(({ ctx, input: { name, ...listing } }) => ctx.app.admin.channels.messages(name, listing, ctx.view)),
  publish: operator
    .input(
      z.object({
        name: channelName,
        data: z.unknown(),
        metadata: z.record(z.string().min(1).max(64), z.json()).optional(),
        targetInstanceId: instanceId.optional(),
        reason,
      }),
    )
    .mutation(({ ctx, input }) => {
      const { metadata, targetInstanceId } = input
      const options = present({ metadata, targetInstanceId })
      return ctx.app.admin.channels.publish(input.name, input.data, options, operatorOf(ctx, input.reason))
    }),
  redeliver: operator
    .input(z.object({ name: channelName, seq: z.number().int().min(1), reason }))
    .mutation(async ({ ctx, input }) => {
      const sent = await ctx.app.admin.channels.redeliver(input.name, input.seq, operatorOf(ctx, input.reason))
      if (!sent) throw notStored(input)
      return sent
    }),
  /** Whoever has not read it never will. */
  delete: admin
    .input(z.object({ name: channelName, seq: z.number().int().min(1), reason }))
    .mutation(async ({ ctx, input }) => {
      const deleted = await ctx.app.admin.channels.delete(input.name, input.seq, operatorOf(ctx, input.reason))
      if (!deleted) throw notStored(input)
      // the newest message may be the same as before: nothing else would tell
      ctx.changes.note('channels')
      return deleted
    }),
})

function notStored({ name, seq }: { readonly name: string; readonly seq: number }) {
  return notFound(`Channel '${name}' does not hold message ${seq} (any more)`)
}
