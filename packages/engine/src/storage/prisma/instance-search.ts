/**
 * Finding instances among a million: what an index cannot answer is made cheap. Workflow names are few, so a part of a name becomes the names that have it;
 * inputs are searched as text before any of them is parsed.
 */
import type { InstanceQuery } from '../storage'
import { type Condition, containing, type Database, escaped, placeholders, type Sql, type SqlValue } from './database'
import { text } from './values'

/** From one name to the next by the index that begins with it: as many steps as there are names, not as there are instances. */
const NAMES = `WITH RECURSIVE names (name) AS (
  SELECT MIN(workflow_name) FROM workflow_instances
  UNION ALL
  SELECT (SELECT MIN(i.workflow_name) FROM workflow_instances i WHERE i.workflow_name > names.name)
    FROM names WHERE names.name IS NOT NULL)
SELECT name FROM names WHERE name IS NOT NULL`

/** Names of workflows with this part, whatever its case. */
export async function namesContaining(read: Sql, part: string): Promise<readonly string[]> {
  const wanted = part.toLowerCase()
  return (await read.all(NAMES)).map((row) => text(row.name)).filter((name) => name.toLowerCase().includes(wanted))
}

/** Conditions of a query: `listed` by what the list's indexes hold, `looked` by what has to be looked at row by row. */
export interface InstanceConditions {
  readonly listed: Condition
  readonly looked: Condition
}

/**
 * @param query checked
 * @param names what `workflowName` stands for; null without that filter
 */
export function conditionsOf(
  query: InstanceQuery,
  names: readonly string[] | null,
  { dialect }: Pick<Database, 'dialect'>,
): InstanceConditions {
  return { listed: listedBy(query, names), looked: lookedAt(query, dialect) }
}

function listedBy(query: InstanceQuery, names: readonly string[] | null): Condition {
  const { add, all } = conjunction()
  if (query.status) {
    if (query.status.length === 0) add('1 = 0')
    else add(`status IN (${placeholders(query.status.length)})`, ...query.status)
  }
  if (names) add(`workflow_name IN (${placeholders(names.length)})`, ...names)
  if (query.startedAfter !== undefined) add('started_at >= ?', query.startedAfter)
  if (query.startedBefore !== undefined) add('started_at <= ?', query.startedBefore)
  // few have one, and those have an index
  if (query.errorText) add('error IS NOT NULL')
  if (query.parentId !== undefined) add('parent_id = ?', query.parentId)
  if (query.chainId !== undefined) add('chain_id = ?', query.chainId)
  if (query.forkedFrom !== undefined) add('forked_from = ?', query.forkedFrom)
  if (query.compensationState) add('compensation_state = ?', query.compensationState)
  // a quote inside a string of `pending` is escaped, so this names the member and no text
  // whoever waits for an attempt has its moment: finished ones, the most, are not in that index
  if (query.retrying)
    add(`id IN (SELECT id FROM workflow_instances WHERE wake_at IS NOT NULL AND pending LIKE '%"nextAttemptAt":%')`)
  if (query.after) {
    const { startedAt, id } = query.after
    // the first part bounds the index scan, the second breaks ties
    add('started_at <= ? AND (started_at < ? OR id < ?)', startedAt, startedAt, id)
  }
  return all()
}

function lookedAt(query: InstanceQuery, dialect: Database['dialect']): Condition {
  const { add, all } = conjunction()
  if (query.instanceId) add(dialect.contains('id', query.instanceId), containing(query.instanceId))
  if (query.errorText) add(dialect.contains('error', query.errorText), containing(query.errorText))
  for (const [path, value] of Object.entries(query.inputFilters ?? {})) {
    // an input is what JSON.stringify wrote, so one that has the member has this text; the reverse is for the parser to say
    const member = `${JSON.stringify(path.slice(path.lastIndexOf('.') + 1))}:${JSON.stringify(value)}`
    if (value !== null) add(`input LIKE ? ESCAPE '!'`, `%${escaped(member)}%`)
    const condition = dialect.jsonEquals('input', path, value)
    add(condition.sql, ...condition.params)
  }
  for (const [key, value] of Object.entries(query.tags ?? {})) {
    const condition = dialect.jsonHas('tags', key, value)
    add(condition.sql, ...condition.params)
  }
  return all()
}

function conjunction() {
  const parts: string[] = []
  const params: SqlValue[] = []
  return {
    add(sql: string, ...values: readonly SqlValue[]) {
      parts.push(sql)
      params.push(...values)
    },
    all: (): Condition => ({ sql: parts.join(' AND '), params }),
  }
}

/**
 * How many of the newest are looked at before the index of candidates is asked. What is frequent is found among them, and would be too much for the index;
 * what is not found among them is rare, and would take a walk through everything.
 */
const NEWEST = 5_000
const NEWEST_FIRST = 'ORDER BY started_at DESC, id DESC LIMIT ?'

/** The ids of a page, newest first; the second is asked when the first does not fill it. */
export function pagesOf(
  { listed, looked }: InstanceConditions,
  candidates: Condition | null,
  limit: number,
): readonly [Condition, Condition?] {
  const both = joined(listed, looked)
  const plain = {
    sql: `SELECT id FROM workflow_instances${where(both)} ${NEWEST_FIRST}`,
    params: [...both.params, limit],
  }
  if (candidates === null) return [plain]
  const newest = `SELECT id, started_at, input, error, tags FROM workflow_instances${where(listed)} ${NEWEST_FIRST}`
  return [
    {
      sql: `SELECT id FROM (${newest}) newest${where(looked)} ${NEWEST_FIRST}`,
      params: [...listed.params, NEWEST, ...looked.params, limit],
    },
    {
      sql: `SELECT id FROM (SELECT c.id AS candidate, c.started_at AS since FROM (${candidates.sql}) c) candidates
        JOIN workflow_instances ON id = candidate${where(both)} ORDER BY since DESC, candidate DESC LIMIT ?`,
      params: [...candidates.params, ...both.params, limit],
    },
  ]
}

function joined(...conditions: readonly Condition[]): Condition {
  const some = conditions.filter(({ sql }) => sql !== '')
  return { sql: some.map(({ sql }) => sql).join(' AND '), params: some.flatMap(({ params }) => params) }
}

function where({ sql }: Condition): string {
  return sql === '' ? '' : ` WHERE ${sql}`
}
