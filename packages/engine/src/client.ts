/** The entry for processes that only ask: find, start by name, cancel, publish. No workflow code is needed and nothing is executed. */
import { type AppInternals, EddaApp } from './app'
import type { EddaAppOptions } from './options'

export type { StartOptions } from './app'
export { type CancelOptions, WorkflowHandle } from './handle'
export * from './model/errors'
export type { WorkflowInstance } from './model/instance'

/**
 * @example const client = createClient({ serviceName: 'shop', dbUrl: process.env.EDDA_DB_URL })
 *          await client.initialize(); await client.start('orderWorkflow', order)
 */
export function createClient(options: Omit<EddaAppOptions, 'workflows' | 'worker'>, internals?: AppInternals): EddaApp {
  return new EddaApp({ ...options, workflows: [], worker: false }, internals)
}
