/**
 * How an instance ends once its outcome is decided. Success ends at once. Failure and cancel first stop what runs, record what finished anyway, then
 * compensate: last first, one at a time, under the lease, each with its own retry policy, each recorded; a crash resumes with the next.
 *
 *  1. `prepare` makes the first transition of the ending; only after it is durable does a compensation run.
 *  2. A compensation out of retries does not stop the next; the instance then ends with `compensationState: 'failed'`, visible and operable.
 *  3. A compensation that the code no longer defines counts as failed, never as skipped.
 */
import { type Compensation, findCompensation } from '../model/definition'
import { toFailure } from '../model/failure'
import { generatedId, isTerminal } from '../model/instance'
import { encodeJson } from '../model/json'
import { validate } from '../model/schema'
import type { CompensationRow } from '../storage/rows'
import type { Verdict } from '../storage/units'
import type { EndedAttempt } from './attempts'
import { row } from './commands'
import { CompensationRun, type CompensationStep } from './compensation-run'
import { decodeError } from './decode'
import { type BodyFacts, TransitionDraft } from './draft'
import { newId } from './ids'
import type { Instance } from './instance'
import { recordOnly } from './turn'

export type EndingOutcome =
  | { readonly kind: 'completed'; readonly value: unknown }
  | { readonly kind: 'recurred'; readonly input: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'cancelled'; readonly by: string | null; readonly reason: string | null }

/** How it ended, for those who wait in this process. Texts are JSON. */
export interface EndSummary {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'recurred'
  readonly output: string | null
  readonly error: string | null
  readonly by: string | null
  readonly reason: string | null
  readonly successorId: string | null
}

/** `again`: the database decided otherwise; end with this outcome instead. */
export type EndingResult = 'ended' | 'lost' | { readonly parkedUntil: number } | { readonly again: EndingOutcome }

const ABORTED = new Error('the workflow is ending')

export class Ending {
  readonly #instance: Instance
  readonly #outcome: EndingOutcome
  readonly #late: EndedAttempt[] = []
  #onLate: (() => void) | undefined
  #errorText: string | null = null
  #run: CompensationRun | undefined
  #isDropped = false
  #last: BodyFacts | undefined
  /** Attempts of the next compensation that were lost with their workers. */
  #interruptions: number

  constructor(instance: Instance, outcome: EndingOutcome, interruptions = 0) {
    this.#instance = instance
    this.#outcome = outcome
    this.#interruptions = interruptions
    this.#errorText = outcome.kind === 'failed' ? JSON.stringify(toFailure(outcome.error)) : null
  }

  get kind(): EndingOutcome['kind'] {
    return this.#outcome.kind
  }

  /** Known once the last transition is durable. */
  get summary(): EndSummary {
    const status = this.#last?.status
    if (status !== 'completed' && status !== 'failed' && status !== 'cancelled' && status !== 'recurred')
      throw new Error(`not ended: ${status}`)
    return {
      status,
      output: this.#last?.output ?? null,
      error: this.#last?.error ?? null,
      by: this.#by(),
      reason: this.#reason(),
      successorId: this.#last?.recur?.id ?? null,
    }
  }

  /** An attempt that finished although the outcome is decided. */
  onAttempt(ended: EndedAttempt): void {
    this.#late.push(ended)
    this.#onLate?.()
  }

  /** Stops everything without a word; the lease is gone. */
  drop(reason: unknown): void {
    this.#isDropped = true
    this.#run?.drop(reason)
    this.#onLate?.()
  }

  /** Fills the draft with what ends the instance, or begins its compensation. */
  async prepare(draft: TransitionDraft): Promise<BodyFacts> {
    switch (this.#outcome.kind) {
      case 'completed':
      case 'recurred': {
        this.#instance.attempts.dropAll(ABORTED)
        const facts = await this.#success(this.#outcome, draft)
        if (facts) return facts
        return this.#prepareUndo(draft)
      }
      default:
        return this.#prepareUndo(draft)
    }
  }

