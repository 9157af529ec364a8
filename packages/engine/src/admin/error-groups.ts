import type { Failure } from '../model/instance'
import type { FailedInstance, Storage } from '../storage/storage'
import type { Admin } from './admin'
import { date, json } from './decode'
import { fingerprintOf } from './fingerprint'
import type { ErrorGroup, ErrorGroups } from './records'

const EXAMINED = 2_000
const GROUPS = 100
const IDS = 10

export function createErrors(storage: Storage): Admin['errors'] {
  return {
    async groups({ workflowName, since } = {}) {
      const query = {
        ...(workflowName === undefined ? {} : { workflowName }),
        ...(since ? { since: since.getTime() } : {}),
      }
      return groupsOf(await storage.statistics.failures({ ...query, limit: EXAMINED + 1 }))
    },
  }
}

/** Largest group first. */
function groupsOf(rows: readonly FailedInstance[]): ErrorGroups {
  const groups = new Map<string, { first: number; last: number; workflows: Set<string>; group: ErrorGroup }>()
  const examined = rows.slice(0, EXAMINED)
  for (const row of examined) {
    const failure = json<Failure>(row.error, { name: 'Error', message: 'unknown' })
    const { fingerprint, name, message, frame } = fingerprintOf(failure)
    const known = groups.get(fingerprint)
    const workflows = (known?.workflows ?? new Set()).add(row.workflowName)
    const first = Math.min(known?.first ?? row.updatedAt, row.updatedAt)
    const last = Math.max(known?.last ?? row.updatedAt, row.updatedAt)
    const group: ErrorGroup = {
      fingerprint,
      name,
      message,
      frame,
      count: (known?.group.count ?? 0) + 1,
      workflows: [...workflows],
      firstAt: date(first),
      lastAt: date(last),
      instanceIds: [...(known?.group.instanceIds ?? []), row.id].slice(0, IDS),
    }
    groups.set(fingerprint, { first, last, workflows, group })
  }
  const sorted = [...groups.values()].map(({ group }) => group).sort((a, b) => b.count - a.count)
  return { groups: sorted.slice(0, GROUPS), examined: examined.length, truncated: rows.length > EXAMINED }
}
