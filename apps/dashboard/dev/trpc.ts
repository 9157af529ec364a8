/** The stand-in's procedures: inputs are typed as the real router's and not checked, because only the dashboard calls it. */
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import { initTRPC } from '@trpc/server'
import superjson from 'superjson'
import type { AppRouter } from '../src/lib/api-types'
import type { World } from './world'

export type In = inferRouterInputs<AppRouter>
export type Out = inferRouterOutputs<AppRouter>

export interface MockContext {
  readonly world: World
  readonly role: 'viewer' | 'operator' | 'admin'
}

export const t = initTRPC.context<MockContext>().create({ transformer: superjson, isServer: true })

export function procedure<Input>() {
  return t.procedure.input((value: unknown) => value as Input)
}
