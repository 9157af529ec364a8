/** Inputs that several procedures share. Limits are the contract's (api §6) or stated here. */
import { INSTANCE_STATUSES } from '@edda/engine'
import { z } from 'zod'

const PATH = /^[A-Za-z_][A-Za-z0-9_-]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_-]{0,63}){0,7}$/

export const instanceId = z.string().min(1).max(191)
export const byId = z.object({ id: instanceId })
/** Every mutation takes one. */
export const reason = z.string().max(500).optional()
const status = z.enum(INSTANCE_STATUSES)
export const tags = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((map) => Object.keys(map).length <= 20, 'At most 20 tags')
export const limit = z.number().int().min(1).max(200).default(50)
export const before = z.number().int().min(0).optional()
export const channelName = z.string().min(1).max(350)
export const workflowName = z.string().min(1).max(150)
export const outboxStatus = z.enum(['pending', 'published', 'failed', 'invalid', 'expired'])

const scalar = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()])
const path = z.string().regex(PATH, 'A path is names joined by dots, at most 8 deep')

export const filter = z.object({
  /** One or several. */
  status: z.union([status.transform((one) => [one]), z.array(status).max(INSTANCE_STATUSES.length)]).optional(),
  workflowName: z.string().max(150).optional(),
  instanceId: z.string().max(191).optional(),
  errorText: z.string().max(200).optional(),
  startedAfter: z.date().optional(),
  startedBefore: z.date().optional(),
  tags: tags.optional(),
  inputFilters: z
    .record(path, scalar)
    .refine((map) => Object.keys(map).length <= 10, 'At most 10 filters')
    .optional(),
  parentId: instanceId.optional(),
  chainId: instanceId.optional(),
  forkedFrom: instanceId.optional(),
  attention: z.enum(['compensation-failed', 'retrying']).optional(),
})
export type Filter = z.output<typeof filter>

/** Leaves out what is `undefined`: absent and undefined are different things to the engine. */
export function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<Value>
}
export type Present<Value> = { [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Value[Key] } & {
  [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Exclude<Value[Key], undefined>
}
