/**
 * Parked coroutines that are kept in memory. One goes on without replay iff the instance is exactly as it was parked: its own claim raised the epoch by
 * one, no event was added, and the code is the same. Everything else is rebuilt from history.
 */
import type { InstanceRow } from '../storage/rows'
import type { InstanceRunner } from './instance-runner'

export class WarmInstances {
  readonly #limit: number
  /** In order of use, the oldest first. */
  readonly #byId = new Map<string, InstanceRunner>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#byId.size
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  keep(runner: InstanceRunner): void {
    if (this.#limit === 0 || runner.isEnding) return
    this.#byId.delete(runner.id)
    this.#byId.set(runner.id, runner)
    if (this.#byId.size <= this.#limit) return
    const [oldest] = this.#byId.keys()
    if (oldest !== undefined) this.#byId.delete(oldest)
  }

  /** Whether a coroutine stands where this row does. */
  fits({ id, epoch, nextSeq }: Pick<InstanceRow, 'id' | 'epoch' | 'nextSeq'>): boolean {
    const parked = this.#byId.get(id)?.instance
    return parked?.execution !== undefined && parked.epoch === epoch && parked.nextSeq === nextSeq
  }

  /**
   * Takes the coroutine out when it fits the claimed row; one that does not fit is forgotten.
   * @param answers events that came with the claim: it goes on with them
   */
  take(row: InstanceRow, answers = 0): InstanceRunner | undefined {
    const runner = this.#byId.get(row.id)
    if (!runner) return undefined
    this.#byId.delete(row.id)
    const { epoch, nextSeq, execution } = runner.instance
    return execution && row.epoch === epoch + 1 && row.nextSeq === nextSeq + answers ? runner : undefined
  }

  clear(): void {
    this.#byId.clear()
  }
}
