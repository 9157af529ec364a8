/** The process's settings, from the environment: each checked once, each refusal naming its variable. */
import { type AccessSettings, accessSettings, SettingsError } from './access/access-settings'

export interface Settings {
  readonly host: string
  readonly port: number
  readonly dbUrl: string
  /** False: this process only serves; instances run elsewhere. */
  readonly worker: boolean
  /** A module that exports `workflows`, to run instead of the samples. */
  readonly workflows: string | null
  /** Sample traffic. */
  readonly demo: boolean
  readonly brokerUrl: string | null
  readonly historyRetentionDays: number | null
  readonly logLevel: string
  readonly access: AccessSettings
}

type Env = Readonly<Record<string, string | undefined>>

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** @throws SettingsError */
export function settingsFrom(env: Env): Settings {
  const host = env.EDDA_HOST || '127.0.0.1'
  const access = accessSettings(env, host)
  const logLevel = env.EDDA_LOG_LEVEL || 'info'
  if (!LOG_LEVELS.includes(logLevel))
    throw new SettingsError(`EDDA_LOG_LEVEL is '${logLevel}': use one of ${LOG_LEVELS.join(', ')}`)
  return {
    host,
    port: port(env),
    dbUrl: env.EDDA_DB_URL || 'file:./data/edda.db',
    worker: flag(env, 'EDDA_WORKER', true),
    workflows: env.EDDA_WORKFLOWS || null,
    // the traffic starts samples
    demo: flag(env, 'EDDA_DEMO', !env.EDDA_WORKFLOWS),
    brokerUrl: env.EDDA_BROKER_URL || null,
    historyRetentionDays: days(env, 'EDDA_HISTORY_RETENTION_DAYS'),
    logLevel,
    access,
  }
}

function port(env: Env): number {
  const text = env.EDDA_PORT || '8001'
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new SettingsError(`EDDA_PORT is '${text}': give a port from 0 to 65535`)
  return value
}

function flag(env: Env, name: string, otherwise: boolean): boolean {
  const text = env[name]
  if (text === undefined || text === '') return otherwise
  if (text === '1' || text === 'true') return true
  if (text === '0' || text === 'false') return false
  throw new SettingsError(`${name} is '${text}': use 1 or 0`)
}

function days(env: Env, name: string): number | null {
  const text = env[name]
  if (text === undefined || text === '') return null
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new SettingsError(`${name} is '${text}': give a number of days > 0`)
  return value
}
