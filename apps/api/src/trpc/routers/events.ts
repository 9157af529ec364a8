import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { auditOf } from '../audit-entry'
import { operator, router, viewer } from '../init'
import { before, instanceId, limit, present, reason } from '../inputs'

const type = z.string().min(1).max(255)

export const eventsRouter = router({
  list: viewer
    .input(z.object({ limit, before, unmatchedOnly: z.boolean().optional() }))
    .query(({ ctx, input }) => ctx.app.admin.events.list(present(input), ctx.view)),
  send: operator
    .input(
      z.object({
        type,
        source: z.string().min(1).max(500).default('/dashboard'),
        id: z.string().min(1).max(250).optional(),
        data: z.json(),
        subject: z.string().min(1).max(500).optional(),
        /** Only this instance may receive it. */
        targetInstanceId: instanceId.optional(),
        reason,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const id = input.id ?? randomUUID()
      const { type, source, subject } = input
      const audit = auditOf(ctx, input.reason, { action: 'event.send', target: type, after: { source, id } })
      const event = {
        specversion: '1.0' as const,
        type,
        source,
        id,
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
        data: input.data,
        ...present({ subject }),
        extensions: input.targetInstanceId ? { eddainstanceid: input.targetInstanceId } : {},
      }
      await ctx.app.handleCloudEvent(event, { audit })
      return { id, source }
    }),
  preview: viewer
    .input(z.object({ type, data: z.unknown() }))
    .query(({ ctx, input }) => ctx.app.admin.events.preview(input)),
})
