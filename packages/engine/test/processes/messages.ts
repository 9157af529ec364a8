/** What a test and its worker processes say to each other over Node's channel. */

/** A line of a log at which a process kills itself: so a kill meets exactly this moment, on whatever machine. */
export interface Moment {
  readonly log: 'effects' | 'calls'
  /** `begin`, `end`, `throw` of an effect; `ask`, `answer` of a call. */
  readonly kind: string
  /** Activity or operation; default any. */
  readonly name?: string
  /** Only attempts after the first. */
  readonly isAgain?: boolean
  /** The how manieth such line; default the first. */
  readonly nth?: number
}

export interface WorkerSettings {
  readonly name: string
  readonly dbUrl: string
  /** Where `effects.log` and `calls.log` are. */
  readonly folder: string
  readonly isWorker: boolean
  readonly stepMs: number
  readonly leaseSeconds: number
  readonly graceSeconds: number
  readonly notifyFallbackSeconds: number
  readonly pollMs: number
  readonly heartbeatMs: number
  readonly deadAfterMs: number
  readonly poolSize: number
  readonly hasLedger: boolean
  /** Activities that have begun wait: until the order `release`, or until the process begins to stop. */
  readonly holdsUntil?: 'released' | 'stopped' | undefined
  /** They wait with their transactions open: each keeps a connection, and on SQLite the writer. */
  readonly holdsSessions?: boolean
  readonly dieAt?: Moment | undefined
}

/** Low enough that nothing takes long, and a lease that outlives a busy machine. */
export const DEFAULTS: Omit<WorkerSettings, 'name' | 'dbUrl' | 'folder'> = {
  isWorker: true,
  stepMs: 20,
  leaseSeconds: 300,
  graceSeconds: 30,
  notifyFallbackSeconds: 1,
  pollMs: 100,
  heartbeatMs: 200,
  deadAfterMs: 600_000,
  poolSize: 4,
  hasLedger: false,
}

export type Order =
  | { readonly do: 'start'; readonly kind: string; readonly input: unknown; readonly id: string }
  /** Starts many at once: instance `{prefix}-{n}` of the kinds in turn. */
  | { readonly do: 'load'; readonly kinds: readonly string[]; readonly prefix: string; readonly count: number }
  | { readonly do: 'cancel'; readonly id: string }
  | { readonly do: 'result'; readonly id: string }
  | { readonly do: 'publish'; readonly channel: string; readonly data: unknown }
  | { readonly do: 'replay'; readonly ids: readonly string[] }
  | { readonly do: 'hold' | 'release' }

export interface Request {
  readonly number: number
  readonly order: Order
}

export type Report =
  | { readonly type: 'ready'; readonly workerId: string; readonly pid: number }
  | { readonly type: 'failed'; readonly error: string }
  | { readonly type: 'done'; readonly number: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly number: number; readonly error: string }
