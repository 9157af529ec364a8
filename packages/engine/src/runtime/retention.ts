/** The duty that removes what nobody keeps any more: a few rows at a time, with pauses, so that nobody else waits long for the database. */
import type { Storage } from '../storage/storage'
import type { Clock } from './clock'
import type { Duty } from './maintenance'

interface RetentionPolicy {
  /** Messages, and events that were sent. */
  readonly messageRetentionMs: number
  /** Ended instances with their histories; null keeps them, unless their workflow says otherwise. */
  readonly historyRetentionMs: number | null
  /** Incoming events: for this long a repeat is known as one. Default: as messages. */
  readonly inboxRetentionMs?: number
}

export interface RetentionDeps {
  readonly storage: Pick<Storage, 'purge'>
  readonly clock: Pick<Clock, 'now'>
  readonly policy: RetentionPolicy
  /** Milliseconds between two runs. Default five minutes. */
  readonly everyMs?: number
}

const EVERY_MS = 300_000
const ROWS = 500
const PAUSE_MS = 100

export function retention({ storage, clock, policy, everyMs = EVERY_MS }: RetentionDeps): Duty {
  const { messageRetentionMs, historyRetentionMs, inboxRetentionMs = messageRetentionMs } = policy
  const limits = { messageRetentionMs, historyRetentionMs, inboxRetentionMs, limit: ROWS }
  return {
    name: 'retention',
    everyMs,
    run: async (leadership) => {
      while (leadership.isHeld() && (await storage.purge({ now: clock.now(), ...limits }))) {
        await leadership.pause(PAUSE_MS)
      }
    },
  }
}
