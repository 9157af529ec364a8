/**
 * Takes the rows of channels, sorted by name (S6), and reads what a flush needs to decide about them. Whoever calls holds the rows of the instances that
 * act; what belongs to them cannot change meanwhile, but for the hits that a holder of the channel's row may write.
 */
import type { ChannelMode } from '../../model/history'
import { keyOfData, type Where } from '../../model/match'
import type { OutgoingMessage } from '../rows'
import { together } from './along'
import {
  type ChannelState,
  ChannelsState,
  dataOf,
  HELD,
  type SubscriptionState,
  type WaitState,
} from './channels-state'
import { joinToLock, listOf, lockOf } from './commit-locks'
import type { Dialect, Row, Sql } from './database'
import { NOT_RUNNABLE, rowsParam } from './statements'
import { bool, num, numOrNull, text, textOrNull } from './values'

export interface ChannelsWanted {
  /** Channels to hold; created when they are not there. */
  readonly names: ReadonlySet<string>
  /** Instances whose waits and subscriptions are needed. */
  readonly instances: ReadonlySet<string>
  /** Messages to be sent: their waiters are needed. */
  readonly messages: readonly OutgoingMessage[]
  /** Instances that may leave channels. */
  readonly leaving: ReadonlySet<string>
}

/**
 * What a channel was like when it was last held. A guess, which saves a round trip: what is asked for by it is asked for again where it was wrong.
 */
export class KnownChannels {
  readonly #byName = new Map<string, Pick<ChannelState, 'mode' | 'shapes'>>()