  /** Makes the prepared transition and all that follow it. */
  async finish(draft: TransitionDraft): Promise<EndingResult> {
    const facts = await this.prepare(draft)
    if (this.#isDropped) return 'lost'
    const verdict = await this.#instance.services.queue.submit(this.#instance.transition(draft, facts, false))
    return this.afterPrepared(verdict, draft, facts)
  }

  async afterPrepared(verdict: Verdict, draft: TransitionDraft, facts: BodyFacts): Promise<EndingResult> {
    switch (verdict.kind) {
      case 'accepted':
        this.#instance.committed(draft, verdict.nextSeq)
        this.#instance.services.wake(verdict.wakes)
        this.#last = facts
        if (!isTerminal(facts.status)) return this.compensate()
        // What nobody waited for was answered first, and an answered unit does not end.
        if (verdict.answers.length > 0) return this.#endAgain(facts)
        return this.#told()
      case 'cancel':
        this.#instance.committed(draft, verdict.nextSeq)
        return { again: { kind: 'cancelled', by: verdict.by, reason: verdict.reason } }
      case 'failed':
        // The outcome itself cannot be written (or an instance whose failure cannot be written is left to its lease's end).
        return this.#outcome.kind === 'failed' ? 'lost' : { again: { kind: 'failed', error: verdict.error } }
      default:
        return 'lost'
    }
  }

  async #endAgain(facts: BodyFacts): Promise<EndingResult> {
    const draft = new TransitionDraft()
    const verdict = await this.#instance.services.queue.submit(this.#instance.transition(draft, facts, false))
    return this.afterPrepared(verdict, draft, facts)
  }

  /** Runs the stack from wherever it stands; also the way in after a crash or an operator's retry. */
  async compensate(): Promise<EndingResult> {
    const { services, id } = this.#instance
    const rows = await services.storage.compensations(id)
    const stack = rows
      .filter((one) => one.state === 'registered' || one.state === 'running')
      .sort((a, b) => b.seq - a.seq)
    let hasFailed = rows.some((one) => one.state === 'failed')
    for (const [index, compensation] of stack.entries()) {
      const step = await this.#runOne(compensation)
      if (step === 'lost' || 'parkedUntil' in step) return step
      hasFailed ||= step.update.state === 'failed'
      const isLast = index === stack.length - 1
      const draft = new TransitionDraft()
      draft.record(step.row)
      draft.add('updates', step.update)
      if (step.effects) step.effects(draft)
      const result = await this.#commit(draft, isLast ? this.#lastFacts(hasFailed) : this.#compensatingFacts())
      if (result !== 'ok') return result
      if (isLast) return this.#told()
    }
    const result = await this.#commit(new TransitionDraft(), this.#lastFacts(hasFailed))
    return result === 'ok' ? this.#told() : result
  }

  // ------------------------------------------------------------ success

