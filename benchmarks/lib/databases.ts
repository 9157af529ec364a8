/** Databases of their own for one run: made, used, dropped. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import mariadb from 'mariadb'
import pg from 'pg'

export interface TemporaryDatabase {
  readonly url: string
  drop(): Promise<void>
}

export type DatabaseKind = 'sqlite' | 'postgresql' | 'mysql'

let made = 0

/** `EDDA_BENCH_POSTGRES_URL` and `EDDA_BENCH_MYSQL_URL` name the servers. */
export async function temporaryDatabase(kind: DatabaseKind): Promise<TemporaryDatabase> {
  const name = `bench_${process.pid}_${made++}`
  switch (kind) {
    case 'sqlite': {
      const folder = mkdtempSync(path.join(tmpdir(), 'edda-bench-'))
      return { url: `file:${path.join(folder, 'edda.db')}`, drop: async () => rmSync(folder, { recursive: true }) }
    }
    case 'postgresql': {
      const admin = new pg.Client({
        connectionString: process.env.EDDA_BENCH_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres',
      })
      await admin.connect()
      await admin.query(`CREATE DATABASE ${name}`)
      return {
        url: withPath(process.env.EDDA_BENCH_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres', name),
        drop: async () => {
          await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
          await admin.end()
        },
      }
    }
    case 'mysql': {
      const server = process.env.EDDA_BENCH_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/mysql'
      const { hostname: host, port, username: user, password } = new URL(server)
      const admin = await mariadb.createConnection({ host, port: Number(port || 3306), user, password })
      await admin.query(`CREATE DATABASE ${name}`)
      return {
        url: withPath(server, name),
        drop: async () => {
          await admin.query(`DROP DATABASE ${name}`)
          await admin.end()
        },
      }
    }
  }
}

function withPath(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}
