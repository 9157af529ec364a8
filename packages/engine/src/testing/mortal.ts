/**
 * Storage and clock of a process that can die: after `kill()` nothing it asked for is answered any more and no timer of it fires, exactly as if the
 * process were gone. What the database has committed stays, what was open is rolled back. It also knows whether an answer of the database is still
 * on its way, so that a test can wait for quiet on databases that answer over a socket.
 */
import type { Clock } from '../runtime/clock'
import type { Session, Storage } from '../storage/storage'
import type { Unit, Verdict } from '../storage/units'

export interface CommitGate {
  /** Called before and after each flush; may call `kill`. */
  before?(units: readonly Unit[]): void
  after?(units: readonly Unit[], verdicts: readonly Verdict[]): void
}

export interface Mortal {
  readonly storage: Storage
  readonly clock: Clock
  /** Questions to the database that it has not answered yet, also those of the dead. */
  readonly asking: number
  /** Events of the longest history it was given: a replay takes a turn of the event loop for each. */
  readonly longestReplay: number
  kill(): void
}

export function mortal(storage: Storage, clock: Clock, gate: CommitGate): Mortal {
  const life = new Life()
  const commit: Storage['commit'] = (units, options) => {
    if (!life.isOver) gate.before?.(units)
    if (life.isOver) return NEVER
    return life.whileAlive(
      storage.commit(units, options).then((verdicts) => {
        if (!life.isOver) gate.after?.(units, verdicts)
        return verdicts
      }),
    )
  }
  const openSession: Storage['openSession'] = (options) =>
    life.whileAlive(
      storage.openSession(options).then((session) => {
        // nobody is there to end it
        if (life.isOver) life.afterwards(session.rollback())
        return mortalSession(session, life, gate)
      }),
    )
  const histories: Storage['histories'] = (ids) =>
    life.whileAlive(
      storage.histories(ids).then((found) => {
        for (const rows of found.values()) life.longestReplay = Math.max(life.longestReplay, rows.length)
        return found
      }),
    )
  return {
    // The database outlives its processes: whoever made it opens and closes it.
    storage: proxied(storage, life, { commit, openSession, histories, open: async () => {}, close: async () => {} }),
    clock: {
      now: () => clock.now(),
      after: (ms, fn) =>
        clock.after(ms, () => {
          if (!life.isOver) fn()
        }),
    },
    get asking() {
      return life.asking
    },
    get longestReplay() {
      return life.longestReplay
    },
    kill: () => life.end(),
  }
}

/** What a database does when a client's connection breaks: it rolls the open transaction back. */
function mortalSession(session: Session, life: Life, gate: CommitGate): Session {
  const stopListening = life.onEnd(() => life.afterwards(session.rollback()))
  const last = <Result>(answer: Promise<Result>): Promise<Result> => {
    stopListening()
    return life.whileAlive(answer)
  }
  return {
    get client() {
      return proxied(session.client as object, life, {})
    },
    savepoint: (fn) => (life.isOver ? NEVER : life.whileAlive(session.savepoint(() => life.whileNotAsking(fn)))),
    commit(unit) {
      if (!life.isOver) gate.before?.([unit])
      if (life.isOver) return NEVER
      return last(
        session.commit(unit).then((verdict) => {
          if (!life.isOver) gate.after?.([unit], [verdict])
          return verdict
        }),
      )
    },
    rollback: () => (life.isOver ? NEVER : last(session.rollback())),
  }
}

/** A promise that never settles: nobody is there to answer. */
const NEVER = new Promise<never>(() => {})

class Life {
  asking = 0
  longestReplay = 0
  isOver = false
  readonly #mourners = new Set<() => void>()

  onEnd(fn: () => void): () => void {
    this.#mourners.add(fn)
    return () => this.#mourners.delete(fn)
  }

  end(): void {
    this.isOver = true
    for (const fn of this.#mourners) fn()
    this.#mourners.clear()
  }

  /** The database goes on after the process's end. */
  afterwards(answer: PromiseLike<unknown>): void {
    void this.whileAlive(answer).catch(() => {})
  }

  /** Inside of what is asked of the database the user's own code runs, which may wait for anything. */
  async whileNotAsking<Result>(fn: () => Promise<Result>): Promise<Result> {
    this.asking--
    try {
      return await fn()
    } finally {
      this.asking++
    }
  }

  whileAlive<Result>(answer: PromiseLike<Result>): Promise<Result> {
    this.asking++
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => {
          this.asking--
          if (!this.isOver) resolve(value)
        },
        (error: unknown) => {
          this.asking--
          if (!this.isOver) reject(error)
        },
      )
    })
  }
}

/** The same object, whose methods (and those of its members: a Prisma client has models) answer only while alive. */
function proxied<Target extends object>(target: Target, life: Life, own: Partial<Target>): Target {
  return new Proxy(target, {
    get(_target, property) {
      if (Object.hasOwn(own, property)) return own[property as keyof Target]
      const member: unknown = Reflect.get(target, property)
      if (typeof member === 'object' && member !== null && property !== 'metrics') return proxied(member, life, {})
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (life.isOver) return NEVER
        const result: unknown = Reflect.apply(member, target, args)
        return isThenable(result) ? life.whileAlive(result) : result
      }
    },
  })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
