// Prisma's schema engine as WebAssembly: differences between two schemas as SQL, without a native binary to download and
// without a database. It speaks SQLite and PostgreSQL only; `mysql-ddl.mjs` stands in for MySQL.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'

const require = createRequire(import.meta.url)
const parser = require('@prisma/prisma-schema-wasm')

let started = false

/** Node 20 cannot import a .wasm file: read, instantiate and connect it by hand. */
async function startEngine() {
  if (started) return
  // the engine looks for this global when it panics; without it a panic is an unrelated TypeError
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (/** @type {string} */ message) => console.error(message) }
  const wasm = readFileSync(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings })
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  started = true
}

/** Between two schemas the engine asks the adapter for nothing but its name. */
function stubAdapterFactory(provider) {
  const refuse = async () => {
    throw new Error('no database stands behind a schema diff')
  }
  const connection = {
    provider,
    adapterName: 'stub',
    queryRaw: async () => ({ columnNames: [], columnTypes: [], rows: [] }),
    executeRaw: async () => 0,
    executeScript: async () => {},
    startTransaction: refuse,
    dispose: async () => {},
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: false }),
  }
  return { provider, adapterName: 'stub', connect: async () => connection, connectToShadowDb: refuse }
}

/**
 * The SQL that leads from one schema to another.
 * @param {'sqlite' | 'postgresql'} provider
 * @param {string} from empty for a fresh database
 * @param {string} to
 * @returns {Promise<string>}
 */
export async function diffSchemas(provider, from, to) {
  await startEngine()
  const factory = stubAdapterFactory(provider === 'postgresql' ? 'postgres' : 'sqlite')
  const engine = await bindings.SchemaEngine.new(
    { datamodels: [['schema.prisma', to]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(factory),
  )
  const datamodel = (content) => ({ tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] })
  const { stdout } = await engine.diff({
    from: from === '' ? { tag: 'empty' } : datamodel(from),
    to: datamodel(to),
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  return stdout.trim() === '-- This is an empty migration.' ? '' : stdout
}

/** The parsed datamodel ("DMMF") of a schema. */
export function parseSchema(schema) {
  return JSON.parse(parser.get_dmmf(JSON.stringify({ prismaSchema: [['schema.prisma', schema]] }))).datamodel
}
