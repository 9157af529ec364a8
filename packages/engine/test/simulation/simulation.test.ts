/**
 * The simulation tier. EDDA_SIM_SEEDS=10000 for a long run, EDDA_SIM_FIRST to begin elsewhere, EDDA_SIM_SEED=n to run one again: its trace is printed
 * when it fails.
 */
import { afterAll, describe, expect, test, vi } from 'vitest'
import { random } from '../processes/random'
import type { Bug } from './faults'
import { type SimulationResult, simulate } from './simulation'

// Ids and chance are the seed's, or a trace could not be had again.
const chance = vi.hoisted(() => ({ next: (): number => 0 }))
vi.mock('node:crypto', async (original) => ({
  ...(await original<typeof import('node:crypto')>()),
  randomUUID: () => {
    const hex = (digits: number): string =>
      Math.floor(chance.next() * 16 ** digits)
        .toString(16)
        .padStart(digits, '0')
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
  },
}))
const mathRandom = Math.random
afterAll(() => {
  Math.random = mathRandom
})

const ONE = Number(process.env.EDDA_SIM_SEED ?? 0)
const FIRST = Number(process.env.EDDA_SIM_FIRST ?? 1)
const SEEDS = Number(process.env.EDDA_SIM_SEEDS ?? 300)
const CHUNK = 100
const HANGS_MS = 3_600_000

/** Every one of these must be met somewhere in a run of all seeds, or the run proves less than it says. */
const MARKERS = [
  'refuse',
  'refuse at a commit',
  'lose-answer',
  'lose-answer at a commit',
  'crash-before at a commit',
  'crash-after at a commit',
  'freeze',
  'freeze at a commit',
  'a notice was lost',
  'a fenced process was refused',
  'a lost answer was found out',
  'a transition met a cancel',
  'a cancel was accepted',
  'a start had an unknown outcome',
  'a publish had an unknown outcome',
  'a workflow completed',
  'a workflow failed',
  'a workflow was cancelled',
  'a workflow recurred',
  'an attempt ran under a later epoch',
  'an attempt was a retry',
  'an activity was interrupted',
  'a compensation ran',
  'a compensation was interrupted',
  'a message was received',
  'a receive timed out',
  'a timer fired',
  'a child ended',
]

async function run(seed: number, bug?: Bug): Promise<SimulationResult> {
  const own = random(seed ^ 0x2545f491)
  chance.next = own.next
  Math.random = own.next
  return await simulate({ seed, ...(bug ? { bug } : {}) })
}

/** What is wrong with this run, for a person; empty when nothing is. */
function wrongWith({ seed, report, surprises, trace }: SimulationResult): string {
  if (report.isClean && surprises.length === 0) return ''
  const shown = ONE ? `\n${trace.join('\n')}` : ''
  return `EDDA_SIM_SEED=${seed}\n${surprises.join('\n')}\n${report.text}${shown}`
}

describe.runIf(ONE === 0)('many processes, one seed', () => {
  const met = new Map<string, number>()
  let faults = 0

  for (let first = FIRST; first < FIRST + SEEDS; first += CHUNK) {
    const last = Math.min(first + CHUNK, FIRST + SEEDS) - 1
    test(
      `seeds ${first} to ${last}: whatever goes wrong, the invariants hold`,
      async () => {
        for (let seed = first; seed <= last; seed++) {
          const result = await run(seed)
          expect(wrongWith(result)).toBe('')
          faults += result.faults
          for (const [marker, times] of result.sometimes) met.set(marker, (met.get(marker) ?? 0) + times)
        }
      },
      HANGS_MS,
    )
  }

  test('the faults really happened, and every rare state was met', () => {
    expect(faults).toBeGreaterThan(SEEDS)
    expect(MARKERS.filter((marker) => !met.has(marker))).toEqual([])
  })

  test('the same seed is the same run', async () => {
    for (const seed of [FIRST, FIRST + 1, FIRST + 2, FIRST + 3, FIRST + 4])
      expect((await run(seed)).traceHash).toBe((await run(seed)).traceHash)
  })
})

describe.runIf(ONE === 0)('bugs that are put in on purpose are caught', () => {
  // the invariant that must speak, and the seeds that it may take
  const bugs: readonly { bug: Bug; caughtBy: string; within: number }[] = [
    { bug: 'no-fence', caughtBy: 'I13', within: 60 },
    { bug: 'lost-wake-up', caughtBy: 'I3', within: 10 },
    { bug: 'early-timer', caughtBy: 'I12', within: 40 },
    { bug: 'double-record', caughtBy: 'I13', within: 5 },
    { bug: 'lost-commit', caughtBy: 'I7', within: 20 },
  ]
  for (const { bug, caughtBy, within } of bugs)
    test(
      `${bug} by ${caughtBy}`,
      async () => {
        const caught = new Set<string>()
        for (let seed = FIRST; seed < FIRST + within && !caught.has(caughtBy); seed++)
          for (const { id, violations } of (await run(seed, bug)).report.verdicts)
            if (violations.length > 0) caught.add(id)
        expect([...caught]).toContain(caughtBy)
      },
      HANGS_MS,
    )
})

test.runIf(ONE !== 0)('one seed', async () => {
  expect(wrongWith(await run(ONE))).toBe('')
})
