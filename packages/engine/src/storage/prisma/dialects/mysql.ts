/** MySQL 8.0 and MariaDB 10.6 and newer, in what both understand. */
import { type ColumnType, type Dialect, readableJson } from '../database'
import { isDown, isRetryable, isUnique } from '../mysql/errors'

const BINARY = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'
const TYPES: Readonly<Record<ColumnType, string>> = {
  text: `LONGTEXT ${BINARY}`,
  int: 'INT',
  bigint: 'BIGINT',
  bool: 'BOOLEAN',
  bytes: 'LONGTEXT',
}

export const mysqlDialect: Dialect = {
  name: 'mysql',
  returning: false,
  forUpdate: ' FOR UPDATE',
  skipLocked: ' FOR UPDATE SKIP LOCKED',

  rows(param, columns, alias) {
    const entries = Object.entries(columns)
    const declared = entries.map(([name, type]) => `${name} ${TYPES[type]} PATH '$.${name}'`).join(', ')
    const table = (as: string) => `JSON_TABLE(${param}, '$[*]' COLUMNS (${declared})) ${as}`
    if (!entries.some(([, type]) => type === 'bytes')) return table(alias)
    const list = entries.map(([name, type]) => (type === 'bytes' ? `UNHEX(raw.${name}) AS ${name}` : `raw.${name}`))
    return `(SELECT ${list.join(', ')} FROM ${table('raw')}) ${alias}`
  },
  /** IGNORE would turn errors of the data into warnings; setting a key to itself changes nothing. */
  insertIgnore(table, columnsAndSource) {
    const key = /^\s*\(\s*(\w+)/.exec(columnsAndSource)?.[1]
    if (!key) throw new Error(`insertIgnore needs a list of columns: ${columnsAndSource}`)
    return `INSERT INTO ${table} ${columnsAndSource} ON DUPLICATE KEY UPDATE ${key} = ${table}.${key}`
  },
  onConflictUpdate(_keys, columns) {
    return ` ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = VALUES(${column})`).join(', ')}`
  },
  updateFrom(table, set, source, on) {
    const assignments = Object.entries(set).map(([column, expression]) => `${table}.${column} = ${expression}`)
    // from the source to the rows: the other way round a small table is scanned, and rows that others hold are waited for
    return `UPDATE ${source} STRAIGHT_JOIN ${table} ON ${on} SET ${assignments.join(', ')}`
  },
  contains: (column) => `LOWER(${column}) LIKE ? ESCAPE '!'`,
  jsonEquals(column, path, value) {
    const member = `JSON_EXTRACT(${readableJson(column, '\\\\')}, '$${path
      .split('.')
      .map((name) => `."${name}"`)
      .join('')}')`
    const type = `JSON_TYPE(${member})`
    if (value === null) return { sql: `(${member} IS NULL OR ${type} = 'NULL')`, params: [] }
    const plain = `JSON_UNQUOTE(${member})`
    if (typeof value === 'boolean') return { sql: `(${type} = 'BOOLEAN' AND ${plain} = ?)`, params: [String(value)] }
    if (typeof value === 'string')
      return { sql: `(${type} = 'STRING' AND ${exactly(plain)} = ${exactly('?')})`, params: [value] }
    return {
      sql: `(${type} IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') AND ${plain} + 0 = ?)`,
      params: [value],
    }
  },
  jsonHas: (column, key, value) => ({
    sql: `${exactly(`JSON_UNQUOTE(JSON_EXTRACT(${column}, CONCAT('$.', JSON_QUOTE(?))))`)} = ${exactly('?')}`,
    params: [key, value],
  }),
  greatest: (a, b) => `GREATEST(${a}, ${b})`,
  least: (a, b) => `LEAST(${a}, ${b})`,

  isRetryable,
  isUnique,
  isDown,
}

/** Bytes, of which trailing blanks count. */
function exactly(expression: string): string {
  return `CAST(${expression} AS BINARY)`
}
