/** What the runtime was told, validated and in its own units; made by the façade, read everywhere below it. */
import type { RetryPolicy } from '../model/retry-policy'

export interface RuntimeSettings {
  readonly serviceName: string
  readonly workerId: string
  readonly defaultRetryPolicy: RetryPolicy | undefined
  readonly defaultLeaseMs: number
  readonly maxPayloadBytes: number
  readonly maxConcurrentActivities: number
  readonly maxWorkflowsPerBatch: number | 'auto' | 'auto:cpu'
  /** Instances that may be awake in this process at once; beyond it new starts are left to whoever has room. */
  readonly maxActiveInstances: number
  /** Parked coroutines kept in memory. */
  readonly maxWarmInstances: number
  /** Longest sleep between polls where nothing notifies. */
  readonly pollIntervalMs: number
  /** Longest sleep between polls while notifications arrive. */
  readonly notifyFallbackMs: number
  /** Delays up to this are waited for in memory, longer ones park the instance. */
  readonly shortDelayMs: number
  /** How long a failing, cancelled or stopping instance waits for its running activities. */
  readonly graceMs: number
  readonly sessionTimeoutMs: number
  /** Takeovers in a row after which an instance is suspended: it crashes its workers. */
  readonly maxTakeovers: number
  /** Rebuild the coroutine from its history before every turn: finds code and engine that only work while warm. For tests. */
  readonly forceReplay: boolean
}
