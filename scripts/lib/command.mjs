// Running a program to its end, and telling people what is going on meanwhile.
import { spawn } from 'node:child_process'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')
const HEARTBEAT_MS = 15_000

/** Tools must neither phone home nor look for updates. */
export const quietEnv = {
  NEXT_TELEMETRY_DISABLED: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  CHECKPOINT_DISABLE: '1',
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
}

export class CommandError extends Error {
  constructor(command, code, output) {
    super(`${command} ended with ${code}`)
    this.name = 'CommandError'
    this.output = output
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, show?: boolean, cwd?: string, uid?: number, gid?: number }} [options] `show`: pass the output on at once
 * @returns {Promise<string>} what it printed
 */
export function run(command, args, { env = {}, show = false, cwd = root, uid, gid } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...quietEnv, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // there npm is a script, which only a shell can start
    shell: process.platform === 'win32' && command === 'npm',
    uid,
    gid,
  })
  let output = ''
  for (const [stream, target] of /** @type {const} */ ([
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])) {
    stream.on('data', (chunk) => {
      output += chunk
      if (show) target.write(chunk)
    })
  }
  const stopWithUs = () => child.kill()
  process.once('exit', stopWithUs)
  child.on('close', () => process.off('exit', stopWithUs))
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new CommandError(command, error.message, output)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new CommandError([command, ...args].join(' '), signal ?? `code ${code}`, output))
    })
  })
}

/** A program of node_modules, run by this very Node. @param {string} file below node_modules */
export function runTool(file, args, options) {
  return run(process.execPath, [path.join(root, 'node_modules', file), ...args], options)
}

/** npm as the one that started us, or the one on the PATH. */
export function runNpm(args, options) {
  const cli = process.env.npm_execpath
  return cli?.endsWith('npm-cli.js') ? run(process.execPath, [cli, ...args], options) : run('npm', args, options)
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

/**
 * Prints what begins, a sign of life while it lasts, and how long it took.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const startedAt = performance.now()
  const elapsed = () => seconds(performance.now() - startedAt)
  console.log(`• ${title} …`)
  const heartbeat = setInterval(() => console.log(`  still at it, ${elapsed()}`), HEARTBEAT_MS)
  try {
    const result = await work()
    console.log(`✓ ${title}, ${elapsed()}`)
    return result
  } catch (error) {
    console.log(`✗ ${title}, ${elapsed()}`)
    throw error
  } finally {
    clearInterval(heartbeat)
  }
}
