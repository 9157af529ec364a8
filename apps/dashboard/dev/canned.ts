/** The form of a canned instance, filled from the few words in which one instance differs from another. */
import type { HistoryRecord, InstanceDetails, InstanceStatus, InstanceSummary, Verdict } from '../src/lib/api-types'
import type { Story } from './histories'

export interface Canned {
  readonly summary: InstanceSummary
  readonly details: Omit<InstanceDetails, 'now'>
  readonly history: readonly HistoryRecord[]
}

export const HASHES: Readonly<Record<string, string>> = {
  orderWorkflow: '9f2c4be1a77d',
  flakyPayment: '41d0c7aa93e2',
  nightlyReport: 'c03b19fe20d4',
  imageJobs: '77e1a0b3cc58',
}

interface Draft {
  readonly id: string
  readonly workflow: string
  readonly status: InstanceStatus
  readonly startedAt: number
  readonly input: InstanceDetails['instance']['input']
  readonly output?: InstanceDetails['instance']['output']
  readonly error?: InstanceDetails['instance']['error']
  readonly story: Story
  readonly verdict: Partial<Verdict> & Pick<Verdict, 'headline' | 'why' | 'severity'>
  readonly more?: Partial<InstanceDetails['instance']>
  readonly extra?: Partial<InstanceDetails>
  readonly tags?: Readonly<Record<string, string>>
}

const TERMINAL = new Set<InstanceStatus>(['completed', 'failed', 'cancelled', 'recurred'])

export function make(draft: Draft): Canned {
  const { story, status, id, workflow } = draft
  const ended = TERMINAL.has(status)
  const pending = story.pending[0]
  const instance: InstanceDetails['instance'] = {
    instanceId: id,
    workflowName: workflow,
    status,
    input: draft.input,
    output: draft.output ?? null,
    error: draft.error ?? null,
    startedAt: new Date(draft.startedAt),
    updatedAt: new Date(story.now),
    completedAt: ended ? new Date(story.now) : null,
    continuedFrom: null,
    parentId: null,
    forkedFrom: null,
    tags: draft.tags ?? {},
    state: null,
    compensationState: 'none',
    cancel: null,
    suspendReason: null,
    ownerService: 'shop',
    version: 3,
    ...draft.more,
  }
  const step = pending
    ? `${pending.kind === 'activity' ? '' : `${pending.kind} `}${pending.name}${pending.attempt && pending.attempt > 1 ? ` (attempt ${pending.attempt})` : ''}`
    : null
  return {
    history: story.events,
    summary: {
      instanceId: id,
      workflowName: workflow,
      status,
      startedAt: instance.startedAt,
      updatedAt: instance.updatedAt,
      completedAt: instance.completedAt,
      tags: instance.tags,
      compensationState: instance.compensationState,
      currentStep: ended ? null : step,
      retryAt: pending?.kind === 'activity' ? pending.dueAt : null,
      nextAt: pending?.dueAt ?? null,
      error: instance.error ? { name: instance.error.name, message: instance.error.message } : null,
      suspendReason: instance.suspendReason,
      cancelRequested: instance.cancel !== null,
      parentId: instance.parentId,
      continuedFrom: instance.continuedFrom,
      forkedFrom: instance.forkedFrom,
      ownerService: 'shop',
      version: 3,
      events: story.events.length,
    },
    details: {
      instance,
      redacted: false,
      verdict: {
        next: { what: ended ? 'Nothing: it has ended' : 'It goes on by itself', at: pending?.dueAt ?? null },
        suggestedActions: [],
        ...draft.verdict,
      },
      pending: story.pending,
      compensations: story.compensations,
      subscriptions: [],
      outbox: [],
      relations: { parent: null, children: [], chain: [], forkedFrom: null, forks: [] },
      lease:
        status === 'running'
          ? { workerId: 'shop-7f9c-1', until: new Date(story.now + 240_000), workerAlive: true }
          : null,
      events: story.events.length,
      sourceHash: HASHES[workflow] ?? 'unknown',
      ...draft.extra,
    },
  }
}
