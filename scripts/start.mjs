// `npm start`: from a fresh clone to a running engine and dashboard. Needs Node and nothing else; what is there already is
// not done again, so a second start takes moments.
import './lib/node-version.mjs'
import { build } from './build.mjs'
import { CommandError, seconds, step } from './lib/command.mjs'
import { installDependencies } from './lib/install.mjs'
import { portFromEnv, requireFreePort } from './lib/ports.mjs'
import { Services } from './lib/services.mjs'

const startedAt = performance.now()
const services = new Services((problem) => void fail(problem))
// npm passes Ctrl-C on to a process that the terminal has told already: the second signal of one key press is not a second wish
const ONE_KEY_PRESS_MS = 1_000
let running = false
let stopping = false
let stoppingSince = 0
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => void stop(signal))

try {
  await start()
} catch (error) {
  await fail(error instanceof CommandError ? `${error.output.trim().slice(-8000)}\n${error.message}` : error.message)
}

async function start() {
  const apiPort = portFromEnv('EDDA_PORT', 8001)
  const dashboardPort = portFromEnv('PORT', 3000)
  await requireFreePort({ name: 'the API', variable: 'EDDA_PORT', port: apiPort })
  await requireFreePort({ name: 'the dashboard', variable: 'PORT', port: dashboardPort })

  await installDependencies()
  await step('Building (what is unchanged comes from the cache)', build)

  const apiUrl = `http://127.0.0.1:${apiPort}`
  const dashboardUrl = `http://127.0.0.1:${dashboardPort}`
  const dbUrl = process.env.EDDA_DB_URL ?? 'file:./data/edda.db'
  await step('Starting', async () => {
    await services.start({
      name: 'api',
      script: 'apps/api/dist/main.mjs',
      // what a person wants to see here are troubles, not every request
      env: {
        NODE_ENV: 'production',
        EDDA_PORT: String(apiPort),
        EDDA_DB_URL: dbUrl,
        EDDA_LOG_LEVEL: process.env.EDDA_LOG_LEVEL ?? 'warn',
      },
      readyUrl: `${apiUrl}/health/ready`,
    })
    await services.start({
      name: 'dashboard',
      script: 'apps/dashboard/.next/standalone/apps/dashboard/server.js',
      // HOSTNAME is often the machine's name; Next would listen on it
      env: { NODE_ENV: 'production', PORT: String(dashboardPort), HOSTNAME: '127.0.0.1', EDDA_API_URL: apiUrl },
      readyUrl: dashboardUrl,
    })
  })
  running = true
  announce({ Dashboard: dashboardUrl, API: apiUrl, Database: withoutPassword(dbUrl) })
}

function announce(addresses) {
  const lines = Object.entries(addresses).map(([name, address]) => `  ${name.padEnd(10)} ${address}`)
  const title = `  Edda is running (after ${seconds(performance.now() - startedAt)}); Ctrl-C stops it`
  const rule = '─'.repeat(Math.max(...[title, ...lines].map((line) => line.length)) + 2)
  console.log(`\n${[rule, title, '', ...lines, rule].join('\n')}\n`)
}

function withoutPassword(url) {
  return url.replace(/(\/\/[^:/@]*):[^@/]*@/, '$1:…@')
}

async function stop(signal) {
  if (stopping) {
    if (performance.now() - stoppingSince < ONE_KEY_PRESS_MS) return
    services.kill()
    process.exit(1)
  }
  stopping = true
  stoppingSince = performance.now()
  console.log('\nStopping … (once more to kill)')
  await services.stop(signal)
  process.exit(running ? 0 : 130)
}

async function fail(problem) {
  if (stopping) return
  stopping = true
  console.error(`\n${problem}`)
  await services.stop('SIGTERM')
  process.exit(1)
}
