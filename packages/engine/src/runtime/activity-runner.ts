/**
 * Runs attempts of activities and compensations: the only place where user code touches the world. Knows no history: it reports how an attempt ended,
 * the instance runner decides what follows.
 *
 *  1. At most `maxConcurrentActivities` bodies run at once; the rest wait in order.
 *  2. An attempt reports exactly once, or never when it was dropped (lost lease, withdrawn, shutdown past its grace).
 *  3. No transaction and no connection is held unless the body touches `ctx.session`.
 */
import type { ActivityOptions } from '../model/definition'
import { durationMs } from '../model/duration'
import { TimeoutError } from '../model/errors'
import type { JsonValue } from '../model/json'
import { type Schema, validate } from '../model/schema'
import type { Session } from '../storage/storage'
import { AttemptContext, type AttemptFacts, type AttemptServices, type Effects } from './activity-context'
import type { Clock } from './clock'
import type { ThreadPool } from './thread-pool'

export interface AttemptRequest extends AttemptFacts {
  readonly fn: (ctx: AttemptContext, input: never) => unknown
  readonly input: unknown
  readonly options: Pick<ActivityOptions<never, never>, 'timeout' | 'heartbeatTimeout' | 'thread'> & {
    readonly input?: Schema<unknown, unknown>
    readonly output?: Schema<unknown, unknown>
  }
}

export type AttemptResult =
  | {
      readonly ok: true
      readonly value: unknown
      readonly effects: Effects | undefined
      readonly session: Session | undefined
    }
  | { readonly ok: false; readonly error: unknown }

export interface RunningAttempt {
  /** Aborts `ctx.signal`; the attempt may still finish and report. */
  abort(reason: unknown): void
  /** Aborts and never reports. */
  drop(reason: unknown): void
}

/** What all attempts of a runner share. */
interface Host {
  readonly services: AttemptServices
  readonly clock: Clock
  readonly threads: ThreadPool
  release(): void
}

export class ActivityRunner {
  readonly #host: Host
  readonly #limit: number
  readonly #queue: Attempt[] = []
  #running = 0

  constructor(deps: {
    readonly clock: Clock
    readonly limit: number
    readonly services: AttemptServices
    readonly threads: ThreadPool
  }) {
    const { clock, services, threads } = deps
    this.#limit = deps.limit
    this.#host = { services, clock, threads, release: () => this.#release() }
  }

  get running(): number {
    return this.#running
  }

  start(
    request: AttemptRequest,
    onHeartbeat: (details: JsonValue | undefined) => void,
    onDone: (result: AttemptResult) => void,
  ): RunningAttempt {
    const attempt = new Attempt(this.#host, request, onHeartbeat, onDone)
    if (this.#running < this.#limit) this.#run(attempt)
    else this.#queue.push(attempt)
    return attempt
  }

  #run(attempt: Attempt): void {
    this.#running++
    attempt.run()
  }

  #release(): void {
    this.#running--
    for (;;) {
      const next = this.#queue.shift()
      if (!next) return
      if (next.isOver) continue
      this.#run(next)
      return
    }
  }
}

class Attempt implements RunningAttempt {
  isOver = false
  readonly #host: Host
  readonly #request: AttemptRequest
  readonly #context: AttemptContext
  readonly #onHeartbeat: (details: JsonValue | undefined) => void
  readonly #onDone: (result: AttemptResult) => void
  #cancelTimeout: (() => void) | undefined
  #cancelHeartbeat: (() => void) | undefined
  #isRunning = false

  constructor(
    host: Host,
    request: AttemptRequest,
    onHeartbeat: (details: JsonValue | undefined) => void,
    onDone: (result: AttemptResult) => void,
  ) {
    this.#host = host
    this.#request = request
    this.#onHeartbeat = onHeartbeat
    this.#onDone = onDone
    this.#context = new AttemptContext(request, host.services, this)
  }

