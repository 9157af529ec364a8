// What starting a database server for one test run has in common, whichever it is.
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../lib/databases.mjs'

const READY_TIMEOUT_MS = 60_000

/**
 * @param {object} spec
 * @param {string} spec.user the account to take when we are root
 * @param {(folder: string, as: object) => Promise<unknown>} spec.prepare fills the data folder
 * @param {(folder: string, port: number) => string[]} spec.command
 * @param {(port: number) => string} spec.url a database that exists from the start
 * @param {(port: number) => string} spec.testUrl the database `test`, made here
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 */
export async function serveUntilStopped({ user, prepare, command, url, testUrl }) {
  const as = process.getuid?.() === 0 ? accountOf(user) : {}
  const folder = mkdtempSync(path.join(tmpdir(), 'edda-test-'))
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid)
  const port = await freePort()

  await prepare(folder, { ...as, cwd: folder })
  const [program = '', ...args] = command(folder, port)
  const child = spawn(program, args, { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-4000)
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    // SIGINT is PostgreSQL's fast shutdown; MariaDB ignores it and takes SIGTERM
    child.kill(user === 'postgres' ? 'SIGINT' : 'SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await createTestDatabase(url(port), child)
  } catch (error) {
    await stop()
    throw new Error(`${path.basename(program)} did not start: ${error.message}\n${log}`)
  }
  return { url: testUrl(port), stop }
}

async function createTestDatabase(url, child) {
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    try {
      const connection = await connect(url)
      await connection.query('CREATE DATABASE test')
      return await connection.close()
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) throw error
      await sleep(100)
    }
  }
}

function accountOf(user) {
  const id = (flag) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
