/**
 * Absurd with its worker in the same process. The schema is no part of its npm package: it comes from its command line (`uvx absurdctl init`) or from
 * the file that ABSURD_SQL names. The worker looks every 5 ms instead of every 250, and the result of one workflow alone is read every 2 ms, because its
 * own waiting begins with 50 ms and doubles; a thousand together wait its own way.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Absurd } from 'absurd-sdk'
import pg from 'pg'
import type { Contender } from '../lib/work'
import { polled } from './poll'

const QUEUE = 'bench'

export async function open(url: string): Promise<Contender> {
  const pool = new pg.Pool({ connectionString: url, max: 20 })
  // an idle connection that the dropped database takes with it
  pool.on('error', () => {})
  await prepare(pool, url)
  const app = new Absurd({ db: pool, queueName: QUEUE, log: { log() {}, info() {}, warn() {}, error: console.error } })
  await app.createQueue(QUEUE)
  app.registerTask<{ n: number }>({ name: 'steps' }, async ({ n }, ctx) => {
    let last: unknown
    for (let k = 0; k < n; k++) last = await ctx.step('step', async () => ({ k }))
    return last
  })
  app.registerTask<{ key: string }>({ name: 'waits' }, async ({ key }, ctx) => ctx.awaitEvent(`go:${key}`))
  await app.startWorker({ concurrency: 100, pollInterval: 0.005 })
  const result = async (taskID: string): Promise<unknown> =>
    polled(async () => {
      const snapshot = await app.fetchTaskResult(taskID)
      if (snapshot?.state === 'failed') throw new Error(`it failed: ${JSON.stringify(snapshot.failure)}`)
      return snapshot?.state === 'completed' ? { value: snapshot.result } : undefined
    })
  let running = 0
  return {
    name: 'Absurd',
    async run(n) {
      running++
      const { taskID } = await app.spawn('steps', { n })
      const value = await (running > 1 ? app.awaitTaskResult(taskID) : result(taskID))
      running--
      return value
    },
    wait: async (key) => {
      const { taskID } = await app.spawn('waits', { key })
      return async () => {
        await app.emitEvent(`go:${key}`, { key })
        return result(taskID)
      }
    },
    async close() {
      await app.close()
      await pool.end()
    },
  }
}

async function prepare(pool: pg.Pool, url: string): Promise<void> {
  const { rows } = await pool.query("SELECT 1 FROM pg_namespace WHERE nspname = 'absurd'")
  if (rows.length > 0) return
  const file = process.env.ABSURD_SQL
  if (file) {
    await pool.query(readFileSync(file, 'utf8'))
    return
  }
  const { status } = spawnSync('uvx', ['absurdctl', 'init', '-d', url], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0)
    throw new Error(
      'its schema is not on npm: install uv (it is read with `uvx absurdctl init`) or name absurd.sql in ABSURD_SQL',
    )
}
