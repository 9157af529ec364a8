/**
 * Ours, the hand-written limit and the published peers, in turn, each in a process and a database of its own on one PostgreSQL: `npm run bench -- peers`.
 * `npm run bench -- peers -- dbos restate` measures only some. The peers are no part of the workspace: they are installed on first use.
 *
 * EDDA_BENCH_POSTGRES_URL the server · ROUNDS (3) that are counted · MINUTES after which no round is begun · ABSURD_SQL the schema of Absurd, where `uvx` is not there to fetch it
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import type { Answer, Turn } from './lib/contender-process'
import { type TemporaryDatabase, temporaryDatabase } from './lib/databases'
import { report, say, sayGoal, sayGoalHead, versionsOf } from './lib/report'
import { type Counts, type Figures, median, SIZES, type Sizes } from './lib/work'

const ROUNDS = Number(process.env.ROUNDS ?? 3)
const MINUTES = Number(process.env.MINUTES ?? Number.POSITIVE_INFINITY)
/** The peers need a second for what others do in a millisecond: fewer times of what is done one after the other. */
const TURN: Sizes = { ...SIZES, patienceMs: 2_000 }
const PEERS = ['dbos', 'openworkflow', 'absurd', 'restate']
/** Nobody needs more for a round; who does is stuck. */
const LIMIT_MS = 180_000
const folder = path.join(import.meta.dirname, 'peers')

interface Contestant {
  readonly name: string
  readonly process: ChildProcess
  readonly database: TemporaryDatabase
  readonly figures: Figures[]
  failure?: string
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !PEERS.includes(name))
if (unknown.length > 0) throw new Error(`no peer ${unknown.join(', ')}; there are ${PEERS.join(', ')}`)
const whyNoPeers = installPeers()
const names = ['limit', 'edda', ...(whyNoPeers ? [] : wanted.length > 0 ? wanted : PEERS)]
const contestants: Contestant[] = []
for (const name of names) {
  contestants.push({
    name,
    process: fork(path.join(import.meta.dirname, 'lib', 'contender-process.ts'), [name]),
    database: await temporaryDatabase('postgresql'),
    figures: [],
  })
}
let counts: Counts | undefined
/** Told to end: what was measured so far is reported. */
let isEnding = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    isEnding = true
    for (const { process: child } of contestants) child.kill('SIGKILL')
  })
for (let round = 0; !isEnding && round < ROUNDS && performance.now() < MINUTES * 60_000; round++) {
  for (const contestant of contestants.filter(({ failure }) => !failure)) {
    if (isEnding) break
    const answer = await turn(contestant, {
      url: contestant.database.url,
      warmUpMs: round === 0 ? 4_000 : 1_000,
      sizes: TURN,
      isCounted: contestant.name === 'edda' && round === 0,
    })
    if (isEnding) break
    if ('error' in answer) contestant.failure = answer.error
    else {
      contestant.figures.push(answer.figures)
      counts = answer.counts ?? counts
    }
    say(
      `round ${round + 1} of ${ROUNDS}, ${contestant.name}: ${'error' in answer ? answer.error : inShort(answer.figures)}`,
    )
  }
}
for (const { process: child, database } of contestants) {
  if (child.connected) child.disconnect()
  await database.drop()
}
const measured = contestants.filter(({ failure, figures }) => !failure && figures.length > 0)
const failed = contestants.filter((contestant) => !measured.includes(contestant))
await report({
  name: 'peers',
  limit: 'limit',
  rounds: new Map(measured.map(({ name, figures }) => [name, figures])),
  counts,
  versions: await versions(),
  notMeasured: Object.fromEntries([
    ...(whyNoPeers ? PEERS.map((name) => [name, whyNoPeers]) : []),
    ...failed.map(({ name, failure }) => [name, failure ?? 'the run was ended before its turn']),
  ]),
})
sayGoals()

