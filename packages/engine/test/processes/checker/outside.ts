/** M1–M7, O1–O5, L1–L2, S1, A1–A2, R1: messages, the outbox, the leader, the schema, listings, the audit, what is left behind. */
import type { ChannelMode } from '../../../src/model/history'
import type { Evidence, RecordedEvent } from './evidence'
import { groupBy, type Invariant, invariant } from './invariant'

interface Subscription {
  readonly instanceId: string
  readonly channel: string
  readonly mode: ChannelMode
  readonly cut: number
  /** Ids, in the order in which they were recorded until it unsubscribed. */
  readonly received: readonly string[]
}

function subscriptionsIn(history: Evidence['history']): Subscription[] {
  const found: Subscription[] = []
  for (const [instanceId, events] of history)
    for (const [index, event] of events.entries()) {
      if (event.type !== 'Subscribed' || event.data.error !== undefined) continue
      const channel = String(event.data.channel)
      found.push({
        instanceId,
        channel,
        mode: event.data.mode as ChannelMode,
        cut: Number(event.data.cursor),
        received: receivedAfter(events.slice(index + 1), channel),
      })
    }
  return found
}

function receivedAfter(events: readonly RecordedEvent[], channel: string): string[] {
  const end = events.findIndex((event) => event.type === 'Unsubscribed' && event.data.channel === channel)
  return events
    .slice(0, end === -1 ? events.length : end)
    .filter((event) => event.type === 'ChannelMessageReceived' && event.data.channel === channel)
    .map((event) => String(event.data.id))
}

/** Who has recorded a message, by channel and id. */
function receiversIn(history: Evidence['history']): Map<string, string[]> {
  const receivers = new Map<string, string[]>()
  for (const [instanceId, events] of history)
    for (const event of events) {
      if (event.type !== 'ChannelMessageReceived') continue
      const key = `${event.data.channel}/${event.data.id}`
      receivers.set(key, [...(receivers.get(key) ?? []), `${instanceId}#${event.seq}`])
    }
  return receivers
}

const numbersOf = (evidence: Evidence, channel: string): Map<string, number> =>
  new Map(evidence.messages.filter((message) => message.channel === channel).map(({ id, seq }) => [id, seq]))

const complete = invariant(
  'M1',
  'each subscriber gets every message after its cut, once, in order',
  (evidence, judge) => {
    for (const { instanceId, channel, mode, cut, received } of subscriptionsIn(evidence.history)) {
      if (mode !== 'broadcast') continue
      const numbers = numbersOf(evidence, channel)
      const seqs = received.map((id) => numbers.get(id) ?? 0)
      const expected = [...numbers.values()].sort((a, b) => a - b).filter((seq) => seq > cut)
      judge.expect(
        seqs.every((seq, index) => seq === expected[index]),
        () => `${instanceId} on ${channel}: got ${seqs.join(', ')}, there are ${expected.join(', ')} after ${cut}`,
      )
    }
  },
)

const afterCut = invariant('M2', 'no message from before the cut', (evidence, judge) => {
  for (const { instanceId, channel, mode, cut, received } of subscriptionsIn(evidence.history)) {
    if (mode === 'direct') continue
    const numbers = numbersOf(evidence, channel)
    for (const id of received) {
      const seq = numbers.get(id)
      if (seq !== undefined)
        judge.expect(seq > cut, () => `${instanceId} on ${channel}: got ${seq}, subscribed at ${cut}`)
    }
  }
})

const oneConsumer = invariant(
  'M3',
  'a competing message has one consumer, and is not kept beside it',
  (evidence, judge) => {
    const competing = new Set(
      subscriptionsIn(evidence.history)
        .filter(({ mode }) => mode === 'competing')
        .map(({ channel }) => channel),
    )
    const stored = new Set(evidence.messages.map(({ channel, id }) => `${channel}/${id}`))
    for (const [key, by] of receiversIn(evidence.history)) {
      if (!competing.has(key.slice(0, key.lastIndexOf('/')))) continue
      judge.expect(
        by.length === 1 && !stored.has(key),
        () => `${key}: recorded by ${by.join(' and ')}${stored.has(key) ? ', and still there' : ''}`,
      )
    }
  },
)

