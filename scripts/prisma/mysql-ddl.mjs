// The SQL that leads a MySQL database from one schema to another: Prisma's schema engine does this for the other providers,
// but its WebAssembly build knows no MySQL. Renames look like a drop and an addition, as they do to Prisma: read what was
// authored before committing it.
import { describeTables, quote } from './mysql-tables.mjs'

/**
 * @param {string} from empty for a fresh database
 * @param {string} to
 */
export function diffMysql(from, to) {
  const before = describeTables(from)
  const after = describeTables(to)
  const created = [...after].filter(([name]) => !before.has(name))
  const dropped = [...before.keys()].filter((name) => !after.has(name))
  const kept = [...after].filter(([name]) => before.has(name)).map(([name, table]) => [name, before.get(name), table])

  const steps = [
    ...kept.flatMap(([name, old, table]) => dropConstraints(name, old, table)),
    ...kept.flatMap(([name, old, table]) => alterColumns(name, old, table)),
    ...created.map(([name, table]) => createTable(name, table)),
    ...kept.flatMap(([name, old, table]) => addIndexes(name, old, table)),
    ...kept.flatMap(([name, old, table]) => addForeignKeys(name, changes(old.foreignKeys, table.foreignKeys).added)),
    ...created.flatMap(([name, table]) => addForeignKeys(name, [...table.foreignKeys.values()])),
    ...dropTables(before, dropped),
  ]
  return steps.length > 0 ? `${steps.join('\n\n')}\n` : ''
}

/** A line that reads differently is taken away and added again. */
function changes(before, after) {
  const gone = [...before.keys()].filter((name) => before.get(name) !== after.get(name))
  const added = [...after].filter(([name, line]) => before.get(name) !== line).map(([, line]) => line)
  return { gone, added }
}

function createTable(name, { columns, indexes, primaryKey }) {
  const lines = [...columns.values(), ...indexes.values(), primaryKey].map((line) => `    ${line}`)
  return `-- CreateTable\nCREATE TABLE ${quote(name)} (\n${lines.join(',\n')}\n) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;`
}

function dropConstraints(name, old, table) {
  const foreignKeys = changes(old.foreignKeys, table.foreignKeys).gone.map((key) => `DROP FOREIGN KEY ${quote(key)}`)
  const indexes = changes(old.indexes, table.indexes).gone.map((index) => `DROP INDEX ${quote(index)}`)
  return alterTable('DropConstraints', name, [...foreignKeys, ...indexes])
}

function alterColumns(name, old, table) {
  if (old.primaryKey !== table.primaryKey) throw new Error(`${name}: write a change of the primary key by hand`)
  const actions = []
  for (const [column, line] of table.columns) {
    if (!old.columns.has(column)) actions.push(`ADD COLUMN ${line}`)
    else if (old.columns.get(column) !== line) actions.push(`MODIFY ${line}`)
  }
  for (const column of old.columns.keys()) {
    if (!table.columns.has(column)) actions.push(`DROP COLUMN ${quote(column)}`)
  }
  return alterTable('AlterTable', name, actions)
}

function addIndexes(name, old, table) {
  const lines = changes(old.indexes, table.indexes).added.map((line) => `ADD ${line}`)
  return alterTable('CreateIndex', name, lines)
}

function addForeignKeys(name, lines) {
  return lines.map((line) => `-- AddForeignKey\nALTER TABLE ${quote(name)} ADD ${line};`)
}

function dropTables(before, names) {
  const foreignKeys = names.flatMap((name) =>
    alterTable(
      'DropForeignKey',
      name,
      [...before.get(name).foreignKeys.keys()].map((key) => `DROP FOREIGN KEY ${quote(key)}`),
    ),
  )
  return [...foreignKeys, ...names.map((name) => `-- DropTable\nDROP TABLE ${quote(name)};`)]
}

function alterTable(title, name, actions) {
  return actions.length > 0 ? [`-- ${title}\nALTER TABLE ${quote(name)} ${actions.join(',\n    ')};`] : []
}
