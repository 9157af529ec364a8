/** SQLite 3.45: JSON functions and RETURNING; a transaction holds the whole file, so rows need no locks of their own. */

import type { ColumnType, Dialect } from '../database'
import { faultOf, isBusy } from '../sqlite/errors'

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  returning: true,
  forUpdate: '',
  skipLocked: '',

  rows(param, columns, alias) {
    const list = Object.entries(columns).map(([name, type]) => `${member(name, type)} AS ${name}`)
    return `(SELECT ${list.join(', ')} FROM json_each(${param})) ${alias}`
  },
  insertIgnore(table, columnsAndSource) {
    return `INSERT INTO ${table} ${disambiguated(columnsAndSource)} ON CONFLICT DO NOTHING`
  },
  onConflictUpdate(keys, columns) {
    return ` ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`
  },
  updateFrom(table, set, source, on) {
    const assignments = Object.entries(set).map(([column, expression]) => `${column} = ${expression}`)
    return `UPDATE ${table} SET ${assignments.join(', ')} FROM ${source} WHERE ${on}`
  },
  contains: (column) => `${column} LIKE ? ESCAPE '!'`,
  jsonEquals(column, path, value) {
    const at = `'$${path
      .split('.')
      .map((name) => `."${name}"`)
      .join('')}'`
    const type = `json_type(${column}, ${at})`
    if (value === null) return { sql: `(${type} IS NULL OR ${type} = 'null')`, params: [] }
    if (typeof value === 'boolean') return { sql: `${type} = ?`, params: [String(value)] }
    const types = typeof value === 'string' ? `= 'text'` : `IN ('integer', 'real')`
    return { sql: `(${type} ${types} AND json_extract(${column}, ${at}) = ?)`, params: [value] }
  },
  jsonHas: (column, key, value) => ({
    sql: `EXISTS (SELECT 1 FROM json_each(${column}) member WHERE member.key = ? AND member.atom = ?)`,
    params: [key, value],
  }),
  greatest: (a, b) => `MAX(${a}, ${b})`,
  least: (a, b) => `MIN(${a}, ${b})`,

  isRetryable: isBusy,
  isUnique(error) {
    const code = faultOf(error)?.code
    return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
  },
  isDown: () => false,
}

function member(name: string, type: ColumnType): string {
  const value = `json_extract(value, '$.${name}')`
  return type === 'bytes' ? `unhex(${value})` : value
}

/** After `INSERT … SELECT … FROM x` the parser takes ON for a join's condition unless a WHERE stands before it. */
function disambiguated(columnsAndSource: string): string {
  return /\bSELECT\b/i.test(columnsAndSource) && !/\bWHERE\b[^()]*$/i.test(columnsAndSource)
    ? `${columnsAndSource} WHERE true`
    : columnsAndSource
}
