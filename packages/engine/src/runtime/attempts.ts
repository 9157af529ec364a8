/**
 * The attempts of one instance that are running now, and what becomes of each when it ends: an event, another attempt, or nothing (nobody asks any more).
 * Decisions about retries are the policy's (model/retry-policy.ts); durability is the transition's.
 */
import type { RunActivity } from '../model/command'
import { errorName, toFailure } from '../model/failure'
import type { HistoryEvent, RetryMetadata } from '../model/history'
import { encodeGiven, encodeJson, type JsonValue } from '../model/json'
import type { PendingActivity } from '../model/pending'
import { afterFailedAttempt, type FullRetryPolicy, resolveRetryPolicy } from '../model/retry-policy'
import type { NewHistoryRow } from '../storage/rows'
import type { Session } from '../storage/storage'
import type { AttemptResult, RunningAttempt } from './activity-runner'
import { latestOf } from './clock'
import { activityData } from './draft'
import type { RuntimeServices } from './services'

export interface EndedAttempt {
  readonly type: 'attempt'
  readonly id: string
  readonly result: AttemptResult
}

interface Running {
  readonly attempt: RunningAttempt
  readonly inputText: string
}

/** What follows from an attempt that ended. */
export type AttemptConsequence =
  | {
      readonly kind: 'event'
      readonly row: NewHistoryRow
      readonly event: HistoryEvent
      readonly compensation:
        | { readonly name: string; readonly args: string; readonly isRegistered: boolean }
        | undefined
    }
  | { readonly kind: 'retry'; readonly operation: PendingActivity; readonly delayMs: number; readonly error: unknown }

/** What the owner of the attempts does for them and hears of them. */
export interface AttemptsInbox {
  onEnded(ended: EndedAttempt): void
  onHeartbeat(id: string, details: JsonValue | undefined): void
  openSession(id: string): Promise<Session>
  onDropped(id: string, reason: unknown): void
}

export class Attempts {
  readonly #services: RuntimeServices
  readonly #instanceId: string
  readonly #workflowName: string
  readonly #inbox: AttemptsInbox
  readonly #running = new Map<string, Running>()

  constructor(deps: {
    readonly services: RuntimeServices
    readonly instanceId: string
    readonly workflowName: string
    readonly inbox: AttemptsInbox
  }) {
    this.#services = deps.services
    this.#instanceId = deps.instanceId
    this.#workflowName = deps.workflowName
    this.#inbox = deps.inbox
  }

  get size(): number {
    return this.#running.size
  }

