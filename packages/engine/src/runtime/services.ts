/** What the parts of the runtime share: made once by the worker, handed down by reference. */
import type { Log } from '../model/context'
import type { Workflow } from '../model/definition'
import type { NewInstance } from '../storage/rows'
import type { Storage } from '../storage/storage'
import type { Wakes } from '../storage/units'
import type { ActivityRunner } from './activity-runner'
import type { Clock } from './clock'
import type { CommitQueue } from './commit-queue'
import type { CallHook } from './hooks'
import type { RuntimeSettings } from './settings'

export interface Definition {
  readonly workflow: Workflow
  readonly sourceHash: string
}

export interface NewInstanceRequest {
  readonly id: string
  readonly definition: Definition | undefined
  readonly workflowName: string
  readonly input: string
  readonly now: number
  readonly tags: Readonly<Record<string, string>> | undefined
  readonly startAt?: number
  readonly leaseMs?: number
  readonly parentId?: string
  readonly parentClosePolicy?: 'cancel' | 'abandon'
  readonly continuedFrom?: { readonly id: string; readonly chainId: string }
  readonly forkedFrom?: string
  /** Where the history that it keeps began. */
  readonly origin?: { readonly id: string; readonly startedAt: number }
}

export interface RuntimeServices {
  readonly storage: Storage
  readonly queue: CommitQueue
  readonly clock: Clock
  readonly settings: RuntimeSettings
  readonly activities: ActivityRunner
  readonly hook: CallHook
  readonly log: Log
  definition(workflowName: string): Definition | undefined
  newInstance(request: NewInstanceRequest): NewInstance
  /** The process is stopping: nothing new is started, what is awake is handed back. */
  isStopping(): boolean
  /** Tells whoever waits for these instances: in this process at once, elsewhere by notification. */
  wake(wakes: Wakes): void
}
