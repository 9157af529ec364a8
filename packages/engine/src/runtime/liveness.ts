/**
 * Who is alive: a row per worker, renewed every heartbeat. A worker that stopped renewing is dead, and its instances are taken over at once instead of
 * when their leases end. Being wrong is harmless (the fence refuses a zombie), so one may be quick about it.
 *
 *  1. On one's own host a worker whose process is gone is dead now; so is an earlier process that had the same pid.
 *  2. Elsewhere it is dead after `deadAfterMs` without a heartbeat.
 */
import { hostname } from 'node:os'
import type { Log } from '../model/context'
import type { Storage, WorkerRow } from '../storage/storage'
import type { Clock } from './clock'

/** Workers of this very process: a second app beside us has our pid and is alive. */
const OURS = new Set<string>()

export interface LivenessDeps {
  readonly storage: Pick<Storage, 'heartbeat' | 'workers' | 'removeWorker' | 'expireLeases'>
  readonly clock: Clock
  readonly log: Log
  readonly workerId: string
  readonly service: string
  readonly intervalMs: number
  readonly deadAfterMs: number
  info(): object
  onExpired(): void
}

export class Liveness {
  readonly #deps: LivenessDeps
  readonly #startedAt: number
  readonly #host = hostname()
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(deps: LivenessDeps) {
    this.#deps = deps
    this.#startedAt = deps.clock.now()
  }

  async start(): Promise<void> {
    OURS.add(this.#deps.workerId)
    await this.#beat()
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    OURS.delete(this.#deps.workerId)
    await this.#deps.storage.removeWorker(this.#deps.workerId)
  }

  #schedule(): void {
    if (this.#isStopped) return
    this.#cancel = this.#deps.clock.after(this.#deps.intervalMs, () => {
      this.#beat()
        .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'the heartbeat failed'))
        .finally(() => this.#schedule())
    })
  }

  async #beat(): Promise<void> {
    const { storage, workerId, service, clock } = this.#deps
    const now = clock.now()
    const info = JSON.stringify(this.#deps.info())
    await storage.heartbeat({
      id: workerId,
      service,
      host: this.#host,
      pid: process.pid,
      info,
      startedAt: this.#startedAt,
      heartbeatAt: now,
    })
    for (const worker of await storage.workers()) {
      if (OURS.has(worker.id) || !this.#isDead(worker, now)) continue
      const expired = await storage.expireLeases(worker.id)
      await storage.removeWorker(worker.id)
      this.#deps.log.warn(
        { worker: worker.id, host: worker.host, pid: worker.pid, instances: expired },
        'a worker is gone; its instances are taken over',
      )
      if (expired > 0) this.#deps.onExpired()
    }
  }

  #isDead(worker: WorkerRow, now: number): boolean {
    if (now - worker.heartbeatAt > this.#deps.deadAfterMs) return true
    if (worker.host !== this.#host) return false
    return worker.pid === process.pid || !isRunning(worker.pid)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, under another user.
    return (error as { code?: string }).code === 'EPERM'
  }
}
