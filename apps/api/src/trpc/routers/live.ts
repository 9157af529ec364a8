import { tracked } from '@trpc/server'
import { z } from 'zod'
import { router, viewer } from '../init'
import { instanceId } from '../inputs'

export const liveRouter = router({
  /**
   * What changed, so that views refetch; coalesced to at most one event per 150 ms. `instanceIds`: what this view shows (its changes are seen for
   * sure and within a second). After a gap `lastEventId` resumes; when it is too old the first event is `{ reset: true }`: refetch all.
   */
  changes: viewer
    .input(
      z
        .object({ instanceIds: z.array(instanceId).max(100).optional(), lastEventId: z.string().max(64).nullish() })
        .default({}),
    )
    .subscription(async function* ({ ctx, input, signal }) {
      const listening = {
        watch: input.instanceIds ?? [],
        lastEventId: input.lastEventId ?? null,
        signal: signal ?? new AbortController().signal,
      }
      for await (const change of ctx.changes.listen(listening)) yield tracked(change.id, change)
    }),
})
