/**
 * The tRPC root: context, the base procedures, and the answer to an error. Every procedure is built from `anyone`, `viewer`, `operator` or `admin`,
 * which both declares its role (`meta.role`, so that the access matrix can be generated from the router) and enforces it.
 */
import { EddaError, type InstanceCounts, type Overview, ValidationError } from '@edda/engine'
import { initTRPC, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { ZodError } from 'zod'
import { hasRole, type Principal, type Role } from '../access/principal'
import type { SignIn } from '../access/sign-in'
import type { BulkOperations } from '../bulk/bulk-operations'
import type { Diagrams } from '../diagram/diagrams'
import type { EngineApp } from '../engine'
import type { ChangeFeed } from '../live/change-feed'
import type { SharedRead } from '../live/shared-read'
import { type ErrorDetails, toTrpcError } from './errors'

export interface Context {
  readonly app: EngineApp
  readonly bulk: BulkOperations
  readonly changes: ChangeFeed
  readonly diagrams: Diagrams
  /** Reads that all dashboards repeat, done once. */
  readonly shared: {
    readonly counts: SharedRead<void, InstanceCounts>
    readonly overview: SharedRead<{ readonly windowMinutes: number }, Overview>
  }
  readonly signIn: SignIn
  readonly principal: Principal | null
  readonly requestId: string
  /** Of the answer: sign-in sets its cookie here. */
  readonly headers: Headers
  readonly request: { readonly cookie: string | null; readonly address: string }
}

interface ProcedureMeta {
  readonly role: Role | 'anyone'
}

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    transformer: superjson,
    isServer: true,
    // stack traces never leave the process
    isDev: false,
    defaultMeta: { role: 'admin' },
    sse: {
      ping: { enabled: true, intervalMs: 15_000 },
      client: { reconnectAfterInactivityMs: 40_000 },
      maxDurationMs: 10 * 60_000,
    },
    errorFormatter({ shape, error, ctx }) {
      const details: ErrorDetails = {
        engineCode: error.cause instanceof EddaError ? error.cause.code : null,
        issues: issuesOf(error.cause),
        requestId: ctx?.requestId ?? null,
      }
      const hidden = error.code === 'INTERNAL_SERVER_ERROR'
      const message = hidden
        ? `Something went wrong here, not in your request. Its id is ${details.requestId}`
        : shape.message
      return {
        ...shape,
        message: error.cause instanceof ZodError ? readable(error.cause) : message,
        data: { ...shape.data, ...details },
      }
    },
  })

export const router = t.router

const engineErrors = t.middleware(async ({ next }) => {
  const result = await next()
  if (result.ok) return result
  const known = toTrpcError(result.error.cause)
  if (known) throw known
  return result
})

export const anyone = t.procedure.meta({ role: 'anyone' }).use(engineErrors)
export const viewer = requiring('viewer')
export const operator = requiring('operator')
export const admin = requiring('admin')

function requiring(role: Role) {
  return t.procedure
    .meta({ role })
    .use(async ({ ctx, next, path, type }) => {
      if (!ctx.principal) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first' })
      if (!hasRole(ctx.principal, role)) {
        if (type === 'mutation') {
          const operator = { actor: ctx.principal.actor, reason: null, requestId: ctx.requestId }
          await ctx.app.admin.audit.record({ action: 'refused', target: path }, operator)
        }
        throw new TRPCError({
          code: 'FORBIDDEN',
          message: `This needs the role ${role}; you have ${ctx.principal.role}`,
        })
      }
      return next({ ctx: { ...ctx, principal: ctx.principal, view: { redact: ctx.principal.role === 'viewer' } } })
    })
    .use(engineErrors)
}

function issuesOf(cause: unknown): ErrorDetails['issues'] {
  if (cause instanceof ValidationError) return cause.issues
  if (cause instanceof ZodError) return cause.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  return []
}

function readable(error: ZodError): string {
  return error.issues.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message)).join('; ')
}
