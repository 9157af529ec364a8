/**
 * A failed instance goes on in place: what is behind its failure is superseded, as if it had not been answered yet, and asked for again.
 *
 *  1. Behind the failure are the answers whose error is the workflow's, or is in it as a cause or a member (replay/failed-run.ts).
 *  2. Where none is, the workflow threw by itself. If today's code gets past that, it goes on from its last event; otherwise the latest failures are
 *     tried again that it had caught, as many as nothing recorded later depends on.
 *  3. Calls that the superseded answers made the code do are superseded with them. Everything else that was recorded stays.
 *  4. A replay decides before anything is written: a retry that does not fit, or that would only fail in the same way, is refused with the reason.
 */
import type { Workflow } from './model/definition'
import { InstanceNotFoundError, InvalidStateError, type NonDeterminismError } from './model/errors'
import { toFailure } from './model/failure'
import { type HistoryEvent, INLINE_EVENTS } from './model/history'
import { type Failure, isTerminal } from './model/instance'
import { encodeJson } from './model/json'
import { validate } from './model/schema'
import type { WorkflowExecution } from './replay/execution'
import { type FailedRun, failedRun, withInline } from './replay/failed-run'
import { applyCommand } from './runtime/commands'
import { TransitionDraft } from './runtime/draft'
import { Operations } from './runtime/operations'
import { newInstanceRow } from './runtime/registry'
import type { InstanceRow } from './storage/rows'
import { definitionOf, historyOf, type OperatorOptions, rowOf, type SurgeryDeps, tryReplay } from './surgery'

/** @throws InvalidStateError unless it failed, was not compensated, and would get any further */
export async function retry(deps: SurgeryDeps, id: string, options: OperatorOptions): Promise<void> {
  const row = await rowOf(deps, id)
  if (row.status !== 'failed')
    throw new InvalidStateError(`Only a failed instance can be retried; '${id}' is ${row.status}`)
  if (row.compensationState !== 'none')
    throw new InvalidStateError(
      `Instance '${id}' was compensated: what it did has been undone. Fork it to run it again`,
    )
  if (row.deadlineAt !== null && row.deadlineAt <= deps.now())
    throw new InvalidStateError(
      `The deadline of instance '${id}' has passed: it would end at once. Fork it to run it again`,
    )
  const events = await historyOf(deps, row)
  const run = failedRun(events)
  const supersedes = run ? await choose(new Trials(deps, row, events, run), run) : []
  const verb = { type: 'retry', supersedes, by: options.by ?? null, reason: options.reason ?? null } as const
  const outcome = await deps.storage.operate(id, verb, { now: deps.now(), audit: options.audit ?? null })
  if (outcome.kind === 'refused') throw new InvalidStateError(`Instance '${id}' cannot be retried: ${outcome.why}`)
  if (outcome.kind === 'not-found') throw new InstanceNotFoundError(id)
  deps.wake(outcome.wakes)
}

async function choose(trials: Trials, { behind, others }: FailedRun): Promise<readonly number[]> {
  const [last] = behind
  if (last) {
    await trials.checkChildren(behind)
    const tried = await trials.without(behind)
    if (tried.fits) return trials.accepted(tried)
    const alone = await trials.without([last])
    return alone.fits ? trials.accepted(alone) : trials.refused(last, tried.error)
  }
  const plain = await trials.without([])
  if (plain.fits && !plain.isSame) return plain.supersedes
  // the more are left out, the less of what followed fits
  let most: Fitting | undefined
  for (let [fewest, limit] = [1, others.length]; fewest <= limit; ) {
    const count = Math.ceil((fewest + limit) / 2)
    const tried = await trials.without(others.slice(0, count))
    if (tried.fits) {
      most = tried
      fewest = count + 1
    } else limit = count - 1
  }
  if (most) return trials.accepted(most)
  return plain.fits ? trials.accepted(plain) : trials.refused(undefined, plain.error)
}

interface Fitting {
  readonly fits: true
  readonly supersedes: readonly number[]
  /** It would fail again, in the same words. */
  readonly isSame: boolean
}
type Trial = Fitting | { readonly fits: false; readonly error: NonDeterminismError }

/** What would become of the instance if these answers were not there. */
class Trials {
  readonly #deps: SurgeryDeps
  readonly #row: InstanceRow
  readonly #events: readonly HistoryEvent[]
  readonly #run: FailedRun

  constructor(deps: SurgeryDeps, row: InstanceRow, events: readonly HistoryEvent[], run: FailedRun) {
    this.#deps = deps
    this.#row = row
    this.#events = events
    this.#run = run
  }

