/**
 * What a step costs when much has finished before it: ours on a database with 1,000 finished instances beside ours on one with 1,000,000, in turn, in
 * one process, on PostgreSQL. `npm run bench -- growth [-- finished]`. Goal: at most 1.2 times as much.
 */
import { temporaryDatabase } from './lib/databases'
import { edda } from './lib/edda'
import { fillWithFinished } from './lib/fill'
import { say, sayGoal, sayGoalHead, writeResults } from './lib/report'
import { type Figures, measure, median, SIZES, type Sizes } from './lib/work'

const finished = Number(process.argv[2] ?? 1_000_000)
const sizes = [1_000, finished]
/** Many short turns: what else the machine does meets both alike. */
const TURNS: Sizes = { ...SIZES, rounds: 30, warmUp: 10, together: 200, single: 20, long: 100, waiting: 5 }
const contenders: {
  readonly finished: number
  readonly ours: Awaited<ReturnType<typeof edda>>
  drop(): Promise<void>
}[] = []
for (const count of sizes) {
  const database = await temporaryDatabase('postgresql')
  const migrated = await edda(database.url)
  await migrated.close()
  const seconds = await fillWithFinished(database.url, count)
  say(`${count} finished instances written in ${seconds.toFixed(1)} s`)
  contenders.push({ finished: count, ours: await edda(database.url), drop: database.drop })
}
const rounds = new Map<number, Figures[]>(sizes.map((count) => [count, []]))
for (let round = -TURNS.warmUp; round < TURNS.rounds; round++) {
  for (const contender of contenders) {
    const figures = await measure(contender.ours, TURNS)
    if (round >= 0) rounds.get(contender.finished)?.push(figures)
  }
}
for (const { ours, drop } of contenders) {
  await ours.close()
  await drop()
}
const of = (count: number, key: keyof Figures): number =>
  median(rounds.get(count)?.map((figures) => figures[key] ?? Number.NaN) ?? [])
const kinds: readonly [string, (count: number) => number][] = [
  ['µs per step, 200 workflows together', (count) => 1e6 / of(count, 'stepsPerSecond')],
  ['one step p50, µs', (count) => of(count, 'oneStepP50') * 1_000],
  ['µs per step of one workflow of 100', (count) => of(count, 'sequentialStep') * 1_000],
  ['event → result p50, µs', (count) => of(count, 'wakeP50') * 1_000],
]
sayGoalHead()
for (const [what, cost] of kinds) {
  const [few, many] = [cost(1_000), cost(finished)]
  sayGoal(
    `${what}: 1,000 finished : ${finished}`,
    `${few.toFixed(0)} : ${many.toFixed(0)} (${(many / few).toFixed(2)}×)`,
    '≤ 1.2×',
    many <= few * 1.2,
  )
}
await writeResults('growth', { sizes, rounds: Object.fromEntries(rounds) })
