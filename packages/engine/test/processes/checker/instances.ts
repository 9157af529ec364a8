/** I1–I4, I13–I15: what is recorded of instances stays, has one writer, one end and one successor, and nothing is lost. */
import { isTerminal } from '../../../src/model/instance'
import { decodePending } from '../../../src/model/pending'
import type { InstanceRow } from '../../../src/storage/rows'
import { hashOf } from '../logs'
import type { Evidence, RecordedEvent, Snapshot } from './evidence'
import { groupBy, type Invariant, invariant, type Judge } from './invariant'

/** What {@link instanceInvariants} compares later. */
export function snapshot({ history }: Pick<Evidence, 'history'>): Snapshot {
  const shas = new Map<string, string>()
  for (const [id, events] of history) for (const event of events) shas.set(`${id}#${event.seq}`, shaOf(event))
  return shas
}

function shaOf({ activityId, type, data, binary, createdAt }: RecordedEvent): string {
  return hashOf([activityId, type, data, binary && Buffer.from(binary).toString('hex'), createdAt])
}

/** Events that a retry has replaced. */
export function supersededIn(events: readonly RecordedEvent[]): ReadonlySet<number> {
  return new Set(
    events
      .filter((event) => event.type === 'WorkflowRetried')
      .flatMap((event) => event.data.supersedes as readonly number[]),
  )
}

const ANSWERS: ReadonlySet<string> = new Set([
  'ActivityCompleted',
  'ActivityFailed',
  'TimerExpired',
  'ChannelMessageReceived',
  'EventReceived',
  'MessageTimeout',
  'ChildStarted',
  'ChildCompleted',
])

const unchanging = invariant('I1', 'a recorded event never changes or disappears', (evidence, judge) => {
  for (const row of evidence.instances) {
    const events = evidence.history.get(row.id) ?? []
    judge.expect(
      events.every((event, index) => event.seq === index + 1) && row.nextSeq === events.length + 1,
      () => `${row.id}: numbers ${events.map((event) => event.seq).join(',')}, next ${row.nextSeq}`,
    )
  }
  const now = snapshot(evidence)
  for (const [key, sha] of evidence.previous ?? [])
    judge.expect(now.get(key) === sha, () => `${key} ${now.has(key) ? 'has changed' : 'is gone'}`)
})

const oneWriter = invariant(
  'I2',
  'at most one holder writes under an epoch, and epochs never fall',
  (evidence, judge) => {
    for (const row of evidence.instances) {
      let last = 0
      for (const { seq, epoch } of evidence.history.get(row.id) ?? []) {
        if (epoch === undefined) continue
        judge.expect(
          epoch >= last && epoch <= row.epoch,
          () => `${row.id}#${seq}: epoch ${epoch} after ${last}, row ${row.epoch}`,
        )
        last = epoch
      }
    }
    const holders = groupBy(evidence.effects, (effect) => `${effect.instance} epoch ${effect.epoch}`)
    for (const [grant, effects] of holders) {
      const workers = [...new Set(effects.map((effect) => `${effect.worker} (${effect.pid})`))]
      judge.expect(workers.length === 1, () => `${grant}: ${workers.join(' and ')}`)
    }
    judgeTrust(evidence, judge)
  },
)

/** Nobody begins anything who must know that his lease is over: the next owner has begun already. */
function judgeTrust(evidence: Evidence, judge: Judge): void {
  const begins = groupBy(
    evidence.effects.filter((effect) => effect.kind === 'begin'),
    (effect) => effect.instance,
  )
  for (const [instance, effects] of begins) {
    let highest = 0
    for (const { epoch, activityId } of effects) {
      const seen = highest
      judge.expect(epoch >= seen, () => `${instance} ${activityId}: began under epoch ${epoch} after ${seen} had begun`)
      highest = Math.max(highest, epoch)
    }
  }
}

const nothingLost = invariant('I3', 'no workflow is lost: each has ended, or waits lawfully', (evidence, judge) => {
  const ids = new Set(evidence.instances.map((row) => row.id))
  for (const call of evidence.calls) {
    if (call.op !== 'start' || call.outcome === 'unknown') continue
    if (call.outcome === 'ok') judge.expect(ids.has(call.target), () => `${call.target}: acknowledged, and not there`)
    else judge.expect(!ids.has(call.target), () => `${call.target}: refused, and there`)
  }
  if (!evidence.isQuiet) return
  for (const row of evidence.instances) {
    const wrong = whyUnlawful(row, evidence)
    judge.expect(wrong === undefined, () => `${row.id} (${row.workflowName}, ${row.status}): ${wrong}`)
  }
})

/** Why this instance may not stand as it does when everything has calmed down. */
function whyUnlawful(row: InstanceRow, evidence: Evidence): string | undefined {
  const { status, leaseOwner, leaseUntil, wakeAt } = row
  if (isTerminal(status)) {
    if (leaseOwner !== null || wakeAt !== null) return `ended, and leased by ${leaseOwner} or due at ${wakeAt}`
    return row.completedAt === null ? 'ended without a time' : undefined
  }
  if (status === 'suspended') return row.suspendReason ? undefined : 'suspended without a reason'
  const late = evidence.now - evidence.slackMs
  if (leaseOwner !== null)
    return (leaseUntil ?? 0) < late ? `its lease has ended at ${leaseUntil}, now ${evidence.now}` : undefined
  if (wakeAt !== null && wakeAt < late) return `due since ${wakeAt}, now ${evidence.now}`
  if (wakeAt !== null) return undefined
  const open = decodePending(row.pending)
  if (!open.some(({ kind }) => kind === 'message' || kind === 'event' || kind === 'child'))
    return `waits for nothing: ${row.pending}`
  const unread = unreadBy(row.id, evidence)
  return unread && `message ${unread} is there for it`
}

