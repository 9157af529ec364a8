/** Reads: filters, orders and pages over plain rows; nothing here writes. */
import { INSTANCE_STATUSES, isTerminal } from '../../model/instance'
import { readPath } from '../../model/json'
import { decodePending } from '../../model/pending'
import { checkQuery } from '../filters'
import type { ChannelStat, HistoryRow, InstanceQuery, InstanceRow, Storage } from '../storage'
import { chainHead, historyOf } from './instances'
import { compare } from './registry'
import { type ChannelRecord, type Database, type SubscriptionRecord, toInstanceRow } from './tables'

type Answer<Verb extends keyof Storage> = Storage[Verb] extends (...args: never[]) => Promise<infer Result>
  ? Result
  : never

export function instance(db: Database, id: string): InstanceRow | null {
  const row = db.tables.instances.get(id)
  return row ? toInstanceRow(row) : null
}

export function head(db: Database, id: string): InstanceRow | null {
  const row = chainHead(db, id)
  return row ? toInstanceRow(row) : null
}

export function ended(db: Database, ids: readonly string[]): Answer<'ended'> {
  return ids.flatMap((id) => {
    const row = chainHead(db, id)
    return row && isTerminal(row.status) ? [{ id, row: toInstanceRow(row) }] : []
  })
}

export function instances(db: Database, query: InstanceQuery): Answer<'instances'> {
  const { after } = query
  checkQuery(query)
  return db.tables.instances
    .all()
    .filter((row) => fits(row, query))
    .filter(
      (row) => !after || row.startedAt < after.startedAt || (row.startedAt === after.startedAt && row.id < after.id),
    )
    .sort((a, b) => b.startedAt - a.startedAt || compare(b.id, a.id))
    .slice(0, query.limit)
    .map(toInstanceRow)
}

function fits(row: InstanceRow, query: InstanceQuery): boolean {
  const { status, startedAfter, startedBefore } = query
  const tags = row.tags === null ? {} : (JSON.parse(row.tags) as Record<string, string>)
  return (
    (!status || status.includes(row.status)) &&
    contains(row.workflowName, query.workflowName) &&
    contains(row.id, query.instanceId) &&
    contains(row.error ?? '', query.errorText) &&
    (startedAfter === undefined || row.startedAt >= startedAfter) &&
    (startedBefore === undefined || row.startedAt <= startedBefore) &&
    isOneOf(row.parentId, query.parentId) &&
    isOneOf(row.chainId, query.chainId) &&
    isOneOf(row.forkedFrom, query.forkedFrom) &&
    isOneOf(row.compensationState, query.compensationState) &&
    (query.retrying !== true || isRetrying(row)) &&
    Object.entries(query.tags ?? {}).every(([name, value]) => Object.hasOwn(tags, name) && tags[name] === value) &&
    hasInput(row, query.inputFilters)
  )
}

function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.toLowerCase())
}

function isOneOf(value: string | null, wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted
}

function hasInput(row: InstanceRow, filters: InstanceQuery['inputFilters']): boolean {
  if (!filters) return true
  const input: unknown = JSON.parse(row.input)
  return Object.entries(filters).every(([path, value]) => (readPath(input, path) ?? null) === value)
}

/** An activity or a compensation is between two attempts. */
export function isRetrying(row: InstanceRow): boolean {
  return row.wakeAt !== null && decodePending(row.pending).some((operation) => 'nextAttemptAt' in operation)
}

export function history(db: Database, id: string, options: { after: number; limit: number }): readonly HistoryRow[] {
  return historyOf(db, id, options.after, options.limit)
}

export function histories(db: Database, ids: readonly string[]): Answer<'histories'> {
  return new Map(ids.map((id) => [id, historyOf(db, id, 0, Number.POSITIVE_INFINITY)]))
}

export function compensations(db: Database, id: string): Answer<'compensations'> {
  return db.tables.compensations
    .by('instance', id)
    .sort((a, b) => a.seq - b.seq)
    .map(({ instanceId: _, ...row }) => row)
}

export function counts(db: Database, upTo: { readonly open: number; readonly ended: number }): Answer<'counts'> {
  const all = db.tables.instances.all()
  return INSTANCE_STATUSES.flatMap((status) => {
    const count = all.filter((row) => row.status === status).length
    return count === 0 ? [] : [{ status, count: Math.min(count, isTerminal(status) ? upTo.ended : upTo.open) }]
  })
}

