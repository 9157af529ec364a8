/** Which questions a change concerns. Pure: query keys in, yes or no out. */
export interface Change {
  readonly reset: boolean
  readonly topics: readonly string[]
  readonly instanceIds: readonly string[]
}

/**
 * What each question reads, by topic. `own`: it is about one instance, named in its input, and is asked again only when that one changed, or when
 * some instance changed and nobody can say which.
 */
const READERS: Readonly<Record<string, { readonly topics: readonly string[]; readonly own?: boolean }>> = {
  'instances.find': { topics: ['instances'] },
  'instances.counts': { topics: ['instances', 'outbox'] },
  'instances.get': { topics: ['instances'], own: true },
  'instances.history': { topics: ['instances'], own: true },
  'instances.bulk.get': { topics: ['bulk'] },
  'instances.bulk.list': { topics: ['bulk'] },
  'compensations.list': { topics: ['instances'], own: true },
  'errors.groups': { topics: ['instances'] },
  'stats.overview': { topics: ['instances', 'outbox', 'channels', 'workers'] },
  'channels.list': { topics: ['channels'] },
  'channels.get': { topics: ['channels'] },
  'channels.messages': { topics: ['channels'] },
  'outbox.list': { topics: ['outbox'] },
  'outbox.get': { topics: ['outbox'] },
  'events.list': { topics: ['events'] },
  'workflows.list': { topics: ['workers', 'instances'] },
  'workers.list': { topics: ['workers'] },
  'audit.list': { topics: ['audit'] },
}

/** @returns a test for tRPC's keys, `[['instances', 'get'], { input: { id }, type }]` */
export function affectedBy(changes: readonly Change[]): (queryKey: readonly unknown[]) => boolean {
  if (changes.some((change) => change.reset)) return (key) => isPath(key[0]) && key[0][0] !== 'session'
  const topics = new Set(changes.flatMap((change) => change.topics))
  const ids = new Set(changes.flatMap((change) => change.instanceIds))
  const unnamed = changes.some((change) => change.topics.includes('instances') && change.instanceIds.length === 0)
  return (key) => {
    if (!isPath(key[0])) return false
    const reader = READERS[key[0].join('.')]
    if (!reader?.topics.some((topic) => topics.has(topic))) return false
    if (!reader.own || unnamed) return true
    const id = (key[1] as { input?: { id?: unknown } } | undefined)?.input?.id
    return typeof id !== 'string' || ids.has(id)
  }
}

function isPath(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0
}