/** Null when they are there. */
function installPeers(): string | null {
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  if (Object.keys(dependencies).every((name) => existsSync(path.join(folder, 'node_modules', name)))) return null
  say('Installing the peers into benchmarks/peers (once) …')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--workspaces=false'], {
    cwd: folder,
    stdio: 'inherit',
  })
  return status === 0 ? null : 'npm ci in benchmarks/peers did not succeed'
}

function turn({ process: child }: Contestant, order: Turn): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (answer: Answer): void => {
      clearTimeout(timer)
      child.off('message', end)
      child.off('exit', died)
      resolve(answer)
    }
    const died = (code: number | null): void => end({ error: `its process ended with ${code ?? 'a signal'}` })
    const timer = setTimeout(() => {
      end({ error: `it was not done after ${LIMIT_MS / 1_000} s` })
      child.kill('SIGKILL')
    }, LIMIT_MS)
    child.on('message', end)
    child.on('exit', died)
    child.send(order)
  })
}

function inShort({ stepsPerSecond, oneStepP50, oneStepP99, sequentialStep, wakeP50 }: Figures): string {
  return `${Math.round(stepsPerSecond)} steps/s, one step ${oneStepP50.toFixed(2)} ms (p99 ${oneStepP99.toFixed(2)}), sequential ${sequentialStep.toFixed(3)} ms, event → result ${wakeP50?.toFixed(2) ?? '–'} ms`
}

async function versions(): Promise<Record<string, string>> {
  const client = new pg.Client({
    connectionString: process.env.EDDA_BENCH_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres',
  })
  await client.connect()
  const { rows } = await client.query('SHOW server_version')
  await client.end()
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return {
    postgresql: rows[0].server_version,
    ...(whyNoPeers ? {} : await versionsOf(folder, Object.keys(dependencies))),
  }
}

function sayGoals(): void {
  const of = (name: string, key: keyof Figures): number =>
    median(
      measured.find((contestant) => contestant.name === name)?.figures.map((round) => round[key] ?? Number.NaN) ?? [],
    )
  const peers = measured.map(({ name }) => name).filter((name) => PEERS.includes(name))
  const ours = (key: keyof Figures): number => of('edda', key)
  const ratio = (value: number): string => `${value.toFixed(2)}×`
  sayGoalHead()
  if (peers.length > 0) {
    const best = Math.max(...peers.map((name) => of(name, 'stepsPerSecond')))
    const share = ours('stepsPerSecond') / best
    sayGoal('throughput beside the best peer', ratio(share), '≥ 25×', share >= 25)
    const fastest = Math.min(...peers.map((name) => of(name, 'oneStepP50')))
    sayGoal(
      'one step p50 beside the fastest peer',
      `${ours('oneStepP50').toFixed(2)} ms : ${fastest.toFixed(2)} ms`,
      'below every peer',
      ours('oneStepP50') < fastest,
    )
  }
  const beside = (key: keyof Figures): number => ours(key) / of('limit', key)
  sayGoal('throughput beside the limit', ratio(beside('stepsPerSecond')), '≥ 0.5×', beside('stepsPerSecond') >= 0.5)
  sayGoal('one step p50 beside the limit', ratio(beside('oneStepP50')), '≤ 1.5×', beside('oneStepP50') <= 1.5)
  sayGoal('one step p99 beside the limit', ratio(beside('oneStepP99')), '≤ 2×', beside('oneStepP99') <= 2)
  sayGoal(
    'sequential step beside the limit',
    ratio(beside('sequentialStep')),
    '≤ 1.3×',
    beside('sequentialStep') <= 1.3,
  )
  sayGoal('event → result p50', `${ours('wakeP50').toFixed(2)} ms`, '≤ 3 ms', ours('wakeP50') <= 3)
  if (counts) {
    const { activities, transitions } = counts.sequential
    sayGoal(
      `transitions of ${activities} sequential activities`,
      String(transitions),
      'n + 1',
      transitions === activities + 1,
    )
  }
}
