// What a database really contains, as sorted lines of text: two databases are alike when their lines are. Column order is
// left out, since a column added later stands last.

const OWN = '_prisma_migrations'

/** @param {import('libsql').Database} db */
export function describeSqlite(db) {
  const objects = db
    .prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> '${OWN}'`,
    )
    .all()
  const lines = objects.flatMap(({ type, name, sql }) => {
    if (type !== 'table') return [`${type} ${sql.replaceAll(/\s+/g, ' ')}`]
    const columns = db
      .prepare(`SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo('${name}')`)
      .all()
    const keys = db
      .prepare(`SELECT "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list('${name}')`)
      .all()
    return [...columns, ...keys].map((row) => `${name} ${Object.values(row).join(' ')}`)
  })
  return lines.sort()
}

/** @param {import('../lib/databases.mjs').Connection} db @param {string} schema */
export async function describePostgres(db, schema) {
  const inSchema = (table) => `${table}.relnamespace = '${schema}'::regnamespace AND ${table}.relname <> '${OWN}'`
  const rows = await db.query(`
    SELECT c.relname || ' column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || a.attgenerated::text
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS line
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE ${inSchema('c')} AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE ${inSchema('c')}
    UNION ALL SELECT c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE ${inSchema('c')}
    UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE ${inSchema('c')} AND NOT t.tgisinternal
    UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = '${schema}'::regnamespace
    UNION ALL SELECT 'enum ' || t.typname || ' ' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
      WHERE t.typnamespace = '${schema}'::regnamespace`)
  return rows.map(({ line }) => line.replaceAll(`${schema}.`, '')).sort()
}

/** @param {import('../lib/databases.mjs').Connection} db @param {string} schema */
export async function describeMysql(db, schema) {
  const rows = await db.query(`
    SELECT concat_ws(' ', table_name, 'column', column_name, column_type, is_nullable, column_default, extra,
        collation_name, generation_expression) AS line
      FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name <> '${OWN}'
    UNION ALL SELECT concat_ws(' ', table_name, 'index', index_name, non_unique, seq_in_index, column_name, sub_part, collation)
      FROM information_schema.statistics WHERE table_schema = '${schema}' AND table_name <> '${OWN}'
    UNION ALL SELECT concat_ws(' ', table_name, constraint_name, referenced_table_name, update_rule, delete_rule)
      FROM information_schema.referential_constraints WHERE constraint_schema = '${schema}'
    UNION ALL SELECT concat_ws(' ', event_object_table, trigger_name, action_timing, event_manipulation, action_statement)
      FROM information_schema.triggers WHERE trigger_schema = '${schema}'`)
  return rows.map(({ line }) => String(line)).sort()
}
