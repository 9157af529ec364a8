import type { Log } from '../../model/context'

/** What the storage is made of. Names and units are those of the application's options. */
export interface PrismaStorageOptions {
  /** `file:…`, `sqlite:…`, `:memory:`, `postgresql://…` or `mysql://…`. */
  readonly dbUrl: string
  /** Epoch ms; decides instead of the database's own clock. */
  readonly clock?: (() => number) | { now(): number } | undefined
  /** Connections kept (servers only). */
  readonly poolSize?: number | undefined
  /** Connections beyond `poolSize` under load. */
  readonly maxOverflow?: number | undefined
  /** Longest wait for a connection (SQLite: for the file's lock), in seconds. */
  readonly poolTimeout?: number | undefined
  /** Age at which a connection is replaced, in seconds. */
  readonly poolRecycle?: number | undefined
  /** Whether a pooled connection that turns out to be dead is replaced and the work tried again. */
  readonly poolPrePing?: boolean | undefined
  /** SQLite: FULL (default) survives a power loss; NORMAL may lose the last commits then. */
  readonly synchronous?: 'FULL' | 'NORMAL' | undefined
  /** LISTEN/NOTIFY; default: on PostgreSQL. */
  readonly useListenNotify?: boolean | undefined
  /** Told what an operator should know, such as that notifications do not arrive. */
  readonly log?: Pick<Log, 'warn'> | undefined
}

export interface PoolOptions {
  readonly size: number
  readonly max: number
  readonly timeoutMs: number
  readonly recycleSeconds: number
  readonly prePing: boolean
}

export function poolOptions(options: PrismaStorageOptions): PoolOptions {
  const size = options.poolSize ?? 5
  return {
    size,
    max: Math.max(2, size + (options.maxOverflow ?? 10)),
    timeoutMs: (options.poolTimeout ?? 30) * 1000,
    recycleSeconds: options.poolRecycle ?? 3600,
    prePing: options.poolPrePing ?? true,
  }
}

/** @returns undefined when the database's own clock decides */
export function clockOf({ clock }: PrismaStorageOptions): (() => number) | undefined {
  return typeof clock === 'object' ? () => clock.now() : clock
}