function unreadBy(instanceId: string, { waits, messages }: Evidence): string | undefined {
  for (const wait of waits) {
    if (wait.instanceId !== instanceId || wait.where !== null) continue
    const found = messages.find(
      (message) =>
        message.channel === wait.channel &&
        message.seq > wait.cursor &&
        (message.targetInstanceId === null || message.targetInstanceId === instanceId),
    )
    if (found) return `${found.channel}#${found.seq}`
  }
  return undefined
}

const oneOutcome = invariant('I4', 'one terminal outcome, and callers are told that one', (evidence, judge) => {
  for (const row of evidence.instances) {
    const events = evidence.history.get(row.id) ?? []
    const superseded = supersededIn(events)
    const decided = events.filter(
      (event) => (event.type === 'WorkflowFailed' || event.type === 'CancelRequested') && !superseded.has(event.seq),
    )
    const ends = decided.map((event) => (event.type === 'WorkflowFailed' ? 'failed' : 'cancelled'))
    // a failure that met a cancel request is recorded before it; nothing follows a cancel
    const isOne = ends.length <= 1 || (ends.length === 2 && ends[0] === 'failed' && ends[1] === 'cancelled')
    judge.expect(
      isOne && (!isTerminal(row.status) || hasEndedAs(row, ends.at(-1))),
      () => `${row.id}: ${row.status}, decided as ${ends.join(' and ') || 'nothing'}`,
    )
    judge.expect(
      (row.status === 'completed') === (row.output !== null && row.status !== 'recurred') &&
        (row.completedAt !== null) === isTerminal(row.status),
      () => `${row.id}: ${row.status} with output ${row.output}, ended at ${row.completedAt}`,
    )
  }
  // A call about an instance that went on as another is about that one.
  const chains = new Map(evidence.instances.map((row) => [row.id, row.chainId]))
  const heads = new Map(evidence.instances.filter((row) => row.status !== 'recurred').map((row) => [row.chainId, row]))
  for (const call of evidence.calls) {
    const row = heads.get(chains.get(call.target) ?? '')
    if (call.outcome !== 'ok' || !row) continue
    if (call.op === 'result')
      judge.expect(call.answer === row.status, () => `${row.id}: ${row.status}, its caller was told ${call.answer}`)
    if (call.op === 'cancel' && call.answer === 'true')
      judge.expect(
        row.status === 'cancelled' || (!evidence.isQuiet && !isTerminal(row.status)),
        () => `${row.id}: cancel was accepted, and it is ${row.status}`,
      )
  }
})

function hasEndedAs(row: InstanceRow, decided: string | undefined): boolean {
  return decided === undefined ? row.status === 'completed' || row.status === 'recurred' : row.status === decided
}

const oneAnswer = invariant(
  'I13',
  'each call is answered once: a message, a timeout or a result, never two',
  (evidence, judge) => {
    for (const [id, events] of evidence.history) {
      const superseded = supersededIn(events)
      const answers = events.filter((event) => ANSWERS.has(event.type) && !superseded.has(event.seq))
      for (const [call, all] of groupBy(answers, (event) => `${event.activityId} ${event.type === 'ChildStarted'}`))
        judge.expect(
          all.length === 1,
          () => `${id} ${call}: ${all.map((event) => `#${event.seq} ${event.type}`).join(', ')}`,
        )
    }
  },
)

const unbrokenChain = invariant(
  'I14',
  'recurred means exactly one successor, and chains do not fork',
  (evidence, judge) => {
    const successors = groupBy(
      evidence.instances.filter((row) => row.continuedFrom !== null),
      (row) => row.continuedFrom,
    )
    const rows = new Map(evidence.instances.map((row) => [row.id, row]))
    for (const row of evidence.instances) {
      const next = successors.get(row.id) ?? []
      if (row.status !== 'recurred' && next.length === 0) continue
      judge.expect(
        row.status === 'recurred' && next.length === 1 && next[0]?.chainId === row.chainId,
        () => `${row.id}: ${row.status}, followed by ${next.map((one) => one.id).join(', ') || 'nothing'}`,
      )
    }
    for (const [from, [next]] of successors)
      judge.expect(from !== null && rows.has(from), () => `${next?.id}: continues ${from}, which is not there`)
  },
)

const oneStart = invariant('I15', 'the same id is one instance, whoever asks', (evidence, judge) => {
  for (const [id, rows] of groupBy(evidence.instances, (row) => row.id))
    judge.expect(rows.length === 1, () => `${id}: ${rows.length} rows`)
  const answers = groupBy(
    evidence.calls.filter((call) => call.op === 'start' && call.outcome === 'ok'),
    (call) => call.target,
  )
  for (const [id, calls] of answers) {
    const told = [...new Set(calls.map((call) => call.answer))]
    judge.expect(told.length === 1 && told[0] === id, () => `${id}: callers were told ${told.join(' and ')}`)
  }
})

export const instanceInvariants: readonly Invariant[] = [unchanging, oneWriter, nothingLost, oneOutcome]
export const chainInvariants: readonly Invariant[] = [oneAnswer, unbrokenChain, oneStart]
