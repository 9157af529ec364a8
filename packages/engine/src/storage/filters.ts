/** What every storage refuses to look for, before it looks. */
import { InvalidFilterError } from '../model/errors'
import { isPath } from '../model/match'
import type { InstanceQuery } from './storage'

/** Not every database takes them as a parameter. */
const UNSTORABLE = /\0|\p{Surrogate}/u

/** @throws InvalidFilterError for a path that is none, and for text that cannot be asked for */
export function checkQuery(query: InstanceQuery): void {
  for (const path of Object.keys(query.inputFilters ?? {}))
    if (!isPath(path)) throw new InvalidFilterError(`Invalid JSON path: ${path}`)
  const { workflowName, instanceId, errorText, parentId, chainId, forkedFrom } = query
  const named = { workflowName, instanceId, errorText, parentId, chainId, forkedFrom, ...query.inputFilters }
  for (const [name, value] of Object.entries({ ...named, ...query.tags })) {
    const isOdd = UNSTORABLE.test(name) || (typeof value === 'string' && UNSTORABLE.test(value))
    if (isOdd)
      throw new InvalidFilterError(
        `${JSON.stringify(name)} has U+0000 or half a character, which cannot be searched for`,
      )
  }
}
