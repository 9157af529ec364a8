/**
 * `commit`: one flush, one transaction, a verdict for each unit (S2).
 *
 * 1. A flush that fails for what it holds is split until the unit that cannot be written is alone; its neighbours commit.
 * 2. A flush that fails for its circumstances (no connection, no space) fails as a whole: nothing is blamed on a unit.
 * 3. Units whose COMMIT was lost on the way are remembered: when they come again, here or from the caller, the database is asked first whether they
 *    were committed (commit-uncertain.ts).
 */
import { DatabaseError } from '../../model/errors'
import type { Storage } from '../storage'
import type { ClaimOnWake, Unit, Verdict } from '../units'
import { backoff } from './backoff'
import { createAttempts, latest } from './commit-attempt'
import { isCircumstance } from './commit-fault'
import { flushAtOnce, isHot } from './commit-flush'
import { outcomeOf } from './commit-uncertain'
import type { Database, Dialect, Sql } from './database'

const RECONNECTS = 5
const RECONNECT_MS = 400
/** About a minute. */
const ASKS = 60
const ASK_MS = 2_000

export function createCommit(database: Database): Pick<Storage, 'commit'> {
  const writer = createWriter(database)
  return {
    commit: (units, options) =>
      options?.tx === undefined
        ? writer.commit(units, options?.claim)
        : writer.join(database.joined(options.tx), units),
  }
}

export interface Writer {
  commit(units: readonly Unit[], claim?: ClaimOnWake): Promise<readonly Verdict[]>
  /** In the caller's transaction: an error is the caller's, who rolls back. */
  join(sql: Sql, units: readonly Unit[]): Promise<readonly Verdict[]>
  /**
   * What became of a unit that was joined to a transaction whose COMMIT failed: asked until the database answers.
   * @returns undefined when it was not committed; `lost` when the database stays away: nobody here may act on a guess
   */
  outcome(unit: Unit): Promise<Verdict | undefined>
}

type Write = (units: readonly Unit[], claim?: ClaimOnWake) => Promise<readonly Verdict[]>

export function createWriter(database: Database): Writer {
  const { dialect } = database
  const { lane, transact, flushAll, join, returnClaims } = createAttempts(database)
  const uncertain = new WeakSet<Unit>()

  const write: Write = async (units, claim) => {
    if (units.some((unit) => uncertain.has(unit))) return await rewrite(units)
    const { single } = database
    const { atOnce } = lane
    if (!single || !atOnce || !isHot(units)) return await flushAll(units, claim)
    const verdicts = await retrying(dialect, () => flushAtOnce({ sql: single, atOnce, now: latest(units) }, units))
    return await completed(units, verdicts, (rest) => writeSplitting(rest, claim, lookTwice))
  }

  /** For what the hot lane left: it would leave it again. */
  const lookTwice: Write = async (units, claim) =>
    units.some((unit) => uncertain.has(unit))
      ? await rewrite(units)
      : await flushAll(units, claim, { isSecondLook: true })

  const rewrite = (units: readonly Unit[]): Promise<readonly Verdict[]> =>
    transact(async (sql) => {
      const verdicts: (Verdict | undefined)[] = []
      for (const unit of units) verdicts.push(uncertain.has(unit) ? await outcomeOf(sql, dialect, unit) : undefined)
      return await completed(units, verdicts, (rest) => join(sql, rest))
    })

  const writeSplitting = async (
    units: readonly Unit[],
    claim: ClaimOnWake | undefined,
    how = write,
  ): Promise<readonly Verdict[]> => {
    try {
      return await how(units, claim)
    } catch (error) {
      if (dialect.isDown(error)) return await reconnect(units, error)
      if (isCircumstance(error, dialect)) throw error
      if (units.length === 1)
        return [{ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }]
      const half = units.length >> 1
      // nothing is claimed by halves: when the second fails for its circumstances, nobody would hear of what the first has claimed
      const first = await writeSplitting(units.slice(0, half), undefined, how)
      return [...first, ...(await writeSplitting(units.slice(half), undefined, how))]
    }
  }

  const reconnect = async (units: readonly Unit[], lost: unknown): Promise<readonly Verdict[]> => {
    for (const unit of units) uncertain.add(unit)
    for (let attempt = 1; attempt <= RECONNECTS; attempt++) {
      await backoff(attempt + 3, RECONNECT_MS)
      try {
        const verdicts = await write(units, undefined)
        await returnClaims()
        return verdicts
      } catch (error) {
        if (!dialect.isDown(error)) {
          // the connection is back: what fails now fails for another reason
          if (isCircumstance(error, dialect)) throw error
          return await writeSplitting(units, undefined)
        }
      }
    }
    throw new DatabaseError(
      'The connection to the database was lost while committing. The same units may be committed again: what was committed already is recognised.',
      { cause: lost },
    )
  }

  const commit: Write = async (units, claim) => {
    if (units.length === 0) return []
    try {
      return await writeSplitting(units, claim)
    } catch (error) {
      // a part of them may have been committed before the rest failed
      for (const unit of units) uncertain.add(unit)
      throw error
    }
  }

  const outcome = async (unit: Unit): Promise<Verdict | undefined> => {
    for (let attempt = 1; attempt <= ASKS; attempt++) {
      try {
        return await transact((sql) => outcomeOf(sql, dialect, unit))
      } catch (error) {
        // a file is there or is not: only servers come back
        if (dialect.name === 'sqlite' || !isCircumstance(error, dialect)) throw error
        await backoff(attempt + 3, ASK_MS)
      }
    }
    return { kind: 'lost' }
  }

  return { commit, join, outcome }
}

/** Verdicts in the order of the units, the missing ones asked for. */
async function completed(
  units: readonly Unit[],
  verdicts: readonly (Verdict | undefined)[],
  ask: (rest: readonly Unit[]) => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> {
  const rest = units.filter((_, index) => verdicts[index] === undefined)
  const others = rest.length > 0 ? await ask(rest) : []
  let position = 0
  return units.map((_, index) => verdicts[index] ?? (others[position++] as Verdict))
}

/** A statement of its own has nothing to run again but itself. */
async function retrying<Result>(dialect: Dialect, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === 10 || !dialect.isRetryable(error)) throw error
      await backoff(attempt)
    }
  }
}
