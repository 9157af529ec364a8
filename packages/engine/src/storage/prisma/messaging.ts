/** Reading channels, messages, waits and subscriptions, for people and for routing events. */
import type { ChannelMode } from '../../model/history'
import type { Where } from '../../model/match'
import type { ChannelStat, Storage } from '../storage'
import { type Database, placeholders, type SqlValue } from './database'
import { MESSAGE_COLUMNS, toMessageRow } from './rows'
import { num, numOrNull, text, textOrNull } from './values'

type MessagingReads = Pick<Storage, 'channelStats' | 'messages' | 'waits' | 'subscriptions' | 'shapes'>

/** An instance's position on a channel; the rows with a match key are those of its waits with a condition. */
const SUBSCRIBERS = `SELECT s.channel, s.instance_id, s.mode, s.cursor_seq FROM channel_subscriptions s WHERE s.match_key = ''`

/** Unread: behind the slowest subscriber; a competing message is unread until it is consumed. Without subscribers nobody has anything to read. */
const UNREAD = `SELECT m.channel, COUNT(*) AS depth, MIN(m.published_at) AS oldest
  FROM (SELECT s.channel, MIN(CASE WHEN s.mode = 'competing' THEN 0 ELSE s.cursor_seq END) AS seen
          FROM channel_subscriptions s WHERE s.match_key = '' GROUP BY s.channel) slowest
  JOIN channel_messages m ON m.channel = slowest.channel AND m.seq > slowest.seen`

export function createMessagingReads(database: Database): MessagingReads {
  const { read } = database
  return {
    async channelStats(name) {
      const params = name === undefined ? [] : [name]
      const channels = await read.all(
        `SELECT name, mode, next_seq FROM channels${name === undefined ? '' : ' WHERE name = ?'} ORDER BY name`,
        params,
      )
      const subscribers = await read.all(
        `${SUBSCRIBERS}${name === undefined ? '' : ' AND s.channel = ?'} ORDER BY s.channel, s.instance_id`,
        params,
      )
      const unread = await read.all(
        `${UNREAD}${name === undefined ? '' : ' WHERE m.channel = ?'} GROUP BY m.channel`,
        params,
      )
      const unreadOf = new Map(unread.map((row) => [text(row.channel), row]))
      const stats = new Map<string, ChannelStat & { subscribers: ChannelStat['subscribers'][number][] }>()
      for (const row of channels) {
        const channel = text(row.name)
        stats.set(channel, {
          name: channel,
          mode: textOrNull(row.mode) as ChannelMode | null,
          depth: num(unreadOf.get(channel)?.depth ?? 0),
          nextSeq: num(row.next_seq),
          oldestUnreadAt: numOrNull(unreadOf.get(channel)?.oldest),
          subscribers: [],
        })
      }
      for (const row of subscribers) {
        const stat = stats.get(text(row.channel))
        const cursor = num(row.cursor_seq)
        stat?.subscribers.push({ instanceId: text(row.instance_id), cursor, lag: stat.nextSeq - 1 - cursor })
      }
      return [...stats.values()]
    },

    async messages(channel, { after, limit }) {
      const rows = await read.all(
        `SELECT ${MESSAGE_COLUMNS} FROM channel_messages WHERE channel = ? AND seq > ? ORDER BY seq LIMIT ?`,
        [channel, after, limit],
      )
      return rows.map(toMessageRow)
    },

    async waits({ instanceId, channel, matchKeys, limit }) {
      const parts: string[] = []
      const params: SqlValue[] = []
      if (instanceId !== undefined) {
        parts.push('instance_id = ?')
        params.push(instanceId)
      }
      if (channel !== undefined) {
        parts.push('channel = ?')
        params.push(channel)
      }
      if (matchKeys) {
        if (matchKeys.length === 0) return []
        parts.push(`match_key IN (${placeholders(matchKeys.length)})`)
        params.push(...matchKeys)
      }
      const rows = await read.all(
        `SELECT instance_id, activity_id, channel, match_where, cursor_seq FROM workflow_waits
          ${parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : ''} ORDER BY instance_id, activity_id LIMIT ?`,
        [...params, limit],
      )
      return rows.map((row) => {
        const where = textOrNull(row.match_where)
        return {
          instanceId: text(row.instance_id),
          activityId: text(row.activity_id),
          channel: text(row.channel),
          where: where === null ? null : (JSON.parse(where) as Where),
          cursor: num(row.cursor_seq),
        }
      })
    },

    async subscriptions(instanceId) {
      const rows = await read.all(
        `SELECT mine.channel, mine.mode, mine.cursor_seq, c.next_seq
           FROM (${SUBSCRIBERS} AND s.instance_id = ?) mine
           JOIN channels c ON c.name = mine.channel ORDER BY mine.channel`,
        [instanceId],
      )
      return rows.map((row) => ({
        channel: text(row.channel),
        mode: text(row.mode) as ChannelMode,
        cursor: num(row.cursor_seq),
        lag: num(row.next_seq) - 1 - num(row.cursor_seq),
      }))
    },

    async shapes(channel) {
      const [row] = await read.all('SELECT shapes FROM channels WHERE name = ?', [channel])
      const shapes = textOrNull(row?.shapes)
      return shapes === null ? [] : (JSON.parse(shapes) as string[])
    },
  }
}
