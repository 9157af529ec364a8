/**
 * The options of `EddaApp`: every one is validated at construction; an unknown key or a bad value is a ConfigurationError that names it.
 * Durations are seconds here (as in the reference) and milliseconds below.
 */
import { randomBytes } from 'node:crypto'
import type { Codec } from './codec-storage'
import type { Log } from './model/context'
import type { Workflow } from './model/definition'
import { ConfigurationError } from './model/errors'
import { checkRetryPolicy, type RetryPolicy } from './model/retry-policy'
import type { WorkflowHooks } from './runtime/hooks'
import type { RuntimeSettings } from './runtime/settings'

export interface EddaAppOptions {
  /** Who this is, in worker ids and in the records of the instances it starts. */
  readonly serviceName: string
  /** `file:…`, `sqlite:…`, `:memory:`, `postgresql://…`, `mysql://…` */
  readonly dbUrl: string
  /** Default: every workflow defined so far in this process. */
  readonly workflows?: readonly Workflow[]
  /** false = client only: find, start, cancel; nothing is executed here. Default true. */
  readonly worker?: boolean
  /** Relay outbox events to `brokerUrl`. Default false; rows are written either way. */
  readonly outboxEnabled?: boolean
  readonly brokerUrl?: string
  readonly outboxMaxRetries?: number
  readonly outboxBatchSize?: number
  /** Seconds. */
  readonly outboxPollInterval?: number
  readonly outboxMaxAgeHours?: number
  readonly hooks?: WorkflowHooks
  readonly defaultRetryPolicy?: RetryPolicy
  readonly messageRetentionDays?: number
  readonly historyRetentionDays?: number
  readonly poolSize?: number
  readonly maxOverflow?: number
  /** Seconds to wait for a connection. */
  readonly poolTimeout?: number
  /** Seconds after which a connection is replaced. */
  readonly poolRecycle?: number
  readonly poolPrePing?: boolean
  /** PostgreSQL only; default: on there, off elsewhere. */
  readonly useListenNotify?: boolean
  /** Seconds between polls while notifications arrive. */
  readonly notifyFallbackInterval?: number
  /** Instances claimed at once. Default `auto`: 10, doubling up to 500 while there is a backlog; `auto:cpu` begins higher on an idle machine. */
  readonly maxWorkflowsPerBatch?: number | 'auto' | 'auto:cpu'
  readonly maxConcurrentActivities?: number
  /** Seconds. */
  readonly leaderHeartbeatInterval?: number
  /** Seconds; must exceed `leaderHeartbeatInterval`. */
  readonly leaderLeaseDuration?: number
  /** Seconds that running activities get at shutdown, cancel and failure. */
  readonly shutdownGrace?: number
  readonly autoMigrate?: boolean
  /** pino's shape: `info(obj, msg)` … Default: warnings and errors to stderr as JSON lines. */
  readonly logger?: Log
  readonly maxPayloadBytes?: number
  /** Senders that may deliver CloudEvents as web hooks: DNS names as they give themselves, or `'*'`. Default: none is told that it may. */
  readonly allowedOrigins?: readonly string[]
  /** Encrypts or compresses payloads on their way to the database; what it covers: codec-storage.ts. */
  readonly codec?: Codec
}

/** What a web hook's sender calls itself (CloudEvents web hooks 1.0 §4.1.1): a DNS name, with a port perhaps; no URL. */
const ORIGIN = /^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)$/i

