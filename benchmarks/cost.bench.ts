/**
 * What the work costs in CPU time, of the process and of PostgreSQL's sessions, and in statements and transactions: figures that what else the machine
 * does hardly moves. `npm run bench -- cost [-- dbos openworkflow absurd restate]`: the limit and ours, and peers if `npm run bench -- peers` has
 * installed them. The server's share is read from /proc, so it needs Linux and a server on this machine; elsewhere it is left out.
 */
import path from 'node:path'
import { serverBetween, watchCpu } from './lib/cpu'
import { temporaryDatabase } from './lib/databases'
import { edda } from './lib/edda'
import { postgresLimit } from './lib/limit'
import { say, writeResults } from './lib/report'
import type { Contender } from './lib/work'

const ROUNDS = 5
/** Who is slow is measured in fewer rounds. */
const PATIENCE_MS = 6_000

interface Kind {
  readonly title: string
  readonly times: number
  work(contender: Contender): Promise<unknown>
}
const kinds: readonly Kind[] = [
  { title: 'a step, 1,000 workflows together', times: 5_000, work: together },
  { title: 'a step of one workflow of 1,000', times: 1_000, work: (contender) => contender.run(1_000) },
  { title: 'a workflow of one step', times: 50, work: oneByOne },
  { title: 'a workflow that waits, and its event', times: 50, work: events },
]
const openers: readonly [string, (url: string) => Promise<Contender>][] = [
  ['limit', postgresLimit],
  ['edda', edda],
  ...process.argv.slice(2).map((name): [string, (url: string) => Promise<Contender>] => [
    name,
    async (url) => {
      // installed apart from the workspace, so nothing here may know them by type
      const peer: { open(url: string): Promise<Contender> } = await import(
        path.join(import.meta.dirname, 'peers', `${name}.ts`)
      )
      return peer.open(url)
    },
  ]),
]

const rows: object[] = []
say('\n| each | | process, µs | PostgreSQL, µs | statements | transactions |\n|---|---|---|---|---|---|')
for (const [name, open] of openers) {
  const database = await temporaryDatabase('postgresql')
  const contender = await open(database.url)
  for (const kind of kinds) if (kind.work !== events || contender.wait) await cost(name, contender, kind, database.url)
  await contender.close()
  await database.drop()
}
await writeResults('cost', { rows })
process.exit()

async function cost(name: string, contender: Contender, { title, times, work }: Kind, url: string): Promise<void> {
  const watch = await watchCpu(url)
  const end = performance.now() + PATIENCE_MS / 2
  for (let i = 0; i < 3 && performance.now() < end; i++) await work(contender)
  const [before, counted] = [await watch.read(), contender.counters?.()]
  const late = performance.now() + PATIENCE_MS
  let rounds = 0
  for (; rounds < ROUNDS && performance.now() < late; rounds++) await work(contender)
  const [after, counts] = [await watch.read(), contender.counters?.()]
  await watch.close()
  const each = (to: number | null | undefined, from: number | null | undefined): number | null =>
    to == null || from == null ? null : (to - from) / rounds / times
  const row = {
    each: title,
    contender: name,
    processUs: each(after.process, before.process),
    serverUs: each(serverBetween(before, after), 0),
    statements: each(counts?.statements, counted?.statements),
    transactions: each(counts?.transactions, counted?.transactions),
  }
  rows.push(row)
  const cells = [row.processUs, row.serverUs].map((value) => value?.toFixed(0) ?? '–')
  const numbers = [row.statements, row.transactions].map((value) => value?.toFixed(2) ?? '–')
  say(`| ${[title, name, ...cells, ...numbers].join(' | ')} |`)
}

async function together(contender: Contender): Promise<void> {
  await Promise.all(Array.from({ length: 1_000 }, () => contender.run(5)))
}

async function oneByOne(contender: Contender): Promise<void> {
  for (let i = 0; i < 50; i++) await contender.run(1)
}

async function events({ wait }: Contender): Promise<void> {
  const run = `${performance.now()}`.replace('.', '-')
  const senders = await Promise.all(Array.from({ length: 50 }, (_, i) => wait?.(`${run}-${i}`)))
  await new Promise((resolve) => setTimeout(resolve, 500))
  for (const send of senders) await send?.()
}
