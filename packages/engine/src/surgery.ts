/**
 * What operators do to an instance by its history: fork one from any event, try one against today's code; retrying a failed one is retry.ts. Each begins
 * with a dry replay where code must fit, and refuses with the difference before anything is written.
 */
import type { Log } from './model/context'
import { checkName } from './model/definition'
import {
  InstanceNotFoundError,
  InvalidStateError,
  NonDeterminismError,
  type OperationDescription,
  UnknownWorkflowError,
} from './model/errors'
import type { HistoryEvent } from './model/history'
import { generatedId } from './model/instance'
import { encodeJson } from './model/json'
import { decodePending } from './model/pending'
import { validate } from './model/schema'
import { WorkflowExecution } from './replay/execution'
import { decodeEvent } from './runtime/decode'
import { newId } from './runtime/ids'
import { readStoredInput } from './runtime/input'
import { newInstanceRow, originOf, type Registry } from './runtime/registry'
import type { Definition } from './runtime/services'
import type { RuntimeSettings } from './runtime/settings'
import type { AuditEntry, InstanceRow } from './storage/rows'
import type { Storage } from './storage/storage'
import type { Wakes } from './storage/units'

export interface DryReplayResult {
  readonly ok: boolean
  /** Recorded events of the instance. */
  readonly events: number
  readonly divergence?: {
    readonly message: string
    readonly expected: OperationDescription | null
    readonly actual: readonly OperationDescription[]
  }
}

export interface SurgeryDeps {
  readonly storage: Storage
  readonly registry: Registry
  readonly settings: RuntimeSettings
  now(): number
  wake(wakes: Wakes): void
}

export interface OperatorOptions {
  readonly by?: string
  readonly reason?: string
  /** Written in the verb's own transaction. */
  readonly audit?: AuditEntry
}

export interface ForkOptions extends OperatorOptions {
  /** Events with a smaller number are kept; default 1 = restart from the beginning. */
  readonly fromSeq?: number
  /** Replaces the input. Kept events stay as they were recorded; with them, today's code must take the same steps for this input. */
  readonly input?: unknown
  readonly instanceId?: string
}

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Replays the stored history against today's code: no side effects, nothing written. */
export async function dryReplay(deps: SurgeryDeps, id: string): Promise<DryReplayResult> {
  const row = await rowOf(deps, id)
  const events = await historyOf(deps, row)
  const tried = await tryReplay(deps, row, { events, pending: row.pending }, () => true)
  if ('found' in tried) return { ok: true, events: events.length }
  const { message, expected, actual } = tried.error
  return { ok: false, events: events.length, divergence: { message, expected, actual } }
}

/** A new instance with the history before `fromSeq` copied. @returns its id */
export async function fork(deps: SurgeryDeps, id: string, options: ForkOptions): Promise<string> {
  if (options.instanceId !== undefined) checkName('instance id', options.instanceId)
  const source = await rowOf(deps, id)
  // Numbering begins at 1, so 0 and 1 both keep nothing.
  const fromSeq = options.fromSeq === 0 ? 1 : (options.fromSeq ?? 1)
  if (!Number.isInteger(fromSeq) || fromSeq < 1 || fromSeq > source.nextSeq) {
    throw new InvalidStateError(
      `fromSeq must be a number from 0 to ${source.nextSeq}: instance '${id}' has ${source.nextSeq - 1} events`,
    )
  }
  const definition = deps.registry.get(source.workflowName)
  if (options.input !== undefined && definition) await readStoredInputValue(definition, options.input)
  const input =
    options.input === undefined
      ? source.input
      : encodeJson(options.input, 'input of the fork', deps.settings.maxPayloadBytes)
  if (fromSeq > 1) {
    const kept = (await historyOf(deps, source)).filter((event) => event.seq < fromSeq)
    const tried = await tryReplay(deps, { ...source, input }, { events: kept, pending: null }, () => true)
    if ('error' in tried)
      throw new InvalidStateError(`Instance '${id}' cannot be forked from event ${fromSeq}: ${tried.error.message}`)
  }
  const forkId = options.instanceId ?? generatedId(source.workflowName, newId(deps.now()))
  const instance = newInstanceRow(deps.settings, {
    id: forkId,
    workflowName: source.workflowName,
    definition,
    input,
    now: deps.now(),
    tags: source.tags ? (JSON.parse(source.tags) as Record<string, string>) : undefined,
    forkedFrom: id,
    // what is kept was made with the chance and the clock of its origin; a restart has its own
    ...(fromSeq > 1 ? { origin: originOf(source) } : {}),
    leaseMs: source.leaseMs,
  })
  if (!(await deps.storage.fork({ sourceId: id, instance, fromSeq, audit: options.audit ?? null })))
    throw new InvalidStateError(`Instance '${forkId}' exists already`)
  deps.wake({ ready: [{ instanceId: forkId, workflowName: source.workflowName }], leased: [], outbox: false })
  return forkId
}

async function readStoredInputValue(definition: Parameters<typeof readStoredInput>[0], input: unknown): Promise<void> {
  const { workflow } = definition
  if (workflow.options.input)
    await validate(workflow.options.input, input, `input of workflow ${workflow.workflowName}`)
}

/** As far as today's code fits. @param use reads the replayed execution, which is closed afterwards */
export async function tryReplay<Found>(
  deps: SurgeryDeps,
  row: InstanceRow,
  history: { readonly events: readonly HistoryEvent[]; readonly pending: string | null },
  use: (execution: WorkflowExecution) => Found | Promise<Found>,
): Promise<{ readonly found: Found } | { readonly error: NonDeterminismError }> {
  const definition = definitionOf(deps, row)
  let execution: WorkflowExecution | undefined
  try {
    const input = await readStoredInput(definition, row.input)
    const origin = originOf(row)
    execution = new WorkflowExecution({
      definition: definition.workflow,
      instanceId: row.id,
      workerId: 'dry-replay',
      seed: origin.id,
      input,
      startedAt: origin.startedAt,
      log: SILENT,
    })
    await execution.replay(history.events, decodePending(history.pending))
    return { found: await use(execution) }
  } catch (error) {
    if (error instanceof NonDeterminismError) return { error }
    throw error
  } finally {
    execution?.close()
  }
}

/** @throws UnknownWorkflowError */
export function definitionOf({ registry }: SurgeryDeps, { workflowName }: InstanceRow): Definition {
  const definition = registry.get(workflowName)
  if (!definition) throw new UnknownWorkflowError(workflowName, registry.names)
  return definition
}

export async function rowOf({ storage }: SurgeryDeps, id: string): Promise<InstanceRow> {
  const row = await storage.instance(id)
  if (!row) throw new InstanceNotFoundError(id)
  return row
}

export async function historyOf({ storage }: SurgeryDeps, row: InstanceRow): Promise<readonly HistoryEvent[]> {
  return ((await storage.histories([row.id])).get(row.id) ?? []).map(decodeEvent)
}