interface Rule {
  readonly fits: (value: unknown) => boolean
  readonly expected: string
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0
const text: Rule = { fits: isText, expected: 'a non-empty string' }
const flag: Rule = { fits: (value) => typeof value === 'boolean', expected: 'true or false' }
const positive: Rule = { fits: (value) => isNumber(value) && value > 0, expected: 'a number > 0' }
const atLeastZero: Rule = { fits: (value) => isNumber(value) && value >= 0, expected: 'a number ≥ 0' }
const count: Rule = { fits: (value) => Number.isInteger(value) && (value as number) >= 1, expected: 'an integer ≥ 1' }
const countOrZero: Rule = {
  fits: (value) => Number.isInteger(value) && (value as number) >= 0,
  expected: 'an integer ≥ 0',
}
const object: Rule = { fits: (value) => typeof value === 'object' && value !== null, expected: 'an object' }

const RULES: Readonly<Record<keyof EddaAppOptions, Rule>> = {
  serviceName: {
    fits: (value) => isText(value) && (value as string).length <= 100,
    expected: 'a string of 1 to 100 characters',
  },
  dbUrl: text,
  workflows: {
    fits: (value) =>
      Array.isArray(value) && value.every((one: unknown) => (one as Workflow | null)?.kind === 'workflow'),
    expected: 'an array of what workflow(…) returns',
  },
  worker: flag,
  outboxEnabled: flag,
  brokerUrl: {
    fits: (value) => typeof value === 'string' && URL.canParse(value),
    expected: 'a URL, e.g. http://broker:8080/events',
  },
  outboxMaxRetries: count,
  outboxBatchSize: count,
  outboxPollInterval: positive,
  outboxMaxAgeHours: positive,
  hooks: object,
  defaultRetryPolicy: object,
  messageRetentionDays: positive,
  historyRetentionDays: positive,
  poolSize: count,
  maxOverflow: countOrZero,
  poolTimeout: positive,
  poolRecycle: positive,
  poolPrePing: flag,
  useListenNotify: flag,
  notifyFallbackInterval: positive,
  maxWorkflowsPerBatch: {
    fits: (value) => value === 'auto' || value === 'auto:cpu' || count.fits(value),
    expected: "an integer ≥ 1, 'auto' or 'auto:cpu'",
  },
  maxConcurrentActivities: count,
  leaderHeartbeatInterval: positive,
  leaderLeaseDuration: positive,
  shutdownGrace: atLeastZero,
  autoMigrate: flag,
  logger: {
    fits: (value) =>
      ['debug', 'info', 'warn', 'error'].every(
        (level) => typeof (value as Record<string, unknown> | null)?.[level] === 'function',
      ),
    expected: "a logger of pino's shape: debug, info, warn, error",
  },
  allowedOrigins: {
    fits: (value) => Array.isArray(value) && value.every((one: unknown) => typeof one === 'string' && ORIGIN.test(one)),
    expected: "an array of DNS names, e.g. ['events.example.com'], or ['*']",
  },
  codec: {
    fits: (value) =>
      ['encode', 'decode'].every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'),
    expected: 'an object with encode and decode',
  },
  maxPayloadBytes: {
    fits: (value) => Number.isInteger(value) && (value as number) >= 1_024,
    expected: 'an integer ≥ 1024 (bytes)',
  },
}

/** @throws ConfigurationError naming the option, what it must be, and, for an unknown one, the nearest known name */
export function checkOptions(options: EddaAppOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new ConfigurationError('EddaApp needs an object with at least serviceName and dbUrl')
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof EddaAppOptions] : undefined
    if (!rule)
      throw new ConfigurationError(
        `Unknown option '${name}'${nearest(name)}. Known options: ${Object.keys(RULES).join(', ')}`,
      )
    if (value !== undefined && !rule.fits(value))
      throw new ConfigurationError(`Option '${name}' must be ${rule.expected}, not ${printable(value)}`)
  }
  for (const name of ['serviceName', 'dbUrl'] as const)
    if (options[name] === undefined) throw new ConfigurationError(`Option '${name}' is missing`)
  if (options.outboxEnabled && !options.brokerUrl)
    throw new ConfigurationError("outboxEnabled needs a 'brokerUrl': where shall the events go?")
  const { leaderHeartbeatInterval = 15, leaderLeaseDuration = 45 } = options
  if (leaderLeaseDuration <= leaderHeartbeatInterval)
    throw new ConfigurationError("'leaderLeaseDuration' must exceed 'leaderHeartbeatInterval'")
  if (options.defaultRetryPolicy) checkPolicy(options.defaultRetryPolicy)
}

/** Options to the runtime's own units. */
export function runtimeSettings(
  options: EddaAppOptions,
): RuntimeSettings & { readonly heartbeatMs: number; readonly deadAfterMs: number } {
  return {
    serviceName: options.serviceName,
    workerId: `${options.serviceName}-${process.pid}-${randomBytes(4).toString('hex')}`,
    defaultRetryPolicy: options.defaultRetryPolicy,
    defaultLeaseMs: 300_000,
    maxPayloadBytes: options.maxPayloadBytes ?? 1_048_576,
    maxConcurrentActivities: options.maxConcurrentActivities ?? 100,
    maxWorkflowsPerBatch: options.maxWorkflowsPerBatch ?? 'auto',
    maxActiveInstances: 5_000,
    maxWarmInstances: 10_000,
    pollIntervalMs: 1_000,
    notifyFallbackMs: (options.notifyFallbackInterval ?? 30) * 1_000,
    shortDelayMs: 2_000,
    graceMs: (options.shutdownGrace ?? 30) * 1_000,
    sessionTimeoutMs: 30_000,
    maxTakeovers: 10,
    forceReplay: false,
    heartbeatMs: (options.leaderHeartbeatInterval ?? 15) * 1_000,
    deadAfterMs: (options.leaderLeaseDuration ?? 45) * 1_000,
  }
}

/** Warnings and errors only: a library that chatters is switched off. */
export const DEFAULT_LOG: Log = {
  debug: () => {},
  info: () => {},
  warn: (fields, message) => writeLine('warn', fields, message),
  error: (fields, message) => writeLine('error', fields, message),
}

function writeLine(level: string, fields: object | string, message: string | undefined): void {
  const entry = typeof fields === 'string' ? { msg: fields } : { ...fields, msg: message }
  const line = JSON.stringify({ level, time: new Date().toISOString(), ...entry }, (_key, value: unknown) =>
    value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value,
  )
  process.stderr.write(`${line}\n`)
}

function checkPolicy(policy: RetryPolicy): void {
  try {
    checkRetryPolicy(policy)
  } catch (error) {
    throw new ConfigurationError(
      `Option 'defaultRetryPolicy': ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

function nearest(name: string): string {
  const wanted = name.toLowerCase().replaceAll(/[^a-z]/g, '')
  const found = Object.keys(RULES).find(
    (known) => known.toLowerCase() === wanted || known.toLowerCase().startsWith(wanted.slice(0, 6)),
  )
  return found ? ` (did you mean '${found}'?)` : ''
}

function printable(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value)).slice(0, 100)
}
