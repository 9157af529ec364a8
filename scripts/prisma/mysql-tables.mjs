// Prisma's datamodel as MySQL tables: each column, index and key as the line of DDL that makes it, by name. Two such
// descriptions can be compared line by line, which is all that `mysql-ddl.mjs` does.
//
// Texts are utf8mb4_bin, where Prisma would take utf8mb4_unicode_ci: ids, names and keys that differ only in case must be
// different here too, as they are on SQLite and PostgreSQL.
import { parseSchema } from './schema-engine.mjs'

/** @typedef {{ columns: Map<string, string>, primaryKey: string, indexes: Map<string, string>, foreignKeys: Map<string, string> }} Table */

const DEFAULT_TYPES = {
  String: 'VARCHAR(191)',
  Int: 'INTEGER',
  BigInt: 'BIGINT',
  Boolean: 'BOOLEAN',
  DateTime: 'DATETIME(3)',
  Json: 'JSON',
  Bytes: 'LONGBLOB',
  Float: 'DOUBLE',
  Decimal: 'DECIMAL(65,30)',
}
const ACTIONS = {
  Cascade: 'CASCADE',
  Restrict: 'RESTRICT',
  SetNull: 'SET NULL',
  NoAction: 'NO ACTION',
  SetDefault: 'SET DEFAULT',
}
const MAX_NAME_LENGTH = 64

export const quote = (name) => `\`${name}\``
const literal = (text) => `'${String(text).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** @param {string} schema @returns {Map<string, Table>} */
export function describeTables(schema) {
  if (schema === '') return new Map()
  const datamodel = parseSchema(schema)
  return new Map(datamodel.models.map((model) => [tableName(model), describeTable(model, datamodel)]))
}

const tableName = (model) => model.dbName ?? model.name
const columnName = (field) => field.dbName ?? field.name

/** @returns {Table} */
function describeTable(model, datamodel) {
  const columns = new Map()
  const foreignKeys = new Map()
  for (const field of model.fields) {
    if (field.kind !== 'object') columns.set(columnName(field), describeColumn(field, datamodel))
    else if (field.relationFromFields?.length > 0) foreignKeys.set(...describeForeignKey(model, field, datamodel))
  }
  const indexes = new Map()
  for (const index of datamodel.indexes) {
    if (index.model === model.name && index.type !== 'id') indexes.set(...describeIndex(model, index))
  }
  const id = datamodel.indexes.find((index) => index.model === model.name && index.type === 'id')
  return { columns, indexes, foreignKeys, primaryKey: `PRIMARY KEY (${columnList(model, id.fields)})` }
}

function describeColumn(field, datamodel) {
  const type = columnType(field, datamodel)
  const parts = [quote(columnName(field)), type, field.isRequired ? 'NOT NULL' : 'NULL', columnDefault(field, type)]
  return parts.filter(Boolean).join(' ')
}

function columnType(field, datamodel) {
  if (field.kind === 'enum') {
    const { values } = datamodel.enums.find((candidate) => candidate.name === field.type)
    return `ENUM(${values.map((value) => literal(value.dbName ?? value.name)).join(', ')})`
  }
  if (!field.nativeType) return DEFAULT_TYPES[field.type]
  const [name, args] = field.nativeType
  const base = name.replace(/^Unsigned/, '').toUpperCase()
  return `${base}${args.length > 0 ? `(${args.join(',')})` : ''}${name.startsWith('Unsigned') ? ' UNSIGNED' : ''}`
}

function columnDefault(field, type) {
  if (!field.hasDefaultValue) return ''
  const value = field.default
  if (typeof value === 'object') return functionDefault(value, type)
  if (!['String', 'Json'].includes(field.type) && field.kind !== 'enum') return `DEFAULT ${value}`
  // MySQL takes a default for the unlimited types only as an expression
  return /TEXT|JSON/.test(type) ? `DEFAULT (${literal(value)})` : `DEFAULT ${literal(value)}`
}

/** uuid() and its like are made by the client and leave no trace in the table. */
function functionDefault({ name, args }, type) {
  if (name === 'autoincrement') return 'AUTO_INCREMENT'
  if (name === 'dbgenerated') return `DEFAULT (${args[0]})`
  if (name === 'now') return `DEFAULT CURRENT_TIMESTAMP${/\(\d\)$/.exec(type)?.[0] ?? ''}`
  return ''
}

function describeIndex(model, index) {
  const unique = index.type === 'unique'
  const name = index.dbName ?? constraintName(model, index.fields, unique ? 'key' : 'idx')
  const kind = { unique: 'UNIQUE INDEX', fulltext: 'FULLTEXT INDEX' }[index.type] ?? 'INDEX'
  return [name, `${kind} ${quote(name)}(${columnList(model, index.fields)})`]
}

function describeForeignKey(model, field, datamodel) {
  const target = datamodel.models.find((candidate) => candidate.name === field.type)
  const from = field.relationFromFields.map((name) => ({ name }))
  const to = field.relationToFields.map((name) => ({ name }))
  const name = constraintName(model, from, 'fkey')
  const onDelete = ACTIONS[field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull')]
  const onUpdate = ACTIONS[field.relationOnUpdate ?? 'Cascade']
  const references = `${quote(tableName(target))}(${columnList(target, to)})`
  return [
    name,
    `CONSTRAINT ${quote(name)} FOREIGN KEY (${columnList(model, from)}) REFERENCES ${references} ON DELETE ${onDelete} ON UPDATE ${onUpdate}`,
  ]
}

const mappedName = (model, name) => columnName(model.fields.find((field) => field.name === name))

function columnList(model, fields) {
  return fields
    .map(({ name, length, sortOrder }) => {
      const prefix = length ? `(${length})` : ''
      return `${quote(mappedName(model, name))}${prefix}${sortOrder === 'desc' ? ' DESC' : ''}`
    })
    .join(', ')
}

/** Prisma's own rule, so that names agree with what its tools would choose. */
function constraintName(model, fields, suffix) {
  const base = [tableName(model), ...fields.map(({ name }) => mappedName(model, name))].join('_')
  return `${base.slice(0, MAX_NAME_LENGTH - suffix.length - 1)}_${suffix}`
}
