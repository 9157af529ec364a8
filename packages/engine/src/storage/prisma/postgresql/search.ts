/**
 * What `workflow_search` (prisma/extra/postgresql.sql) can answer: a part of an id by its trigrams, a value of an input by containment. Either gives
 * candidates, never fewer than there are; the query's own conditions decide.
 */
import type { InstanceQuery } from '../../storage'
import type { Condition, SqlValue } from '../database'

/** As the index has it: the characters that join the words of an id are left out. */
const ID = `translate(lower(s.id COLLATE "C"), '-_.:/', '')`
const JOINTS = /[-_.:/]/g
/** Fewer letters make no trigram. */
const WORDS = /[a-z0-9]{3,}/g
/** Other letters are lowered by the locale's rules, which the index does not know. */
const ASCII = /^[\x20-\x7e]*$/

/** @returns null when the indexes have nothing to tell of this query */
export function candidatesOf(query: InstanceQuery, { hasIdIndex }: { readonly hasIdIndex: boolean }): Condition | null {
  const parts: string[] = []
  const params: SqlValue[] = []
  const add = (sql: string, ...values: readonly SqlValue[]) => {
    parts.push(sql)
    params.push(...values)
  }
  if (hasIdIndex) for (const word of wordsOf(query.instanceId)) add(`${ID} LIKE ?`, `%${word}%`)
  const document = documentOf(query.inputFilters)
  if (document !== null) add('(s.input @> ?::jsonb OR s.input IS NULL)', document)
  if (parts.length === 0) return null
  if (query.startedAfter !== undefined) add('s.started_at >= ?', query.startedAfter)
  if (query.startedBefore !== undefined) add('s.started_at <= ?', query.startedBefore)
  if (query.after) add('s.started_at <= ?', query.after.startedAt)
  const sql = `SELECT s.id, s.started_at FROM workflow_search s WHERE ${parts.join(' AND ')} ORDER BY s.started_at DESC, s.id DESC`
  return { sql, params }
}

function wordsOf(part = ''): readonly string[] {
  if (!ASCII.test(part)) return []
  return part.toLowerCase().replaceAll(JOINTS, '').match(WORDS) ?? []
}

/** What an input contains that has all these values, as JSON text. Null is left out: a member that is missing is as good. */
function documentOf(filters: InstanceQuery['inputFilters'] = {}): string | null {
  let document: object | null = null
  for (const [path, value] of Object.entries(filters)) {
    if (value === null) continue
    document ??= {}
    const names = path.split('.')
    const last = names.pop() as string
    let at = document
    for (const name of names) at = memberOf(at, name)
    define(at, last, value)
  }
  return document && JSON.stringify(document)
}

function memberOf(at: object, name: string): object {
  const found: unknown = Object.getOwnPropertyDescriptor(at, name)?.value
  return typeof found === 'object' && found !== null ? found : define(at, name, {})
}

/** A name from outside may be `__proto__`. */
function define<Value>(at: object, name: string, value: Value): Value {
  Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true })
  return value
}
