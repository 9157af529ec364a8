// The two built apps on free ports and a database file of their own, for scripts that look at them.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Services } from './services.mjs'

/** @param {NodeJS.ProcessEnv} [apiEnv] */
export async function startBuiltApps(apiEnv = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'edda-look-'))
  const services = new Services((problem) => {
    console.error(problem)
    process.exitCode = 1
  })
  const [apiPort, port] = [await freePort(), await freePort()]
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const dashboardUrl = `http://127.0.0.1:${port}`
  await services.start({
    name: 'api',
    script: 'apps/api/dist/main.mjs',
    env: {
      NODE_ENV: 'production',
      EDDA_PORT: String(apiPort),
      EDDA_DB_URL: `file:${path.join(folder, 'look.db')}`,
      EDDA_LOG_LEVEL: 'warn',
      ...apiEnv,
    },
    readyUrl: `${apiUrl}/health/ready`,
  })
  await services.start({
    name: 'dashboard',
    script: 'apps/dashboard/.next/standalone/apps/dashboard/server.js',
    env: { NODE_ENV: 'production', PORT: String(port), HOSTNAME: '127.0.0.1', EDDA_API_URL: apiUrl },
    readyUrl: dashboardUrl,
  })
  return {
    apiUrl,
    dashboardUrl,
    async stop() {
      await services.stop('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** @returns {Promise<any>} */
export async function callApi(apiUrl, procedure, input, method = 'GET') {
  const body = JSON.stringify({ json: input })
  const url = `${apiUrl}/trpc/${procedure}`
  const answer =
    method === 'GET'
      ? await fetch(`${url}?input=${encodeURIComponent(body)}`)
      : await fetch(url, { method, headers: { 'content-type': 'application/json' }, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${procedure} answered ${answer.status}: ${text}`)
  return JSON.parse(text).result.data.json
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}
