/** Where process tests run: a SQLite file, and each server that answers, with a database of its own. */
import { afterAll, describe, onTestFinished } from 'vitest'
import { mysqlServer, postgresqlServer, type TestDatabase, type TestServer } from '../databases'
import { temporaryFolder } from '../temporary'
import { Cluster, type SpawnOptions } from './cluster'
import { Observer } from './observer'

export interface Scene {
  readonly cluster: Cluster
  readonly observer: Observer
}

export interface Place {
  readonly name: string
  /** A new database, migrated, and nobody at work on it yet. Everything ends with the test. */
  scene(options?: SpawnOptions): Promise<Scene>
  /** Address of a new, empty database. */
  empty(): Promise<string>
}

const sqlite: Place = {
  name: 'SQLite',
  scene: (options) => {
    const folder = temporaryFolder()
    return open(`file:${folder}/edda.db`, folder, options)
  },
  empty: async () => `file:${temporaryFolder()}/edda.db`,
}

function onServer(server: TestServer): Place & { drop(): Promise<void> } {
  const made: TestDatabase[] = []
  const create = async (): Promise<string> => {
    const database = await server.create()
    made.push(database)
    return database.url
  }
  return {
    name: server.name,
    scene: async (options) => open(impatient(await create()), temporaryFolder(), options),
    empty: create,
    drop: async () => {
      for (const database of made.splice(0)) await database.drop()
    },
  }
}

/** A server that waits for frozen processes less long than it would by itself. */
function impatient(url: string): string {
  return url.startsWith('mysql')
    ? url
    : `${url}?options=${encodeURIComponent('-c idle_in_transaction_session_timeout=4s')}`
}

async function open(dbUrl: string, folder: string, options: SpawnOptions = {}): Promise<Scene> {
  const cluster = new Cluster(dbUrl, folder, { hasLedger: true, ...options })
  onTestFinished(() => cluster.close())
  const observer = await Observer.open(dbUrl, { ledger: true })
  onTestFinished(() => observer.close())
  return { cluster, observer }
}

const SERVERS = [await postgresqlServer(), await mysqlServer()]

/** Once for each server that answers; one that does not is said by whoever looked for it. */
export function describeOnServers(name: string, define: (place: Place) => void): void {
  for (const server of SERVERS) describeOn(server, name, define)
}

/** What only PostgreSQL can do. */
export function describeOnPostgresql(name: string, define: (place: Place) => void): void {
  for (const server of SERVERS) if (server.name === 'PostgreSQL') describeOn(server, name, define)
}

function describeOn(server: TestServer, name: string, define: (place: Place) => void): void {
  describe.skipIf(server.missing)(`${name} (${server.name})`, () => {
    const place = onServer(server)
    afterAll(() => place.drop())
    define(place)
  })
}

export function describeEverywhere(name: string, define: (place: Place) => void): void {
  describe(`${name} (SQLite)`, () => define(sqlite))
  describeOnServers(name, define)
}

/** Real processes on a busy machine: waiting goes by progress (Cluster.until), and this only ends what hangs for ever. */
export const HANGS_MS = 1_800_000
