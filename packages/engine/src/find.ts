/** `findInstances`: options checked at the edge, one keyset page out. */
import { toInstance } from './admin/decode'
import { decodePageToken, encodePageToken } from './admin/page-token'
import { InvalidFilterError } from './model/errors'
import { type InstanceStatus, isInstanceStatus, type WorkflowInstance } from './model/instance'
import { isPath } from './model/match'
import type { InstanceQuery, ScalarFilter, Storage } from './storage/storage'

export interface FindOptions {
  /** Dotted JSON paths of the input → exact value; `null` matches null and missing. At most 10. */
  readonly inputFilters?: Readonly<Record<string, ScalarFilter>>
  readonly status?: InstanceStatus | readonly InstanceStatus[]
  /** Case-insensitive substrings; both given = AND. */
  readonly workflowName?: string
  readonly instanceId?: string
  /** Inclusive. */
  readonly startedAfter?: Date
  readonly startedBefore?: Date
  readonly tags?: Readonly<Record<string, string>>
  /** 1–200, default 50. */
  readonly limit?: number
  /** From the page before; belongs to its filters. */
  readonly pageToken?: string
}

export interface InstancePage {
  readonly instances: readonly WorkflowInstance[]
  readonly nextPageToken: string | null
  readonly hasMore: boolean
}

/** @throws InvalidFilterError, InvalidPageTokenError */
export async function findInstances(storage: Storage, options: FindOptions): Promise<InstancePage> {
  const { limit = 50, pageToken, ...filters } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > 200)
    throw new InvalidFilterError('limit must be an integer from 1 to 200')
  const query = toQuery(filters)
  const after = pageToken === undefined ? {} : { after: decodePageToken(pageToken, query) }
  const rows = await storage.instances({ ...query, ...after, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const hasMore = rows.length > limit && last !== undefined
  return {
    instances: page.map((row) => toInstance(row, false)),
    hasMore,
    nextPageToken: hasMore ? encodePageToken(last, query) : null,
  }
}

function toQuery(filters: Omit<FindOptions, 'limit' | 'pageToken'>): Omit<InstanceQuery, 'limit'> {
  const { status, startedAfter, startedBefore, inputFilters, workflowName, instanceId, tags } = filters
  const statuses = status === undefined ? undefined : typeof status === 'string' ? [status] : [...status]
  for (const one of statuses ?? [])
    if (!isInstanceStatus(one)) throw new InvalidFilterError(`Unknown status '${String(one)}'`)
  const paths = Object.entries(inputFilters ?? {})
  if (paths.length > 10) throw new InvalidFilterError('At most 10 inputFilters')
  for (const [path, value] of paths) {
    if (!isPath(path)) throw new InvalidFilterError(`Invalid JSON path: ${path}`)
    if (value !== null && !['string', 'boolean'].includes(typeof value) && !Number.isFinite(value))
      throw new InvalidFilterError(`inputFilters['${path}'] must be a string, number, boolean or null`)
  }
  for (const [tag, value] of Object.entries(tags ?? {}))
    if (typeof value !== 'string') throw new InvalidFilterError(`tags['${tag}'] must be a string`)
  return {
    ...(statuses && statuses.length > 0 ? { status: statuses } : {}),
    ...(paths.length > 0 && inputFilters ? { inputFilters } : {}),
    ...(workflowName ? { workflowName } : {}),
    ...(instanceId ? { instanceId } : {}),
    ...(tags && Object.keys(tags).length > 0 ? { tags } : {}),
    ...(startedAfter ? { startedAfter: ms(startedAfter, 'startedAfter') } : {}),
    ...(startedBefore ? { startedBefore: ms(startedBefore, 'startedBefore') } : {}),
  }
}

function ms(date: Date, name: string): number {
  const time = date instanceof Date ? date.getTime() : Number.NaN
  if (Number.isNaN(time)) throw new InvalidFilterError(`${name} must be a valid Date`)
  return time
}
