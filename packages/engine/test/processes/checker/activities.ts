/** I5–I12: what activities and compensations did, against what is recorded of them. */
import { isTerminal } from '../../../src/model/instance'
import { type Effect, hashOf } from '../logs'
import type { Evidence, RecordedEvent } from './evidence'
import { supersededIn } from './instances'
import { groupBy, type Invariant, invariant } from './invariant'

/** Clocks of two processes agree to within the time that one question to the database takes; timers count whole ms. */
const SAME_PROCESS_MS = 2
const OTHER_PROCESS_MS = 25

function callsIn(evidence: Evidence): Map<string, Effect[]> {
  return groupBy(evidence.effects, (effect) => `${effect.instance}/${effect.activityId}`)
}

const onceRecorded = invariant(
  'I5',
  'each completion is the result of a run; what is recorded never runs again',
  (evidence, judge) => {
    const calls = callsIn(evidence)
    for (const [id, events] of evidence.history) {
      const superseded = supersededIn(events)
      for (const event of events) {
        if (event.type !== 'ActivityCompleted' || superseded.has(event.seq)) continue
        const effects = calls.get(`${id}/${event.activityId}`)
        if (!effects) continue
        const wrong = whyNotItsRun(event, effects)
        judge.expect(wrong === undefined, () => `${id} ${event.activityId}: ${wrong}`)
      }
    }
    const names = groupBy(evidence.effects, (effect) => effect.idempotencyKey)
    for (const [key, effects] of names) {
      const call = new Set(effects.map((effect) => `${effect.instance}/${effect.activityId}`))
      judge.expect(call.size === 1, () => `idempotency key ${key} was given to ${[...call].join(' and ')}`)
    }
    for (const [call, effects] of calls) {
      const keys = new Set(effects.map((effect) => effect.idempotencyKey))
      judge.expect(keys.size === 1, () => `${call}: idempotency keys ${[...keys].join(' and ')}`)
    }
  },
)

function whyNotItsRun({ data, epoch }: RecordedEvent, effects: readonly Effect[]): string | undefined {
  const hash = hashOf(data.result)
  const ends = effects.filter((effect) => effect.kind === 'end' && effect.hash === hash)
  if (ends.length === 0) return `recorded ${JSON.stringify(data.result)}, which no run gave`
  if (epoch === undefined) return undefined
  const end = recordedEnd(data, epoch, ends, effects)
  if (!end) return `recorded under epoch ${epoch}, it ended under ${ends.map((one) => one.epoch).join(', ')}`
  const again = effects.find(
    (effect) =>
      effect.kind === 'begin' && (effect.epoch > epoch || (effect.epoch === epoch && effect.attempt > end.attempt)),
  )
  return (
    again &&
    `recorded under epoch ${epoch} (attempt ${end.attempt}), it ran again under epoch ${again.epoch} (attempt ${again.attempt})`
  )
}

/**
 * Which of its runs was recorded. One with a transaction of its own may have ended and failed at its COMMIT, and gave the same again: history says how
 * many failures there were.
 */
function recordedEnd(
  data: RecordedEvent['data'],
  epoch: number,
  ends: readonly Effect[],
  effects: readonly Effect[],
): Effect | undefined {
  const metadata = data.retryMetadata as { totalAttempts: number } | undefined
  const failures = (metadata?.totalAttempts ?? 1) - 1
  const attempts = effects.filter((effect) => effect.epoch === epoch).map(({ attempt }) => attempt)
  const first = Math.min(...attempts)
  return ends.filter((effect) => effect.epoch === epoch && effect.attempt - first <= failures).at(-1)
}

const exactlyOnce = invariant(
  'I6',
  'a row written through ctx.session is there iff its activity is recorded',
  (evidence, judge) => {
    const { ledger, expectations } = evidence
    if (!ledger) return judge.cannot('no ledger was kept')
    const written = groupBy(ledger, (key) => key)
    const recorded = new Set<string>()
    for (const [id, events] of evidence.history)
      for (const event of events)
        if (event.type === 'ActivityCompleted' && expectations.ledgerActivities.has(String(event.data.activityName)))
          recorded.add(`${id}/${event.activityId}`)
    for (const key of recorded)
      judge.expect(written.get(key)?.length === 1, () => `${key}: recorded, ${written.get(key)?.length ?? 0} rows`)
    for (const key of written.keys()) judge.expect(recorded.has(key), () => `${key}: a row, and not recorded`)
  },
)

