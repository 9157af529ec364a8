/**
 * Reads stored messages in order of number, in batches that grow, each range at most once a flush: many waits on one channel share what was read.
 * The channel's row is locked, so what is read here does not change under the flush.
 */
import type { MessageRow } from '../rows'
import type { MessageReader } from './channels-state'
import type { Dialect, Sql } from './database'
import { MESSAGE_COLUMNS, toMessageRow } from './rows'
import { rowsParam } from './statements'

const FIRST_BATCH = 8
const LARGEST_BATCH = 200

interface Window {
  /** Everything stored in (after, upTo] has been read. */
  readonly after: number
  upTo: number
  readonly rows: MessageRow[]
}

export class StoredMessages implements MessageReader {
  readonly #sql: Sql
  readonly #windows = new Map<string, Window>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** Reads the first batch of many channels at once. */
  async prefetch(
    dialect: Dialect,
    starts: ReadonlyMap<string, { readonly after: number; readonly upTo: number }>,
  ): Promise<void> {
    if (starts.size === 0) return
    const wanted = [...starts].map(([channel, { after, upTo }]) => ({
      channel,
      after_seq: after,
      to_seq: Math.min(upTo, after + FIRST_BATCH),
    }))
    const rows = await this.#sql.all(
      `SELECT ${columns('m')} FROM ${dialect.rows('?', { channel: 'text', after_seq: 'bigint', to_seq: 'bigint' }, 'x')} JOIN channel_messages m ON m.channel = x.channel AND m.seq > x.after_seq AND m.seq <= x.to_seq ORDER BY m.channel, m.seq`,
      [rowsParam(wanted)],
    )
    for (const { channel, after_seq, to_seq } of wanted)
      this.#windows.set(channel, { after: after_seq, upTo: to_seq, rows: [] })
    for (const row of rows.map(toMessageRow)) this.#windows.get(row.channel)?.rows.push(row)
  }

  async find(channel: string, after: number, upTo: number, takes: (message: MessageRow) => boolean) {
    let position = after
    for (let batch = FIRST_BATCH; ; batch = Math.min(batch * 4, LARGEST_BATCH)) {
      const window = this.#windows.get(channel)
      if (window && window.after <= position && position < window.upTo) {
        const found = window.rows.find((message) => message.seq > position && message.seq <= upTo && takes(message))
        if (found || window.upTo >= upTo) return found
        position = window.upTo
      }
      await this.#read(channel, position, upTo, batch)
    }
  }

  async #read(channel: string, after: number, upTo: number, limit: number): Promise<void> {
    const rows = await this.#sql.all(
      `SELECT ${MESSAGE_COLUMNS} FROM channel_messages WHERE channel = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ${limit}`,
      [channel, after, upTo],
    )
    const read = rows.map(toMessageRow)
    const last = read.at(-1)
    const reached = read.length < limit || !last ? upTo : last.seq
    const window = this.#windows.get(channel)
    if (window && window.upTo === after) {
      window.rows.push(...read)
      window.upTo = reached
    } else this.#windows.set(channel, { after, upTo: reached, rows: read })
  }
}

function columns(alias: string): string {
  return MESSAGE_COLUMNS.split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ')
}