export function openCounts(db: Database): Answer<'openCounts'> {
  const groups = new Map<string, { status: InstanceRow['status']; workflowName: string; count: number }>()
  for (const { status, workflowName } of db.tables.instances.all()) {
    if (isTerminal(status)) continue
    const key = `${status} ${workflowName}`
    const group = groups.get(key)
    if (group) group.count++
    else groups.set(key, { status, workflowName, count: 1 })
  }
  return [...groups].sort(([a], [b]) => compare(a, b)).map(([, group]) => group)
}

// ---------------------------------------------------------------- channels

export function channelStats(db: Database, name?: string): Answer<'channelStats'> {
  return db.tables.channels
    .all()
    .filter((channel) => name === undefined || channel.name === name)
    .sort((a, b) => compare(a.name, b.name))
    .map((channel) => statOf(db, channel))
}

function statOf(db: Database, channel: ChannelRecord): ChannelStat {
  const own = db.tables.subscriptions.by('channel', channel.name).filter((row) => row.matchKey === '')
  // Without a subscription nobody has anything to read; a competing message stays until it is consumed.
  const read = Math.min(...own.map((row) => (row.mode === 'competing' ? 0 : row.cursor)), channel.nextSeq)
  const unread = own.length === 0 ? [] : messagesAfter(db, channel.name, read)
  return {
    name: channel.name,
    mode: channel.mode,
    nextSeq: channel.nextSeq,
    depth: unread.length,
    oldestUnreadAt: unread[0]?.publishedAt ?? null,
    subscribers: own
      .sort((a, b) => compare(a.instanceId, b.instanceId))
      .map((row) => ({ instanceId: row.instanceId, cursor: row.cursor, lag: lagOf(channel, row) })),
  }
}

function lagOf(channel: ChannelRecord, subscription: SubscriptionRecord): number {
  return channel.nextSeq - 1 - subscription.cursor
}

function messagesAfter(db: Database, channel: string, after: number) {
  return db.tables.messages
    .by('channel', channel)
    .filter((message) => message.seq > after)
    .sort((a, b) => a.seq - b.seq)
}

export function messages(
  db: Database,
  channel: string,
  options: { readonly after: number; readonly limit: number },
): Answer<'messages'> {
  return messagesAfter(db, channel, options.after).slice(0, options.limit)
}

export function waits(db: Database, options: Parameters<Storage['waits']>[0]): Answer<'waits'> {
  return db.tables.waits
    .all()
    .filter((wait) => isOneOf(wait.instanceId, options.instanceId) && isOneOf(wait.channel, options.channel))
    .filter((wait) => !options.matchKeys || options.matchKeys.includes(wait.matchKey))
    .sort((a, b) => a.order - b.order)
    .slice(0, options.limit)
    .map(({ instanceId, activityId, channel, where, cursor }) => ({ instanceId, activityId, channel, where, cursor }))
}

export function subscriptions(db: Database, instanceId: string): Answer<'subscriptions'> {
  return db.tables.subscriptions
    .by('instance', instanceId)
    .filter((row) => row.matchKey === '')
    .sort((a, b) => compare(a.channel, b.channel))
    .flatMap((row) => {
      const channel = db.tables.channels.get(row.channel)
      return channel ? [{ channel: row.channel, mode: row.mode, cursor: row.cursor, lag: lagOf(channel, row) }] : []
    })
}

export function shapes(db: Database, channel: string): readonly string[] {
  return db.tables.channels.get(channel)?.shapes ?? []
}

// ---------------------------------------------------------------- the deployment

export function inbox(db: Database, query: Parameters<Storage['inbox']>[0]): Answer<'inbox'> {
  return db.tables.inbox
    .all()
    .filter((row) => query.before === undefined || row.seq < query.before)
    .filter((row) => query.unmatchedOnly !== true || isUnmatched(row.routedTo))
    .sort((a, b) => b.seq - a.seq)
    .slice(0, query.limit)
}

function isUnmatched(routedTo: string | null): boolean {
  if (routedTo === null) return true
  const { started, receivers, handlers } = JSON.parse(routedTo) as Readonly<{
    started: readonly string[]
    receivers: readonly string[]
    handlers: number
  }>
  return started.length + receivers.length + handlers === 0
}

export function workers(db: Database): Answer<'workers'> {
  return db.tables.workers.all().sort((a, b) => compare(a.id, b.id))
}
