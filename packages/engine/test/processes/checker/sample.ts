/** Evidence of a small world in which nothing went wrong: what the checker's own tests spoil, one thing at a time. */
import type { InstanceRow } from '../../../src/storage/rows'
import { type Effect, hashOf } from '../logs'
import type { Evidence, RecordedEvent } from './evidence'

const T0 = 1_750_000_000_000

type Mutable<Value> =
  Value extends ReadonlyMap<infer Key, infer Item>
    ? Map<Key, Mutable<Item>>
    : Value extends (...args: never[]) => unknown
      ? Value
      : Value extends readonly (infer Item)[]
        ? Mutable<Item>[]
        : Value extends object
          ? { -readonly [Key in keyof Value]: Mutable<Value[Key]> }
          : Value
export type Spoilable = Mutable<Evidence>

export function sample(): Evidence {
  const history = new Map<string, RecordedEvent[]>([
    ['order', [completed(1, 'act:1', 7, 1), timer(2, 'sleep:1'), completed(3, 'act:2', 8, 2)]],
    ['trip', [completed(1, 'reserve:1', 1, 1), completed(2, 'reserve:2', 2, 1), failed(3), undone(4, 2), undone(5, 1)]],
    ['first', [completed(1, 'act:1', 1, 1)]],
    ['second', []],
    ['reader', [subscribed(1, 'news', 'broadcast', 1), received(2, 'news', 'n2'), received(3, 'news', 'n3')]],
    ['taker', [subscribed(1, 'jobs', 'competing', 0), received(2, 'jobs', 'j1')]],
    ['waiter', []],
    ['booking', [completed(1, 'book:1', 'b', 1, 'book')]],
  ])
  return {
    isQuiet: true,
    now: T0 + 100_000,
    slackMs: 5_000,
    instances: [
      row('order', { epoch: 2, nextSeq: 4 }),
      row('trip', { status: 'failed', output: null, error: '{}', nextSeq: 6, compensationState: 'completed' }),
      row('first', { status: 'recurred', nextSeq: 2 }),
      row('second', { chainId: 'first', continuedFrom: 'first' }),
      row('reader', { nextSeq: 4 }),
      row('taker', { nextSeq: 3 }),
      waiting('waiter'),
      row('booking', { nextSeq: 2 }),
    ],
    listing: ['order', 'trip', 'first', 'second', 'reader', 'taker', 'waiter', 'booking'],
    history,
    compensations: new Map([
      [
        'trip',
        [1, 2].map((seq) => ({
          seq,
          name: 'undo',
          args: '{}',
          activityId: `reserve:${seq}`,
          state: 'executed' as const,
          attempts: 1,
          lastError: null,
          nextAttemptAt: null,
          executedAt: T0,
        })),
      ],
    ]),
    waits: [{ instanceId: 'waiter', activityId: 'receive_jobs:1', channel: 'jobs', where: null, cursor: 5 }],
    channels: [],
    messages: ['n1', 'n2', 'n3'].map((id, at) => ({
      id,
      channel: 'news',
      seq: at + 1,
      data: '{}',
      binary: null,
      metadata: '{}',
      targetInstanceId: null,
      publishedAt: T0,
    })),
    outbox: ['e1', 'e2'].map((id, at) => ({
      id,
      seq: at + 1,
      type: 't',
      source: 's',
      data: '{}',
      binary: null,
      contentType: 'application/json',
      subject: null,
      extensions: null,
      partitionKey: 'k',
      instanceId: null,
      createdAt: T0,
      status: 'published' as const,
      attempts: 1,
      nextAttemptAt: null,
      leaseToken: null,
      lastError: null,
      publishedAt: T0,
    })),
    inbox: [{ seq: 1, source: 's', id: 'c1', type: 't', data: '{}', receivedAt: T0, routedTo: '{}' }],
    audits: [
      { actor: 'op', action: 'suspend', target: 'order', reason: null, before: null, after: null, requestId: 'r1' },
    ],
    effects: [
      ...attempt('order', 'act:1', 1, 1, 10, 7),
      ...attempt('order', 'act:2', 1, 1, 600, 'lost', 'w1', ['begin']),
      ...attempt('order', 'act:2', 2, 2, 700, 8, 'w2'),
      ...attempt('trip', 'reserve:1', 1, 1, 10, 1),
      ...attempt('trip', 'reserve:2', 1, 1, 20, 2),
      ...attempt('trip', 'compensation_2', 1, 1, 30, null, 'w1', ['begin', 'throw']),
      ...attempt('trip', 'compensation_2', 2, 1, 60, null),
      ...attempt('trip', 'compensation_1', 1, 1, 80, null),
      ...attempt('first', 'act:1', 1, 1, 10, 1),
      ...attempt('booking', 'book:1', 1, 1, 10, 'b'),
    ].sort((a, b) => a.t - b.t),
    calls: [
      call('start', 'order', 'order'),
      call('result', 'order', 'completed'),
      call('cancel', 'order', 'false'),
      call('publish', 'news', 'n2'),
      { ...call('operate', 'order', 'true'), key: 'r1' },
    ],
    expectations: {
      policies: { compensation_2: { maxAttempts: 3, delayMs: () => 20 } },
      gaps: { order: { after: 'act:1', before: 'act:2', ms: 500 } },
      ledgerActivities: new Set(['book']),
    },
    ledger: ['booking/book:1'],
    deliveries: [
      { t: 1, id: 'e1', partitionKey: 'k', hash: 'x' },
      { t: 2, id: 'e1', partitionKey: 'k', hash: 'x' },
      { t: 3, id: 'e2', partitionKey: 'k', hash: 'y' },
    ],
    leaders: {
      effects: [
        { t: 1, term: 1, worker: 'w1' },
        { t: 500, term: 2, worker: 'w2' },
      ],
      longestGapMs: 1_000,
    },
    migrations: [{ name: '0001', isFinished: true }],
    leftovers: [],
    replays: [{ instanceId: 'order', divergence: null }],
  }
}