  /** As it stands now: another flush may learn more while this one waits for its locks. */
  guess(names: Iterable<string>): Guess {
    return new Map([...names].map((name) => [name, this.#byName.get(name)]))
  }

  remember({ name, mode, shapes }: ChannelState): void {
    if (this.#byName.size >= MOST_KNOWN) this.#byName.clear()
    this.#byName.set(name, { mode, shapes })
  }
}

const MOST_KNOWN = 10_000

type Guess = ReadonlyMap<string, Pick<ChannelState, 'mode' | 'shapes'> | undefined>

function isRight(guess: Guess, { name, mode, shapes }: ChannelState): boolean {
  const guessed = guess.get(name)
  // shapes are only ever added
  return guessed !== undefined && guessed.mode === mode && guessed.shapes.length === shapes.length
}

export async function loadChannels(
  sql: Sql,
  dialect: Dialect,
  wanted: ChannelsWanted,
  known = new KnownChannels(),
): Promise<ChannelsState> {
  const first = await readChannels(sql, dialect, wanted, known)
  if (first.rows.length === wanted.names.size) return await complete(sql, dialect, wanted, known, first)
  const there = new Set(first.rows.map((row) => text(row.name)))
  await createChannels(
    sql,
    dialect,
    [...wanted.names].filter((name) => !there.has(name)),
  )
  return await complete(sql, dialect, wanted, known, await readChannels(sql, dialect, wanted, known))
}

/** The same, but nothing is created: undefined when one of them is not there. Its first statements are sent before it returns its promise. */
export async function loadExistingChannels(
  sql: Sql,
  dialect: Dialect,
  wanted: ChannelsWanted,
  known: KnownChannels,
): Promise<ChannelsState | undefined> {
  const read = await readChannels(sql, dialect, wanted, known)
  return read.rows.length === wanted.names.size ? await complete(sql, dialect, wanted, known, read) : undefined
}

interface Read {
  readonly rows: readonly Row[]
  readonly subscriptions: readonly SubscriptionState[]
  readonly own: readonly LoadedWait[]
  readonly told: readonly LoadedWait[]
  /** Channels that somebody subscribes to who is none of these instances; looked for where some of them may leave. */
  readonly others: ReadonlySet<string>
  /** By what the keys of the waits that were asked for were made. */
  readonly guess: Guess
  readonly asked: Keys
}

/** One round trip. The locks come first, so what is read behind them stands. */
async function readChannels(sql: Sql, dialect: Dialect, wanted: ChannelsWanted, known: KnownChannels): Promise<Read> {
  const polled = wanted.instances.size > 0 ? wanted.names : []
  const guess = known.guess(wanted.names)
  const asked = keysOf(wanted.messages, polled, (name) => guess.get(name))
  const [rows, subscriptions, own, told, others] = await together(
    lockChannels(sql, dialect, wanted.names),
    subscriptionsOf(sql, dialect, wanted.instances),
    waitsOf(sql, dialect, wanted.instances),
    waitersOf(sql, dialect, asked),
    subscribedByOthers(sql, dialect, wanted.leaving.size > 0 ? wanted.names : new Set(), wanted.instances),
  )
  return { rows, subscriptions, own, told, others, guess, asked }
}

async function complete(
  sql: Sql,
  dialect: Dialect,
  wanted: ChannelsWanted,
  known: KnownChannels,
  { rows, subscriptions, own, told, others, guess, asked }: Read,
): Promise<ChannelsState> {
  const channels = rows.map((row) => toChannel(row, others))
  const more = channels.every((channel) => isRight(guess, channel))
    ? []
    : await waitersOf(sql, dialect, neededKeys(channels, wanted, own, asked))
  for (const channel of channels) known.remember(channel)
  const waits = new Map([...told, ...more, ...own].map((wait) => [`${wait.instanceId}\0${wait.activityId}`, wait]))
  return new ChannelsState({ channels, subscriptions, waits: [...waits.values()].sort(oldestFirst) })
}

/** Channels that these instances wait on or subscribe to: what their end or recur must hold. */
export async function channelsOf(sql: Sql, dialect: Dialect, instances: ReadonlySet<string>): Promise<string[]> {
  if (instances.size === 0) return []
  const source = dialect.rows('?', { id: 'text' }, 'x')
  const ids = listOf(instances)
  const rows = await sql.all(
    `SELECT w.channel FROM ${source} JOIN workflow_waits w ON w.instance_id = x.id
     UNION SELECT s.channel FROM ${source} JOIN channel_subscriptions s ON s.instance_id = x.id`,
    [ids, ids],
  )
  return rows.map((row) => text(row.channel))
}

async function lockChannels(sql: Sql, dialect: Dialect, names: ReadonlySet<string>): Promise<readonly Row[]> {
  if (names.size === 0) return []
  return await sql.all(
    `SELECT c.name, c.mode, c.next_seq, c.shapes FROM ${dialect.rows('?', { id: 'text' }, 'x')} ${joinToLock(dialect)} channels c ON c.name = x.id ORDER BY c.name${lockOf(dialect, 'c')}`,
    [listOf([...names].sort())],
  )
}

async function createChannels(sql: Sql, dialect: Dialect, names: readonly string[]): Promise<void> {
  await sql.run(
    dialect.insertIgnore('channels', `(name, next_seq) SELECT x.id, 1 FROM ${dialect.rows('?', { id: 'text' }, 'x')}`),
    [listOf([...names].sort())],
  )
}

export async function subscriptionsOf(
  sql: Sql,
  dialect: Dialect,
  instances: ReadonlySet<string>,
): Promise<SubscriptionState[]> {
  if (instances.size === 0) return []
  const rows = await sql.all(
    `SELECT s.instance_id, s.channel, s.match_key, s.mode, s.cursor_seq FROM ${dialect.rows('?', { id: 'text' }, 'x')} JOIN channel_subscriptions s ON s.instance_id = x.id`,
    [listOf(instances)],
  )
  return rows.map((row) => ({
    instanceId: text(row.instance_id),
    channel: text(row.channel),
    matchKey: text(row.match_key),
    mode: text(row.mode) as ChannelMode,
    cursor: num(row.cursor_seq),
  }))
}

async function subscribedByOthers(
  sql: Sql,
  dialect: Dialect,
  channels: ReadonlySet<string>,
  instances: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (channels.size === 0) return new Set()
  const rows = await sql.all(
    `SELECT x.id FROM ${dialect.rows('?', { id: 'text' }, 'x')} WHERE EXISTS (SELECT 1 FROM channel_subscriptions s WHERE s.channel = x.id AND s.match_key <> '${HELD}' AND s.instance_id NOT IN (SELECT y.id FROM ${dialect.rows('?', { id: 'text' }, 'y')}))`,
    [listOf(channels), listOf(instances)],
  )
  return new Set(rows.map((row) => text(row.id)))
}

function toChannel(row: Row, others: ReadonlySet<string>): ChannelState {
  const name = text(row.name)
  const shapes = textOrNull(row.shapes)
  return {
    name,
    mode: textOrNull(row.mode) as ChannelMode | null,
    nextSeq: num(row.next_seq),
    shapes: shapes === null ? [] : (JSON.parse(shapes) as string[]),
    hasOthers: others.has(name),
  }
}

interface LoadedWait extends WaitState {
  /** When its instance last moved: the order in which competing waits are served. */
  readonly since: number
}

const WAIT_COLUMNS =
  'w.instance_id, w.activity_id, w.kind, w.channel, w.match_key, w.match_where, w.cursor_seq, w.hit_seq, ' +
  `i.updated_at, CASE WHEN i.status IN ${NOT_RUNNABLE} THEN 0 ELSE 1 END AS is_runnable`

async function waitsOf(sql: Sql, dialect: Dialect, instances: ReadonlySet<string>): Promise<LoadedWait[]> {
  if (instances.size === 0) return []
  const rows = await sql.all(
    `SELECT ${WAIT_COLUMNS} FROM ${dialect.rows('?', { id: 'text' }, 'x')} JOIN workflow_waits w ON w.instance_id = x.id JOIN workflow_instances i ON i.id = w.instance_id`,
    [listOf(instances)],
  )
  return rows.map(toWait)
}

/** Those that a wrong guess left out. */
function neededKeys(
  channels: readonly ChannelState[],
  { messages, names }: ChannelsWanted,
  own: readonly LoadedWait[],
  asked: Keys,
): Keys {
  const byName = new Map(channels.map((channel) => [channel.name, channel]))
  const touched = own.flatMap(({ channel }) => (names.has(channel) ? [channel] : []))
  const needed = keysOf(messages, touched, (name) => byName.get(name))
  for (const key of asked.keys()) needed.delete(key)
  return needed
}

type Keys = Map<string, { readonly channel: string; readonly match_key: string }>

/** Waits are found by (channel, key): one look per shape in use, an index does the rest. Competing channels need all their waits: hits are handed on. */
function keysOf(
  messages: readonly OutgoingMessage[],
  touched: Iterable<string>,
  channelOf: (name: string) => Pick<ChannelState, 'mode' | 'shapes'> | undefined,
): Keys {
  const keys: Keys = new Map()
  const want = (channel: string, matchKey: string) =>
    keys.set(`${channel}\0${matchKey}`, { channel, match_key: matchKey })
  for (const message of messages) {
    const channel = channelOf(message.channel)
    if (!channel) continue
    want(message.channel, '')
    if (channel.shapes.length === 0) continue
    const data = dataOf(message)
    for (const shape of channel.shapes) want(message.channel, keyOfData(shape, data))
  }
  for (const name of touched) if (channelOf(name)?.mode === 'competing') want(name, '')
  return keys
}

async function waitersOf(sql: Sql, dialect: Dialect, keys: Keys): Promise<LoadedWait[]> {
  if (keys.size === 0) return []
  const rows = await sql.all(
    `SELECT ${WAIT_COLUMNS} FROM ${dialect.rows('?', { channel: 'text', match_key: 'text' }, 'x')} JOIN workflow_waits w ON w.channel = x.channel AND w.match_key = x.match_key JOIN workflow_instances i ON i.id = w.instance_id`,
    [rowsParam([...keys.values()])],
  )
  return rows.map(toWait)
}

function toWait(row: Row): LoadedWait {
  const where = textOrNull(row.match_where)
  return {
    instanceId: text(row.instance_id),
    activityId: text(row.activity_id),
    kind: text(row.kind) as WaitState['kind'],
    channel: text(row.channel),
    matchKey: text(row.match_key),
    where: where === null ? null : (JSON.parse(where) as Where),
    cursor: num(row.cursor_seq),
    hitSeq: numOrNull(row.hit_seq),
    isRunnable: bool(row.is_runnable),
    since: num(row.updated_at),
  }
}

function oldestFirst(a: LoadedWait, b: LoadedWait): number {
  if (a.since !== b.since) return a.since - b.since
  if (a.instanceId !== b.instanceId) return a.instanceId < b.instanceId ? -1 : 1
  return a.activityId < b.activityId ? -1 : 1
}
