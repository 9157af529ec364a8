/** The workflows that one app runs: by name, each with the hash of its source, and the rows that new instances of them begin with. */
import { createHash } from 'node:crypto'
import { checkTags, type Workflow } from '../model/definition'
import { durationMs } from '../model/duration'
import { DuplicateDefinitionError } from '../model/errors'
import { encodeJson } from '../model/json'
import type { InstanceRow, NewInstance } from '../storage/rows'
import type { Definition, NewInstanceRequest } from './services'
import type { RuntimeSettings } from './settings'

export class Registry {
  readonly #byName = new Map<string, Definition>()

  /** @throws DuplicateDefinitionError */
  constructor(workflows: readonly Workflow[]) {
    for (const workflow of workflows) {
      if (this.#byName.has(workflow.workflowName)) throw new DuplicateDefinitionError('workflow', workflow.workflowName)
      this.#byName.set(workflow.workflowName, { workflow, sourceHash: sourceHash(workflow) })
    }
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()]
  }

  get(name: string): Definition | undefined {
    return this.#byName.get(name)
  }

  values(): readonly Definition[] {
    return [...this.#byName.values()]
  }
}

/** Of the function's text: advisory only (a comment changes it), it decides nothing but when a suspended divergence is tried again. */
function sourceHash(workflow: Workflow): string {
  return createHash('sha256').update(workflow.fn.toString()).digest('hex')
}

export function newInstanceRow(settings: RuntimeSettings, request: NewInstanceRequest): NewInstance {
  const { id, definition, continuedFrom, now } = request
  const options = definition?.workflow.options
  const startedAt = request.startAt ?? now
  return {
    id,
    workflowName: request.workflowName,
    sourceHash: definition?.sourceHash ?? '',
    ownerService: settings.serviceName,
    version: options?.version ?? null,
    input: request.input,
    leaseMs:
      request.leaseMs ??
      (options?.lockTimeoutSeconds === undefined
        ? settings.defaultLeaseMs
        : Math.round(options.lockTimeoutSeconds * 1_000)),
    chainId: continuedFrom?.chainId ?? id,
    continuedFrom: continuedFrom?.id ?? null,
    parentId: request.parentId ?? null,
    parentClosePolicy: request.parentClosePolicy ?? null,
    forkedFrom: request.forkedFrom ?? null,
    originId: request.origin?.id ?? null,
    originStartedAt: request.origin?.startedAt ?? null,
    tags: tagsText(request, settings),
    deadlineAt: options?.deadline === undefined ? null : startedAt + durationMs(options.deadline),
    retentionMs: options?.retention === undefined ? null : durationMs(options.retention),
    startedAt,
    wakeAt: startedAt,
  }
}

/** @throws TypeError, SerializationError: tags come from users' functions too */
function tagsText({ tags = {}, id }: NewInstanceRequest, { maxPayloadBytes }: RuntimeSettings): string | null {
  checkTags(tags)
  return Object.keys(tags).length > 0 ? encodeJson(tags, `tags of ${id}`, maxPayloadBytes) : null
}

/** Whose run this instance replays, and when that began: its own, unless it is a fork that keeps history. */
export function originOf(row: Pick<InstanceRow, 'id' | 'startedAt' | 'originId' | 'originStartedAt'>): {
  readonly id: string
  readonly startedAt: number
} {
  return { id: row.originId ?? row.id, startedAt: row.originStartedAt ?? row.startedAt }
}