  async without(answers: readonly HistoryEvent[]): Promise<Trial> {
    const { ended, unheard } = this.#run
    const supersedes = withInline(this.#events, [ended, ...unheard, ...answers])
    const from = Math.min(...supersedes)
    for (;;) {
      const tried = await this.#try([...supersedes].sort((a, b) => a - b))
      if (tried.fits) return tried
      // a call that only the failure made the code do, further down: where it was awaited later than it came
      const { expected } = tried.error
      const extra = this.#events.find(
        ({ seq, type, activityId }) =>
          seq > from && !supersedes.has(seq) && type === expected?.kind && activityId === expected.activityId,
      )
      if (!extra || !INLINE_EVENTS.has(extra.type)) return tried
      for (const seq of withInline(this.#events, [extra])) supersedes.add(seq)
    }
  }

  accepted({ supersedes, isSame }: Fitting): readonly number[] {
    if (!isSame) return supersedes
    throw new InvalidStateError(
      `A retry of instance '${this.#row.id}' would change nothing, it would fail again with: ${this.#run.ended.data.error.message}. No failed activity is behind this that could be tried again. Mend the code first, or fork the instance from an earlier event`,
    )
  }

  /** @param last the failure that the workflow went on after */
  async refused(last: HistoryEvent | undefined, error: NonDeterminismError): Promise<never> {
    const { id } = this.#row
    const asItIs = await this.#replay([], this.#events)
    if (last && asItIs.fits)
      throw new InvalidStateError(
        `Instance '${id}' cannot be retried in place: after ${last.type} '${last.activityId}' it went on, and what it did then would not fit (${error.message}). Fork it from event ${last.seq} to run it again from there`,
      )
    const why = asItIs.fits ? error : asItIs.error
    throw new InvalidStateError(`Instance '${id}' cannot be retried with today's code: ${why.message}`)
  }

  /** @throws InvalidStateError where asking again for a child would be answered as before */
  async checkChildren(answers: readonly HistoryEvent[]): Promise<void> {
    for (const { type, data } of answers) {
      if (type !== 'ChildCompleted') continue
      const child = await this.#deps.storage.chainHead(data.childId)
      if (child && isTerminal(child.status) && child.status !== 'completed')
        throw new InvalidStateError(
          `A retry of instance '${this.#row.id}' would change nothing while its child '${child.id}' is ${child.status}: ${child.status === 'failed' ? 'retry the child first' : 'fork the instance to start another one'}`,
        )
    }
  }

  async #try(supersedes: readonly number[]): Promise<Trial> {
    const retried = {
      seq: this.#row.nextSeq,
      activityId: 'retry',
      type: 'WorkflowRetried',
      data: { supersedes, by: null, reason: null },
      createdAt: this.#deps.now(),
    } as const
    return this.#replay(supersedes, [...this.#events, retried])
  }

  async #replay(supersedes: readonly number[], events: readonly HistoryEvent[]): Promise<Trial> {
    const tried = await tryReplay(this.#deps, this.#row, { events, pending: null }, (execution) =>
      this.#failureOf(execution),
    )
    if ('error' in tried) return { fits: false, error: tried.error }
    const { name, message } = this.#run.ended.data.error
    return { fits: true, supersedes, isSame: tried.found?.name === name && tried.found.message === message }
  }

  /** How it would fail at once, if it would: by what the code throws, by what it asks for or returns and cannot be stored. */
  async #failureOf(execution: WorkflowExecution): Promise<Failure | undefined> {
    const refusal = this.#refusalOf(execution)
    if (refusal) return toFailure(refusal)
    const { outcome } = execution
    if (outcome?.kind === 'failed') return toFailure(outcome.error)
    if (outcome?.kind !== 'completed') return undefined
    const { workflow } = definitionOf(this.#deps, this.#row)
    const what = `output of workflow ${workflow.workflowName}`
    try {
      const { output } = workflow.options
      const valid = output ? await validate(output, outcome.value, what) : outcome.value
      encodeJson(valid, what, this.#deps.settings.maxPayloadBytes)
      return undefined
    } catch (error) {
      return toFailure(error)
    }
  }

  #refusalOf(execution: WorkflowExecution): Error | undefined {
    const draft = new TransitionDraft()
    const operations = new Operations()
    const { settings } = this.#deps
    const now = this.#deps.now()
    const facts = {
      now,
      maxPayloadBytes: settings.maxPayloadBytes,
      tags: {},
      newChild: ({ childId: id, workflow: { workflowName } }: { childId: string; workflow: Workflow }, input: string) =>
        newInstanceRow(settings, { id, workflowName, definition: undefined, input, now, tags: undefined }),
    }
    for (const command of execution.takeCommands()) applyCommand(command, draft, operations, facts)
    return draft.refusal
  }
}
