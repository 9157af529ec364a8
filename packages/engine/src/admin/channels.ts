import { randomUUID } from 'node:crypto'
import { InvalidStateError } from '../model/errors'
import { encodeJson, type JsonValue } from '../model/json'
import type { AuditEntry, ChannelStat, MessageRow, OutgoingMessage } from '../storage/storage'
import type { Admin } from './admin'
import { auditEntry } from './audit'
import { base64, date, json, payload } from './decode'
import type { AdminDeps } from './deps'
import type { ChannelRecord, MessageRecord } from './records'

const RATE_SAMPLE = 200
const SENDER_SAMPLE = 20

export function createChannels(deps: AdminDeps): Admin['channels'] {
  const { storage } = deps

  const send = async (message: OutgoingMessage, audit: AuditEntry) => {
    const now = await storage.now()
    const unit = {
      kind: 'publish' as const,
      now,
      deliveries: [{ inbox: null, messages: [message], starts: [] }],
      audit,
    }
    const [verdict] = await storage.commit([unit])
    if (verdict?.kind === 'failed') throw verdict.error
    if (verdict?.kind !== 'published') throw new InvalidStateError(`The message was not stored: ${verdict?.kind}`)
    deps.notify(verdict.wakes)
    return { messageId: message.id, receivers: verdict.deliveries.flatMap(({ receivers }) => receivers) }
  }
  const last = async (name: string, count: number) => {
    const [stat] = await storage.channelStats(name)
    return stat ? storage.messages(name, { after: Math.max(0, stat.nextSeq - 1 - count), limit: count }) : []
  }
  const one = async (channel: string, seq: number) => {
    const [next] = await storage.messages(channel, { after: seq - 1, limit: 1 })
    return next?.seq === seq ? next : null
  }

  return {
    async list() {
      return (await storage.channelStats()).map(toChannel)
    },
    async get(name) {
      const [stat] = await storage.channelStats(name)
      if (!stat) return null
      const waits = await storage.waits({ channel: name, limit: 100 })
      const shown = stat.subscribers.slice(0, 100)
      const rows = await Promise.all(shown.map(({ instanceId }) => storage.instance(instanceId)))
      return {
        ...toChannel(stat),
        subscribers: shown.map((subscriber, index) => ({
          ...subscriber,
          workflowName: rows[index]?.workflowName ?? null,
          status: rows[index]?.status ?? null,
        })),
        waits: waits.map(({ instanceId, activityId, where }) => ({ instanceId, activityId, where })),
        publishRate: rateOf(await last(name, RATE_SAMPLE)),
      }
    },
    publishers: (channels) => publishersOf(storage, channels),
    async messages(name, { after = 0, limit = 50, newest = false }, view = {}) {
      const rows = newest ? await last(name, limit) : await storage.messages(name, { after, limit })
      const nextAfter = rows.length === limit ? (rows.at(-1)?.seq ?? null) : null
      const messages = rows.map((row) => toMessage(row, view.redact))
      return { messages, nextAfter: newest ? null : nextAfter, redacted: view.redact === true }
    },
    async publish(channel, data, options, operator) {
      const message = {
        id: randomUUID(),
        channel,
        data: encodeJson(data, `message on channel ${channel}`, deps.maxPayloadBytes),
        binary: null,
        metadata: encodeJson(
          options.metadata ?? {},
          `metadata of a message on channel ${channel}`,
          deps.maxPayloadBytes,
        ),
        targetInstanceId: options.targetInstanceId ?? null,
        publishedAt: await storage.now(),
      }
      return send(message, auditEntry(operator, 'channel.publish', channel, { messageId: message.id }))
    },
    async redeliver(channel, seq, operator) {
      const stored = await one(channel, seq)
      if (!stored) return null
      const metadata = { ...json<Record<string, JsonValue>>(stored.metadata, {}), redeliveryOf: stored.id }
      const { data, binary, targetInstanceId } = stored
      const fresh = { id: randomUUID(), channel, data, binary, targetInstanceId }
      const message = { ...fresh, metadata: JSON.stringify(metadata), publishedAt: await storage.now() }
      return send(
        message,
        auditEntry(operator, 'channel.redeliver', channel, { messageId: message.id, redeliveryOf: stored.id }),
      )
    },
    async delete(channel, seq, operator) {
      const stored = await one(channel, seq)
      if (!stored) return null
      const audit = { ...auditEntry(operator, 'channel.delete', channel), before: withoutData(stored) }
      return (await storage.deleteMessage(channel, seq, audit)) ? { messageId: stored.id } : null
    },
  }
}

async function publishersOf(
  storage: AdminDeps['storage'],
  channels: Parameters<Admin['channels']['publishers']>[0],
): ReturnType<Admin['channels']['publishers']> {
  const senders = await Promise.all(
    channels.map(async ({ name, published }) => {
      const newest = { after: Math.max(0, published - SENDER_SAMPLE), limit: SENDER_SAMPLE }
      const rows = await storage.messages(name, newest)
      return new Set(rows.flatMap(({ metadata }) => senderIn(metadata)))
    }),
  )
  const ids = [...new Set(senders.flatMap((set) => [...set]))]
  const rows = await Promise.all(ids.map((id) => storage.instance(id)))
  const workflowOf = new Map(rows.flatMap((row) => (row ? [[row.id, row.workflowName] as const] : [])))
  const namesOf = (set: ReadonlySet<string>) => [...new Set([...set].flatMap((id) => workflowOf.get(id) ?? []))].sort()
  return new Map(channels.map(({ name }, index) => [name, namesOf(senders[index] ?? new Set())]))
}

/** What a message was, for the audit: what nobody must read is a reason to delete it. */
function withoutData({ seq, id, targetInstanceId, publishedAt }: MessageRow): string {
  return JSON.stringify({ seq, messageId: id, targetInstanceId, publishedAt: date(publishedAt) })
}

function toChannel(stat: ChannelStat): ChannelRecord {
  return {
    name: stat.name,
    mode: stat.mode,
    depth: stat.depth,
    published: stat.nextSeq - 1,
    oldestUnreadAt: date(stat.oldestUnreadAt),
    subscriberCount: stat.subscribers.length,
    // consumers that compete share one backlog
    maxLag: stat.mode === 'competing' ? stat.depth : Math.max(0, ...stat.subscribers.map(({ lag }) => lag)),
  }
}

function toMessage(row: MessageRow, redact: boolean | undefined): MessageRecord {
  return {
    seq: row.seq,
    id: row.id,
    channel: row.channel,
    data: payload(row.data, redact),
    binary: base64(row.binary, redact),
    bytes: row.binary?.length ?? Buffer.byteLength(row.data ?? ''),
    metadata: redact ? {} : json<Record<string, JsonValue>>(row.metadata, {}),
    targetInstanceId: row.targetInstanceId,
    publishedAt: date(row.publishedAt),
  }
}

/** What the engine writes beside a message that an instance sends. */
function senderIn(metadata: string): readonly string[] {
  const { sourceInstanceId } = JSON.parse(metadata) as { sourceInstanceId?: unknown }
  return typeof sourceInstanceId === 'string' ? [sourceInstanceId] : []
}

/** Per minute, from the first to the last message of the sample. */
function rateOf(rows: readonly MessageRow[]): number | null {
  const [first, final] = [rows[0], rows.at(-1)]
  if (!first || !final || final.publishedAt <= first.publishedAt) return null
  return ((rows.length - 1) * 60_000) / (final.publishedAt - first.publishedAt)
}