const redelivered = invariant('M4', 'no message stays beside a receiver that waits for it', (evidence, judge) => {
  if (!evidence.isQuiet) return judge.cannot('it is not quiet')
  for (const { instanceId, activityId, channel, where, cursor } of evidence.waits) {
    if (where !== null) continue
    const left = evidence.messages.find(
      (message) =>
        message.channel === channel &&
        message.seq > cursor &&
        (message.targetInstanceId === null || message.targetInstanceId === instanceId),
    )
    judge.expect(left === undefined, () => `${instanceId} ${activityId} waits on ${channel} beside #${left?.seq}`)
  }
})

const direct = invariant(
  'M5',
  'a message to one instance is recorded there at most once, and nowhere else',
  (evidence, judge) => {
    const receivers = receiversIn(evidence.history)
    const chains = new Map(evidence.instances.map((row) => [row.id, row.chainId]))
    for (const message of evidence.messages) {
      if (message.targetInstanceId === null) continue
      const by = receivers.get(`${message.channel}/${message.id}`) ?? []
      const chain = chains.get(message.targetInstanceId)
      const strangers = by.filter((one) => chains.get(one.slice(0, one.lastIndexOf('#'))) !== chain)
      judge.expect(
        by.length <= 1 && strangers.length === 0,
        () => `${message.channel}/${message.id} for ${message.targetInstanceId}: recorded by ${by.join(' and ')}`,
      )
    }
  },
)

const oneMode = invariant('M6', 'a channel has one mode', (evidence, judge) => {
  for (const [channel, all] of groupBy(subscriptionsIn(evidence.history), (one) => one.channel)) {
    const modes = [...new Set(all.map(({ mode }) => mode))]
    judge.expect(modes.length === 1, () => `${channel}: ${modes.join(' and ')}`)
  }
})

const ingested = invariant('M7', 'what was acknowledged is stored, what was refused is not', (evidence, judge) => {
  const receivers = receiversIn(evidence.history)
  const stored = groupBy(evidence.messages, ({ channel, id }) => `${channel}/${id}`)
  for (const call of evidence.calls) {
    if (call.op !== 'publish' || call.outcome === 'unknown') continue
    const key = `${call.target}/${call.outcome === 'ok' ? call.answer : call.key}`
    const isThere = stored.has(key) || receivers.has(key)
    judge.expect(
      isThere === (call.outcome === 'ok'),
      () => `${key}: ${call.outcome}, and ${isThere ? '' : 'not '}there`,
    )
  }
  for (const [key, rows] of stored) judge.expect(rows.length === 1, () => `${key}: stored ${rows.length} times`)
  for (const [event, rows] of groupBy(evidence.inbox, ({ source, id }) => `${source} ${id}`))
    judge.expect(rows.length === 1, () => `event ${event}: ${rows.length} rows`)
})

const sentIff = invariant('O1', 'an event is with the broker iff its transaction committed', (evidence, judge) => {
  const { deliveries, outbox } = evidence
  if (!deliveries) return judge.cannot('no broker was listening')
  const sent = new Set(deliveries.map(({ id }) => id))
  const rows = new Set(outbox.map(({ id }) => id))
  for (const id of sent) judge.expect(rows.has(id), () => `${id}: sent, and no row`)
  for (const { id, status } of outbox)
    if (status === 'published') judge.expect(sent.has(id), () => `${id}: published, and never sent`)
})

const sameCopies = invariant('O2', 'all copies of an event are equal', (evidence, judge) => {
  for (const [id, copies] of groupBy(evidence.deliveries ?? [], (delivery) => delivery.id)) {
    const hashes = new Set(copies.map(({ hash }) => hash))
    judge.expect(hashes.size === 1, () => `${id}: ${hashes.size} different copies`)
  }
})

const keyOrder = invariant('O3', 'events of one partition key leave in order', (evidence, judge) => {
  const seqs = new Map(evidence.outbox.map(({ id, seq }) => [id, seq]))
  const keyed = (evidence.deliveries ?? []).filter(({ partitionKey }) => partitionKey !== null)
  for (const [key, all] of groupBy(keyed, ({ partitionKey }) => partitionKey)) {
    const firsts = [...new Map([...all].sort((a, b) => b.t - a.t).map((one) => [one.id, one])).values()]
    const order = firsts.sort((a, b) => a.t - b.t).map(({ id }) => seqs.get(id) ?? 0)
    judge.expect(
      order.every((seq, index) => index === 0 || seq > (order[index - 1] ?? 0)),
      () => `key ${key}: left in order ${order.join(', ')}`,
    )
  }
})

