/** Servers of one test's own: for what cannot be shared, such as killing the API, signing in, or a broker that refuses. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { apiEnvironment, dashboardEnvironment, SCRIPTS } from './environment'

export interface OwnServers {
  readonly apiUrl: string
  readonly dashboardUrl: string
  startApi(): Promise<void>
  killApi(): Promise<void>
  /** What `main.mjs token create` prints first. */
  createToken(role: 'viewer' | 'operator' | 'admin'): string
  stop(): Promise<void>
}

const READY_MS = 60_000

/** Starts an API on a fresh database and a dashboard before it. */
export async function startServers(settings: Readonly<Record<string, string>> = {}): Promise<OwnServers> {
  const folder = mkdtempSync(path.join(tmpdir(), 'edda-e2e-own-'))
  const [apiPort, port] = [await freePort(), await freePort()]
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const dashboardUrl = `http://127.0.0.1:${port}`
  const env = { ...process.env, ...apiEnvironment(apiPort, path.join(folder, 'own.db')), ...settings }
  let api: ChildProcess | undefined
  const startApi = async () => {
    api = run(SCRIPTS.api, env)
    await untilReady(`${apiUrl}/health/ready`, api)
  }
  await startApi()
  const dashboard = run(SCRIPTS.dashboard, { ...process.env, ...dashboardEnvironment(port, apiUrl) })
  await untilReady(`${dashboardUrl}/sign-in`, dashboard)
  return {
    apiUrl,
    dashboardUrl,
    startApi,
    killApi: () => end(api),
    createToken: (role) => {
      const said = execFileSync(process.execPath, [SCRIPTS.api, 'token', 'create', '--role', role], { env })
      return said.toString('utf8').split('\n', 1)[0] ?? ''
    },
    async stop() {
      await Promise.all([end(api), end(dashboard)])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function run(script: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`The server of ${url} ended with ${child.exitCode}`)
    if (await answers(url)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} is not ready after ${READY_MS} ms`)
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
