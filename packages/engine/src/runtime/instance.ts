/**
 * One instance in this process: its place in the database (epoch, next number), its coroutine, its open operations and running attempts. Shared by the
 * runner, which turns results into transitions, and by the ending, which takes over once the outcome is decided.
 */
import type { Command } from '../model/command'
import type { NonDeterminismError } from '../model/errors'
import { toFailure } from '../model/failure'
import type { HistoryEvent } from '../model/history'
import { WorkflowExecution } from '../replay/execution'
import type { InstanceRow, NewInstance } from '../storage/rows'
import type { Ask, TransitionUnit } from '../storage/units'
import { Attempts, type AttemptsInbox } from './attempts'
import { latestOf } from './clock'
import { applyCommand } from './commands'
import { type BodyFacts, type TransitionDraft, toTransition } from './draft'
import { Operations } from './operations'
import type { Definition, RuntimeServices } from './services'

/** Everything about an instance that does not change while it runs here. */
export interface InstanceFacts {
  readonly id: string
  readonly chainId: string
  readonly definition: Definition
  readonly leaseMs: number
  /** Whose run it is, for what is random, and when that began: of a fork that keeps history, where this history began. */
  readonly origin: { readonly id: string; readonly startedAt: number }
  readonly deadlineAt: number | null
  readonly parentId: string | null
  readonly parentClosePolicy: NewInstance['parentClosePolicy']
}

export interface InstancePosition {
  readonly epoch: number
  readonly nextSeq: number
  readonly tags: string | null
  readonly hasCompensations: boolean
}

export const WITHDRAWN = new Error('withdrawn: the workflow no longer waits for this')

export class Instance {
  readonly services: RuntimeServices
  readonly facts: InstanceFacts
  readonly attempts: Attempts
  epoch: number
  nextSeq: number
  operations = new Operations()
  tags: Readonly<Record<string, string>>
  /** Compensations are or were registered: ending needs a look at the stack. */
  hasCompensations: boolean
  execution: WorkflowExecution | undefined
  /** Until then, by this process's own reckoning, nobody else may own it: no effect is started later. */
  trustedUntil: number
  /** Asks that wait for a transition of their own. */
  #heldAsks: readonly Ask[] = []

  constructor(services: RuntimeServices, facts: InstanceFacts, position: InstancePosition, inbox: AttemptsInbox) {
    this.services = services
    this.facts = facts
    this.epoch = position.epoch
    this.nextSeq = position.nextSeq
    this.tags = position.tags ? (JSON.parse(position.tags) as Record<string, string>) : {}
    this.hasCompensations = position.hasCompensations
    this.trustedUntil = services.clock.now() + facts.leaseMs
    this.attempts = new Attempts({
      services,
      instanceId: facts.id,
      workflowName: facts.definition.workflow.workflowName,
      inbox,
    })
  }

  get id(): string {
    return this.facts.id
  }

  now(): number {
    return this.services.clock.now()
  }

  latest(): number {
    return latestOf(this.services.clock)
  }

  /** By this process's own reckoning nobody else may own it: effects may begin without asking the database. */
  get isTrusted(): boolean {
    return this.latest() < this.trustedUntil
  }

  /** Claimed by this process. */
  claimed({ epoch, nextSeq, leaseUntil }: Pick<InstanceRow, 'epoch' | 'nextSeq' | 'leaseUntil'>): void {
    this.epoch = epoch
    this.nextSeq = nextSeq
    this.trustedUntil = leaseUntil ?? 0
  }

  createExecution(input: unknown): WorkflowExecution {
    this.execution = new WorkflowExecution({
      definition: this.facts.definition.workflow,
      instanceId: this.id,
      workerId: this.services.settings.workerId,
      seed: this.facts.origin.id,
      input,
      startedAt: this.facts.origin.startedAt,
      log: this.services.log,
    })
    return this.execution
  }

  /** The unit that this draft becomes; an ended instance keeps no operations. */
  transition(draft: TransitionDraft, facts: BodyFacts, keepsOperations = true): TransitionUnit {
    return toTransition(this, draft, keepsOperations ? this.operations : undefined, facts)
  }

  /** What became durable with this draft. */
  committed(draft: TransitionDraft, nextSeq: number): void {
    this.nextSeq = nextSeq
    if (draft.tags) this.tags = draft.tags
    if (draft.push.length > 0) this.hasCompensations = true
    for (const fn of draft.afterCommit) fn()
  }

  /** Earliest moment at which this instance needs a look, its deadline included. */
  nextDue(): number | null {
    const due = this.operations.earliestDue()
    const { deadlineAt } = this.facts
    return deadlineAt === null ? due : due === null ? deadlineAt : Math.min(due, deadlineAt)
  }

  /** Number of the next event of this draft. */
  seqIn(draft: TransitionDraft): number {
    return this.nextSeq + draft.rows.length
  }

  async deliver(event: HistoryEvent, draft: TransitionDraft): Promise<void> {
    const { execution } = this
    if (!execution || execution.outcome) {
      draft.unheard++
      return
    }
    await execution.deliver(event)
    this.applyCommands(draft)
  }

  applyCommands(draft: TransitionDraft, keep?: (command: Command) => boolean): void {
    const commands = this.execution?.takeCommands()
    if (!commands || commands.length === 0) return
    const facts = {
      now: this.now(),
      latest: this.latest(),
      maxPayloadBytes: this.services.settings.maxPayloadBytes,
      tags: this.tags,
      newChild: this.#newChild,
    }
    for (const command of commands) {
      if (keep && !keep(command)) continue
      if (command.type === 'Withdraw') this.attempts.drop(command.activityId, WITHDRAWN)
      applyCommand(command, draft, this.operations, facts)
    }
  }

  /**
   * One ask a transition: what its answer makes the code do has to stand right behind it in history. Once no code runs any more all may go together.
   */
  spreadAsks(draft: TransitionDraft, isEnding: boolean): void {
    if (this.#heldAsks.length === 0 && draft.asks.length <= 1) return
    const asks = [...this.#heldAsks, ...draft.asks]
    const now = isEnding ? asks.length : 1
    draft.asks = asks.slice(0, now)
    this.#heldAsks = asks.slice(now)
  }

  /** The coroutine is made anew, and asks again. */
  forgetAsks(): void {
    this.#heldAsks = []
  }

  readonly #newChild = (command: Extract<Command, { type: 'StartChild' }>, input: string): NewInstance => {
    const { workflow, childId, parentClosePolicy } = command
    return this.services.newInstance({
      id: childId,
      workflowName: workflow.workflowName,
      definition: this.services.definition(workflow.workflowName),
      input,
      now: this.now(),
      tags: workflow.options.tags?.(command.input),
      parentId: this.id,
      parentClosePolicy,
    })
  }
}

/** A divergence parks the instance with the difference and the code that differed, so that other code is tried and the same is not. */
export function suspendedFacts(instance: Instance, error: NonDeterminismError): BodyFacts {
  const failure = toFailure(error)
  const fields = { ...failure.fields, sourceHash: instance.facts.definition.sourceHash }
  return {
    now: instance.now(),
    status: 'suspended',
    lease: 'release',
    wakeAt: null,
    suspendReason: error.message,
    error: JSON.stringify({ ...failure, fields }),
  }
}