  beat(details: JsonValue | undefined): void {
    if (this.isOver) return
    this.#watchHeartbeat()
    this.#onHeartbeat(details)
  }

  run(): void {
    this.#isRunning = true
    const { timeout } = this.#request.options
    if (timeout !== undefined) {
      const ms = durationMs(timeout)
      const text = `Activity ${this.#request.activityName} did not finish within ${ms / 1_000} s`
      this.#cancelTimeout = this.#host.clock.after(ms, () => this.#giveUp(new TimeoutError(text)))
    }
    this.#watchHeartbeat()
    let result: unknown
    try {
      result = this.#body()
    } catch (error) {
      this.#failed(error)
      return
    }
    if (result instanceof Promise) result.then(this.#settled, this.#failed)
    else if (isThenable(result)) Promise.resolve(result).then(this.#settled, this.#failed)
    else this.#settled(result)
  }

  abort(reason: unknown): void {
    this.#context.abort(reason)
  }

  drop(reason: unknown): void {
    if (this.isOver) return
    this.isOver = true
    this.#stopTimers()
    this.#context.abort(reason)
    this.#rollback()
    // A body that ignores its signal still occupies its place until it returns; one that never ran occupies none.
  }

  #body(): unknown {
    const { fn, input, options, activityName } = this.#request
    if (options.thread)
      return this.#host.threads.run(options.thread, {
        input,
        attempt: this.#request.attempt,
        signal: this.#context.signal,
      })
    if (!options.input) return fn(this.#context, input as never)
    const valid = validate(options.input, input, `input of activity ${activityName}`)
    return valid instanceof Promise
      ? valid.then((checked) => fn(this.#context, checked as never))
      : fn(this.#context, valid as never)
  }

  readonly #settled = (value: unknown): void => {
    const { output } = this.#request.options
    if (!output) {
      this.#succeed(value)
      return
    }
    try {
      const valid = validate(output, value, `output of activity ${this.#request.activityName}`)
      if (valid instanceof Promise) valid.then((checked) => this.#succeed(checked), this.#failed)
      else this.#succeed(valid)
    } catch (error) {
      this.#failed(error)
    }
  }

  readonly #failed = (error: unknown): void => {
    this.#rollback()
    this.#report({ ok: false, error })
  }

  #succeed(value: unknown): void {
    const effects = this.#context.takeEffects()
    const opening = this.#context.takeSession()
    if (!opening) {
      this.#report({ ok: true, value, effects, session: undefined })
      return
    }
    opening.then(
      (session) => {
        if (this.isOver) void session.rollback().catch(() => {})
        this.#report({ ok: true, value, effects, session })
      },
      (error: unknown) => this.#failed(error),
    )
  }

  /** Time is up: what the body does from now on counts for nothing. */
  #giveUp(error: TimeoutError): void {
    if (this.isOver) return
    this.#context.abort(error)
    this.#rollback()
    this.#report({ ok: false, error })
  }

  #report(result: AttemptResult): void {
    this.#free()
    this.#context.close()
    if (this.isOver) return
    this.isOver = true
    this.#stopTimers()
    this.#onDone(result)
  }

  #free(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#host.release()
  }

  #rollback(): void {
    // The session fails on its own when the transaction is gone already; there is nothing left to undo then.
    this.#context
      .takeSession()
      ?.then((session) => session.rollback())
      .catch(() => {})
  }

  #watchHeartbeat(): void {
    const { heartbeatTimeout } = this.#request.options
    if (heartbeatTimeout === undefined) return
    this.#cancelHeartbeat?.()
    const ms = durationMs(heartbeatTimeout)
    const text = `Activity ${this.#request.activityName} gave no heartbeat for ${ms / 1_000} s`
    this.#cancelHeartbeat = this.#host.clock.after(ms, () => this.#giveUp(new TimeoutError(text)))
  }

  #stopTimers(): void {
    this.#cancelTimeout?.()
    this.#cancelHeartbeat?.()
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
