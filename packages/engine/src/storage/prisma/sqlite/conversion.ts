/** Between Prisma's values and SQLite's: argument types, column types, result values and constraint errors. */
import {
  type ArgType,
  ColumnTypeEnum,
  DriverAdapterError,
  type ColumnType as PrismaColumnType,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils'
import type { ExactRows } from './connection'
import { faultOf, isBusy } from './errors'

const DECLARED: Readonly<Record<string, PrismaColumnType>> = {
  DECIMAL: ColumnTypeEnum.Numeric,
  NUMERIC: ColumnTypeEnum.Numeric,
  FLOAT: ColumnTypeEnum.Float,
  DOUBLE: ColumnTypeEnum.Double,
  'DOUBLE PRECISION': ColumnTypeEnum.Double,
  REAL: ColumnTypeEnum.Double,
  TINYINT: ColumnTypeEnum.Int32,
  SMALLINT: ColumnTypeEnum.Int32,
  MEDIUMINT: ColumnTypeEnum.Int32,
  INT: ColumnTypeEnum.Int32,
  INTEGER: ColumnTypeEnum.Int32,
  BIGINT: ColumnTypeEnum.Int64,
  INT8: ColumnTypeEnum.Int64,
  DATETIME: ColumnTypeEnum.DateTime,
  TIMESTAMP: ColumnTypeEnum.DateTime,
  DATE: ColumnTypeEnum.Date,
  TIME: ColumnTypeEnum.Time,
  TEXT: ColumnTypeEnum.Text,
  VARCHAR: ColumnTypeEnum.Text,
  CHAR: ColumnTypeEnum.Text,
  CLOB: ColumnTypeEnum.Text,
  BLOB: ColumnTypeEnum.Bytes,
  BOOLEAN: ColumnTypeEnum.Boolean,
  JSON: ColumnTypeEnum.Json,
  JSONB: ColumnTypeEnum.Json,
}

export function toDriver(value: unknown, type: ArgType | undefined): unknown {
  if (value instanceof Date) return isoWithOffset(value)
  if (typeof value !== 'string') return ArrayBuffer.isView(value) ? bytesOf(value) : value
  switch (type?.scalarType) {
    case 'bigint':
      return BigInt(value)
    case 'decimal':
      return Number.parseFloat(value)
    case 'datetime':
      return isoWithOffset(new Date(value))
    case 'bytes':
      return Buffer.from(value, 'base64')
    default:
      return value
  }
}

export function toResultSet({ names, declared, rows }: ExactRows): SqlResultSet {
  const columnTypes = names.map((_, index) => columnType(declared[index], rows, index))
  return {
    columnNames: [...names],
    columnTypes,
    rows: rows.map((row) => row.map((value, index) => toPrisma(value, columnTypes[index]))),
  }
}

/** A column of a table has a declared type; an expression has the type of its first value that is not NULL. */
function columnType(declared: string | null | undefined, rows: ExactRows['rows'], index: number): PrismaColumnType {
  const name = (declared ?? '').toUpperCase().replace(/\(.*$/, '').trim()
  const known = DECLARED[name]
  if (known !== undefined) return known
  const sample = rows.find((row) => row[index] !== null)?.[index]
  switch (typeof sample) {
    case 'bigint':
      return ColumnTypeEnum.Int64
    case 'number':
      return ColumnTypeEnum.Double
    case 'string':
      return ColumnTypeEnum.Text
    case 'object':
      return ColumnTypeEnum.Bytes
    default:
      return ColumnTypeEnum.Int32
  }
}

function toPrisma(value: unknown, type: PrismaColumnType | undefined): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') {
    if (type === ColumnTypeEnum.Int64 || type === ColumnTypeEnum.Numeric) return value.toString()
    if (type === ColumnTypeEnum.DateTime) return new Date(Number(value)).toISOString()
    return Number(value)
  }
  if (typeof value === 'number') {
    if (type === ColumnTypeEnum.DateTime) return new Date(value).toISOString()
    if (type === ColumnTypeEnum.Int64) return Math.trunc(value).toString()
    if (type === ColumnTypeEnum.Int32) return Math.trunc(value)
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return value
}

/** @returns never: throws what Prisma understands */
export function rethrow(error: unknown): never {
  const fault = faultOf(error)
  if (!fault) throw error
  const origin = { originalCode: fault.code, originalMessage: fault.message }
  if (fault.code.startsWith('SQLITE_CONSTRAINT')) {
    const fields = fault.message
      .split('constraint failed: ')[1]
      ?.split(', ')
      .map((name) => name.slice(name.lastIndexOf('.') + 1))
    const constraint = fields ? { constraint: { fields } } : {}
    if (/UNIQUE|PRIMARY/.test(fault.message))
      throw new DriverAdapterError({ ...origin, ...constraint, kind: 'UniqueConstraintViolation' })
    if (fault.message.includes('NOT NULL'))
      throw new DriverAdapterError({ ...origin, ...constraint, kind: 'NullConstraintViolation' })
    if (fault.message.includes('FOREIGN KEY'))
      throw new DriverAdapterError({ ...origin, kind: 'ForeignKeyConstraintViolation', constraint: { foreignKey: {} } })
  }
  if (isBusy(error)) throw new DriverAdapterError({ ...origin, kind: 'SocketTimeout' })
  const table = /^no such table: (.+)$/.exec(fault.message)?.[1]
  if (table) throw new DriverAdapterError({ ...origin, kind: 'TableDoesNotExist', table })
  const column = /^no such column: (.+)$/.exec(fault.message)?.[1]
  if (column) throw new DriverAdapterError({ ...origin, kind: 'ColumnNotFound', column })
  throw new DriverAdapterError({ ...origin, kind: 'sqlite', extendedCode: fault.rawCode ?? 1, message: fault.message })
}

function isoWithOffset(date: Date): string {
  return date.toISOString().replace('Z', '+00:00')
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
