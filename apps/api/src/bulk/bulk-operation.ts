/** A bulk operation as it is shown, and what starts one. */
import type { Filter } from '../trpc/inputs'

export type BulkAction = 'cancel' | 'retry' | 'suspend' | 'resume'

export interface BulkRequest {
  readonly action: BulkAction
  readonly members: { readonly ids: readonly string[] } | { readonly filter: Filter; readonly max: number }
  readonly ratePerSecond: number
  readonly reason?: string | undefined
}

export interface BulkOperation {
  readonly id: string
  readonly action: BulkAction
  readonly state: 'listing' | 'running' | 'completed' | 'aborted' | 'failed'
  readonly reason: string | null
  readonly actor: string
  /** Members found so far; final once `state` has left `listing`. */
  readonly total: number
  readonly done: number
  /** The verb did not fit (already ended …): nothing was changed. */
  readonly skipped: number
  readonly failed: number
  readonly ratePerSecond: number
  /** The newest 100. */
  readonly errors: readonly { readonly instanceId: string; readonly code: string | null; readonly message: string }[]
  /** Why the operation itself failed. */
  readonly error: string | null
  readonly startedAt: Date
  readonly endedAt: Date | null
}
