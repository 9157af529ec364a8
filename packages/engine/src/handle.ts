/** What one holds of an instance: ask how it is, wait for its end, cancel it. Follows `recur` to the end of the chain. */
import { type Duration, durationMs } from './model/duration'
import { InstanceNotFoundError, WorkflowCancelledError, WorkflowFailedError } from './model/errors'
import type { HistoryEvent } from './model/history'
import type { InstanceStatus } from './model/instance'
import { decodeJson, type JsonValue } from './model/json'
import { decodeError } from './runtime/decode'
import type { EndSummary } from './runtime/ending'
import type { InstanceRow } from './storage/rows'

export interface CancelOptions {
  readonly by?: string
  readonly reason?: string
}

/** What a handle needs of its app. */
export interface HandleHost {
  waitForEnd(instanceId: string, timeoutMs: number | undefined): Promise<EndSummary>
  chainHead(instanceId: string): Promise<InstanceRow | null>
  cancel(instanceId: string, options?: CancelOptions): Promise<boolean>
  getHistory(instanceId: string): Promise<readonly HistoryEvent[] | null>
}

export class WorkflowHandle<Output = JsonValue> {
  readonly instanceId: string
  readonly #host: HandleHost

  constructor(host: HandleHost, instanceId: string) {
    this.#host = host
    this.instanceId = instanceId
  }

  /**
   * Waits for the end of the instance, or of the last of its chain after `recur`.
   *
   * @param options.timeout how long to wait; the instance goes on unharmed
   * @throws WorkflowFailedError whose `cause` is the workflow's error
   * @throws WorkflowCancelledError with `by` and `reason`
   * @throws ResultTimeoutError, InstanceNotFoundError
   */
  async result(options: { readonly timeout?: Duration } = {}): Promise<Output> {
    const { instanceId } = this
    const end = await this.#host.waitForEnd(
      instanceId,
      options.timeout === undefined ? undefined : durationMs(options.timeout),
    )
    switch (end.status) {
      case 'failed':
        throw new WorkflowFailedError({ instanceId, cause: decodeError(end.error) })
      case 'cancelled':
        throw new WorkflowCancelledError({ instanceId, by: end.by, reason: end.reason })
      default:
        return (end.output === null ? null : decodeJson(end.output)) as Output
    }
  }

  async status(): Promise<InstanceStatus> {
    return (await this.#row()).status
  }

  /** The last value that the workflow gave to `ctx.setState`, or null. */
  async state(): Promise<JsonValue> {
    const { state } = await this.#row()
    return state === null ? null : decodeJson(state)
  }

  /** @returns true for a live instance (its compensations will run), false when it has ended or is being cancelled already */
  cancel(options: CancelOptions = {}): Promise<boolean> {
    return this.#host.cancel(this.instanceId, options)
  }

  /** The instance's own history, in order. */
  async history(): Promise<readonly HistoryEvent[]> {
    const events = await this.#host.getHistory(this.instanceId)
    if (!events) throw new InstanceNotFoundError(this.instanceId)
    return events
  }

  async #row(): Promise<InstanceRow> {
    const row = await this.#host.chainHead(this.instanceId)
    if (!row) throw new InstanceNotFoundError(this.instanceId)
    return row
  }
}