const durableAttempts = invariant(
  'I7',
  'attempts only rise, each runs once, no sooner and no oftener than the policy says',
  (evidence, judge) => {
    for (const [call, effects] of callsIn(evidence)) {
      const begins = effects.filter((effect) => effect.kind === 'begin')
      for (const [attempt, all] of groupBy(begins, (effect) => effect.attempt))
        judge.expect(
          all.length === 1,
          () =>
            `${call}: attempt ${attempt} began ${all.length} times, epochs ${all.map((one) => one.epoch).join(', ')}`,
        )
      const inOrder = [...begins].sort((a, b) => a.attempt - b.attempt)
      judge.expect(
        inOrder.every((effect, index) => effect.epoch >= (inOrder[index - 1]?.epoch ?? 0)),
        () =>
          `${call}: epochs ${inOrder.map((one) => `${one.attempt}:${one.epoch}`).join(' ')} fall while attempts rise`,
      )
      const policy = evidence.expectations.policies[effects[0]?.name ?? '']
      if (policy) judgePolicy(call, effects, policy, judge)
    }
    judgeRecorded(evidence, judge)
  },
)

/** What history says of attempts: who gave up had used all of them up, and no more. */
function judgeRecorded({ history, expectations }: Evidence, judge: Parameters<Invariant['judge']>[1]): void {
  for (const [id, events] of history)
    for (const { type, activityId, data } of events) {
      const policy = type === 'ActivityFailed' ? expectations.policies[String(data.activityName)] : undefined
      const metadata = data.retryMetadata as { totalAttempts: number; exhausted: boolean } | undefined
      if (policy && metadata?.exhausted)
        judge.expect(
          metadata.totalAttempts === policy.maxAttempts,
          () => `${id}/${activityId}: gave up after ${metadata.totalAttempts} attempts of ${policy.maxAttempts}`,
        )
    }
}

/** A failure whose process was lost before it was recorded: nothing followed it there, and somebody else began again. It uses up no attempt. */
function wasLost({ epoch, attempt }: Effect, effects: readonly Effect[]): boolean {
  const begins = effects.filter((effect) => effect.kind === 'begin')
  return (
    begins.some((effect) => effect.epoch > epoch) &&
    !begins.some((effect) => effect.epoch === epoch && effect.attempt > attempt)
  )
}

function judgePolicy(
  call: string,
  effects: readonly Effect[],
  policy: Evidence['expectations']['policies'][string],
  judge: Parameters<Invariant['judge']>[1],
): void {
  const failures = effects.filter((effect) => effect.kind === 'throw')
  const counted = failures.filter((failure) => !wasLost(failure, effects)).length
  judge.expect(counted <= policy.maxAttempts, () => `${call}: failed ${counted} times, ${policy.maxAttempts} allowed`)
  for (const failure of failures) {
    const next = effects.find((effect) => effect.kind === 'begin' && effect.attempt === failure.attempt + 1)
    // another owner may not have known of the failure
    if (!next || next.epoch !== failure.epoch) continue
    // interrupted attempts use up none of the policy's, and who takes over may not know of every failure
    const known = failures.filter(({ epoch, attempt }) => epoch === failure.epoch && attempt <= failure.attempt).length
    const least = policy.delayMs(known) - (next.pid === failure.pid ? SAME_PROCESS_MS : OTHER_PROCESS_MS)
    judge.expect(
      next.t - failure.t >= least,
      () =>
        `${call}: attempt ${next.attempt} began ${(next.t - failure.t).toFixed(1)} ms after the failure, not ${least}`,
    )
  }
}

const deterministic = invariant('I8', 'replay asks for the same again', (evidence, judge) => {
  if (!evidence.replays) return judge.cannot('nothing was replayed')
  for (const { instanceId, divergence } of evidence.replays)
    judge.expect(divergence === null, () => `${instanceId}: ${divergence}`)
})

const drift = invariant('I9', 'changed code is caught', (_evidence, judge) =>
  judge.cannot('needs changed code: src/replay/divergence.test.ts'),
)

