/** The operations that one instance has released and not had answered: what `pending` holds, and everything that follows from it. */
import type { InstanceStatus } from '../model/instance'
import { keyOf, shapeOf } from '../model/match'
import { earliestDue, encodePending, type PendingActivity, type PendingOperation } from '../model/pending'
import type { Wait } from '../storage/units'

export class Operations {
  readonly #byId = new Map<string, PendingOperation>()
  /** Waits that no committed transition has registered yet. */
  #unregistered: Set<string> | undefined

  constructor(operations: readonly PendingOperation[] = []) {
    for (const operation of operations) this.#byId.set(operation.id, operation)
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): PendingOperation | undefined {
    return this.#byId.get(id)
  }

  activity(id: string): PendingActivity | undefined {
    const operation = this.#byId.get(id)
    return operation?.kind === 'activity' ? operation : undefined
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** Adds or replaces. */
  set(operation: PendingOperation): void {
    if ((operation.kind === 'message' || operation.kind === 'event') && !this.#byId.has(operation.id)) {
      this.#unregistered ??= new Set()
      this.#unregistered.add(operation.id)
    }
    this.#byId.set(operation.id, operation)
  }

  delete(id: string): PendingOperation | undefined {
    const operation = this.#byId.get(id)
    this.#byId.delete(id)
    this.#unregistered?.delete(id)
    return operation
  }

  /** The transition that registered the new waits is durable. */
  registered(): void {
    this.#unregistered = undefined
  }

  values(): IterableIterator<PendingOperation> {
    return this.#byId.values()
  }

  activities(): PendingActivity[] {
    return [...this.#byId.values()].filter((operation) => operation.kind === 'activity')
  }

  encode(): string | null {
    return this.#byId.size === 0 ? null : encodePending([...this.#byId.values()])
  }

  earliestDue(): number | null {
    return this.#byId.size === 0 ? null : earliestDue(this.#byId.values())
  }

  waits(): readonly Wait[] {
    let waits: Wait[] | undefined
    for (const operation of this.#byId.values()) {
      if (operation.kind !== 'message' && operation.kind !== 'event') continue
      const where = operation.kind === 'event' ? operation.where : undefined
      waits ??= []
      waits.push({
        activityId: operation.id,
        kind: operation.kind,
        channel: operation.kind === 'event' ? operation.eventType : operation.channel,
        where: where ?? null,
        matchKey: keyOf(where),
        shape: shapeOf(where),
        isNew: this.#unregistered?.has(operation.id) ?? false,
      })
    }
    return waits ?? NOTHING
  }

  children(): readonly { readonly activityId: string; readonly childId: string }[] {
    let children: { activityId: string; childId: string }[] | undefined
    for (const operation of this.#byId.values()) {
      if (operation.kind !== 'child') continue
      children ??= []
      children.push({ activityId: operation.id, childId: operation.childId })
    }
    return children ?? NOTHING
  }

  /** Several waits at once: event before message before child before timer; between attempts it counts as running. */
  status(): InstanceStatus {
    let status: InstanceStatus | undefined
    for (const { kind } of this.#byId.values()) {
      if (kind === 'activity') return 'running'
      if (kind === 'event') status = 'waiting_for_event'
      else if (kind === 'message' && status !== 'waiting_for_event') status = 'waiting_for_message'
      else if (kind === 'child' && (status === undefined || status === 'waiting_for_timer'))
        status = 'waiting_for_child'
      else if (kind === 'timer') status ??= 'waiting_for_timer'
    }
    return status ?? 'running'
  }
}

const NOTHING: readonly never[] = []
