/** What the stand-in answers to the larger questions, worked out from a world. */
import { TRPCError } from '@trpc/server'
import type {
  ChannelDetails,
  EventPreview,
  InstanceSummary,
  Overview,
  SessionState,
  WorkerList,
  WorkflowSummary,
} from '../src/lib/api-types'
import { HASHES } from './canned'
import type { In, MockContext, Out } from './trpc'
import { WORKFLOWS } from './workflows'
import { countsOf, type World } from './world'

export function session(role: MockContext['role']): SessionState {
  const operate = role !== 'viewer'
  return {
    principal: { actor: 'local', role, via: 'open', tokenId: null, expiresAt: null },
    mode: 'open',
    insecure: false,
    oidcUrl: null,
    may: { seePayloads: operate, operate, administer: role === 'admin' },
  }
}

export function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TRPCError({ code: 'NOT_FOUND', message: 'There is no such thing' })
  return value
}

export function instance(world: World, id: string) {
  const canned = world.instances.get(id)
  if (!canned) throw new TRPCError({ code: 'NOT_FOUND', message: `There is no instance '${id}'` })
  return canned
}

export function find(world: World, input: In['instances']['find']): Out['instances']['find'] {
  const status = typeof input.status === 'string' ? [input.status] : input.status
  const matches = (row: InstanceSummary): boolean =>
    (!status || status.includes(row.status)) &&
    (!input.workflowName || row.workflowName.toLowerCase().includes(input.workflowName.toLowerCase())) &&
    (!input.instanceId || row.instanceId.toLowerCase().includes(input.instanceId.toLowerCase())) &&
    (!input.errorText || `${row.error?.name} ${row.error?.message}`.includes(input.errorText)) &&
    (!input.startedAfter || row.startedAt >= input.startedAfter) &&
    (!input.startedBefore || row.startedAt <= input.startedBefore) &&
    (input.attention !== 'retrying' || row.retryAt !== null) &&
    (input.attention !== 'compensation-failed' || row.compensationState === 'failed') &&
    Object.entries(input.inputFilters ?? {}).every(
      ([path, value]) =>
        path
          .split('.')
          .reduce<unknown>(
            (at, key) => (at as Record<string, unknown> | null)?.[key],
            world.instances.get(row.instanceId)?.details.instance.input,
          ) === value,
    )
  const all = [...world.instances.values()].map((canned) => canned.summary).filter(matches)
  const from = Number(input.pageToken ?? 0)
  const limit = input.limit ?? 50
  const hasMore = from + limit < all.length
  return { instances: all.slice(from, from + limit), nextPageToken: hasMore ? String(from + limit) : null, hasMore }
}

export function summaryOf(world: World, name: string): WorkflowSummary {
  const counts: Record<string, number> = {}
  for (const { summary } of world.instances.values())
    if (summary.workflowName === name) counts[summary.status] = (counts[summary.status] ?? 0) + 1
  const workflow = WORKFLOWS.find((one) => one.name === name)
  const ended = (counts.completed ?? 0) + (counts.failed ?? 0)
  return {
    name,
    description: workflow?.description ?? null,
    version: 3,
    eventType: workflow?.eventType ?? null,
    revisions: 2,
    sourceHash: HASHES[name] ?? 'unknown',
    registeredAt: new Date(Date.now() - 3 * 86_400_000),
    runnable: name !== 'nightlyReport',
    counts,
    failureRate: ended ? (counts.failed ?? 0) / ended : null,
  }
}

export function channel(world: World, name: string): ChannelDetails {
  const record = found(world.channels.find((one) => one.name === name))
  const waiting = [...world.instances.values()]
    .filter((one) => one.details.pending.some((operation) => operation.name === name))
    .slice(0, 20)
  return {
    ...record,
    subscribers: waiting.map(({ summary }, i) => ({
      instanceId: summary.instanceId,
      workflowName: summary.workflowName,
      status: summary.status,
      cursor: record.published - i * 3,
      lag: i * 3,
    })),
    waits: waiting.map(({ summary, details }) => ({
      instanceId: summary.instanceId,
      activityId: details.pending[0]?.id ?? '',
      where: details.pending[0]?.where ?? null,
    })),
    publishRate: 14.2,
  }
}

