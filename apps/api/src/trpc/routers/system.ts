/** What is read about the whole: workers, error groups, the overview, the audit. */
import { z } from 'zod'
import { router, viewer } from '../init'
import { before, limit, present, workflowName } from '../inputs'

export const workersRouter = router({
  list: viewer.query(({ ctx }) => ctx.app.admin.workers.list()),
})

export const errorsRouter = router({
  groups: viewer
    .input(z.object({ workflowName: workflowName.optional(), since: z.date().optional() }).default({}))
    .query(({ ctx, input }) => ctx.app.admin.errors.groups(present(input))),
})

export const statsRouter = router({
  overview: viewer
    .input(z.object({ windowMinutes: z.number().int().min(5).max(1_440).default(60) }).default({ windowMinutes: 60 }))
    .query(({ ctx, input }) => ctx.shared.overview(input)),
})

export const auditRouter = router({
  list: viewer
    .input(
      z
        .object({ target: z.string().max(350).optional(), actor: z.string().max(191).optional(), limit, before })
        .default({ limit: 50 }),
    )
    .query(({ ctx, input }) => ctx.app.admin.audit.list(present(input), ctx.view)),
})
