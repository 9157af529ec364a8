import { keyOfData, matches } from '../model/match'
import type { InboxRow } from '../storage/storage'
import type { Admin } from './admin'
import { date, json, payload } from './decode'
import type { AdminDeps } from './deps'
import type { InboxRecord } from './records'

const MATCHES = 100
const MISSES = 20

export function createEvents(deps: AdminDeps): Admin['events'] {
  const { storage, registry } = deps
  return {
    async list({ limit = 50, ...query }, view = {}) {
      const rows = await storage.inbox({ ...query, limit: limit + 1 })
      const page = rows.slice(0, limit)
      return {
        events: page.map((row) => toInbox(row, view.redact)),
        nextBefore: rows.length > limit ? (page.at(-1)?.seq ?? null) : null,
        redacted: view.redact === true,
      }
    },
    async preview({ type, data }) {
      // `waitEvent` listens on the broadcast channel named after the event's type
      const shapes = await storage.shapes(type)
      const matchKeys = [...new Set(['', ...shapes.map((shape) => keyOfData(shape, data))])]
      const [candidates, all, [stat]] = await Promise.all([
        storage.waits({ channel: type, matchKeys, limit: MATCHES }),
        storage.waits({ channel: type, limit: MATCHES }),
        storage.channelStats(type),
      ])
      const fitting = candidates.filter(({ where }) => matches(where ?? undefined, data))
      const names = await Promise.all(fitting.map(({ instanceId }) => storage.instance(instanceId)))
      return {
        starts: [...registry.values()]
          .filter(({ options, workflowName }) => startsOn(options.eventHandler, workflowName, type))
          .map(({ workflowName }) => workflowName),
        matches: fitting.map(({ instanceId, activityId, where }, index) => ({
          instanceId,
          activityId,
          where,
          workflowName: names[index]?.workflowName ?? null,
        })),
        misses: all
          .filter(({ where }) => !matches(where ?? undefined, data))
          .slice(0, MISSES)
          .map(({ instanceId, activityId, where }) => ({ instanceId, activityId, where })),
        subscribers: stat?.subscribers.length ?? 0,
      }
    },
  }
}

function startsOn(eventHandler: boolean | string | undefined, workflowName: string, type: string): boolean {
  return eventHandler === true ? workflowName === type : eventHandler === type
}

function toInbox(row: InboxRow, redact: boolean | undefined): InboxRecord {
  const routed = json<{ started?: string[]; receivers?: string[]; handlers?: number | unknown[] }>(row.routedTo, {})
  const { started = [], receivers = [], handlers = 0 } = routed
  const handled = typeof handlers === 'number' ? handlers : handlers.length
  return {
    seq: row.seq,
    id: row.id,
    source: row.source,
    type: row.type,
    data: payload(row.data, redact),
    receivedAt: date(row.receivedAt),
    started,
    receivers,
    handlers: handled,
    unmatched: started.length + receivers.length + handled === 0,
  }
}
