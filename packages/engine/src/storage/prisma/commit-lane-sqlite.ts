/**
 * SQLite: the driver is synchronous and in this process, so a prepared statement per row beats one statement over JSON. Which of few statement texts a
 * transition needs is decided here, so that the common ones assign nothing that stays as it is.
 */
import { isTerminal } from '../../model/instance'
import type { NewHistoryRow } from '../rows'
import type { TransitionUnit } from '../units'
import type { Lane } from './commit-lane'
import type { Sql, SqlValue } from './database'
import { type Birth, birthValues, ENDED, ENDS_ALONE, HISTORY, INSTANCE, type Recorded } from './statements'

export const sqliteLane: Lane = {
  async bear(sql, births) {
    const born = new Set<string>()
    const recorded: Recorded[] = []
    for (const birth of births) {
      if ((await sql.run(INSERT_INSTANCE, valuesOf(birth))) === 0) continue
      born.add(birth.instance.id)
      recorded.push({ instanceId: birth.instance.id, epoch: birth.body ? 1 : 0, seq: 1, events: birth.events })
    }
    await recordAll(sql, recorded)
    return born
  },
  async advance(sql, units) {
    const applied = new Set<string>()
    const recorded: Recorded[] = []
    for (const unit of units) {
      if (!(await update(sql, unit, true))) continue
      applied.add(unit.instanceId)
      recorded.push(eventsOf(unit))
    }
    await recordAll(sql, recorded)
    return applied
  },
  async write(sql, units) {
    await Promise.all([...units.map((unit) => update(sql, unit, false)), recordAll(sql, units.map(eventsOf))])
  },
  record: recordAll,
}

const INSTANCE_NAMES = Object.keys(INSTANCE)
const INSERT_INSTANCE = `INSERT INTO workflow_instances (${INSTANCE_NAMES.join(', ')}) VALUES (${marks(INSTANCE_NAMES)}) ON CONFLICT DO NOTHING`
const HISTORY_NAMES = Object.keys(HISTORY)
const INSERT_HISTORY = `INSERT INTO workflow_history (${HISTORY_NAMES.join(', ')}) VALUES (${marks(HISTORY_NAMES)})`
const INSERT_MANY = INSERT_HISTORY + `, (${marks(HISTORY_NAMES)})`.repeat(24)

function marks(names: readonly string[]): string {
  return names.map(() => '?').join(', ')
}

function valuesOf(birth: Birth): SqlValue[] {
  const values = birthValues(birth)
  return INSTANCE_NAMES.map((name) => values[name] ?? null)
}

function eventsOf({ instanceId, epoch, nextSeq, events }: TransitionUnit): Recorded {
  return { instanceId, epoch, seq: nextSeq, events }
}

/** Rows of one statement. A statement of 25 rows costs six tenths of 25 statements of one (benchmarks/sqlite.bench.ts). */
const ROWS = 25

/** All statements are sent before it returns its promise. */
async function recordAll(sql: Sql, recorded: readonly Recorded[]): Promise<void> {
  const sent: Promise<unknown>[] = []
  let params: SqlValue[] = []
  let rows = 0
  for (const { instanceId, epoch, seq, events } of recorded) {
    for (let i = 0; i < events.length; i++) {
      const { activityId, type, data, binary, createdAt } = events[i] as NewHistoryRow
      params.push(instanceId, seq + i, activityId, type, data, binary, epoch, createdAt)
      if (++rows < ROWS) continue
      sent.push(sql.run(INSERT_MANY, params))
      params = []
      rows = 0
    }
  }
  const width = HISTORY_NAMES.length
  for (let i = 0; i < rows; i++) sent.push(sql.run(INSERT_HISTORY, params.slice(i * width, (i + 1) * width)))
  await Promise.all(sent)
}