const lastFirst = invariant(
  'I10',
  'compensations run last first, one at a time, and only of what was done',
  (evidence, judge) => {
    const calls = callsIn(evidence)
    for (const [id, rows] of evidence.compensations) {
      const events = evidence.history.get(id) ?? []
      const executed = events
        .filter((event) => event.type === 'CompensationExecuted')
        .map((event) => Number(event.data.compensationSeq))
      judge.expect(
        executed.every((seq, index) => index === 0 || seq < (executed[index - 1] ?? 0)),
        () => `${id}: executed ${executed.join(', ')}`,
      )
      for (const { seq, state } of rows)
        judge.expect(
          (state === 'executed') === executed.includes(seq),
          () =>
            `${id} compensation ${seq}: ${state}, ${executed.includes(seq) ? 'recorded' : 'not recorded'} as executed`,
        )
      for (const seq of executed) {
        const effects = calls.get(`${id}/compensation_${seq}`)
        const ended = effects?.some((effect) => effect.kind === 'end') ?? true
        judge.expect(ended, () => `${id} compensation ${seq}: recorded, and no run ended`)
      }
      judgeTurns(
        id,
        rows.map(({ seq }) => seq),
        calls,
        judge,
      )
    }
    for (const row of evidence.instances)
      if (row.status === 'completed')
        judge.expect(
          !evidence.effects.some(
            (effect) => effect.instance === row.id && effect.activityId.startsWith('compensation_'),
          ),
          () => `${row.id}: completed, and compensated`,
        )
  },
)

/** The next one begins after the one before it has ended. */
function judgeTurns(
  id: string,
  seqs: readonly number[],
  calls: ReadonlyMap<string, readonly Effect[]>,
  judge: Parameters<Invariant['judge']>[1],
): void {
  const stack = [...seqs].sort((a, b) => b - a)
  for (const [index, seq] of stack.entries()) {
    const first = calls.get(`${id}/compensation_${seq}`)?.find((effect) => effect.kind === 'begin')
    const before = index === 0 ? undefined : calls.get(`${id}/compensation_${stack[index - 1]}`)
    if (!first || !before) continue
    const ended = before.find((effect) => effect.kind !== 'begin' && effect.t <= first.t)
    judge.expect(ended !== undefined, () => `${id}: compensation ${seq} began before ${stack[index - 1]} had ended`)
  }
}

const neverHidden = invariant('I11', 'an end that had to be undone shows what could not be', (evidence, judge) => {
  for (const row of evidence.instances) {
    const rows = evidence.compensations.get(row.id) ?? []
    if (rows.length === 0 || !isTerminal(row.status) || row.status === 'completed' || row.status === 'recurred')
      continue
    const open = rows.filter((one) => one.state === 'registered' || one.state === 'running')
    const failed = rows.some((one) => one.state === 'failed')
    judge.expect(
      open.length === 0 && row.compensationState === (failed ? 'failed' : 'completed'),
      () =>
        `${row.id}: ${row.status}, compensation ${row.compensationState}: ${rows.map((one) => `${one.seq} ${one.state}`).join(', ')}`,
    )
  }
})

const neverEarly = invariant('I12', 'timers are never early and fire once', (evidence, judge) => {
  for (const [id, events] of evidence.history) {
    const superseded = supersededIn(events)
    const timers = events.filter((event) => event.type === 'TimerExpired' && !superseded.has(event.seq))
    for (const { data, createdAt } of timers)
      judge.expect(
        createdAt >= Number(data.dueAt),
        () => `${id} ${data.timerId}: due ${data.dueAt}, fired ${createdAt}`,
      )
    for (const [timer, all] of groupBy(timers, (event) => event.activityId))
      judge.expect(all.length === 1, () => `${id} ${timer}: fired ${all.length} times`)
  }
  const calls = callsIn(evidence)
  for (const row of evidence.instances) {
    const gap = evidence.expectations.gaps[row.workflowName]
    if (!gap) continue
    const events = evidence.history.get(row.id) ?? []
    const recorded = events.find((event) => event.activityId === gap.after && event.type === 'ActivityCompleted')
    const ends = (calls.get(`${row.id}/${gap.after}`) ?? []).filter(
      (effect) => effect.kind === 'end' && (recorded?.epoch === undefined || effect.epoch === recorded.epoch),
    )
    const next = calls.get(`${row.id}/${gap.before}`)?.find((effect) => effect.kind === 'begin')
    const end = ends.at(-1)
    if (!end || !next) continue
    const least = gap.ms - (next.pid === end.pid ? SAME_PROCESS_MS : OTHER_PROCESS_MS)
    judge.expect(
      next.t - end.t >= least,
      () => `${row.id}: ${gap.before} came ${(next.t - end.t).toFixed(1)} ms after ${gap.after}, not ${gap.ms}`,
    )
  }
})

export const activityInvariants: readonly Invariant[] = [
  onceRecorded,
  exactlyOnce,
  durableAttempts,
  deterministic,
  drift,
  lastFirst,
  neverHidden,
  neverEarly,
]
