/** Test data of the contract suite: every unit and row with defaults that mean nothing, so that a test states only what it is about. */
import type { ChannelMode, HistoryData, HistoryEventType } from '../../model/history'
import { keyOf, shapeOf, type Where } from '../../model/match'
import type {
  Ask,
  AuditEntry,
  Delivery,
  InstanceRow,
  NewHistoryRow,
  NewInstance,
  OutboxRow,
  OutgoingMessage,
  PublishUnit,
  StartUnit,
  TransitionBody,
  TransitionUnit,
  Wait,
} from '../storage'

/** Where every virtual clock of the suite starts. */
export const START = 1_750_000_000_000
export const LEASE_MS = 30_000

let made = 0
/** Ids that no other test uses, in order of creation: fixed width, so that text order is creation order. */
export function freshId(prefix: string): string {
  return `${prefix}-${String(++made).padStart(6, '0')}`
}

export function newInstance(overrides: Partial<NewInstance> = {}): NewInstance {
  const id = overrides.id ?? freshId('instance')
  return {
    id,
    workflowName: 'order',
    sourceHash: 'hash-1',
    ownerService: 'contract',
    version: null,
    input: '{}',
    leaseMs: LEASE_MS,
    chainId: id,
    continuedFrom: null,
    parentId: null,
    parentClosePolicy: null,
    forkedFrom: null,
    originId: null,
    originStartedAt: null,
    tags: null,
    deadlineAt: null,
    retentionMs: null,
    startedAt: START,
    wakeAt: START,
    ...overrides,
  }
}

/** A transition that changes nothing: still running, still leased. */
export function body(overrides: Partial<TransitionBody> = {}): TransitionBody {
  return {
    now: START,
    events: [],
    asks: [],
    status: 'running',
    pending: null,
    wakeAt: null,
    lease: 'keep',
    output: null,
    error: null,
    waits: [],
    closedWaits: [],
    children: [],
    poll: false,
    messages: [],
    unsubscribe: [],
    outbox: [],
    compensations: { push: [], fill: [], clear: false, update: [] },
    acknowledgesCancel: false,
    recur: null,
    ...overrides,
  }
}

export function transition(
  row: Pick<InstanceRow, 'id' | 'epoch' | 'nextSeq'>,
  overrides: Partial<TransitionBody> = {},
): TransitionUnit {
  return {
    kind: 'transition',
    instanceId: row.id,
    epoch: row.epoch,
    nextSeq: row.nextSeq,
    ...body(overrides),
  }
}

export const completed = (output = '"done"'): Partial<TransitionBody> => ({
  status: 'completed',
  lease: 'release',
  output,
})
export const failed = (error = '{"name":"Error","message":"boom"}'): Partial<TransitionBody> => ({
  status: 'failed',
  lease: 'release',
  error,
})
export const parked = (overrides: Partial<TransitionBody> = {}): Partial<TransitionBody> => ({
  status: 'waiting_for_message',
  lease: 'release',
  ...overrides,
})

/** A start that leaves the instance to whoever claims it. */
export function start(instance: Partial<NewInstance> = {}): StartUnit {
  return { kind: 'start', instance: newInstance(instance), first: null }
}

/** A start whose instance is born leased, with its first transition. */
export function startLeased(
  instance: Partial<NewInstance> = {},
  first: Partial<TransitionBody> = {},
  leaseOwner = 'worker-1',
): StartUnit {
  return { kind: 'start', instance: newInstance(instance), first: { ...body(first), leaseOwner } }
}

export function event<Type extends HistoryEventType>(
  type: Type,
  activityId: string,
  data: HistoryData[Type],
  createdAt = START,
): NewHistoryRow {
  return { activityId, type, data: JSON.stringify(data), binary: null, createdAt }
}

export function activityCompleted(activityId = 'charge:1', result: string | number = 'ok'): NewHistoryRow {
  const activityName = activityId.split(':')[0] ?? activityId
  return event('ActivityCompleted', activityId, { activityName, input: null, result })
}

export function messageWait(channel: string, activityId = `receive_${channel}:1`): Wait {
  return { activityId, kind: 'message', channel, where: null, matchKey: '', shape: '', isNew: true }
}

export function eventWait(channel: string, where: Where | null = null, activityId = `receive_${channel}:1`): Wait {
  const matchKey = keyOf(where ?? undefined)
  return { activityId, kind: 'event', channel, where, matchKey, shape: shapeOf(where ?? undefined), isNew: true }
}

export function known(wait: Wait): Wait {
  return { ...wait, isNew: false }
}

export function subscribeTo(channel: string, mode: ChannelMode, activityId = `subscribe_${channel}:1`): Ask {
  return { type: 'subscribe', activityId, channel, mode }
}

export function sendTo(target: string, data: unknown, channel = '__direct__', activityId = 'send_to:1'): Ask {
  const sent = message(`${channel}:${target}`, data, { targetInstanceId: target })
  return { type: 'sendTo', activityId, targetInstanceId: target, message: sent }
}

export function startChild(instance: NewInstance, activityId = `child_${instance.workflowName}:1`): Ask {
  return { type: 'startChild', activityId, instance }
}

export function message(channel: string, data: unknown, overrides: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    id: freshId('message'),
    channel,
    data: JSON.stringify(data),
    binary: null,
    metadata: '{}',
    targetInstanceId: null,
    publishedAt: START,
    ...overrides,
  }
}

export function delivery(messages: readonly OutgoingMessage[], overrides: Partial<Delivery> = {}): Delivery {
  return { inbox: null, messages, starts: [], ...overrides }
}

export function publish(...deliveries: readonly Delivery[]): PublishUnit {
  return { kind: 'publish', now: START, deliveries }
}

/** A delivery as the CloudEvents endpoint makes it. */
export function cloudEvent(
  type: string,
  data: unknown,
  overrides: { readonly id?: string; readonly source?: string; readonly starts?: readonly NewInstance[] } = {},
): Delivery {
  const { id = freshId('event'), source = '/shop', starts = [] } = overrides
  const attributes = { type, source, id, time: '2026-01-01T00:00:00Z', extensions: { traceparent: 't-1' } }
  const carried = message(type, data, { id, metadata: JSON.stringify({ cloudEvent: attributes }), isEvent: true })
  const inbox = { source, id, type, receivedAt: START, data: JSON.stringify({ ...attributes, data }) }
  return { inbox, messages: [carried], starts }
}

export function outboxRow(overrides: Partial<OutboxRow> = {}): OutboxRow {
  return {
    id: freshId('outgoing'),
    type: 'order.shipped',
    source: '/shop',
    data: '{}',
    binary: null,
    contentType: 'application/json',
    subject: null,
    extensions: null,
    partitionKey: null,
    instanceId: null,
    createdAt: START,
    ...overrides,
  }
}

export function auditEntry(target: string, overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    actor: 'ada',
    action: 'instance.cancel',
    target,
    reason: 'because',
    before: null,
    after: null,
    requestId: 'request-1',
    ...overrides,
  }
}