const LEASES = {
  keep: '',
  release: ', lease_owner = NULL, lease_until = NULL, wake_at = ?8',
  end: ', lease_owner = NULL, lease_until = NULL, wake_at = NULL, completed_at = ?4',
} as const
const RARE =
  ', output = COALESCE(?9, output), error = COALESCE(?10, error), tags = COALESCE(?11, tags), state = COALESCE(?12, state), compensation_state = COALESCE(?13, compensation_state), suspend_reason = COALESCE(?14, suspend_reason), cancel_seen = (cancel_seen OR (?15 AND cancel_requested_at IS NOT NULL))'

const LEASE_NAMES = ['keep', 'release', 'end'] as const

/** One text per kind of lease × rare × plain, made once: this is looked up for every step. */
const TEXTS: readonly string[] = LEASE_NAMES.flatMap((lease) =>
  [false, true].flatMap((isRare) => [false, true].map((mustBePlain) => guardText(lease, isRare, mustBePlain))),
)

function textOf(lease: keyof typeof LEASES, isRare: boolean, mustBePlain: boolean): string {
  return TEXTS[LEASE_NAMES.indexOf(lease) * 4 + (isRare ? 2 : 0) + (mustBePlain ? 1 : 0)] as string
}

function guardText(lease: keyof typeof LEASES, isRare: boolean, mustBePlain: boolean): string {
  const noCancel = isRare
    ? '(cancel_requested_at IS NULL OR cancel_seen OR ?15)'
    : '(cancel_requested_at IS NULL OR cancel_seen)'
  const plain = mustBePlain ? ` AND ${noCancel}${lease === 'end' ? ` AND ${ENDS_ALONE}` : ''}` : ''
  return (
    `UPDATE workflow_instances SET status = ?1, pending = ?2, next_seq = ?3, updated_at = ?4, takeovers = 0${LEASES[lease]}${isRare ? RARE : ''}` +
    ` WHERE id = ?5 AND epoch = ?6 AND next_seq = ?7 AND status NOT IN ${ENDED}${plain}`
  )
}

/** A step of an instance that stays as it is: a statement that assigns an indexed column moves its index entries, whether or not it changes. */
const SAME_STATUS =
  'UPDATE workflow_instances SET pending = ?2, next_seq = ?3, updated_at = ?4, takeovers = 0' +
  ' WHERE id = ?5 AND epoch = ?6 AND next_seq = ?7 AND status = ?1 AND (cancel_requested_at IS NULL OR cancel_seen)'

async function update(sql: Sql, unit: TransitionUnit, mustBePlain: boolean): Promise<boolean> {
  const ends = isTerminal(unit.status)
  const lease = ends ? 'end' : unit.lease
  const isRare =
    ends ||
    unit.error !== null ||
    unit.output !== null ||
    unit.tags !== undefined ||
    unit.state !== undefined ||
    unit.compensationState !== undefined ||
    unit.suspendReason !== undefined ||
    unit.acknowledgesCancel
  const params = guardParams(unit, ends, lease, isRare)
  if (lease === 'keep' && !isRare && (await sql.run(SAME_STATUS, params)) === 1) return true
  return (await sql.run(textOf(lease, isRare, mustBePlain), params)) === 1
}

/** Literals of exactly the length that the text needs: this is allocated for every step. */
function guardParams(unit: TransitionUnit, ends: boolean, lease: keyof typeof LEASES, isRare: boolean): SqlValue[] {
  const { status, now, instanceId, epoch, nextSeq } = unit
  const pending = ends ? null : unit.pending
  const toSeq = nextSeq + unit.events.length
  if (lease === 'keep' && !isRare) return [status, pending, toSeq, now, instanceId, epoch, nextSeq]
  const wakeAt = status === 'suspended' ? null : unit.wakeAt
  if (!isRare) return [status, pending, toSeq, now, instanceId, epoch, nextSeq, wakeAt]
  const { output, error, tags = null, state = null, compensationState = null, suspendReason = null } = unit
  return [
    status,
    pending,
    toSeq,
    now,
    instanceId,
    epoch,
    nextSeq,
    wakeAt,
    output,
    error,
    tags,
    state,
    compensationState,
    suspendReason,
    unit.acknowledgesCancel,
  ]
}
