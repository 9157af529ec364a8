/**
 * LISTEN and NOTIFY between the processes that share a database. Notices are hints: losing one costs a poll, never an instance, so sending is off the
 * write path and coalesced.
 *
 * 1. Live is claimed only after a notification has been seen to arrive: behind a pooler in transaction mode LISTEN succeeds and nothing comes.
 * 2. After every reconnect `reconnected` is told, because notices may have been missed meanwhile.
 * 3. Where it was not live at the start it is tried again now and then: a machine that was too busy to be heard must not poll for ever.
 * 4. A process does not hear its own notices: it has the verdicts.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Notice, Storage } from '../../storage'
import type { Sql } from '../database'
import { decode, encode, Pending } from './payloads'

export interface NotificationOptions {
  readonly config: pg.ClientConfig
  /** For sending. */
  readonly sql: Sql
  /** Databases are shared by schema; so are notices. */
  readonly schema: string | null
  /** How long a test notification may take, in ms. */
  readonly selfTestMs?: number
  /** How long it polls until notifications are tried again, in ms. */
  readonly retryMs?: number
  readonly warn: (message: string) => void
}

type Listening = Awaited<ReturnType<NonNullable<Storage['listen']>>>
export interface Notifications {
  notify(notice: Notice): void
  listen(onNotice: (notice: Notice) => void): Promise<Listening>
  /** Waits for what is being sent; nothing is sent afterwards. */
  close(): Promise<void>
}

const SELF_TEST_MS = 5_000
const RETRY_MS = 60_000
const HEARTBEAT_MS = 20_000
const HEARTBEAT = { text: 'SELECT 1', query_timeout: 10_000 }
const MAX_PAUSE_MS = 5_000

export function createNotifications(options: NotificationOptions): Notifications {
  const channel = options.schema ? `edda_${options.schema}` : 'edda'
  const sender = randomUUID()
  const pending = new Pending()
  let sending: Promise<void> | undefined
  let isClosed = false
  let hasFailed = false

  const send = async () => {
    // what is reported in the same turn goes together
    await new Promise((resolve) => setImmediate(resolve))
    while (!pending.isEmpty && !isClosed) {
      const payloads = pending.take().map((notice) => encode(sender, notice))
      try {
        await options.sql.all('SELECT pg_notify(?, payload) FROM jsonb_array_elements_text(?::jsonb) AS payload', [
          channel,
          JSON.stringify(payloads),
        ])
        hasFailed = false
      } catch (error) {
        // other processes fall back to polling; said once until it works again
        if (!hasFailed) options.warn(`Notifications to other processes cannot be sent: ${reason(error)}`)
        hasFailed = true
      }
    }
    sending = undefined
  }

  return {
    notify(notice) {
      if (isClosed) return
      pending.add(notice)
      sending ??= send()
    },
    async listen(onNotice) {
      const listener = new Listener(options, channel, sender, onNotice)
      await listener.start()
      return listener
    },
    async close() {
      isClosed = true
      await sending
    },
  }
}

class Listener implements Listening {
  readonly #options: NotificationOptions
  readonly #channel: string
  readonly #sender: string
  readonly #onNotice: (notice: Notice) => void
  #client: pg.Client | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #live = false
  readonly #closing = new AbortController()

  constructor(options: NotificationOptions, channel: string, sender: string, onNotice: (notice: Notice) => void) {
    this.#options = options
    this.#channel = channel
    this.#sender = sender
    this.#onNotice = onNotice
  }

  readonly isLive = (): boolean => this.#live

  async start(): Promise<void> {
    try {
      await this.#connect()
    } catch (error) {
      this.#options.warn(
        `Notifications do not arrive, so this process polls: ${reason(error)}. ` +
          'Behind a connection pooler in transaction mode (PgBouncer) give the engine a direct connection, or set useListenNotify: false.',
      )
      await this.#drop()
      void this.#tryAgain()
    }
  }

  async #tryAgain(): Promise<void> {
    await this.#pause(this.#options.retryMs ?? RETRY_MS)
    await this.#reconnect(() => this.#options.retryMs ?? RETRY_MS)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#drop()
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ ...this.#options.config, connectionTimeoutMillis: 10_000 })
    this.#client = client
    client.on('error', () => undefined)
    await client.connect()
    const token = randomUUID()
    const arrived = new Promise<void>((resolve) => {
      client.on('notification', ({ payload }) => {
        if (payload === token) resolve()
        else this.#hear(payload)
      })
    })
    await client.query(`LISTEN ${client.escapeIdentifier(this.#channel)}`)
    await this.#options.sql.all('SELECT pg_notify(?, ?)', [this.#channel, token])
    const { selfTestMs = SELF_TEST_MS } = this.#options
    await Promise.race([
      arrived,
      sleep(selfTestMs, undefined, { signal: this.#closing.signal, ref: false }).then(() => {
        throw new Error(`a test notification did not arrive within ${selfTestMs} ms`)
      }),
    ])
    if (this.#closing.signal.aborted) throw new Error('closed')
    this.#live = true
    client.once('end', () => this.#lost(client))
    this.#heartbeat = setInterval(() => {
      // the timeout finds a connection whose other end is gone without a word
      client.query(HEARTBEAT).catch(() => this.#lost(client))
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  #hear(payload: string | undefined): void {
    const heard = payload === undefined ? null : decode(payload)
    if (heard && heard.sender !== this.#sender && this.#live) this.#onNotice(heard.notice)
  }

  #lost(client: pg.Client): void {
    if (client !== this.#client || !this.#live) return
    this.#live = false
    void this.#reconnect((attempt) => Math.min(MAX_PAUSE_MS, 50 * 2 ** attempt))
  }

  async #reconnect(pauseAfter: (attempt: number) => number): Promise<void> {
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      await this.#drop()
      try {
        await this.#connect()
        this.#onNotice({ type: 'reconnected' })
        return
      } catch {
        // the pool reports an unreachable database to whoever needs it; here it is only tried again
        await this.#pause(pauseAfter(attempt) * (0.5 + Math.random() / 2))
      }
    }
    await this.#drop()
  }

  /** Ends at once when it is closed. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined)
  }

  async #drop(): Promise<void> {
    this.#live = false
    clearInterval(this.#heartbeat)
    const client = this.#client
    this.#client = undefined
    client?.removeAllListeners('end')
    if (!client) return
    // ending a connection that is broken already may fail, or wait for ever for an answer; it is gone either way
    await Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })])
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
