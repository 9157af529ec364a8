import { z } from 'zod'
import { notFound } from '../errors'
import { router, viewer } from '../init'
import { present, workflowName } from '../inputs'

const one = z.object({ name: workflowName, /** Absent: the newest. */ sourceHash: z.string().max(64).optional() })

export const workflowsRouter = router({
  list: viewer.query(({ ctx }) => ctx.app.admin.workflows.list()),
  get: viewer.input(one).query(async ({ ctx, input }) => {
    const { sourceHash } = input
    const found = await ctx.app.admin.workflows.get(input.name, { ...ctx.view, ...present({ sourceHash }) })
    if (!found) throw notFound(`No workflow '${input.name}' was ever registered here`)
    return found
  }),
  diagram: viewer.input(one).query(async ({ ctx, input }) => {
    const diagram = await ctx.diagrams.of(input.name, input.sourceHash)
    if (!diagram) throw notFound(`No workflow '${input.name}' was ever registered here`)
    return diagram
  }),
})
