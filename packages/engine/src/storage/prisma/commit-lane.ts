/**
 * How starts, guards and events are written, the part of a flush that every transition pays for. Each database has its own fastest way; what they must
 * agree on is said here.
 */
import type { TransitionUnit } from '../units'
import type { Sql } from './database'
import type { Birth, Recorded } from './statements'

export interface Lane {
  /** Inserts instances whose id is free, with their first events. @returns the ids inserted */
  bear(sql: Sql, births: readonly Birth[]): Promise<ReadonlySet<string>>
  /**
   * Applies what needs no second look: the guard holds (S1), no cancel is unseen (S8), and an end concerns nobody else. Events are recorded with it.
   * @returns the ids applied; all others are untouched
   */
  advance(sql: Sql, units: readonly TransitionUnit[]): Promise<ReadonlySet<string>>
  /** Applies transitions whose rows this transaction holds and has judged. All statements are sent before it returns its promise. */
  write(sql: Sql, units: readonly TransitionUnit[]): Promise<unknown>
  record(sql: Sql, recorded: readonly Recorded[]): Promise<void>
  /** {@link bear} and {@link advance} as one statement that is a transaction of its own, where the database can. */
  readonly atOnce?: (
    sql: Sql,
    births: readonly Birth[],
    units: readonly TransitionUnit[],
  ) => Promise<{ readonly born: ReadonlySet<string>; readonly advanced: ReadonlySet<string> }>
}

const NONE: ReadonlySet<string> = new Set()

/** What {@link Lane} answers when there is nothing to do. */
export const nobody = NONE

export function eventsOfBirths(births: readonly Birth[], born: ReadonlySet<string>): Recorded[] {
  return births
    .filter(({ events, instance }) => events.length > 0 && born.has(instance.id))
    .map(({ instance, body, events }) => ({ instanceId: instance.id, epoch: body ? 1 : 0, seq: 1, events }))
}

export function eventsOfUnits(units: readonly TransitionUnit[], applied?: ReadonlySet<string>): Recorded[] {
  return units
    .filter((unit) => unit.events.length > 0 && (applied?.has(unit.instanceId) ?? true))
    .map((unit) => ({ instanceId: unit.instanceId, epoch: unit.epoch, seq: unit.nextSeq, events: unit.events }))
}
