/** One attempt at a flush: its transaction, the claims that are made in it, and what becomes of them when COMMIT gets no answer. */
import type { ClaimOnWake, TransitionUnit, Unit, Verdict } from '../units'
import { collectAlong } from './along'
import { KnownChannels } from './channels-load'
import { giveBack } from './commit-claims'
import type { ClaimDesk, Context } from './commit-context'
import { flush } from './commit-flush'
import type { Lane } from './commit-lane'
import { laneOf } from './commit-lane-of'
import type { Along, Database, Sql } from './database'

export interface Attempts {
  readonly lane: Lane
  transact<Result>(work: (sql: Sql, along: Along) => Promise<Result>): Promise<Result>
  flushAll(
    units: readonly Unit[],
    claim: ClaimOnWake | undefined,
    options?: Pick<Context, 'isSecondLook'>,
  ): Promise<readonly Verdict[]>
  /** In a transaction that somebody else ends: nothing is under way any more when it returns. */
  join(sql: Sql, units: readonly Unit[]): Promise<readonly Verdict[]>
  /** After the connection was lost: claims that nobody here knows of go to whoever finds them due. */
  returnClaims(): Promise<void>
}

export function createAttempts(database: Database): Attempts {
  const { dialect } = database
  const lane = laneOf(dialect)
  const known = new KnownChannels()
  /** Claims of a flush whose COMMIT got no answer. */
  const unsure: ClaimDesk[] = []
  const contextOf = (sql: Sql, along: Along, units: readonly Unit[], desk?: ClaimDesk): Context => ({
    sql,
    along,
    dialect,
    lane,
    known,
    desk,
    now: latest(units),
  })
  const transact: Attempts['transact'] = (work) => database.transaction(work, { byKey: true })

  return {
    lane,
    transact,
    async flushAll(units, claim, { isSecondLook = false } = {}) {
      let desk: ClaimDesk | undefined
      try {
        return await transact((sql, along) => {
          desk = claim && { request: claim, made: [] }
          return flush({ ...contextOf(sql, along, units, desk), isSecondLook }, units)
        })
      } catch (error) {
        if (desk && desk.made.length > 0 && dialect.isDown(error)) unsure.push(desk)
        throw error
      }
    },
    async join(sql, units) {
      const { along, settled } = collectAlong()
      const verdicts = await flush(contextOf(sql, along, units), units)
      await settled()
      return verdicts
    },
    async returnClaims() {
      for (;;) {
        const [desk] = unsure
        if (!desk) return
        await transact((sql) => giveBack(sql, dialect, desk))
        unsure.shift()
      }
    },
  }
}

export function latest(units: readonly Unit[]): number {
  let now = 0
  for (const unit of units) now = Math.max(now, timeOf(unit))
  return now
}

function timeOf(unit: Unit): number {
  return unit.kind === 'start' ? (unit.first?.now ?? unit.instance.startedAt) : (unit as TransitionUnit).now
}
