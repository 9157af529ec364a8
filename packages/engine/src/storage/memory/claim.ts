/** Who runs an instance: claims, renewals, releases. One column decides: an instance is due when its `wake_at` has come, leased or not. */
import { fairly, type Turns } from '../fairness'
import type { ClaimedInstance, ClaimOnWake, ClaimRequest, ClaimResult, Storage, Verdict } from '../storage'
import { type Database, type InstanceRecord, isRunnable, toInstanceRow } from './tables'

export function claim(db: Database, request: ClaimRequest, turns: Turns): ClaimResult {
  const now = db.now()
  const wanted = request.instanceIds && new Set(request.instanceIds)
  const due = awake(db, request.workflowNames)
    .filter((row) => (row.wakeAt ?? Number.POSITIVE_INFINITY) <= now && isRunnable(row))
    .filter((row) => !wanted || wanted.has(row.id))
    .sort(byWakeAtThenId)
  // Before the claims: who is claimed looks at everything anyway.
  const nudged = nudges(db, request.workerId)
  const names = [...new Set(due.map((row) => row.workflowName))]
  const isCrowded = due.length > request.limit && names.length > 1
  const chosen = isCrowded
    ? fairly(due, (row) => row.workflowName, turns.take(names, request.limit), request.limit)
    : due.slice(0, request.limit)
  const instances = chosen.map((row) => acquire(db, row, request.workerId, now))
  return { now, instances, nudges: nudged, nextWakeAt: nextWakeAt(db, request.workflowNames, now) }
}

/** Those who were woken go to whoever committed, as far as it has room; here they ask for their messages themselves. */
export function claimWoken(
  db: Database,
  { workerId, workflowNames, limit }: ClaimOnWake,
  verdicts: readonly Verdict[],
): readonly Verdict[] {
  let room = limit
  const now = db.now()
  return verdicts.map((verdict) => {
    if (!('wakes' in verdict)) return verdict
    const claimed: ClaimedInstance[] = []
    const ready = verdict.wakes.ready.filter(({ instanceId, workflowName }) => {
      const row = db.tables.instances.get(instanceId)
      const isParked = row !== undefined && row.leaseOwner === null && row.status !== 'pending' && isRunnable(row)
      if (!isParked || row.cancelRequestedAt !== null || room === 0 || !workflowNames.includes(workflowName))
        return true
      room--
      claimed.push(acquire(db, row, workerId, now))
      return false
    })
    return claimed.length === 0 ? verdict : { ...verdict, wakes: { ...verdict.wakes, ready, claimed } }
  })
}

function awake(db: Database, workflowNames: readonly string[]): InstanceRecord[] {
  return [...new Set(workflowNames)].flatMap((name) => db.tables.instances.by('awake', name))
}

function byWakeAtThenId(a: InstanceRecord, b: InstanceRecord): number {
  return (a.wakeAt ?? 0) - (b.wakeAt ?? 0) || (a.id < b.id ? -1 : 1)
}

function acquire(db: Database, row: InstanceRecord, workerId: string, now: number): ClaimedInstance {
  const takenOver = row.leaseOwner !== null
  const leaseUntil = now + row.leaseMs
  const claimed: InstanceRecord = {
    ...row,
    epoch: row.epoch + 1,
    leaseOwner: workerId,
    leaseUntil,
    wakeAt: leaseUntil,
    takeovers: row.takeovers + (takenOver ? 1 : 0),
  }
  db.tables.instances.put(claimed)
  return { row: toInstanceRow(claimed), takenOver }
}

/** Instances of this worker that have something to look at: a cancel request not yet seen, or a message that a publisher told them of. */
function nudges(db: Database, workerId: string): string[] {
  return db.tables.instances
    .by('leaseOwner', workerId)
    .filter(
      (row) =>
        (row.cancelRequestedAt !== null && !row.cancelSeen) ||
        db.tables.waits.by('instance', row.id).some((wait) => wait.hitSeq !== null),
    )
    .map((row) => row.id)
    .sort()
}

function nextWakeAt(db: Database, workflowNames: readonly string[], now: number): number | null {
  let next: number | null = null
  for (const { wakeAt } of awake(db, workflowNames))
    if (wakeAt !== null && wakeAt > now && (next === null || wakeAt < next)) next = wakeAt
  return next
}

export function renew(db: Database, workerId: string, leases: Parameters<Storage['renew']>[1]): readonly string[] {
  const lost: string[] = []
  for (const { instanceId, epoch, leaseMs } of leases) {
    const row = held(db, workerId, instanceId, epoch)
    const leaseUntil = db.now() + leaseMs
    if (row) db.tables.instances.put({ ...row, leaseUntil, wakeAt: leaseUntil })
    else lost.push(instanceId)
  }
  return lost
}

export function release(db: Database, workerId: string, leases: Parameters<Storage['release']>[1]): void {
  for (const { instanceId, epoch } of leases) {
    const row = held(db, workerId, instanceId, epoch)
    if (row) db.tables.instances.put({ ...row, leaseOwner: null, leaseUntil: null, wakeAt: db.now() })
  }
}

/** Its instances are due at once; the lease stays named, so that whoever claims them knows they were interrupted. */
export function expireLeases(db: Database, workerId: string): number {
  const now = db.now()
  const rows = db.tables.instances.by('leaseOwner', workerId).filter((row) => (row.leaseUntil ?? 0) > now)
  for (const row of rows) db.tables.instances.put({ ...row, leaseUntil: now, wakeAt: now })
  return rows.length
}

function held(db: Database, workerId: string, instanceId: string, epoch: number): InstanceRecord | undefined {
  const row = db.tables.instances.get(instanceId)
  return row && row.leaseOwner === workerId && row.epoch === epoch ? row : undefined
}
