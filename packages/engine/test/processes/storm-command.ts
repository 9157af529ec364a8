/**
 * The long kill storm: `npm run storm -- --kills 200 --database postgresql` (or mysql, sqlite; also --workers, --load, --seed). Prints the checker's report
 * and how often each rare state was met; one that never was makes the run worthless, and red.
 */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { mysqlServer, postgresqlServer } from '../databases'
import { random } from './random'
import { KILLS_FOR_ALL_MOMENTS, storm } from './storm'

interface Place {
  readonly dbUrl: string
  drop(): Promise<void>
}

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    database: { type: 'string', default: 'postgresql' },
    workers: { type: 'string', default: '3' },
    load: { type: 'string', default: '24' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
  },
})

async function placeOf(name: string, folder: string): Promise<Place> {
  if (name === 'sqlite') return { dbUrl: `file:${folder}/edda.db`, drop: async () => undefined }
  const servers: Record<string, typeof postgresqlServer> = { postgresql: postgresqlServer, mysql: mysqlServer }
  const found = await servers[name]?.()
  if (!found) throw new Error(`--database ${name}: give postgresql, mysql or sqlite`)
  if (found.missing) throw new Error(`${found.name} does not answer: ${found.missing}`)
  const database = await found.create()
  return { dbUrl: database.url, drop: () => database.drop() }
}

function count(name: 'kills' | 'workers' | 'load' | 'seed'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${values[name]}: give a whole number from 1`)
  return value
}

async function main(): Promise<boolean> {
  const [kills, workers, load, seed] = [count('kills'), count('workers'), count('load'), count('seed')]
  const folder = await mkdtemp(path.join(tmpdir(), 'edda-storm-'))
  const place = await placeOf(values.database, folder)
  const startedAt = performance.now()
  const seconds = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`
  console.log(`${kills} kills of ${workers} workers on ${values.database}, seed ${seed}`)
  try {
    const onKill = (done: number): void => {
      if (done % 10 === 0) console.log(`${done} kills, ${seconds()}`)
    }
    const result = await storm({ dbUrl: place.dbUrl, folder, workers, kills, load, random: random(seed), onKill })
    const met = Object.entries(result.sometimes)
    console.log(`${result.text}\n\n${met.map(([what, times]) => `${String(times).padStart(6)} × ${what}`).join('\n')}`)
    for (const surprise of result.surprises) console.log(`SURPRISE ${surprise}`)
    const never = kills >= KILLS_FOR_ALL_MOMENTS ? met.filter(([, times]) => times === 0) : []
    for (const [what] of never) console.log(`NEVER ${what}`)
    const isGood = result.isClean && result.surprises.length === 0 && never.length === 0
    console.log(`${isGood ? 'good' : 'NOT GOOD'}: ${kills} kills in ${seconds()}`)
    return isGood
  } finally {
    await place.drop()
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exit((await main()) ? 0 : 1)
