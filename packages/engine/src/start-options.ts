/** What may be said with a start and with an operator's act, and how it is checked. */
import type { CancelOptions } from './handle'
import { checkLockTimeout, checkText } from './model/definition'
import { type Duration, durationMs } from './model/duration'
import type { AuditEntry } from './storage/rows'

export interface StartOptions {
  /** 1–150 characters; default `{workflow}-{uuid}`. */
  readonly instanceId?: string
  /** What to do when the id is taken. Default `reject`. */
  readonly onConflict?: 'reject' | 'return-existing'
  /** A Prisma transaction client of the engine's database: the instance exists iff it commits. */
  readonly tx?: unknown
  readonly delay?: Duration
  readonly startAt?: Date
  readonly lockTimeoutSeconds?: number
  readonly tags?: Readonly<Record<string, string>>
  /** Written in the transaction of the start; for operators' tools. Not together with `tx`. */
  readonly audit?: AuditEntry
}

/** @throws TypeError, RangeError for what is not checked where it is used */
export function checkStart({ onConflict, lockTimeoutSeconds }: StartOptions): void {
  if (onConflict !== undefined && onConflict !== 'reject' && onConflict !== 'return-existing')
    throw new TypeError(`onConflict must be 'reject' or 'return-existing', not ${JSON.stringify(onConflict)}`)
  if (lockTimeoutSeconds !== undefined) checkLockTimeout(lockTimeoutSeconds)
}

/** Who did it and why: as much as every database keeps. */
export function checkOperator({ by, reason }: CancelOptions): void {
  if (by !== undefined) checkText('by', by, 191)
  if (reason !== undefined) checkText('reason', reason, 10_000)
}

/** @throws RangeError @returns epoch ms; undefined = at once */
export function startTime(options: StartOptions, now: number): number | undefined {
  if (options.startAt !== undefined) {
    const at = options.startAt instanceof Date ? options.startAt.getTime() : Number.NaN
    if (Number.isNaN(at)) throw new RangeError('startAt must be a valid Date')
    return Math.max(at, now)
  }
  return options.delay === undefined ? undefined : now + durationMs(options.delay)
}
