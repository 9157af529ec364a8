/** PostgreSQL 13 and newer. */
import { type ColumnType, type Dialect, readableJson } from '../database'
import { isDown, isRetryable, isUnique } from '../postgresql/errors'

const TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  int: 'int',
  bigint: 'bigint',
  bool: 'boolean',
  bytes: 'text',
}

export const postgresqlDialect: Dialect = {
  name: 'postgresql',
  returning: true,
  forUpdate: ' FOR UPDATE',
  skipLocked: ' FOR UPDATE SKIP LOCKED',

  rows(param, columns, alias) {
    const entries = Object.entries(columns)
    const declared = entries.map(([name, type]) => `${name} ${TYPES[type]}`).join(', ')
    const recordset = (as: string) => `json_to_recordset(${param}::json) AS ${as}(${declared})`
    if (!entries.some(([, type]) => type === 'bytes')) return recordset(alias)
    const list = entries.map(([name, type]) =>
      type === 'bytes' ? `decode(raw.${name}, 'hex') AS ${name}` : `raw.${name}`,
    )
    return `(SELECT ${list.join(', ')} FROM ${recordset('raw')}) ${alias}`
  },
  insertIgnore: (table, columnsAndSource) => `INSERT INTO ${table} ${columnsAndSource} ON CONFLICT DO NOTHING`,
  onConflictUpdate(keys, columns) {
    return ` ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`
  },
  updateFrom(table, set, source, on) {
    const assignments = Object.entries(set).map(([column, expression]) => `${column} = ${expression}`)
    return `UPDATE ${table} SET ${assignments.join(', ')} FROM ${source} WHERE ${on}`
  },
  contains(column, part = '') {
    // without a locale's rules lower() is twice as fast; they matter to other letters only
    const isAscii = /^[\x20-\x7e]*$/.test(part)
    return `LOWER(${column}${isAscii ? ' COLLATE "C"' : ''}) LIKE ? ESCAPE '!'`
  },
  /** Compared as JSON text, which is what JSON.stringify wrote; `json`, not `jsonb`, because that keeps the text as it is. */
  jsonEquals(column, path, value) {
    const member = `((${readableJson(column, '\\')})::json #> '{${path
      .split('.')
      .map((name) => `"${name}"`)
      .join(',')}}')`
    if (value === null) return { sql: `(${member} IS NULL OR json_typeof(${member}) = 'null')`, params: [] }
    const json = JSON.stringify(value)
    return { sql: `${member}::text IN (?, ?)`, params: [json, json.replaceAll('\\\\', '\\u005c')] }
  },
  jsonHas: (column, key, value) => ({
    sql: `(${column}::json -> ?::text)::text = ?`,
    params: [key, JSON.stringify(value)],
  }),
  greatest: (a, b) => `GREATEST(${a}, ${b})`,
  least: (a, b) => `LEAST(${a}, ${b})`,

  isRetryable,
  isUnique,
  isDown,
}
