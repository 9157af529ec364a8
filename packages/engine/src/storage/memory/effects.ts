/** What a unit does to others, gathered while it is applied: whom it wakes, which competing channels may owe somebody a message. */
import type { Wakes } from '../storage'
import { type Database, isRunnable } from './tables'

export class Effects {
  readonly #db: Database
  readonly #ready = new Map<string, string>()
  readonly #leased = new Map<string, string>()
  /** Channels on which a message or a waiter got free: their hits are handed out again when the unit is done. */
  readonly unsettledChannels = new Set<string>()
  outbox = false

  constructor(db: Database) {
    this.#db = db
  }

  /** Makes a parked instance ready now, or names the owner of a leased one. Ended and suspended instances are left alone. */
  wake(instanceId: string): void {
    const row = this.#db.tables.instances.get(instanceId)
    if (!row || !isRunnable(row)) return
    if (row.leaseOwner !== null) {
      this.#leased.set(row.id, row.leaseOwner)
      return
    }
    const now = this.#db.now()
    if (row.wakeAt === null || row.wakeAt > now) this.#db.tables.instances.put({ ...row, wakeAt: now })
    this.#ready.set(row.id, row.workflowName)
  }

  /** Its owner has lost it: there is nothing to wait for in what it runs. */
  tell(instanceId: string, leaseOwner: string): void {
    this.#leased.set(instanceId, leaseOwner)
  }

  /** A newborn instance is ready at its own time. */
  born(instanceId: string, workflowName: string, wakeAt: number): void {
    if (wakeAt <= this.#db.now()) this.#ready.set(instanceId, workflowName)
  }

  wakes(): Wakes {
    return {
      ready: [...this.#ready].map(([instanceId, workflowName]) => ({ instanceId, workflowName })),
      leased: [...this.#leased].map(([instanceId, leaseOwner]) => ({ instanceId, leaseOwner })),
      outbox: this.outbox,
    }
  }
}
