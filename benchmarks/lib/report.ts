/** A table for people, JSON for machines. Every figure stands beside the limit measured in the same run; ratios are what counts. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type Counts, type Figures, median } from './work'

type Column = { readonly key: keyof Figures; readonly title: string; readonly digits: number }

const COLUMNS: readonly Column[] = [
  { key: 'stepsPerSecond', title: 'steps/s', digits: 0 },
  { key: 'oneStepP50', title: 'one step p50 ms', digits: 2 },
  { key: 'oneStepP99', title: 'p99 ms', digits: 2 },
  { key: 'sequentialStep', title: 'per sequential step ms', digits: 3 },
  { key: 'wakeP50', title: 'event → result p50 ms', digits: 2 },
]

export interface Report {
  readonly name: string
  /** Whose figures all others are divided by. */
  readonly limit: string
  readonly rounds: ReadonlyMap<string, readonly Figures[]>
  readonly counts?: Counts | undefined
  readonly versions?: Readonly<Record<string, string>>
  /** Who could not be measured, and why. */
  readonly notMeasured?: Readonly<Record<string, string>>
}

export async function report({ name, limit, rounds, counts, versions = {}, notMeasured = {} }: Report): Promise<void> {
  const medians = new Map([...rounds].map(([contender, figures]) => [contender, mediansOf(figures)]))
  const reference = medians.get(limit)
  say(`\n| ${[name, ...COLUMNS.map(({ title }) => title)].join(' | ')} |`)
  say(`|---|${COLUMNS.map(() => '---').join('|')}|`)
  for (const [contender, own] of medians) {
    const cells = COLUMNS.map(({ key, digits }) => {
      const [value, least] = [own[key], reference?.[key]]
      if (value === undefined) return '–'
      return `${value.toFixed(digits)}${least && contender !== limit ? ` (${(value / least).toFixed(2)}×)` : ''}`
    })
    say(`| ${contender} | ${cells.join(' | ')} |`)
  }
  for (const [contender, why] of Object.entries(notMeasured)) say(`\n${contender} not measured: ${why}`)
  if (counts) say(`\n${inWords(counts)}`)
  await writeResults(name, {
    limit,
    versions,
    notMeasured,
    rounds: Object.fromEntries(rounds),
    medians: Object.fromEntries(medians),
    counts,
  })
}

/** `results/{name}.json`: what was measured, on what, when. Neither a path nor a name of the machine. */
export async function writeResults(name: string, measured: object): Promise<void> {
  const folder = path.join(import.meta.dirname, '..', 'results')
  await mkdir(folder, { recursive: true })
  const json = { name, date: new Date().toISOString(), machine: machine(), ...measured }
  await writeFile(path.join(folder, `${name}.json`), `${JSON.stringify(json, null, 2)}\n`)
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** One line about a goal: what it is, what was measured, whether it is met. */
export function sayGoal(what: string, measured: string, goal: string, isMet: boolean): void {
  say(`| ${what} | ${measured} | ${goal} | ${isMet ? 'yes' : '**no**'} |`)
}

export function sayGoalHead(): void {
  say('\n| figure | measured | goal | met |\n|---|---|---|---|')
}

/** The versions that are installed, of packages that this file's own folder or another one sees. */
export async function versionsOf(folder: string, packages: readonly string[]): Promise<Record<string, string>> {
  const versions: Record<string, string> = {}
  for (const name of packages) {
    const manifest = JSON.parse(await readFile(path.join(folder, 'node_modules', name, 'package.json'), 'utf8'))
    versions[name] = manifest.version
  }
  return versions
}

function inWords({ sequential, together }: Counts): string {
  const flushes =
    together.flushes === 0
      ? ''
      : ` in ${together.flushes} flushes (${(together.flushes / together.transitions).toFixed(3)} each)`
  return `edda: ${sequential.activities} activities one after the other: ${sequential.transitions} transitions; ${together.activities} activities of workflows together: ${together.transitions} transitions${flushes}`
}

function machine() {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    loadAverage: os.loadavg().map((load) => Number(load.toFixed(2))),
  }
}

function mediansOf(rounds: readonly Figures[]): Figures {
  const of = (key: keyof Figures): number => median(rounds.map((round) => round[key] ?? Number.NaN))
  return {
    stepsPerSecond: of('stepsPerSecond'),
    oneStepP50: of('oneStepP50'),
    oneStepP99: of('oneStepP99'),
    sequentialStep: of('sequentialStep'),
    ...(rounds.some(({ wakeP50 }) => wakeP50 !== undefined) && { wakeP50: of('wakeP50') }),
  }
}
