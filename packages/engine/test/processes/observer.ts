/** The test's own connection to the database that its workers share: asks how far they are, and gathers the evidence at the end. */
import { createDatabase } from '../../src/storage/prisma/client'
import type { Database } from '../../src/storage/prisma/database'
import { createPrismaStorage } from '../../src/storage/prisma/prisma-storage'
import type { Storage } from '../../src/storage/storage'
import { type Evidence, gather, type Sources } from './checker/evidence'
import { check, type Report } from './checker/judge'
import type { Cluster } from './cluster'
import { EXPECTATIONS, expectedEnd, LEDGER } from './workload'

export class Observer {
  readonly storage: Storage
  readonly database: Database

  private constructor(storage: Storage, database: Database) {
    this.storage = storage
    this.database = database
  }

  /** Migrates, so that the workers find a schema. */
  static async open(dbUrl: string, options: { readonly ledger?: boolean } = {}): Promise<Observer> {
    const pool = dbUrl.startsWith('file:') ? {} : { poolSize: 1, maxOverflow: 1, useListenNotify: false }
    const quiet = dbUrl.startsWith('postgres') ? pool : { ...pool, useListenNotify: undefined }
    const storage = await createPrismaStorage({ dbUrl, ...quiet })
    await storage.open({ autoMigrate: true })
    const database = await createDatabase({ dbUrl, ...quiet })
    await database.open({ autoMigrate: false })
    if (options.ledger) await database.transaction((sql) => sql.run(LEDGER))
    return new Observer(storage, database)
  }

  async close(): Promise<void> {
    await this.database.close()
    await this.storage.close()
  }

  /** Instances that have not ended. */
  async unfinished(): Promise<number> {
    const [row] = await this.database.read.all(
      `SELECT COUNT(*) AS many FROM workflow_instances WHERE status NOT IN ('completed','failed','cancelled','recurred')`,
    )
    return Number(row?.many)
  }

  async untilAllEnded(cluster: Cluster): Promise<void> {
    await cluster.until(async () => (await this.unfinished()) === 0, 'all instances to end')
  }

  async evidence(cluster: Cluster, about: Partial<Evidence> = {}): Promise<Evidence> {
    const sources: Sources = {
      storage: this.storage,
      sql: { dialect: this.database.dialect, read: this.database.read },
      effects: cluster.effects(),
      calls: cluster.calls(),
      expectations: EXPECTATIONS,
    }
    return await gather(sources, { isQuiet: true, slackMs: 5_000, ...(await this.#ledger()), ...about })
  }

  async check(cluster: Cluster, about: Partial<Evidence> = {}): Promise<Report> {
    return check(await this.evidence(cluster, about))
  }

  async #ledger(): Promise<Pick<Evidence, 'ledger'>> {
    const ledger = await this.database.read
      .all('SELECT idempotency_key FROM ledger')
      .then((rows) => rows.map((row) => String(row.idempotency_key)))
      // most tests keep none
      .catch(() => undefined)
    return ledger ? { ledger } : {}
  }
}

/** What ended otherwise than its input says; instances by workflow, the head of each chain. */
export function surprises({ instances }: Pick<Evidence, 'instances'>): string[] {
  const heads = new Map(instances.filter((row) => row.status !== 'recurred').map((row) => [row.chainId, row]))
  return instances
    .filter((row) => row.continuedFrom === null && row.parentId === null)
    .flatMap((first) => {
      const { status, outputs } = expectedEnd(first.workflowName, JSON.parse(first.input) as number)
      const row = heads.get(first.chainId)
      const output = row?.output ? (JSON.parse(row.output) as unknown) : null
      const fits = row?.status === status && outputs.some((one) => JSON.stringify(one) === JSON.stringify(output))
      return fits
        ? []
        : [`${first.id}: ${row?.status} ${JSON.stringify(output)}, not ${status} ${JSON.stringify(outputs)}`]
    })
}