const noStarvation = invariant('O4', 'no event lies about past its time', (evidence, judge) => {
  if (!evidence.isQuiet || !evidence.deliveries) return judge.cannot('no relay was running to the end')
  for (const { id, status, nextAttemptAt } of evidence.outbox)
    judge.expect(
      status !== 'pending' || (nextAttemptAt ?? 0) >= evidence.now - evidence.slackMs,
      () => `${id}: pending, due since ${nextAttemptAt}`,
    )
})

const nothingDropped = invariant('O5', 'what cannot be sent stays visible with its reason', (evidence, judge) => {
  for (const { id, status, lastError } of evidence.outbox)
    if (status === 'failed' || status === 'invalid')
      judge.expect(lastError !== null, () => `${id}: ${status} without a reason`)
})

const oneLeader = invariant('L1', 'terms do not interleave', (evidence, judge) => {
  if (!evidence.leaders) return judge.cannot('no leader wrote anything')
  const inOrder = [...evidence.leaders.effects].sort((a, b) => a.t - b.t)
  for (const [index, effect] of inOrder.entries()) {
    const before = inOrder[index - 1]
    judge.expect(
      !before || before.term <= effect.term,
      () => `${effect.worker} of term ${effect.term} acts after term ${before?.term}`,
    )
  }
  for (const [term, effects] of groupBy(inOrder, (effect) => effect.term)) {
    const workers = [...new Set(effects.map(({ worker }) => worker))]
    judge.expect(workers.length === 1, () => `term ${term}: ${workers.join(' and ')}`)
  }
})

const alwaysLed = invariant('L2', 'there is a leader again in time', (evidence, judge) => {
  if (!evidence.leaders) return judge.cannot('no leader wrote anything')
  const { effects, longestGapMs } = evidence.leaders
  const times = effects.map(({ t }) => t).sort((a, b) => a - b)
  for (const [index, t] of times.entries()) {
    const gap = t - (times[index - 1] ?? t)
    judge.expect(gap <= longestGapMs, () => `no leader for ${gap.toFixed(0)} ms`)
  }
})

const oneSchema = invariant('S1', 'each migration is applied once and to its end', (evidence, judge) => {
  if (!evidence.migrations) return judge.cannot('this storage has no schema')
  for (const [name, rows] of groupBy(evidence.migrations, (row) => row.name))
    judge.expect(
      rows.length === 1 && rows.every(({ isFinished }) => isFinished),
      () => `${name}: ${rows.map(({ isFinished }) => (isFinished ? 'finished' : 'unfinished')).join(', ')}`,
    )
})

const onePlace = invariant('A1', 'paging shows every row exactly once', (evidence, judge) => {
  const seen = groupBy(evidence.listing, (id) => id)
  for (const { id } of evidence.instances)
    judge.expect(seen.get(id)?.length === 1, () => `${id}: listed ${seen.get(id)?.length ?? 0} times`)
})

const audited = invariant('A2', 'each accepted act of an operator has one audit row', (evidence, judge) => {
  const rows = groupBy(evidence.audits, (row) => row.requestId)
  for (const call of evidence.calls) {
    if (call.op !== 'operate' || call.key === undefined || call.outcome === 'unknown') continue
    const found = rows.get(call.key)?.length ?? 0
    judge.expect(
      found === (call.outcome === 'ok' ? 1 : 0),
      () => `${call.key} on ${call.target}: ${call.outcome}, ${found} audit rows`,
    )
  }
})

const noLeaks = invariant('R1', 'nothing stays open in the database', (evidence, judge) => {
  if (!evidence.leftovers || !evidence.isQuiet) return judge.cannot('not looked at')
  judge.expect(evidence.leftovers.length === 0, () => evidence.leftovers?.join('; ') ?? '')
})

export const outsideInvariants: readonly Invariant[] = [
  complete,
  afterCut,
  oneConsumer,
  redelivered,
  direct,
  oneMode,
  ingested,
  sentIff,
  sameCopies,
  keyOrder,
  noStarvation,
  nothingDropped,
  oneLeader,
  alwaysLed,
  oneSchema,
  onePlace,
  audited,
  noLeaks,
]
