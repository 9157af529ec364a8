/** One canned world per size: none, some, many. */
import type {
  AuditRecord,
  ChannelRecord,
  InboxRecord,
  InstanceStatus,
  MessageRecord,
  OutboxRecord,
} from '../src/lib/api-types'
import type { Canned } from './canned'
import {
  failedPayment,
  failedSaga,
  jobsWorker,
  retryingPayment,
  shippedOrder,
  suspendedReport,
  waitingOrder,
} from './instances'
import { createRandom } from './random'

export type Size = 'none' | 'some' | 'many'

export interface World {
  readonly size: Size
  readonly instances: Map<string, Canned>
  readonly outbox: OutboxRecord[]
  readonly inbox: InboxRecord[]
  readonly audit: AuditRecord[]
  readonly channels: readonly ChannelRecord[]
  readonly messages: readonly MessageRecord[]
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export function createWorld(size: Size, now = Date.now()): World {
  const instances = size === 'none' ? [] : stories(size, now)
  instances.sort((a, b) => b.summary.startedAt.getTime() - a.summary.startedAt.getTime())
  return {
    size,
    instances: new Map(instances.map((canned) => [canned.summary.instanceId, canned])),
    outbox: size === 'none' ? [] : outbox(size === 'many' ? 120 : 9, now),
    inbox: size === 'none' ? [] : inbox(size === 'many' ? 150 : 8, now),
    audit: size === 'none' ? [] : audit(size === 'many' ? 90 : 6, now),
    channels: size === 'none' ? [] : channels(now),
    messages: size === 'none' ? [] : messages(now),
  }
}

function stories(size: Size, now: number): Canned[] {
  const list: Canned[] = [
    waitingOrder(1042, now - 12 * MINUTE),
    failedSaga(1017, now - 26 * HOUR),
    retryingPayment(255, now - 40_000, now),
    failedPayment(77, now - 18 * MINUTE),
    failedPayment(78, now - 16 * MINUTE),
    failedPayment(91, now - 3 * HOUR, 'account NO-91 is closed'),
    suspendedReport(22, now - 5 * HOUR),
    shippedOrder(1031, now - 2 * HOUR),
    shippedOrder(1039, now - 70 * MINUTE),
    jobsWorker(1, now - 6 * HOUR, 40),
  ]
  if (size === 'some') return list
  list.push(jobsWorker(2, now - 20 * HOUR, 25_000))
  const random = createRandom(7)
  for (let i = 0; i < 5_000; i++) {
    const at = now - Math.floor(random.next() ** 2 * 30 * 24 * HOUR) - 30 * MINUTE
    const kind = random.next()
    if (kind < 0.7) list.push(shippedOrder(2000 + i, at))
    else if (kind < 0.82) list.push(waitingOrder(8000 + i, at))
    else if (kind < 0.9) list.push(failedPayment(2000 + i, at))
    else if (kind < 0.94) list.push(failedSaga(20_000 + i, at - 25 * HOUR))
    else if (kind < 0.97) list.push(retryingPayment(40_000 + i, at, now))
    else list.push(jobsWorker(100 + i, at, 12))
  }
  return list
}

export function countsOf(world: World) {
  const byStatus = Object.fromEntries(
    [
      'pending',
      'running',
      'waiting_for_event',
      'waiting_for_timer',
      'waiting_for_message',
      'waiting_for_child',
      'compensating',
      'suspended',
      'completed',
      'failed',
      'cancelled',
      'recurred',
    ].map((status) => [status, 0]),
  ) as Record<InstanceStatus, number>
  let compensationFailed = 0
  let retrying = 0
  for (const { summary } of world.instances.values()) {
    byStatus[summary.status]++
    if (summary.compensationState === 'failed') compensationFailed++
    if (summary.retryAt) retrying++
  }
  const deadLetters = world.outbox.filter((row) => row.status === 'failed').length
  return {
    byStatus,
    atLeast: [],
    attention: { failed: byStatus.failed, suspended: byStatus.suspended, compensationFailed, retrying, deadLetters },
    total: world.instances.size,
    countedUpTo: 1_000,
  }
}

function outbox(count: number, now: number): OutboxRecord[] {
  const random = createRandom(3)
  return Array.from({ length: count }, (_, i): OutboxRecord => {
    const status =
      i === 1 || i % 17 === 5 ? 'failed' : i === 2 || i % 23 === 7 ? 'pending' : i % 41 === 9 ? 'invalid' : 'published'
    const createdAt = now - (i + 1) * random.between(1, 9) * MINUTE
    return {
      seq: count - i,
      id: `evt-${random.hex(12)}`,
      type: random.pick(['order.shipped', 'order.created', 'payment.captured']),
      source: '/shop',
      subject: null,
      contentType: 'application/json',
      data: { orderId: `A-${1000 + i}`, cents: random.between(500, 20_000) },
      binary: null,
      extensions: { traceparent: `00-${random.hex(32)}-${random.hex(16)}-01` },
      partitionKey: i % 3 === 0 ? `A-${1000 + i}` : null,
      instanceId: 'order-A-1031',
      status,
      attempts: status === 'published' ? 1 : status === 'failed' ? 3 : status === 'invalid' ? 1 : 2,
      nextAttemptAt: status === 'pending' ? new Date(now + 12_000) : null,
      lastError:
        status === 'failed'
          ? '503 Service Unavailable from https://broker.example/events'
          : status === 'invalid'
            ? '400 Bad Request: unknown type'
            : status === 'pending'
              ? 'connect ECONNREFUSED 10.0.0.7:443'
              : null,
      createdAt: new Date(createdAt),
      publishedAt: status === 'published' ? new Date(createdAt + 140) : null,
    }
  })
}

function inbox(count: number, now: number): InboxRecord[] {
  const random = createRandom(5)
  return Array.from({ length: count }, (_, i): InboxRecord => {
    const unmatched = i % 5 === 3
    return {
      seq: count - i,
      id: `in-${random.hex(10)}`,
      source: random.pick(['/backoffice', '/webshop', 'https://pay.example']),
      type: unmatched ? 'order.approvd' : random.pick(['order.approved', 'orderWorkflow', 'payment.captured']),
      data: { orderId: `A-${1000 + i}`, by: 'sigurd' },
      receivedAt: new Date(now - (i + 1) * 3 * MINUTE),
      started: !unmatched && i % 3 === 1 ? [`order-A-${1000 + i}`] : [],
      receivers: !unmatched && i % 3 !== 1 ? [`order-A-${1000 + i}`] : [],
      handlers: 0,
      unmatched,
    }
  })
}

function audit(count: number, now: number): AuditRecord[] {
  const random = createRandom(9)
  return Array.from(
    { length: count },
    (_, i): AuditRecord => ({
      id: count - i,
      at: new Date(now - (i + 1) * 11 * MINUTE),
      actor: random.pick(['local', 'ingrid@example.com', 'ci-token']),
      action: random.pick([
        'instance.cancel',
        'instance.retry',
        'compensation.skip',
        'outbox.redrive',
        'event.send',
        'channel.publish',
      ]),
      target: random.pick(['order-A-1017', 'pay-00004d', 'order.approved', 'jobs']),
      reason: random.chance(0.6)
        ? random.pick(['Customer called', 'Bank is back', 'Refunded by hand, ticket 4711'])
        : null,
      before: { status: 'failed' },
      after: { status: 'running' },
      requestId: random.hex(16),
    }),
  )
}

function channels(now: number): ChannelRecord[] {
  return [
    {
      name: 'jobs',
      mode: 'competing',
      depth: 128,
      published: 25_168,
      oldestUnreadAt: new Date(now - 95_000),
      subscriberCount: 3,
      maxLag: 128,
      publishers: ['nightlyReport', 'orderWorkflow'],
    },
    {
      name: 'order.approved',
      mode: 'broadcast',
      depth: 0,
      published: 412,
      oldestUnreadAt: null,
      subscriberCount: 14,
      maxLag: 0,
      publishers: [],
    },
    {
      name: 'notifications',
      mode: 'direct',
      depth: 2,
      published: 61,
      oldestUnreadAt: new Date(now - 3 * HOUR),
      subscriberCount: 1,
      maxLag: 2,
      publishers: ['orderWorkflow'],
    },
  ]
}

function messages(now: number): MessageRecord[] {
  const random = createRandom(11)
  return Array.from(
    { length: 60 },
    (_, i): MessageRecord => ({
      seq: 25_168 - i,
      id: `m-${random.hex(10)}`,
      channel: 'jobs',
      data: i === 4 ? null : { url: `https://cdn.example/${25_168 - i}.png`, width: random.pick([320, 640, 1280]) },
      binary: i === 4 ? btoa('\u0089PNG\r\n\u001a\n and some bytes of an image') : null,
      bytes: i === 4 ? 38 : 52,
      metadata: { traceparent: `00-${random.hex(32)}-${random.hex(16)}-01` },
      targetInstanceId: null,
      publishedAt: new Date(now - (i + 1) * 4_000),
    }),
  )
}
