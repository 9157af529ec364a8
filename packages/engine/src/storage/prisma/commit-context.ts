import type { ClaimOnWake } from '../units'
import type { KnownChannels } from './channels-load'
import type { Lane } from './commit-lane'
import type { Along, Dialect, Sql } from './database'

/** What every part of a flush works with. */
export interface Context {
  readonly sql: Sql
  /** For writes: nothing else of the flush depends on their answers. */
  readonly along: Along
  readonly dialect: Dialect
  readonly lane: Lane
  readonly known: KnownChannels
  /** The hot lane has left these units: it would leave them again. */
  readonly isSecondLook?: boolean
  /** Undefined where nobody is there to run what is woken. */
  readonly desk?: ClaimDesk | undefined
  /** Of the clock that decides: the latest that the flush's units brought. */
  readonly now: number
}

/** A unit and its position in the flush. */
export interface Indexed<Of> {
  readonly index: number
  readonly unit: Of
}

/** What one attempt at a flush claims. */
export interface ClaimDesk {
  readonly request: ClaimOnWake
  readonly made: { readonly instanceId: string; readonly epoch: number }[]
}
