/** Rights on PostgreSQL: each table of its own, so a table that a later migration made may lack what the others have. */
import type pg from 'pg'
import { lacking, type Rights, tablesOf } from '../rights'
import { text } from '../values'

const MISSING = `
SELECT c.relname AS name FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1) AND NOT (
  has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND
  has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
UNION ALL
SELECT s.relname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'a' JOIN pg_class c ON c.oid = d.refobjid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1)
  AND CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') ELSE false END
ORDER BY name`

/** @throws DatabaseError */
export async function checkRights(client: pg.Client, rights: Rights): Promise<void> {
  const { rows } = await client.query<{ name: string }>(MISSING, [tablesOf('postgresql')])
  const names = rows.map(({ name }) => text(name))
  if (names.length > 0) throw lacking(rights, `it may not read and write ${names.join(', ')}`)
}

export function grantTo(user: string, schema: string | null): string {
  const place = `SCHEMA "${schema ?? 'public'}"`
  return (
    `GRANT USAGE ON ${place} TO "${user}"; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN ${place} TO "${user}"; ` +
    `GRANT USAGE ON ALL SEQUENCES IN ${place} TO "${user}";`
  )
}
