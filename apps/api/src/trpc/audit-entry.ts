/** The audit side of a mutation: who, what, which target, why. */
import type { AuditEntry, Operator } from '@edda/engine'
import type { Principal } from '../access/principal'

interface Acting {
  readonly principal: Principal
  readonly requestId: string
}

export function operatorOf({ principal, requestId }: Acting, reason: string | undefined): Operator {
  return { actor: principal.actor, reason: reason?.trim() || null, requestId }
}

export function auditOf(
  acting: Acting,
  reason: string | undefined,
  act: { action: string; target: string; after?: unknown },
): AuditEntry {
  const after = act.after === undefined ? null : (JSON.stringify(act.after) ?? null)
  return { ...operatorOf(acting, reason), action: act.action, target: act.target, before: null, after }
}