  start(command: RunActivity, operation: PendingActivity, epoch: number): void {
    const id = command.activityId
    const { settings, activities, hook } = this.#services
    let inputText: string
    try {
      inputText = encodeGiven(command.input, `input of activity ${id}`, settings.maxPayloadBytes)
    } catch (error) {
      this.#running.set(id, { attempt: NOT_RUNNING, inputText: 'null' })
      this.#end(id, { ok: false, error })
      return
    }
    hook('onActivityStart', this.#instanceId, id, command.name, false)
    const timeout = command.call.timeout ?? command.options.timeout
    const attempt = activities.start(
      {
        instanceId: this.#instanceId,
        workflowName: this.#workflowName,
        activityId: id,
        activityName: command.name,
        attempt: operation.attempt,
        fencingToken: epoch,
        heartbeatDetails: operation.heartbeat,
        openSession: () => this.#inbox.openSession(id),
        fn: command.fn,
        input: JSON.parse(inputText),
        options:
          timeout === command.options.timeout
            ? command.options
            : { ...command.options, ...(timeout === undefined ? {} : { timeout }) },
      },
      (details) => this.#inbox.onHeartbeat(id, details),
      (result) => this.#end(id, result),
    )
    this.#running.set(id, { attempt, inputText })
    const early = this.#early
    if (!early) return
    this.#early = undefined
    this.#inbox.onEnded({ type: 'attempt', id, result: early })
  }

  /** Result of a synchronous body, which ended before its entry was set. */
  #early: AttemptResult | undefined

  #end(id: string, result: AttemptResult): void {
    if (this.#running.has(id)) this.#inbox.onEnded({ type: 'attempt', id, result })
    else this.#early = result
  }

  /** Forgets a running attempt whose result nobody wants. */
  drop(id: string, reason: unknown): void {
    this.#running.get(id)?.attempt.drop(reason)
    this.#running.delete(id)
    this.#inbox.onDropped(id, reason)
  }

  dropAll(reason: unknown): void {
    for (const id of [...this.#running.keys()]) this.drop(id, reason)
  }

  abortAll(reason: unknown): void {
    for (const { attempt } of this.#running.values()) attempt.abort(reason)
  }

  /** Turns an ended attempt into what must be recorded. `seq` is the number that the event will have. */
  consequence(ended: EndedAttempt, command: RunActivity, operation: PendingActivity, seq: number): AttemptConsequence {
    const inputText = this.#running.get(ended.id)?.inputText ?? 'null'
    this.#running.delete(ended.id)
    const now = this.#services.clock.now()
    if (ended.result.ok) {
      try {
        return this.#completed(command, operation, inputText, ended.result.value, seq, now)
      } catch (error) {
        return this.#failed(command, operation, inputText, error, seq, now)
      }
    }
    return this.#failed(command, operation, inputText, ended.result.error, seq, now)
  }

  #completed(
    command: RunActivity,
    operation: PendingActivity,
    inputText: string,
    value: unknown,
    seq: number,
    now: number,
  ): AttemptConsequence {
    const id = command.activityId
    const { maxPayloadBytes } = this.#services.settings
    const text = encodeJson(value, `result of activity ${id}`, maxPayloadBytes)
    const metadata = operation.errors ? retryMetadata(operation, operation.errors, now, false) : undefined
    const result = JSON.parse(text) as JsonValue
    const { onFailure, compensateOn } = command.options
    return {
      kind: 'event',
      row: {
        activityId: id,
        type: 'ActivityCompleted',
        data: activityData(command.name, inputText, 'result', text, metadata as JsonValue | undefined),
        binary: null,
        createdAt: now,
      },
      event: {
        seq,
        activityId: id,
        type: 'ActivityCompleted',
        data: { activityName: command.name, input: null, result },
        createdAt: now,
      },
      compensation: onFailure
        ? {
            name: onFailure.compensationName,
            args: `{"input":${inputText},"output":${text}}`,
            isRegistered: compensateOn === 'attempted',
          }
        : undefined,
    }
  }

  #failed(
    command: RunActivity,
    operation: PendingActivity,
    inputText: string,
    error: unknown,
    seq: number,
    now: number,
  ): AttemptConsequence {
    const id = command.activityId
    const policy: FullRetryPolicy = resolveRetryPolicy(
      command.call.retry,
      command.options.retry,
      this.#services.settings.defaultRetryPolicy,
    )
    const errors = [
      ...(operation.errors ?? []),
      {
        attempt: operation.attempt,
        errorType: errorName(error),
        message: error instanceof Error ? error.message : String(error),
        timestampMs: now,
      },
    ]
    const forgotten = operation.forgotten ?? 0
    const decision = afterFailedAttempt(policy, {
      activityName: command.name,
      // Attempts that a crash interrupted do not use up the policy's.
      attempt: errors.length + forgotten,
      firstAttemptAt: operation.firstAttemptAt,
      now,
      error,
      random: Math.random(),
    })
    if (decision.kind === 'retry') {
      // The first and the latest errors tell the story; a thousand in between would only make every transition heavier.
      const isTooLong = errors.length > KEPT_ERRORS
      const kept = isTooLong ? [errors[0] as (typeof errors)[0], ...errors.slice(1 - KEPT_ERRORS)] : errors
      const { interruptions: _over, ...tried } = operation
      const next: PendingActivity = {
        ...tried,
        attempt: operation.attempt + 1,
        nextAttemptAt: latestOf(this.#services.clock) + decision.delayMs,
        errors: kept,
        ...(isTooLong ? { forgotten: forgotten + 1 } : {}),
      }
      return { kind: 'retry', operation: next, delayMs: decision.delayMs, error }
    }
    const failure = toFailure(decision.error)
    const metadata = decision.exhausted ? retryMetadata(operation, errors, now, true) : undefined
    return {
      kind: 'event',
      row: {
        activityId: id,
        type: 'ActivityFailed',
        data: activityData(
          command.name,
          inputText,
          'error',
          JSON.stringify(failure),
          metadata as JsonValue | undefined,
        ),
        binary: null,
        createdAt: now,
      },
      event: {
        seq,
        activityId: id,
        type: 'ActivityFailed',
        data: { activityName: command.name, input: null, error: failure },
        createdAt: now,
      },
      compensation: undefined,
    }
  }
}

const KEPT_ERRORS = 20

const NOT_RUNNING: RunningAttempt = { abort: () => {}, drop: () => {} }

function retryMetadata(
  operation: PendingActivity,
  errors: NonNullable<PendingActivity['errors']>,
  now: number,
  exhausted: boolean,
): RetryMetadata {
  const last = errors.at(-1)
  const failures = errors.length + (operation.forgotten ?? 0)
  return {
    totalAttempts: exhausted ? failures : failures + 1,
    totalDurationMs: now - operation.firstAttemptAt,
    exhausted,
    errors,
    lastError: { errorType: last?.errorType ?? 'Error', message: last?.message ?? '' },
  }
}
