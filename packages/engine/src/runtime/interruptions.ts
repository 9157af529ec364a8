/**
 * What a lost worker leaves behind: attempts that began and never ended, and instances that take one worker after the other with them.
 *
 *  1. An interrupted attempt runs again under the next number. Starting a retry costs no statement, so of one whose time has come nobody knows whether
 *     the last owner began it: it counts as begun.
 *  2. Interruptions use up none of a policy's attempts; too many in a row suspend the instance.
 */
import { decodePending, encodePending } from '../model/pending'
import type { InstanceRow } from '../storage/rows'
import type { TransitionDraft } from './draft'
import type { Operations } from './operations'

/** After a claim: releases again what ran when the last owner was lost. */
export function retakeAttempts(
  operations: Operations,
  draft: TransitionDraft,
  claim: { readonly isTakenOver: boolean; readonly now: number },
): void {
  for (const operation of operations.activities()) {
    const { nextAttemptAt, ...running } = operation
    const mayRun = nextAttemptAt === undefined || (claim.isTakenOver && nextAttemptAt <= claim.now)
    if (!mayRun || draft.toStart.includes(operation.id)) continue
    operations.set({
      ...running,
      attempt: operation.attempt + 1,
      ...(claim.isTakenOver ? { interruptions: (operation.interruptions ?? 0) + 1 } : {}),
    })
    draft.start(operation.id)
    draft.touched = true
  }
}

/** Workers lost in a row, for an instance that was taken over: since its last transition, or by one activity, whose attempts are transitions. */
export function lossesOf(row: InstanceRow): number {
  const byActivity = decodePending(row.pending).map((one) =>
    one.kind === 'activity' && one.interruptions !== undefined ? one.interruptions + 1 : 0,
  )
  return Math.max(row.takeovers, ...byActivity)
}

/** `pending` of a suspended crasher: whoever resumes it gives it as many tries again. */
export function forgiven(pending: string | null): string | null {
  return encodePending(
    decodePending(pending).map((one) => {
      if (one.kind !== 'activity') return one
      const { interruptions: _forgiven, ...operation } = one
      return operation
    }),
  )
}
