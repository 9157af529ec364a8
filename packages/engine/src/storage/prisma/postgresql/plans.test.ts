/**
 * What lists and searches cost among a million instances is decided by their plans. Here those of the engine's own statements are looked at, among a few
 * thousand rows: enough for every index to pay, whatever the machine.
 */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresqlServer, type TestDatabase } from '../../../../test/databases'
import type { InstanceQuery } from '../../storage'
import { createClaim } from '../claim'
import { createDatabase } from '../client'
import type { Database, Sql, SqlValue } from '../database'
import { createInstanceReads } from '../instances'

const server = await postgresqlServer()

describe.skipIf(server.missing)('plans on PostgreSQL', () => {
  let place: TestDatabase
  let database: Database
  let session: pg.Client
  beforeAll(async () => {
    place = await server.create()
    database = await createDatabase({ dbUrl: place.url, poolSize: 1 })
    await database.open({ autoMigrate: true })
    await place.query(FILL)
    await place.query('VACUUM ANALYZE workflow_instances')
    await place.query('VACUUM ANALYZE workflow_search')
    session = new pg.Client({ connectionString: place.url })
    await session.connect()
  })
  afterAll(async () => {
    await session?.end()
    await database?.close()
    await place?.drop()
  })

  /** The indexes and the other ways of reading that each statement takes, in their order. */
  async function plansOf(work: (database: Database) => Promise<unknown>): Promise<string[][]> {
    const asked: { sql: string; params: readonly SqlValue[]; byKey: boolean }[] = []
    const listening = (sql: Sql, byKey: boolean): Sql => ({
      run: sql.run,
      all(text, params = []) {
        asked.push({ sql: text, params, byKey })
        return sql.all(text, params)
      },
    })
    const { read, single } = database
    await work({
      ...database,
      read: listening(read, false),
      ...(single ? { single: listening(single, true) } : {}),
      transaction: (inside, options) =>
        database.transaction((sql, along) => inside(listening(sql, options?.byKey === true), along), options),
    })
    const plans: string[][] = []
    for (const { sql, params, byKey } of asked) plans.push(await planOf(sql, params, byKey))
    return plans
  }

  async function planOf(sql: string, params: readonly SqlValue[], byKey: boolean): Promise<string[]> {
    // by key the plan is made once, for any parameters; else for these, because the others' cost is estimated too high
    await session.query(`SET plan_cache_mode = force_${byKey ? 'generic' : 'custom'}_plan`)
    for (const way of ['seqscan', 'hashjoin', 'mergejoin', 'material'])
      await session.query(`SET enable_${way} = ${byKey ? 'off' : 'on'}`)
    let count = 0
    await session.query(`PREPARE asked AS ${sql.replaceAll('?', () => `$${++count}`)}`)
    const values = params.map((value) => `'${String(value).replaceAll(`'`, `''`)}'`).join(', ')
    const { rows } = await session.query(`EXPLAIN (FORMAT JSON) EXECUTE asked${count > 0 ? `(${values})` : ''}`)
    await session.query('DEALLOCATE asked')
    return [...new Set(waysOf(rows[0]['QUERY PLAN'][0].Plan))].sort()
  }

  const KEY = 'workflow_instances_pkey'
  const LIST = 'workflow_instances_started_at_id_idx'
  const BY_STATUS = 'workflow_instances_status_started_at_id_idx'
  const BY_NAME = 'workflow_instances_workflow_name_started_at_id_idx'

  test.each<[string, Partial<InstanceQuery>, readonly string[]]>([
    ['the list', {}, [LIST]],
    ['a later page', { after: { startedAt: 5_000, id: 'x' } }, [LIST]],
    ['a status', { status: ['failed'] }, [BY_STATUS]],
    ['a part of a name', { workflowName: 'flow-7' }, [BY_NAME, BY_NAME]],
    ['a part of an error', { errorText: 'declined' }, ['workflow_instances_error']],
    ['a part of an id that many have', { instanceId: 'order' }, [LIST]],
    ['a part of an id that few have', { instanceId: 'c4ca4238' }, [LIST, 'workflow_search_id']],
    ['a value that many inputs have', { inputFilters: { 'customer.country': 'DE' } }, [LIST]],
    ['a value that few inputs have', { inputFilters: { 'customer.id': 'C-7' } }, [LIST, 'workflow_search_input']],
    [
      'a part of an id and a value',
      { instanceId: 'c4ca4238', inputFilters: { 'customer.id': 'C-7' } },
      [LIST, 'workflow_search_id'],
    ],
    ['a part of an id and a status', { instanceId: 'c4ca4238', status: ['failed'] }, [BY_STATUS, 'workflow_search_id']],
  ])('%s', async (_, query, expected) => {
    const plans = await plansOf((listened) => createInstanceReads(listened).instances({ limit: 51, ...query }))
    expect(plans.map((ways, index) => ways.find((way) => way === expected[index]) ?? ways)).toEqual(expected)
    expect(plans.flat().filter((way) => way.startsWith('all of '))).toEqual([])
  })

  test('a claim: by what is due, and by workflow only when that is more than it may have', async () => {
    const request = { workerId: 'w', workflowNames: ['flow-1', 'flow-2', 'flow-3'], limit: 10 }
    const plans = await plansOf((listened) => createClaim(listened).claim(request))
    const [DUE, BY_WORKFLOW] = ['workflow_instances_wake_at', 'workflow_instances_workflow_wake_at']
    expect(plans.slice(1, 5).map(([way]) => way)).toEqual([DUE, BY_WORKFLOW, BY_WORKFLOW, KEY])
    expect(plans.flat().filter((way) => way.startsWith('all of '))).toEqual([])
  })

  test('counts: each status by its part of the index', async () => {
    expect(await plansOf((listened) => createInstanceReads(listened).counts({ open: 100, ended: 10 }))).toEqual([
      [BY_STATUS],
    ])
  })
})

/** 12,000 instances, as good as all ended, of which one in a hundred failed; names, ids and inputs with frequent and with rare parts. */
const FILL = `INSERT INTO workflow_instances (id, workflow_name, source_hash, owner_service, status, input, output, error,
    epoch, next_seq, lease_ms, chain_id, started_at, updated_at, completed_at)
  SELECT CASE WHEN n % 2 = 0 THEN 'order-' ELSE 'refund-' END || md5(n::text) || '-' || n, 'flow-' || (n % 10), 'h', 's',
    CASE WHEN n % 100 = 0 THEN 'failed' ELSE 'completed' END,
    '{"ref":"R-' || n || '","customer":{"id":"C-' || (n % 3000) || '","country":"DE"}}', repeat('x', 200),
    CASE WHEN n % 100 = 0 THEN '{"message":"card declined"}' END,
    1, 7, 30000, 'c' || n, n, n, n
  FROM generate_series(1, 12000) n;
  UPDATE workflow_instances SET status = 'pending', completed_at = NULL, wake_at = started_at WHERE started_at % 10 = 1;
  UPDATE workflow_instances SET status = 'pending', completed_at = NULL, wake_at = started_at WHERE started_at IN (5002, 5012)`

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

function waysOf(node: PlanNode): string[] {
  const below = (node.Plans ?? []).flatMap(waysOf)
  if (node['Index Name']) return [node['Index Name'], ...below]
  const isScan = node['Node Type'] === 'Seq Scan'
  return isScan ? [`all of ${node['Relation Name']}`, ...below] : below
}
