/** Finished instances in bulk, as a year of work leaves them behind: one statement a table, on PostgreSQL. */
import pg from 'pg'

/** Ids that begin with their moment, as those of the engine do; forty workflows; one in fifty failed. */
const INSTANCES = `INSERT INTO workflow_instances (id, workflow_name, source_hash, owner_service, status, input, output, epoch, next_seq, lease_ms, chain_id, started_at, updated_at, completed_at)
SELECT id, 'flow' || lpad((n % 40)::text, 2, '0'), '0', 'bench',
  CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 75 = 0 THEN 'cancelled' ELSE 'completed' END,
  '{"orderId":"order-' || n || '","customer":{"city":"city-' || n % 1000 || '","tier":"' || CASE WHEN n % 10 = 0 THEN 'gold' ELSE 'plain' END || '"},"cents":' || n % 5000 || '}',
  '{"ok":true}', 1, 3, 300000, id, at, at + 1000, at + 1000
FROM (SELECT n, $1::bigint - ($2::bigint - n) * 1000 AS at, 'flow-' || lpad(to_hex(n * 2654435761 % 4294967296), 8, '0') || '-' || lpad(n::text, 10, '0') AS id
  FROM generate_series(1, $2::bigint) n) made`
const HISTORY = `INSERT INTO workflow_history (instance_id, seq, activity_id, type, data, epoch, created_at)
SELECT i.id, s, 'step:' || s, 'ActivityCompleted', '{"activityName":"step","input":{"k":1},"result":{"k":1}}', 1, i.completed_at
FROM workflow_instances i, generate_series(1, 2) s`

/** Into a database that the engine has migrated; its indexes are made again afterwards, which is faster. @returns the seconds it took */
export async function fillWithFinished(url: string, count: number): Promise<number> {
  const began = performance.now()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: indexes } = await client.query(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
      WHERE tablename LIKE 'workflow%' AND indexname NOT LIKE '%_pkey' AND schemaname = current_schema()`,
  )
  for (const { name } of indexes) await client.query(`DROP INDEX "${name}"`)
  await client.query(INSTANCES, [Date.now() - 3_600_000, count])
  await client.query(HISTORY)
  for (const { definition } of indexes) await client.query(definition)
  await client.query('VACUUM ANALYZE')
  await client.query('CHECKPOINT')
  await client.end()
  return (performance.now() - began) / 1_000
}
