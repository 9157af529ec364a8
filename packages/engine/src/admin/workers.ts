import type { WorkerRow } from '../storage/storage'
import type { Admin } from './admin'
import { date } from './decode'
import { type AdminDeps, WORKER_TIMEOUT_MS } from './deps'
import type { WorkerRecord } from './records'

export function createWorkers(deps: AdminDeps): Admin['workers'] {
  const { storage, leaderLock = 'edda_leader' } = deps
  return {
    async list() {
      const [now, rows, lock] = await Promise.all([storage.now(), storage.workers(), storage.lockHolder(leaderLock)])
      const leader = lock && lock.leaseUntil > now ? lock : null
      return {
        workers: rows.map((row) => toWorker(row, { now, deps, leader: leader?.holder ?? null })),
        leader: leader && { workerId: leader.holder, term: leader.term, until: date(leader.leaseUntil) },
        now: date(now),
      }
    },
  }
}

export function toWorker(
  row: WorkerRow,
  { now, deps, leader }: { readonly now: number; readonly deps: AdminDeps; readonly leader: string | null },
): WorkerRecord {
  const info = JSON.parse(row.info) as Readonly<Record<string, unknown>>
  return {
    id: row.id,
    service: row.service,
    host: row.host,
    pid: row.pid,
    workflows: Array.isArray(info.workflows) ? info.workflows.map(String) : [],
    activeInstances: numberOrNull(info.active),
    warmInstances: numberOrNull(info.warm),
    runningActivities: numberOrNull(info.activities),
    startedAt: date(row.startedAt),
    heartbeatAt: date(row.heartbeatAt),
    alive: now - row.heartbeatAt <= (deps.workerTimeoutMs ?? WORKER_TIMEOUT_MS),
    leader: row.id === leader,
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}
