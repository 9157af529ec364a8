/**
 * Writes what a flush decided about channels: a few statements over sets, whatever the number of units, and none where nothing has changed. All of them
 * are sent before anything is answered.
 */
import type { ChannelChanges, SubscriptionState, WaitState } from './channels-state'
import type { ColumnType, Dialect, Sql } from './database'
import { hex } from './database'
import { deleteRows, insertRows, rowsParam } from './statements'

type Columns = Readonly<Record<string, ColumnType>>

const MESSAGE: Columns = {
  channel: 'text',
  seq: 'bigint',
  id: 'text',
  data: 'text',
  data_binary: 'bytes',
  metadata: 'text',
  target_instance_id: 'text',
  is_event: 'bool',
  published_at: 'bigint',
}
const SUBSCRIPTION: Columns = {
  instance_id: 'text',
  channel: 'text',
  match_key: 'text',
  mode: 'text',
  cursor_seq: 'bigint',
}
const WAIT: Columns = {
  instance_id: 'text',
  activity_id: 'text',
  kind: 'text',
  channel: 'text',
  match_key: 'text',
  match_where: 'text',
  cursor_seq: 'bigint',
  hit_seq: 'bigint',
}

export async function storeChannels(sql: Sql, dialect: Dialect, changes: ChannelChanges): Promise<void> {
  const { channels, messages, consumed, subscriptions, waits } = changes
  await Promise.all([
    storeRows(sql, dialect, channels),
    deleteRows(sql, dialect, 'channel_messages', { channel: 'text', seq: 'bigint' }, consumed),
    insertMessages(sql, dialect, messages),
    deleteRows(sql, dialect, 'channel_subscriptions', SUBSCRIPTION_KEY, subscriptions.removed.map(keyOfSubscription)),
    putSubscriptions(sql, dialect, subscriptions.put),
    ...storeWaits(sql, dialect, waits),
  ])
}

async function storeRows(sql: Sql, dialect: Dialect, channels: ChannelChanges['channels']): Promise<void> {
  if (channels.length > 0)
    await sql.run(
      dialect.updateFrom(
        'channels',
        { mode: 't.mode', next_seq: 't.next_seq', shapes: 't.shapes' },
        dialect.rows('?', { name: 'text', mode: 'text', next_seq: 'bigint', shapes: 'text' }, 't'),
        'channels.name = t.name',
      ),
      [
        rowsParam(
          channels.map(({ name, mode, nextSeq, shapes }) => ({
            name,
            mode,
            next_seq: nextSeq,
            shapes: shapes.length === 0 ? null : JSON.stringify(shapes),
          })),
        ),
      ],
    )
}

async function insertMessages(sql: Sql, dialect: Dialect, messages: ChannelChanges['messages']): Promise<void> {
  if (messages.length > 0)
    await insertRows(
      sql,
      dialect,
      'channel_messages',
      MESSAGE,
      messages.map(({ channel, seq, id, data, binary, metadata, targetInstanceId, isEvent = false, publishedAt }) => ({
        channel,
        seq,
        id,
        data,
        data_binary: hex(binary),
        metadata,
        target_instance_id: targetInstanceId,
        is_event: isEvent,
        published_at: publishedAt,
      })),
    )
}

const SUBSCRIPTION_KEY = { instance_id: 'text', channel: 'text', match_key: 'text' } as const

function keyOfSubscription({ instanceId, channel, matchKey }: SubscriptionState): object {
  return { instance_id: instanceId, channel, match_key: matchKey }
}

export async function putSubscriptions(sql: Sql, dialect: Dialect, rows: readonly SubscriptionState[]): Promise<void> {
  if (rows.length === 0) return
  const names = Object.keys(SUBSCRIPTION)
  await sql.run(
    // SQLite takes ON CONFLICT after SELECT for a join unless a WHERE stands between
    `INSERT INTO channel_subscriptions (${names.join(', ')}) SELECT ${names.map((name) => `x.${name}`).join(', ')} FROM ${dialect.rows('?', SUBSCRIPTION, 'x')} WHERE 1 = 1${dialect.onConflictUpdate(['instance_id', 'channel', 'match_key'], ['mode', 'cursor_seq'])}`,
    [
      rowsParam(
        rows.map(({ instanceId, channel, matchKey, mode, cursor }) => ({
          instance_id: instanceId,
          channel,
          match_key: matchKey,
          mode,
          cursor_seq: cursor,
        })),
      ),
    ],
  )
}

function storeWaits(sql: Sql, dialect: Dialect, waits: ChannelChanges['waits']): Promise<unknown>[] {
  const key = { instance_id: 'text', activity_id: 'text' } as const
  const keys = (rows: readonly WaitState[]) =>
    rows.map(({ instanceId, activityId }) => ({ instance_id: instanceId, activity_id: activityId }))
  const sent: Promise<unknown>[] = [deleteRows(sql, dialect, 'workflow_waits', key, keys(waits.closed))]
  if (waits.opened.length > 0) {
    const opened = waits.opened.map(({ instanceId, activityId, kind, channel, matchKey, where, cursor, hitSeq }) => ({
      instance_id: instanceId,
      activity_id: activityId,
      kind,
      channel,
      match_key: matchKey,
      match_where: where === null ? null : JSON.stringify(where),
      cursor_seq: cursor,
      hit_seq: hitSeq,
    }))
    sent.push(insertRows(sql, dialect, 'workflow_waits', WAIT, opened))
  }
  if (waits.looked.length > 0) {
    const update = dialect.updateFrom(
      'workflow_waits',
      { cursor_seq: 't.cursor_seq', hit_seq: 't.hit_seq' },
      dialect.rows('?', { ...key, cursor_seq: 'bigint', hit_seq: 'bigint' }, 't'),
      'workflow_waits.instance_id = t.instance_id AND workflow_waits.activity_id = t.activity_id',
    )
    const looked = waits.looked.map(({ instanceId, activityId, cursor, hitSeq }) => ({
      instance_id: instanceId,
      activity_id: activityId,
      cursor_seq: cursor,
      hit_seq: hitSeq,
    }))
    sent.push(sql.run(update, [rowsParam(looked)]))
  }
  return sent
}
