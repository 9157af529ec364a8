import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import type { SessionState } from '../../access/sign-in'
import { anyone, router } from '../init'

export const sessionRouter = router({
  me: anyone.query(({ ctx }): SessionState => ctx.signIn.state(ctx.principal)),
  /** Exchanges an API token for a cookie session. */
  login: anyone.input(z.object({ token: z.string().min(1).max(200) })).mutation(async ({ ctx, input }) => {
    const principal = await ctx.signIn.withToken(input.token, ctx)
    if (!principal) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'This token is unknown, expired or revoked' })
    return ctx.signIn.state(principal)
  }),
  logout: anyone.mutation(async ({ ctx }) => {
    await ctx.signIn.out(ctx)
    return { signedOut: true as const }
  }),
})
