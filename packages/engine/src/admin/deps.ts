/** What the admin surface is given. */
import type { Workflow } from '../model/definition'
import type { Storage, Wakes } from '../storage/storage'

export interface AdminDeps {
  readonly storage: Storage
  /** Workflows that this process can run: tells the preview what an event would start. */
  readonly registry: ReadonlyMap<string, Workflow>
  /** Hands on whom an operator's act has made ready: the worker and other processes. */
  readonly notify: (wakes: Wakes) => void
  /** Largest payload in bytes. */
  readonly maxPayloadBytes: number
  /** A worker whose last heartbeat is older than this is taken for dead. */
  readonly workerTimeoutMs?: number
  /** Name of the maintenance lock, to show who leads. */
  readonly leaderLock?: string
}

export const WORKER_TIMEOUT_MS = 45_000
