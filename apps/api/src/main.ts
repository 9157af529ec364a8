/** The process: settings → engine → HTTP. Stops in the reverse order on SIGTERM and SIGINT; a second signal ends it at once. */
import { mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import path from 'node:path'
import { EddaApp, EddaError, type Workflow } from '@edda/engine'
import pino from 'pino'
import { isLoopback, SettingsError } from './access/access-settings'
import { createApi } from './app'
import { type Settings, settingsFrom } from './env'
import { type ChangeFeed, createChangeFeed } from './live/change-feed'
import { feedHooks } from './live/feed-hooks'
import { addressOf, listen } from './server'
import { tokenCommand } from './token-command'
import { loadWorkflows } from './workflows/load'
import { startTraffic } from './workflows/traffic'

const log = pino({ level: process.env.EDDA_LOG_LEVEL ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime })

try {
  const settings = settingsFrom(process.env)
  const [command, ...args] = process.argv.slice(2)
  if (command === 'token') await runTokenCommand(settings, args)
  else if (command === undefined) await run(settings)
  else throw new SettingsError(`Unknown command '${command}': there is 'token', or none to serve`)
} catch (error) {
  // what the person at the terminal can mend is told in words; anything else with its stack
  if (error instanceof SettingsError || error instanceof EddaError) process.stderr.write(`${error.message}\n`)
  else log.fatal({ err: error }, 'could not start')
  process.exit(1)
}

async function run(settings: Settings): Promise<void> {
  const { access, host } = settings
  let feed: ChangeFeed | undefined
  const workflows = await loadWorkflows(settings.workflows)
  const engine = createEngine(settings, workflows, (topic, id) => feed?.note(topic, id))
  await engine.initialize()
  const onError = (error: unknown): void => log.warn({ err: error }, 'changes cannot be read')
  feed = createChangeFeed({ admin: engine.admin, onError })
  const api = createApi({ engine, access, changes: feed, log, addressOf })
  const server = await listen(api, settings).catch(async (error: unknown) => {
    await engine.shutdown()
    throw error
  })
  const baseUrl = urlOf(host, server.port)
  log.info({ address: baseUrl, access: access.mode, worker: settings.worker }, 'listening')
  if (access.insecure) log.warn({ host }, 'EDDA_INSECURE_NO_AUTH: anybody who reaches this address may do everything')
  const traffic =
    settings.demo && access.mode === 'open' && settings.worker
      ? startTraffic({ baseUrl, onError: trafficTrouble })
      : undefined
  onStop(async () => {
    traffic?.stop()
    await api.close()
    await server.close()
    await engine.shutdown()
  })
}

function createEngine(settings: Settings, workflows: readonly Workflow[], note: ChangeFeed['note']): EddaApp {
  const { dbUrl, worker, port, host, historyRetentionDays } = settings
  prepareFolder(dbUrl)
  // the samples send their own events back to this server, so that outbox and inbox have something to show
  const own = settings.demo && settings.access.mode === 'open' && port !== 0 ? `${urlOf(host, port)}/` : null
  const brokerUrl = settings.brokerUrl ?? own
  return new EddaApp({
    serviceName: 'edda-api',
    dbUrl,
    worker,
    workflows,
    logger: log,
    hooks: feedHooks(note),
    ...(brokerUrl === null ? {} : { outboxEnabled: true, brokerUrl }),
    ...(historyRetentionDays === null ? {} : { historyRetentionDays }),
  })
}

async function runTokenCommand(settings: Settings, args: readonly string[]): Promise<void> {
  prepareFolder(settings.dbUrl)
  const engine = new EddaApp({
    serviceName: 'edda-cli',
    dbUrl: settings.dbUrl,
    worker: false,
    workflows: [],
    logger: log,
  })
  await engine.initialize()
  try {
    const lines = await tokenCommand(engine.admin.tokens, args, userInfo().username)
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    await engine.shutdown()
  }
}

/** SQLite makes the file, not the folder. */
function prepareFolder(dbUrl: string): void {
  const file = /^(?:file|sqlite):(?:\/\/(?=\/))?([^?]+)/.exec(dbUrl)?.[1]
  if (!file || file === ':memory:') return
  const folder = path.dirname(path.resolve(file))
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new SettingsError(`The folder ${folder} of EDDA_DB_URL cannot be made: ${(error as Error).message}`)
  }
}

/** Where this machine reaches its own server. */
function urlOf(host: string, port: number): string {
  const name = isLoopback(host) ? host : '127.0.0.1'
  return `http://${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${port}`
}

function trafficTrouble(error: unknown): void {
  log.warn({ err: error }, 'sample traffic')
}

function onStop(stop: () => Promise<void>): void {
  let stopping = false
  const begin = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'stopping; once more to kill')
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', begin)
  process.on('SIGINT', begin)
}