  /** @returns undefined when the value cannot be accepted: then the workflow fails instead */
  async #success(
    outcome: Extract<EndingOutcome, { kind: 'completed' | 'recurred' }>,
    draft: TransitionDraft,
  ): Promise<BodyFacts | undefined> {
    const { facts, services, id } = this.#instance
    const { workflow } = facts.definition
    const now = this.#instance.now()
    try {
      if (outcome.kind === 'completed') {
        const { output } = workflow.options
        const valid = output
          ? await validate(output, outcome.value, `output of workflow ${workflow.workflowName}`)
          : outcome.value
        const text = encodeJson(valid, `output of workflow ${workflow.workflowName}`, services.settings.maxPayloadBytes)
        return {
          now,
          status: 'completed',
          lease: 'release',
          wakeAt: null,
          output: text,
          ...this.#noCompensation(draft),
        }
      }
      const valid = workflow.options.input
        ? await validate(workflow.options.input, outcome.input, `input of workflow ${workflow.workflowName}`)
        : outcome.input
      const input = encodeJson(
        outcome.input,
        `input of workflow ${workflow.workflowName}`,
        services.settings.maxPayloadBytes,
      )
      const tags = Object.keys(this.#instance.tags).length > 0 ? this.#instance.tags : workflow.options.tags?.(valid)
      const successor = services.newInstance({
        id: generatedId(workflow.workflowName, newId(now)),
        workflowName: workflow.workflowName,
        definition: facts.definition,
        input,
        now,
        tags,
        leaseMs: facts.leaseMs,
        continuedFrom: { id, chainId: facts.chainId },
        ...(facts.parentId === null
          ? {}
          : { parentId: facts.parentId, parentClosePolicy: facts.parentClosePolicy ?? 'cancel' }),
      })
      return {
        now,
        status: 'recurred',
        lease: 'release',
        wakeAt: null,
        output: `{"recurInput":${input}}`,
        recur: successor,
        ...this.#noCompensation(draft),
      }
    } catch (error) {
      this.#errorText = JSON.stringify(toFailure(error))
      return undefined
    }
  }

  #noCompensation(draft: TransitionDraft): { compensationState: 'none' } | object {
    return this.#instance.hasCompensations || draft.push.length > 0 ? { compensationState: 'none' as const } : {}
  }

  // ------------------------------------------------------------ failure and cancel

  async #prepareUndo(draft: TransitionDraft): Promise<BodyFacts> {
    await this.#settleAttempts(draft)
    this.#instance.execution?.close()
    const now = this.#instance.now()
    const isCancel = this.#outcome.kind === 'cancelled'
    const unheard = draft.unheard === 0 ? undefined : draft.unheard
    if (isCancel) {
      const request = { by: this.#by(), reason: this.#reason(), unheard }
      draft.record(row('cancel', 'CancelRequested', JSON.stringify(request), now))
    } else {
      const about = unheard === undefined ? '' : `,"unheard":${unheard}`
      draft.record(row('workflow_failed', 'WorkflowFailed', `{"error":${this.#errorText}${about}}`, now))
    }
    const acknowledgesCancel = isCancel
    if (this.#instance.hasCompensations || draft.push.length > 0)
      return { ...this.#compensatingFacts(), acknowledgesCancel }
    return {
      now,
      status: isCancel ? 'cancelled' : 'failed',
      lease: 'release',
      wakeAt: null,
      ...this.#error(),
      acknowledgesCancel,
    }
  }

  /** Aborts what runs and waits for it within the grace period; what finished anyway is recorded, so that it is compensated. */
  async #settleAttempts(draft: TransitionDraft): Promise<void> {
    const { attempts, services } = this.#instance
    if (attempts.size > 0) {
      attempts.abortAll(ABORTED)
      let isLate = false
      const cancelTimer = services.clock.after(services.settings.graceMs, () => {
        isLate = true
        this.#onLate?.()
      })
      while (!isLate && !this.#isDropped && attempts.size > this.#late.length) {
        await new Promise<void>((resolve) => {
          this.#onLate = resolve
        })
      }
      cancelTimer()
    }
    for (const ended of this.#late.splice(0)) {
      if (ended.result.ok && ended.result.session) {
        // Its transaction was never committed: undone is undone.
        await ended.result.session.rollback()
        attempts.drop(ended.id, ABORTED)
      } else recordOnly(this.#instance, ended, draft)
    }
    attempts.dropAll(ABORTED)
  }

  async #runOne(compensation: CompensationRow): Promise<CompensationStep | 'lost' | { readonly parkedUntil: number }> {
    const definition: Compensation | undefined = findCompensation(compensation.name)
    this.#run = new CompensationRun(this.#instance, compensation, definition, this.#interruptions)
    this.#interruptions = 0
    const step = await this.#run.run((draft, wakeAt) =>
      this.#commit(
        draft,
        wakeAt === undefined ? this.#compensatingFacts() : { ...this.#compensatingFacts(), lease: 'release', wakeAt },
      ),
    )
    this.#run = undefined
    return this.#isDropped ? 'lost' : step
  }

  async #commit(draft: TransitionDraft, facts: BodyFacts): Promise<'ok' | 'lost'> {
    if (this.#isDropped) return 'lost'
    const verdict = await this.#instance.services.queue.submit(this.#instance.transition(draft, facts, false))
    if (verdict.kind !== 'accepted') return 'lost'
    this.#instance.committed(draft, verdict.nextSeq)
    this.#instance.services.wake(verdict.wakes)
    this.#last = facts
    return 'ok'
  }

  #compensatingFacts(): BodyFacts {
    return {
      now: this.#instance.now(),
      status: 'compensating',
      lease: 'keep',
      wakeAt: null,
      ...this.#error(),
      compensationState: 'pending',
    }
  }

  #lastFacts(hasFailed: boolean): BodyFacts {
    const status = this.#outcome.kind === 'cancelled' ? 'cancelled' : 'failed'
    return {
      now: this.#instance.now(),
      status,
      lease: 'release',
      wakeAt: null,
      ...this.#error(),
      compensationState: hasFailed ? 'failed' : 'completed',
    }
  }

  #error(): { error: string } | object {
    return this.#errorText === null ? {} : { error: this.#errorText }
  }

  #by(): string | null {
    return this.#outcome.kind === 'cancelled' ? this.#outcome.by : null
  }

  #reason(): string | null {
    return this.#outcome.kind === 'cancelled' ? this.#outcome.reason : null
  }

  #told(): 'ended' {
    const { hook } = this.#instance.services
    const { id } = this.#instance
    const name = this.#instance.facts.definition.workflow.workflowName
    if (this.#outcome.kind === 'cancelled') hook('onWorkflowCancelled', id, name)
    else if (this.#errorText !== null) hook('onWorkflowFailed', id, name, decodeError(this.#errorText))
    else if (this.#outcome.kind === 'completed') hook('onWorkflowComplete', id, name, this.#outcome.value)
    return 'ended'
  }
}
