/** Histories in the engine's own words. A story is written step by step; the clock moves with it. */
import type { CompensationRecord, Failure, HistoryRecord, PendingRecord } from '../src/lib/api-types'

type Data = NonNullable<HistoryRecord['data']>

export class Story {
  readonly events: HistoryRecord[] = []
  readonly pending: PendingRecord[] = []
  readonly compensations: CompensationRecord[] = []
  now: number

  constructor(startedAt: number) {
    this.now = startedAt
  }

  wait(ms: number): this {
    this.now += ms
    return this
  }

  add(
    type: HistoryRecord['type'],
    activityId: string,
    name: string | null,
    data: Data,
    extra: Partial<HistoryRecord> = {},
  ): this {
    this.events.push({
      seq: this.events.length + 1,
      activityId,
      type,
      name,
      data,
      cut: false,
      bytes: JSON.stringify(data).length,
      binary: null,
      failed: false,
      attempts: null,
      createdAt: new Date(this.now),
      ...extra,
    })
    return this
  }

  /** @param errors messages of the attempts that failed before */
  activity(name: string, index: number, took: number, input: Data, result: Data, errors: readonly string[] = []): this {
    const startedAt = this.now
    this.now += took
    const retryMetadata = errors.length
      ? {
          retryMetadata: {
            totalAttempts: errors.length + 1,
            totalDurationMs: took,
            exhausted: false,
            errors: errors.map((message, i) => ({
              attempt: i + 1,
              errorType: 'HttpError',
              message,
              timestampMs: startedAt + ((i + 1) * took) / (errors.length + 2),
            })),
            lastError: { errorType: 'HttpError', message: errors.at(-1) ?? '' },
          },
        }
      : {}
    return this.add(
      'ActivityCompleted',
      `${name}:${index}`,
      name,
      { activityName: name, input, result, ...retryMetadata } as Data,
      { attempts: errors.length + 1 },
    )
  }

  fail(name: string, index: number, took: number, input: Data, error: Failure, attempts: number): this {
    const startedAt = this.now
    this.now += took
    const errors = Array.from({ length: attempts }, (_, i) => ({
      attempt: i + 1,
      errorType: error.cause?.name ?? error.name,
      message: error.cause?.message ?? error.message,
      timestampMs: startedAt + ((i + 1) * took) / attempts,
    }))
    const retryMetadata = {
      totalAttempts: attempts,
      totalDurationMs: took,
      exhausted: true,
      errors,
      lastError: { errorType: error.name, message: error.message },
    }
    return this.add(
      'ActivityFailed',
      `${name}:${index}`,
      name,
      { activityName: name, input, error, retryMetadata } as unknown as Data,
      { failed: true, attempts },
    )
  }

  compensable(name: string, activityId: string, args: Data, partial: Partial<CompensationRecord> = {}): this {
    const seq = this.compensations.length + 1
    this.compensations.push({
      seq,
      name,
      args,
      activityId,
      state: 'registered',
      attempts: 0,
      lastError: null,
      nextAttemptAt: null,
      executedAt: null,
      ...partial,
    })
    return this.add('CompensationRegistered', `compensation:${seq}`, name, { name, args, activityId } as Data)
  }

  open(partial: Partial<PendingRecord> & Pick<PendingRecord, 'id' | 'kind' | 'name'>): this {
    this.pending.push({
      attempt: null,
      firstAttemptAt: null,
      dueAt: null,
      where: null,
      errors: [],
      heartbeat: null,
      summary: null,
      ...partial,
    })
    return this
  }
}

export function failure(name: string, message: string, cause?: Failure): Failure {
  const stack = `${name}: ${message}
    at charge (file:///srv/shop/src/activities/charge.ts:42:11)
    at async ActivityRunner.attempt (file:///srv/shop/node_modules/@edda/engine/dist/activity-runner.mjs:118:22)
    at async InstanceRunner.turn (file:///srv/shop/node_modules/@edda/engine/dist/instance-runner.mjs:77:9)`
  return { name, message, stack, ...(cause ? { cause } : {}) }
}
