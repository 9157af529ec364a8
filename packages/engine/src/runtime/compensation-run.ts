/** One compensation of the stack, attempt by attempt, until it is done or out of retries. What each attempt changes is durable before the next. */
import type { Compensation } from '../model/definition'
import { TerminalError } from '../model/errors'
import { toFailure } from '../model/failure'
import { afterFailedAttempt, resolveRetryPolicy } from '../model/retry-policy'
import type { CompensationRow, NewHistoryRow } from '../storage/rows'
import type { AttemptResult, RunningAttempt } from './activity-runner'
import { row } from './commands'
import { TransitionDraft } from './draft'
import type { Instance } from './instance'
import { addEffects } from './turn'

type Update = Pick<CompensationRow, 'seq' | 'state' | 'attempts' | 'lastError' | 'nextAttemptAt' | 'executedAt'>

export interface CompensationStep {
  readonly row: NewHistoryRow
  readonly update: Update
  readonly effects: ((draft: TransitionDraft) => void) | undefined
}

/** Commits a change of the stack; with `wakeAt` it parks the instance until then. */
type Commit = (draft: TransitionDraft, wakeAt?: number) => Promise<'ok' | 'lost'>

export class CompensationRun {
  readonly #instance: Instance
  readonly #row: CompensationRow
  readonly #definition: Compensation | undefined
  readonly #interruptions: number
  #attempt: RunningAttempt | undefined
  #wakeUp: (() => void) | undefined

  /** @param interruptions attempts that were lost with their workers: they count as attempts, and use up none of the policy's */
  constructor(
    instance: Instance,
    compensation: CompensationRow,
    definition: Compensation | undefined,
    interruptions: number,
  ) {
    this.#instance = instance
    this.#row = compensation
    this.#definition = definition
    this.#interruptions = interruptions
  }

  drop(reason: unknown): void {
    this.#attempt?.drop(reason)
    this.#wakeUp?.()
  }

  async run(commit: Commit): Promise<CompensationStep | 'lost' | { readonly parkedUntil: number }> {
    const definition = this.#definition
    if (!definition) {
      const text = `Compensation '${this.#row.name}' is no longer defined: deploy code that defines it and retry it, or mark it as done`
      return this.#ended(this.#row.attempts, new TerminalError(text))
    }
    const policy = resolveRetryPolicy(definition.options.retry, this.#instance.services.settings.defaultRetryPolicy)
    const firstAttemptAt = this.#instance.now()
    const waiting = await this.#untilDue(this.#row.nextAttemptAt, commit, undefined)
    if (waiting !== 'ok') return waiting
    for (let attempts = this.#row.attempts + this.#interruptions + 1; ; attempts++) {
      // Who stood still may have been replaced meanwhile.
      if (!this.#instance.isTrusted) return 'lost'
      const result = await this.#once(definition, attempts)
      if (result === 'lost') return 'lost'
      if (result.ok) return this.#executed(attempts, result)
      const now = this.#instance.now()
      const decision = afterFailedAttempt(policy, {
        activityName: definition.compensationName,
        attempt: attempts - this.#interruptions,
        firstAttemptAt,
        now,
        error: result.error,
        random: Math.random(),
      })
      if (decision.kind === 'fail') return this.#ended(attempts, decision.error)
      const nextAttemptAt = this.#instance.latest() + decision.delayMs
      const update: Update = {
        seq: this.#row.seq,
        state: 'registered',
        attempts,
        lastError: JSON.stringify(toFailure(result.error)),
        nextAttemptAt,
        executedAt: null,
      }
      const waited = await this.#untilDue(nextAttemptAt, commit, update)
      if (waited !== 'ok') return waited
    }
  }

  /** Waits in memory for a short delay, parks for a long one. */
  async #untilDue(
    at: number | null,
    commit: Commit,
    update: Update | undefined,
  ): Promise<'ok' | 'lost' | { readonly parkedUntil: number }> {
    const { clock, settings } = this.#instance.services
    const delay = (at ?? 0) - clock.now()
    const draft = new TransitionDraft()
    if (update) draft.add('updates', update)
    if (delay > settings.shortDelayMs && at !== null)
      return (await commit(draft, at)) === 'ok' ? { parkedUntil: at } : 'lost'
    if (update && (await commit(draft)) === 'lost') return 'lost'
    if (delay <= 0) return 'ok'
    await new Promise<void>((resolve) => {
      const cancel = clock.after(delay, resolve)
      this.#wakeUp = () => {
        cancel()
        resolve()
      }
    })
    return 'ok'
  }

  #once(definition: Compensation, attempt: number): Promise<AttemptResult | 'lost'> {
    const { activities } = this.#instance.services
    const { facts, id, epoch } = this.#instance
    return new Promise((resolve) => {
      this.#wakeUp = () => resolve('lost')
      const request = {
        instanceId: id,
        workflowName: facts.definition.workflow.workflowName,
        activityId: `compensation_${this.#row.seq}`,
        activityName: definition.compensationName,
        attempt,
        fencingToken: epoch,
        heartbeatDetails: undefined,
        fn: definition.fn,
        input: JSON.parse(this.#row.args) as unknown,
        options: definition.options,
      }
      this.#attempt = activities.start(request, () => {}, resolve)
    })
  }

  async #executed(attempts: number, result: Extract<AttemptResult, { ok: true }>): Promise<CompensationStep | 'lost'> {
    const now = this.#instance.now()
    const update: Update = {
      seq: this.#row.seq,
      state: 'executed',
      attempts,
      lastError: null,
      nextAttemptAt: null,
      executedAt: now,
    }
    const event = row(
      `compensation_${this.#row.seq}`,
      'CompensationExecuted',
      JSON.stringify({ name: this.#row.name, compensationSeq: this.#row.seq }),
      now,
    )
    const { effects, session } = result
    if (session) {
      // Its own statements commit with the record that it ran.
      const draft = new TransitionDraft()
      draft.record(event)
      draft.add('updates', update)
      if (effects) addEffects(this.#instance, effects, draft)
      const verdict = await session.commit(
        this.#instance.transition(
          draft,
          { now, status: 'compensating', lease: 'keep', wakeAt: null, compensationState: 'pending' },
          false,
        ),
      )
      if (verdict.kind !== 'accepted') return 'lost'
      this.#instance.committed(draft, verdict.nextSeq)
      return { row: event, update, effects: ALREADY_COMMITTED }
    }
    return { row: event, update, effects: effects ? (draft) => addEffects(this.#instance, effects, draft) : undefined }
  }

  #ended(attempts: number, error: unknown): CompensationStep {
    const failure = JSON.stringify(toFailure(error))
    const data = `{"name":${JSON.stringify(this.#row.name)},"compensationSeq":${this.#row.seq},"error":${failure}}`
    return {
      row: row(`compensation_${this.#row.seq}`, 'CompensationFailed', data, this.#instance.now()),
      update: {
        seq: this.#row.seq,
        state: 'failed',
        attempts,
        lastError: failure,
        nextAttemptAt: null,
        executedAt: null,
      },
      effects: undefined,
    }
  }
}

/** The step is durable already: nothing of it goes into another draft. */
const ALREADY_COMMITTED = (draft: TransitionDraft): void => {
  draft.forgetRows()
  draft.updates = []
}