export function workers(world: World): WorkerList {
  const now = new Date()
  if (world.size === 'none') return { workers: [], leader: null, now }
  const list = [1, 2, 3].map((n) => ({
    id: `shop-7f9c-${n}`,
    service: 'shop',
    host: `shop-7f9c-${n}.prod.internal`,
    pid: 100 + n,
    workflows: WORKFLOWS.slice(0, n === 3 ? 2 : 4).map(({ name }) => name),
    activeInstances: 12 * n,
    runningActivities: 3 * n,
    warmInstances: 40 * n,
    startedAt: new Date(now.getTime() - n * 7_200_000),
    heartbeatAt: new Date(now.getTime() - (n === 3 ? 190_000 : 4_000)),
    alive: n !== 3,
    leader: n === 1,
  }))
  return { workers: list, leader: { workerId: 'shop-7f9c-1', term: 12, until: new Date(now.getTime() + 40_000) }, now }
}

export function groups(world: World): Out['errors']['groups']['groups'] {
  if (world.size === 'none') return []
  const ids = [...world.instances.values()]
    .filter((one) => one.summary.status === 'failed')
    .map((one) => one.summary.instanceId)
  const base = { firstAt: new Date(Date.now() - 6 * 3_600_000), lastAt: new Date(Date.now() - 16 * 60_000) }
  return [
    {
      ...base,
      fingerprint: 'a1',
      name: 'RetryExhaustedError',
      message: 'Activity charge failed after # attempts: ECONNRESET talking to bank-api:#',
      frame: 'at charge (src/activities/charge.ts:42:11)',
      count: ids.length,
      workflows: ['flakyPayment'],
      instanceIds: ids.slice(0, 10),
    },
    {
      ...base,
      fingerprint: 'b2',
      name: 'TerminalError',
      message: 'not approved in time',
      frame: 'at orderWorkflow (src/workflows/order.ts:9:11)',
      count: 1,
      workflows: ['orderWorkflow'],
      instanceIds: ['order-A-1017'],
    },
  ]
}

export function overview(world: World, windowMinutes: number): Overview {
  const now = Date.now()
  const bucketMs = (windowMinutes * 60_000) / 60
  const busy = world.size === 'many' ? 40 : world.size === 'some' ? 4 : 0
  const series = Array.from({ length: 60 }, (_, i) => {
    const wave = 1 + Math.sin(i / 7) * 0.5
    const started = Math.round(busy * wave)
    const failed = i > 40 && i < 47 ? Math.round(busy * 0.4) : Math.round(busy * 0.02)
    return {
      at: new Date(now - (60 - i) * bucketMs),
      started,
      completed: Math.round(started * 0.9),
      failed,
      cancelled: 0,
      open: Math.round(busy * 6 + wave * busy * 2),
    }
  })
  const any = world.size !== 'none'
  const durations = any
    ? WORKFLOWS.map(({ name }, i) => ({
        workflowName: name,
        ended: 100 * (i + 1),
        failed: 3 * i,
        p50Ms: [4_000_000, 31_000, 9_000, 700][i] ?? 0,
        p95Ms: [86_000_000, 62_000, 22_000, 1_900][i] ?? 0,
      }))
    : []
  return {
    now: new Date(now),
    counts: countsOf(world),
    series,
    bucketMs,
    truncated: false,
    durations,
    oldestReady: any ? { instanceId: 'pay-0000ff', workflowName: 'flakyPayment', since: new Date(now - 4_200) } : null,
    outbox: {
      pending: world.outbox.filter((row) => row.status === 'pending').length,
      deadLetters: world.outbox.filter((row) => row.status === 'failed').length,
      oldestPendingAt: any ? new Date(now - 12_000) : null,
      countedUpTo: 1_000,
    },
    channels: world.channels.map(({ name, depth, oldestUnreadAt }) => ({ name, depth, oldestUnreadAt })),
    workersAlive: any ? 2 : 0,
    errors: [...groups(world)],
  }
}

export function preview(world: World, input: In['events']['preview']): EventPreview {
  const data = input.data as Record<string, unknown> | null
  const waiting = [...world.instances.values()].flatMap(({ summary, details }) =>
    details.pending
      .filter((operation) => operation.kind === 'event' && operation.name === input.type)
      .map((operation) => ({ summary, operation })),
  )
  const fits = (where: Readonly<Record<string, unknown>> | null) =>
    Object.entries(where ?? {}).every(([path, value]) => data?.[path] === value)
  const toMatch = ({ summary, operation }: (typeof waiting)[number]) => ({
    instanceId: summary.instanceId,
    activityId: operation.id,
    workflowName: summary.workflowName,
    where: operation.where,
  })
  return {
    starts: WORKFLOWS.filter(({ eventType }) => eventType === input.type).map(({ name }) => name),
    matches: waiting.filter(({ operation }) => fits(operation.where)).map(toMatch),
    misses: waiting
      .filter(({ operation }) => !fits(operation.where))
      .slice(0, 20)
      .map(toMatch),
    subscribers: waiting.length,
  }
}
