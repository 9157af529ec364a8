/** What workers have told about themselves: definitions and heartbeats. */
import type { Storage } from '../storage'
import type { Database } from './database'
import { num, numOrNull, text, textOrNull } from './values'

type Registry = Pick<Storage, 'saveDefinitions' | 'definitions' | 'heartbeat' | 'removeWorker' | 'workers'>

export function createRegistry(database: Database): Registry {
  const { read, dialect } = database
  return {
    async saveDefinitions(rows) {
      const upsert = dialect.onConflictUpdate(
        ['name', 'source_hash'],
        ['source', 'input_schema', 'output_schema', 'description', 'version', 'event_type'],
      )
      // in order of the key, so that two workers that start together do not lock each other out
      const sorted = [...rows].sort((a, b) => compare(a.name, b.name) || compare(a.sourceHash, b.sourceHash))
      await database.transaction(async (sql) => {
        for (const row of sorted)
          await sql.run(
            `INSERT INTO workflow_definitions
               (name, source_hash, source, input_schema, output_schema, description, version, event_type, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)${upsert}`,
            [
              row.name,
              row.sourceHash,
              row.source,
              row.inputSchema,
              row.outputSchema,
              row.description,
              row.version,
              row.eventType,
              row.createdAt,
            ],
          )
      })
    },

    async definitions() {
      const rows = await read.all(
        `SELECT name, source_hash, source, input_schema, output_schema, description, version, event_type, created_at
           FROM workflow_definitions ORDER BY name, created_at DESC, source_hash`,
      )
      return rows.map((row) => ({
        name: text(row.name),
        sourceHash: text(row.source_hash),
        source: text(row.source),
        inputSchema: textOrNull(row.input_schema),
        outputSchema: textOrNull(row.output_schema),
        description: textOrNull(row.description),
        version: numOrNull(row.version),
        eventType: textOrNull(row.event_type),
        createdAt: num(row.created_at),
      }))
    },

    async heartbeat(worker) {
      const upsert = dialect.onConflictUpdate(['id'], ['service', 'host', 'pid', 'info', 'started_at', 'heartbeat_at'])
      await database.transaction((sql) =>
        sql.run(
          `INSERT INTO workers (id, service, host, pid, info, started_at, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?, ?)${upsert}`,
          [worker.id, worker.service, worker.host, worker.pid, worker.info, worker.startedAt, worker.heartbeatAt],
        ),
      )
    },

    async removeWorker(id) {
      await database.transaction((sql) => sql.run('DELETE FROM workers WHERE id = ?', [id]))
    },

    async workers() {
      const rows = await read.all(
        'SELECT id, service, host, pid, info, started_at, heartbeat_at FROM workers ORDER BY id',
      )
      return rows.map((row) => ({
        id: text(row.id),
        service: text(row.service),
        host: text(row.host),
        pid: num(row.pid),
        info: text(row.info),
        startedAt: num(row.started_at),
        heartbeatAt: num(row.heartbeat_at),
      }))
    },
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