function row(id: string, over: Partial<InstanceRow> = {}): InstanceRow {
  return {
    id,
    workflowName: id,
    sourceHash: '',
    ownerService: 's',
    version: null,
    status: 'completed',
    input: '1',
    output: '1',
    error: null,
    epoch: 1,
    nextSeq: 1,
    leaseOwner: null,
    leaseUntil: null,
    leaseMs: 10_000,
    wakeAt: null,
    pending: null,
    chainId: id,
    continuedFrom: null,
    parentId: null,
    parentClosePolicy: null,
    forkedFrom: null,
    originId: null,
    originStartedAt: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    cancelReason: null,
    compensationState: 'none',
    suspendReason: null,
    tags: null,
    state: null,
    takeovers: 0,
    deadlineAt: null,
    retentionMs: null,
    startedAt: T0,
    updatedAt: T0,
    completedAt: T0,
    ...over,
  }
}

function waiting(id: string): InstanceRow {
  const pending = JSON.stringify([{ kind: 'message', id: 'receive_jobs:1', channel: 'jobs' }])
  return row(id, { status: 'waiting_for_message', output: null, completedAt: null, pending })
}

function event(seq: number, activityId: string, type: RecordedEvent['type'], data: object, epoch = 1): RecordedEvent {
  return { seq, activityId, type, data: data as RecordedEvent['data'], binary: null, createdAt: T0 + seq, epoch }
}

function completed(
  seq: number,
  activityId: string,
  result: unknown,
  epoch: number,
  activityName = 'act',
): RecordedEvent {
  return event(seq, activityId, 'ActivityCompleted', { activityName, input: null, result }, epoch)
}
const timer = (seq: number, id: string): RecordedEvent => event(seq, id, 'TimerExpired', { timerId: id, dueAt: T0 })
const failed = (seq: number): RecordedEvent => event(seq, 'workflow_failed', 'WorkflowFailed', { error: {} })
const undone = (seq: number, of: number): RecordedEvent =>
  event(seq, `compensation_${of}`, 'CompensationExecuted', { name: 'undo', compensationSeq: of })
const subscribed = (seq: number, channel: string, mode: string, cursor: number): RecordedEvent =>
  event(seq, `subscribe_${channel}:1`, 'Subscribed', { channel, mode, cursor })
const received = (seq: number, channel: string, id: string): RecordedEvent =>
  event(seq, `receive_${channel}:${seq}`, 'ChannelMessageReceived', { channel, id })

function attempt(
  instance: string,
  activityId: string,
  number: number,
  epoch: number,
  t: number,
  result: unknown,
  worker = 'w1',
  kinds: readonly Effect['kind'][] = ['begin', 'end'],
): Effect[] {
  return kinds.map((kind, at) => ({
    t: t + at * 5,
    pid: worker === 'w1' ? 1 : 2,
    worker,
    instance,
    activityId,
    name: activityId.startsWith('compensation') ? activityId : (activityId.split(':')[0] ?? ''),
    attempt: number,
    idempotencyKey: `${instance}/${activityId}`,
    epoch,
    kind,
    hash: kind === 'end' ? hashOf(result) : '',
  }))
}

function call(op: Evidence['calls'][number]['op'], target: string, answer: string): Evidence['calls'][number] {
  return { op, target, key: undefined, outcome: 'ok', answer, askedAt: 1 }
}
