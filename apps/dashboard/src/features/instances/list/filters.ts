/** What a list of instances is filtered by, and how it is asked of the API. Pure. */
import type { InstanceQuery, InstanceStatus } from '@/lib/api-types'

export type Scalar = string | number | boolean | null
export const ATTENTION = ['compensation-failed', 'retrying'] as const
export type Attention = (typeof ATTENTION)[number]

export interface InstanceFilters {
  readonly status: readonly InstanceStatus[]
  readonly workflow: string | null
  readonly id: string | null
  readonly error: string | null
  readonly after: Date | null
  readonly before: Date | null
  readonly tags: Readonly<Record<string, string>>
  readonly input: Readonly<Record<string, Scalar>>
  readonly parent: string | null
  readonly chain: string | null
  readonly forkedFrom: string | null
  readonly attention: Attention | null
}

export const NO_FILTERS: InstanceFilters = {
  status: [],
  workflow: null,
  id: null,
  error: null,
  after: null,
  before: null,
  tags: {},
  input: {},
  parent: null,
  chain: null,
  forkedFrom: null,
  attention: null,
}

const PATH = /^[A-Za-z_][A-Za-z0-9_-]{0,63}(\.[A-Za-z_][A-Za-z0-9_-]{0,63}){0,7}$/

/** The form of paths that the API accepts: names of at most 64 characters, at most 8 deep. */
export function isInputPath(path: string): boolean {
  return PATH.test(path)
}

export function isFiltered(filters: InstanceFilters): boolean {
  return chipsOf(filters).length > 0
}

/** What the API is asked; absent and empty are the same. */
export function toQuery(filters: InstanceFilters): Omit<InstanceQuery, 'limit' | 'pageToken'> {
  return {
    ...(filters.status.length > 0 ? { status: [...filters.status] } : {}),
    ...(filters.workflow ? { workflowName: filters.workflow } : {}),
    ...(filters.id ? { instanceId: filters.id } : {}),
    ...(filters.error ? { errorText: filters.error } : {}),
    ...(filters.after ? { startedAfter: filters.after } : {}),
    ...(filters.before ? { startedBefore: filters.before } : {}),
    ...(Object.keys(filters.tags).length > 0 ? { tags: filters.tags } : {}),
    ...(Object.keys(filters.input).length > 0 ? { inputFilters: filters.input } : {}),
    ...(filters.parent ? { parentId: filters.parent } : {}),
    ...(filters.chain ? { chainId: filters.chain } : {}),
    ...(filters.forkedFrom ? { forkedFrom: filters.forkedFrom } : {}),
    ...(filters.attention ? { attention: filters.attention } : {}),
  }
}

export interface Chip {
  readonly key: string
  readonly label: string
  readonly value: string
  readonly without: InstanceFilters
}

/** One chip a condition, each with the filters that remain when it is taken away. */
export function chipsOf(filters: InstanceFilters): readonly Chip[] {
  const chips: Chip[] = []
  for (const status of filters.status) {
    chips.push({
      key: `status:${status}`,
      label: 'status',
      value: status,
      without: { ...filters, status: filters.status.filter((other) => other !== status) },
    })
  }
  for (const key of ['attention', 'workflow', 'id', 'error', 'parent', 'chain', 'forkedFrom'] as const) {
    const value = filters[key]
    if (value) chips.push({ key, label: key, value, without: { ...filters, [key]: null } })
  }
  for (const key of ['after', 'before'] as const) {
    const value = filters[key]
    if (value) chips.push({ key, label: key, value: value.toISOString(), without: { ...filters, [key]: null } })
  }
  for (const [name, value] of Object.entries(filters.tags)) {
    chips.push({
      key: `tag:${name}`,
      label: `tag.${name}`,
      value,
      without: { ...filters, tags: omit(filters.tags, name) },
    })
  }
  for (const [path, value] of Object.entries(filters.input)) {
    chips.push({
      key: `input:${path}`,
      label: `input.${path}`,
      value: JSON.stringify(value),
      without: { ...filters, input: omit(filters.input, path) },
    })
  }
  return chips
}

function omit<Value>(record: Readonly<Record<string, Value>>, key: string): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key))
}
